import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { environments, inDollars } from '../../scripts/stack-cost.ts';
import { billOf, lcus, underLoad, type Bill } from '../../scripts/stack-cost/bill.ts';
import { readSettings, type Settings } from '../../scripts/stack-cost/settings.ts';

const PLAIN: Settings = {
  cpu: 1024,
  memory: 2048,
  cpu_architecture: 'X86_64',
  zone_count: 2,
  nat: 'per-az',
  vpc_endpoints: false,
  execute_command: false,
  internal: false,
  waf: false,
  flow_logs: false,
  log_encryption: false,
  container_insights: false,
  min_capacity: 1,
  max_capacity: 4,
  fargate_base: 0,
  fargate_weight: 1,
  fargate_spot_weight: 0,
  hoursAWeek: 168,
};

function dollarsFor(bill: Bill, what: string): number {
  return Math.round((bill.lines.find((line) => line.what === what)?.dollars ?? 0) * 100) / 100;
}

describe('the bill of the stack', () => {
  test('adds up its lines', () => {
    const bill = billOf(PLAIN);
    expect(dollarsFor(bill, 'Fargate tasks')).toBe(36.04);
    expect(dollarsFor(bill, 'Load balancer')).toBe(16.43);
    expect(dollarsFor(bill, 'NAT gateways')).toBe(65.7);
    expect(dollarsFor(bill, 'Public IPv4 addresses')).toBe(14.6);
    expect(bill.total).toBeCloseTo(bill.lines.reduce((sum, { dollars }) => sum + dollars, 0));
    expect(bill.spot).toBe(0);
  });

  test.each<[string, Partial<Settings>, string, number]>([
    ['one NAT gateway', { nat: 'single' }, 'NAT gateways', 32.85],
    ['one NAT gateway has one address', { nat: 'single' }, 'Public IPv4 addresses', 10.95],
    ['no NAT gateway', { nat: 'none' }, 'NAT gateways', 0],
    ['no NAT gateway and no traffic through it', { nat: 'none' }, 'NAT traffic', 0],
    ['tasks with a public address', { nat: 'none', min_capacity: 2 }, 'Public IPv4 addresses', 14.6],
    ['endpoints and private tasks', { nat: 'none', vpc_endpoints: true }, 'Public IPv4 addresses', 7.3],
    ['endpoints in each zone', { nat: 'none', vpc_endpoints: true }, 'Interface endpoints', 58.4],
    ['an internal load balancer', { internal: true }, 'Public IPv4 addresses', 7.3],
    ['ARM64', { cpu_architecture: 'ARM64' }, 'Fargate tasks', 28.84],
    ['half a vCPU', { cpu: 512, memory: 1024 }, 'Fargate tasks', 18.02],
    ['three tasks', { min_capacity: 3 }, 'Fargate tasks', 108.12],
    ['half of the week', { hoursAWeek: 84 }, 'Fargate tasks', 18.02],
    ['a firewall', { waf: true }, 'Web application firewall', 10.6],
    ['insights', { container_insights: true }, 'Container Insights, at most', 14.4],
  ])('%s', (_, change, what, dollars) => {
    expect(dollarsFor(billOf({ ...PLAIN, ...change }), what)).toBe(dollars);
  });

  test.each<[string, Partial<Settings>, number]>([
    ['all on Spot', { fargate_weight: 0, fargate_spot_weight: 1 }, 36.04 * 0.7],
    ['the base on demand', { fargate_base: 1, fargate_weight: 0, fargate_spot_weight: 1 }, 0],
    ['half and half', { min_capacity: 2, fargate_spot_weight: 1 }, 36.04 * 0.7],
    ['no task', { min_capacity: 0, fargate_weight: 0, fargate_spot_weight: 1 }, 0],
  ])('what Spot may save: %s', (_, change, dollars) => {
    expect(billOf({ ...PLAIN, ...change }).spot).toBeCloseTo(dollars);
  });

  test('under load has all the tasks that autoscaling may start, and nothing else more', () => {
    const [defaults] = environments();
    expect(underLoad(defaults?.settings ?? PLAIN).total.toFixed(2)).toBe('261.76');
    expect(underLoad(PLAIN).total - billOf(PLAIN).total).toBeCloseTo(3 * 36.04);
    // A task with a public address pays for it.
    const open = { ...PLAIN, nat: 'none' };
    expect(underLoad(open).total - billOf(open).total).toBeCloseTo(3 * (36.04 + 3.65));
  });

  test('one million requests and 10 GB a month are a small part of an LCU', () => {
    expect(lcus()).toBeCloseTo(0.0152, 4);
  });

  test('is written with two decimals, as a range where Spot may save', () => {
    expect([inDollars(36.036), inDollars(36.036, 25.2)]).toEqual(['36.04', '10.84 to 36.04']);
  });
});

describe('the settings', () => {
  const variables = 'variable "nat" {\n  type    = string\n  default = "per-az"\n}\n';

  test('are those of infra/, over the defaults of its variables', () => {
    const [defaults, dev, staging, prod] = environments();
    expect(defaults).toMatchObject({ name: 'defaults', settings: { cpu: 1024, nat: 'per-az' } });
    expect(dev).toMatchObject({
      name: 'dev',
      settings: { nat: 'none', cpu: 512, cpu_architecture: 'X86_64', hoursAWeek: 168, fargate_weight: 0 },
    });
    expect(staging).toMatchObject({ name: 'staging', settings: { nat: 'single', waf: false } });
    expect(prod).toMatchObject({ name: 'prod', settings: { min_capacity: 2, waf: true } });
  });

  test('that are missing are an error', () => {
    expect(() => readSettings(variables, '')).toThrow('The variables have no cpu with a default.');
  });

  test('of a night that is not one of working days are an error', () => {
    const all = environments()[0]?.settings ?? PLAIN;
    const defaults = Object.entries(all).map(([name, value]) => {
      return `variable "${name}" {\n  default = ${typeof value === 'string' ? `"${value}"` : String(value)}\n}`;
    });
    const night =
      'module "stack" {\n  night = {\n    stop  = "rate(1 day)"\n    start = "cron(0 7 ? * MON-FRI *)"\n  }\n}\n';
    expect(() => readSettings(defaults.join('\n'), night)).toThrow('night.stop is no full hour');
  });
});

describe('what the bill assumes of infra/', () => {
  const read = (file: string): string => readFileSync(`infra/${file}`, 'utf8');
  const count = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length;

  test('alarms: two of its own, and two for each policy of autoscaling', () => {
    const own = count(read('modules/observability/main.tf'), /^resource "aws_cloudwatch_metric_alarm"/gm);
    const policies = count(read('modules/service/autoscaling.tf'), /Utilization", value/g);
    expect(dollarsFor(billOf(PLAIN), 'Alarms')).toBeCloseTo(0.1 * (own + 2 * policies));
  });

  test('the rules of the firewall, the endpoints and the dashboard', () => {
    expect(
      count(read('modules/load-balancer/waf.tf'), /"AWSManagedRules\w+", |"AWSManagedRules\w+"\]/g),
    ).toBe(3);
    expect(read('main.tf')).toContain('["ecr.api", "ecr.dkr", "logs", "secretsmanager"]');
    expect(count(read('modules/observability/main.tf'), /^resource "aws_cloudwatch_dashboard"/gm)).toBe(1);
  });
});
