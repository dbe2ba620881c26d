import { describe, expect, test } from '@jest/globals';
import { costOf, costTable, environments, shapeOf, valuesOf } from '../../scripts/infra-cost.ts';

const NIGHT = { stop: 'cron(0 20 ? * MON-FRI *)', start: 'cron(30 7 ? * MON-FRI *)', timezone: 'Etc/UTC' };

describe('the cost of the stack', () => {
  test('is that of the defaults: a task, a load balancer, two gateways, four addresses', async () => {
    const shape = shapeOf(await valuesOf());
    expect(shape).toEqual({
      ...{ tasks: 1, vcpu: 1, gigabytes: 2, arm: false, spot: 0, awake: 1 },
      ...{ natGateways: 2, publicAddresses: 4, endpoints: 0 },
    });
    const cost = costOf(shape);
    expect(cost.tasks).toBeCloseTo(36.04, 2);
    expect(cost.tasksAtLeast).toBe(cost.tasks);
    expect(cost.loadBalancer).toBeCloseTo(16.43, 1);
    expect(cost.natGateways).toBeCloseTo(65.7, 2);
    expect(cost.publicAddresses).toBeCloseTo(14.6, 2);
  });

  test.each([
    [{ nat: 'single' }, { natGateways: 1, publicAddresses: 3 }],
    [{ nat: 'none' }, { natGateways: 0, publicAddresses: 3 }],
    [
      { nat: 'none', vpc_endpoints: true },
      { natGateways: 0, publicAddresses: 2, endpoints: 8 },
    ],
    [
      { vpc_endpoints: true, execute_command: true, zone_count: 3 },
      { natGateways: 3, endpoints: 15 },
    ],
    [{ internal: true }, { publicAddresses: 2 }],
    [
      { vpc_id: 'vpc-0123', nat: 'per-az' },
      { natGateways: 0, publicAddresses: 2 },
    ],
    [{ desired_count: 2, min_capacity: 3 }, { tasks: 3 }],
    [{ fargate_spot_weight: 1, fargate_weight: 0 }, { spot: 1 }],
    [{ min_capacity: 4, fargate_base: 2, fargate_weight: 1, fargate_spot_weight: 1 }, { spot: 0.25 }],
    [{ night: NIGHT }, { awake: 62.5 / 168 }],
    [{ night: NIGHT, nat: 'none' }, { publicAddresses: 2 + 62.5 / 168 }],
  ])('with %j counts %j', async (values, expected) => {
    expect(shapeOf({ ...(await valuesOf()), ...values })).toMatchObject(expected);
  });

  test('says what it cannot compute', async () => {
    const values = await valuesOf();
    expect(() => shapeOf({ ...values, capacity: 'ec2' })).toThrow('EC2');
    expect(() => shapeOf({ ...values, night: { ...NIGHT, start: 'cron(0 7 1 * ? *)' } })).toThrow('MON-FRI');
  });

  test('goes down with Spot by at most 70 %, and with the hours', async () => {
    const shape = shapeOf(await valuesOf());
    expect(costOf({ ...shape, spot: 1 }).tasksAtLeast).toBeCloseTo(costOf(shape).tasks * 0.3, 6);
    expect(costOf({ ...shape, awake: 0.5 }).tasks).toBeCloseTo(costOf(shape).tasks / 2, 6);
    expect(costOf({ ...shape, arm: true }).tasks).toBeCloseTo(28.84, 1);
  });

  test('is shown for the defaults and every environment', async () => {
    const [head = ''] = (await costTable(environments())).split('\n');
    expect(head).toBe('| US dollars a month | defaults | dev | staging | prod |');
  });
});
