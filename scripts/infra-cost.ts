/**
 * What the stack of infra/ costs a month in us-east-1 before anybody uses it: tasks, load balancer, NAT gateways, public
 * addresses and interface endpoints. Traffic and whatever else is charged by use are left out, and named.
 *
 *   node scripts/infra-cost.ts                              the defaults, and each environment of infra/environments
 *   node scripts/infra-cost.ts infra/environments/dev.tfvars
 */
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';

import { HOURS_A_MONTH, RATES } from '../src/cost/rates.ts';
import { readValues, readVariables } from './infra-settings.ts';
import { table } from './readme-tables.ts';

const INFRA = new URL('../infra/', import.meta.url);

/** US dollars an hour in us-east-1, as of 2026-05. */
const LOAD_BALANCER = 0.0225; // https://aws.amazon.com/elasticloadbalancing/pricing/
const NAT_GATEWAY = 0.045; // https://aws.amazon.com/vpc/pricing/
const PUBLIC_ADDRESS = 0.005; // https://aws.amazon.com/vpc/pricing/, "Public IPv4 address"
const INTERFACE_ENDPOINT = 0.01; // https://aws.amazon.com/privatelink/pricing/, for each zone

/** Spot prices float; AWS says "up to 70 %". */
const SPOT_DISCOUNT = 0.7;

/** What the table does not count. */
export const NOT_COUNTED =
  'traffic, load-balancer capacity units, logs, image and log storage, Container Insights, the KMS key, alarms, the dashboard and the web ACL';

/** What is counted of a stack. */
export interface Shape {
  readonly tasks: number;
  readonly vcpu: number;
  readonly gigabytes: number;
  readonly arm: boolean;
  /** Share of the tasks on Fargate Spot, 0 to 1. */
  readonly spot: number;
  /** Share of the month in which tasks run, 0 to 1. */
  readonly awake: number;
  readonly natGateways: number;
  readonly publicAddresses: number;
  /** Interface endpoints, one for each zone. */
  readonly endpoints: number;
}

export interface Cost {
  readonly tasks: number;
  /** At the greatest discount of Fargate Spot. */
  readonly tasksAtLeast: number;
  readonly loadBalancer: number;
  readonly natGateways: number;
  readonly publicAddresses: number;
  readonly endpoints: number;
}

/** Pure: the shape of the stack that these values make, at its least number of tasks. Throws for `capacity = ec2`. */
export function shapeOf(values: Readonly<Record<string, unknown>>): Shape {
  if (values['capacity'] === 'ec2') throw new Error('The price of EC2 instances is not known here.');
  const number = (name: string): number => Number(values[name] ?? 0);
  const zones = number('zone_count');
  const own = typeof values['vpc_id'] !== 'string';
  const natGateways = !own || values['nat'] === 'none' ? 0 : values['nat'] === 'single' ? 1 : zones;
  const publicTasks = own && values['nat'] === 'none' && values['vpc_endpoints'] !== true;
  const tasks = Math.max(number('desired_count'), number('min_capacity'));
  const onSpot = Math.max(0, tasks - number('fargate_base'));
  const weights = number('fargate_weight') + number('fargate_spot_weight');
  const awake = awakeShare(values['night']);
  const services = values['vpc_endpoints'] === true ? (values['execute_command'] === true ? 5 : 4) : 0;
  return {
    tasks,
    vcpu: number('cpu') / 1024,
    gigabytes: number('memory') / 1024,
    arm: values['cpu_architecture'] === 'ARM64',
    spot: tasks === 0 ? 0 : ((onSpot / tasks) * number('fargate_spot_weight')) / weights,
    awake,
    natGateways,
    publicAddresses:
      natGateways + (values['internal'] === true ? 0 : zones) + (publicTasks ? tasks * awake : 0),
    endpoints: own ? services * zones : 0,
  };
}

/** Of `{ stop = "cron(0 20 ? * MON-FRI *)", start = "cron(0 7 ? * MON-FRI *)" }`: the hours of a week between them. */
function awakeShare(night: unknown): number {
  if (night === undefined || night === null) return 1;
  const { stop, start } = night as { stop: string; start: string };
  const [until, from] = [stop, start].map((cron) => /^cron\((\d+) (\d+) \? \* MON-FRI \*\)$/.exec(cron));
  if (!until || !from) {
    throw new Error(`The hours of "${start}" to "${stop}" are not computed here: only MON-FRI is.`);
  }
  const hour = ([, minutes, hours]: RegExpExecArray): number => Number(hours) + Number(minutes) / 60;
  return (5 * (hour(until) - hour(from))) / (7 * 24);
}

