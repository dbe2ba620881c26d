import { describe, expect, it } from '@jest/globals';
import type { Task } from '@aws-sdk/client-ecs';
import { leadsTo, placesOf } from '../../src/ecs/targets.ts';

const INSTANCE = 'arn:aws:ecs:eu-west-1:1:container-instance/prod/aaaa';

function awsvpc(arn: string, address: string): Task {
  const details = [
    { name: 'macAddress', value: 'm' },
    { name: 'privateIPv4Address', value: address },
  ];
  return { taskArn: arn, attachments: [{ type: 'Service Connect' }, { details }] };
}

function onInstance(arn: string, ...hostPorts: number[]): Task {
  return {
    taskArn: arn,
    containerInstanceArn: INSTANCE,
    containers: [{ networkBindings: hostPorts.map((hostPort) => ({ hostPort, containerPort: 8000 })) }],
  };
}

/** Knows one instance, and keeps what it was asked for. */
function instances(): { asked: string[][]; ecs: Parameters<typeof placesOf>[0] } {
  const asked: string[][] = [];
  return {
    asked,
    ecs: {
      describeContainerInstances: ({ containerInstances = [] }) => {
        asked.push([...containerInstances]);
        const known = [{ containerInstanceArn: INSTANCE, ec2InstanceId: 'i-0aaaa' }];
        return Promise.resolve({ $metadata: {}, containerInstances: known });
      },
    },
  };
}

describe('where a load balancer reaches a task', () => {
  it('is its own address in awsvpc mode, and no instance is asked for', async () => {
    const { ecs, asked } = instances();
    const places = await placesOf(ecs, 'prod', [awsvpc('a', '10.0.0.1'), awsvpc('b', '10.0.0.2')]);
    expect([...places]).toEqual([
      ['a', { names: ['10.0.0.1'], ports: undefined }],
      ['b', { names: ['10.0.0.2'], ports: undefined }],
    ]);
    expect(asked).toEqual([]);
  });

  it('is a port of its instance in bridge and host mode; each instance is asked for once', async () => {
    const { ecs, asked } = instances();
    const places = await placesOf(ecs, 'prod', [onInstance('a', 32_768), onInstance('b', 32_769)]);
    expect([...places]).toEqual([
      ['a', { names: ['i-0aaaa'], ports: [32_768] }],
      ['b', { names: ['i-0aaaa'], ports: [32_769] }],
    ]);
    expect(asked).toEqual([[INSTANCE]]);
  });

  it('is nowhere while the task is not placed', async () => {
    const { ecs } = instances();
    expect((await placesOf(ecs, 'prod', [{ taskArn: 'a' }])).size).toBe(0);
  });

  it.each([
    ['its address, whatever the port', { names: ['10.0.0.1'], ports: undefined }, '10.0.0.1', 8000, true],
    ['its instance at its port', { names: ['i-0aaaa'], ports: [32_768] }, 'i-0aaaa', 32_768, true],
    [
      'its instance at a port of another task',
      { names: ['i-0aaaa'], ports: [32_768] },
      'i-0aaaa',
      32_769,
      false,
    ],
    ['another instance', { names: ['i-0aaaa'], ports: [32_768] }, 'i-0bbbb', 32_768, false],
  ])('a target leads to the task at %s', (_, place, address, port, leads) => {
    expect(leadsTo(place, { address, port })).toBe(leads);
  });
});