/** Pure: US dollars a month of 730 hours. */
export function costOf(shape: Shape): Cost {
  const rate = RATES['us-east-1']?.rates[shape.arm ? 'ARM' : 'x86'];
  if (rate === undefined) throw new Error('There is no price of Fargate in us-east-1.');
  const hourly = shape.tasks * (shape.vcpu * rate.vcpuHour + shape.gigabytes * rate.gigabyteHour);
  const tasks = hourly * HOURS_A_MONTH * shape.awake;
  return {
    tasks,
    tasksAtLeast: tasks * (1 - shape.spot * SPOT_DISCOUNT),
    loadBalancer: LOAD_BALANCER * HOURS_A_MONTH,
    natGateways: shape.natGateways * NAT_GATEWAY * HOURS_A_MONTH,
    publicAddresses: shape.publicAddresses * PUBLIC_ADDRESS * HOURS_A_MONTH,
    endpoints: shape.endpoints * INTERFACE_ENDPOINT * HOURS_A_MONTH,
  };
}

/** The defaults of infra/ with what a .tfvars file sets over them. */
export async function valuesOf(file?: URL): Promise<Record<string, unknown>> {
  const variables = [...(await readVariables(INFRA)).values()].flat();
  const defaults = Object.fromEntries(
    variables.map(({ name, default: standard }) => [
      name,
      standard === undefined ? undefined : (JSON.parse(standard) as unknown),
    ]),
  );
  return { ...defaults, ...(file === undefined ? {} : await readValues(file)) };
}

/** A Markdown table of what the defaults and the given environments cost. */
export async function costTable(files: readonly URL[]): Promise<string> {
  const columns = await Promise.all(
    [undefined, ...files].map(async (file) => {
      const shape = shapeOf(await valuesOf(file));
      return { title: file === undefined ? 'defaults' : basename(file.pathname, '.tfvars'), shape };
    }),
  );
  const costs = columns.map(({ shape }) => costOf(shape));
  const line = (title: string, amount: (cost: Cost) => string): string[] => [title, ...costs.map(amount)];
  const others = (cost: Cost): number =>
    cost.loadBalancer + cost.natGateways + cost.publicAddresses + cost.endpoints;
  return table(
    ['US dollars a month', ...columns.map(({ title }) => title)],
    [
      ['Tasks', ...columns.map(({ shape }) => describe(shape))],
      line('Fargate', (cost) => range(cost.tasksAtLeast, cost.tasks)),
      line('Load balancer', (cost) => dollars(cost.loadBalancer)),
      line('NAT gateways', (cost) => dollars(cost.natGateways)),
      line('Public addresses', (cost) => dollars(cost.publicAddresses)),
      ...(costs.some(({ endpoints }) => endpoints > 0)
        ? [line('Interface endpoints', (cost) => dollars(cost.endpoints))]
        : []),
      line(
        '**Together**',
        (cost) => `**${range(cost.tasksAtLeast + others(cost), cost.tasks + others(cost))}**`,
      ),
    ],
  );
}

function describe({ tasks, vcpu, gigabytes, arm, spot, awake }: Shape): string {
  const parts = [
    `${tasks} × ${vcpu} vCPU, ${gigabytes} GB`,
    ...(arm ? ['ARM64'] : []),
    ...(spot > 0 ? [`${Math.round(spot * 100)} % on Spot`] : []),
    ...(awake < 1 ? [`${Math.round(awake * 168)} of 168 hours a week`] : []),
  ];
  return parts.join(', ');
}

function range(least: number, most: number): string {
  return dollars(least) === dollars(most) ? dollars(most) : `${dollars(least)} to ${dollars(most)}`;
}

function dollars(amount: number): string {
  return amount.toFixed(2);
}

/** From the cheapest to the one that users see; others follow by name. */
const STAGES = ['dev.tfvars', 'staging.tfvars', 'prod.tfvars'];

/** The environments of infra/environments. */
export function environments(): URL[] {
  const folder = new URL('environments/', INFRA);
  const files = readdirSync(folder).filter((name) => name.endsWith('.tfvars'));
  const others = files.filter((name) => !STAGES.includes(name)).sort();
  return [...STAGES.filter((name) => files.includes(name)), ...others].map((name) => new URL(name, folder));
}

if (import.meta.main) {
  const given = process.argv.slice(2).map((file) => pathToFileURL(file));
  process.stdout.write(
    `${await costTable(given.length > 0 ? given : environments())}\n\nNot counted: ${NOT_COUNTED}.\n`,
  );
}
