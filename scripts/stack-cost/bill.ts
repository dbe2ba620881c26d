import { monthlyCost } from '../../src/cost/monthly.ts';
import { HOURS_A_MONTH, PRICES } from '../../src/cost/rates.ts';
import type { Settings } from './settings.ts';

export interface BillLine {
  readonly what: string;
  /** How the figure comes about, such as `2 gateways`. */
  readonly how: string;
  readonly dollars: number;
}

export interface Bill {
  readonly lines: readonly BillLine[];
  readonly total: number;
  /** What Fargate Spot may save at most; its price floats. */
  readonly spot: number;
}

/** The load that the figures are for. Traffic to the internet is left out: 100 GB a month are free. */
export const LOAD = {
  requests: 1_000_000,
  gigabytes: 10,
  natGigabytes: 5,
  logGigabytes: 1,
  imageGigabytes: 5,
};

/** The most that Fargate Spot is cheaper by (https://aws.amazon.com/fargate/pricing/). */
export const SPOT_DISCOUNT = 0.7;

const HOURS_A_WEEK = 168;
const SECONDS_A_MONTH = HOURS_A_MONTH * 3600;
/** What one LCU takes in: new connections a second, and GB an hour. */
const LCU = { connections: 25, gigabytes: 1 };
/** Rules of the web ACL in infra/modules/load-balancer/waf.tf. */
const WAF_RULES = 5;
/** Two of infra/modules/observability, and two for each of the two policies of autoscaling. */
const ALARMS = 6;
/** Container Insights of ECS has 16 metrics, for cluster, service and task definition family at most. */
const INSIGHTS_METRICS = 16 * 3;
/** Without ECS Exec: ecr.api, ecr.dkr, logs and secretsmanager. */
const ENDPOINTS = 4;

/** Pure: what the stack costs a month with these settings, in us-east-1, at its least number of tasks. */
export function billOf(settings: Settings): Bill {
  const tasks = taskLines(settings);
  const lines = [...tasks.lines, ...networkLines(settings), ...watchLines(settings)].filter(
    ({ dollars }) => dollars > 0,
  );
  return { lines, total: lines.reduce((sum, { dollars }) => sum + dollars, 0), spot: tasks.spot };
}

/** Pure: the bill of a month in which autoscaling keeps all the tasks that it may start. */
export function underLoad(settings: Settings): Bill {
  return billOf({ ...settings, min_capacity: settings.max_capacity });
}

function taskLines(settings: Settings): { lines: BillLine[]; spot: number } {
  const { cpu, memory, min_capacity: count } = settings;
  const definition = {
    containerDefinitions: [],
    family: 'backend',
    cpu: String(cpu),
    memory: String(memory),
    runtimePlatform: { cpuArchitecture: settings.cpu_architecture },
  };
  const cost = monthlyCost(definition, count, 'us-east-1');
  if (cost.kind === 'unknown') throw new Error(`The cost of the tasks is not known: ${cost.why}.`);
  const share = settings.hoursAWeek / HOURS_A_WEEK;
  const dollars = cost.dollars * share;
  const when = share === 1 ? '' : `, ${settings.hoursAWeek} hours a week`;
  const size = `${count} × ${cost.vcpu} vCPU, ${cost.gigabytes} GB, ${cost.architecture}${when}`;
  return {
    lines: [{ what: 'Fargate tasks', how: size, dollars }],
    spot: count === 0 ? 0 : (dollars * spotTasks(settings) * SPOT_DISCOUNT) / count,
  };
}

/** ECS places the base on FARGATE first, and the rest by weight. */
function spotTasks(settings: Settings): number {
  const {
    min_capacity: count,
    fargate_base: base,
    fargate_weight: weight,
    fargate_spot_weight: spot,
  } = settings;
  const rest = Math.max(0, count - base);
  return weight + spot === 0 ? 0 : (rest * spot) / (weight + spot);
}

function networkLines(settings: Settings): BillLine[] {
  const { zone_count: zones, nat, vpc_endpoints: endpoints, internal } = settings;
  const gateways = nat === 'per-az' ? zones : nat === 'single' ? 1 : 0;
  const arePublic = nat === 'none' && !endpoints;
  const addresses = (internal ? 0 : zones) + gateways;
  const taskHours = (settings.min_capacity * settings.hoursAWeek) / HOURS_A_WEEK;
  const interfaces = endpoints ? (ENDPOINTS + (settings.execute_command ? 1 : 0)) * zones : 0;
  return [
    line('Load balancer', '1', 'load balancer', HOURS_A_MONTH),
    line('Load balancer capacity', 'by the load', 'load balancer capacity', lcus() * HOURS_A_MONTH),
    line('NAT gateways', String(gateways), 'NAT gateway', gateways * HOURS_A_MONTH),
    line(
      'NAT traffic',
      `${LOAD.natGigabytes} GB`,
      'NAT gateway traffic',
      gateways > 0 ? LOAD.natGigabytes : 0,
    ),
    line(
      'Public IPv4 addresses',
      arePublic ? `${addresses} and one a task` : String(addresses),
      'public IPv4 address',
      (addresses + (arePublic ? taskHours : 0)) * HOURS_A_MONTH,
    ),
    line('Interface endpoints', String(interfaces), 'interface endpoint', interfaces * HOURS_A_MONTH),
  ];
}

function watchLines(settings: Settings): BillLine[] {
  const logs = LOAD.logGigabytes * (settings.flow_logs ? 2 : 1) + (settings.waf ? 1 : 0);
  const requests = settings.waf ? LOAD.requests / 1e6 : 0;
  const acl =
    PRICES['web ACL'].dollars +
    WAF_RULES * PRICES['web ACL rule'].dollars +
    requests * PRICES['web ACL requests'].dollars;
  return [
    line('Log ingestion', `${logs} GB`, 'log ingestion', logs),
    line('Log storage', `${logs} GB`, 'log storage', logs),
    line('Alarms', String(ALARMS), 'alarm', ALARMS),
    line('Dashboard', '1', 'dashboard', 1),
    line(
      'Container Insights, at most',
      `${INSIGHTS_METRICS} metrics`,
      'metric',
      settings.container_insights ? (INSIGHTS_METRICS * settings.hoursAWeek) / HOURS_A_WEEK : 0,
    ),
    line('Key for the logs', '1', 'KMS key', settings.log_encryption ? 1 : 0),
    {
      what: 'Web application firewall',
      how: `1 ACL, ${WAF_RULES} rules, the requests`,
      dollars: settings.waf ? acl : 0,
    },
    line('Images in ECR', `${LOAD.imageGigabytes} GB`, 'image storage', LOAD.imageGigabytes),
  ];
}

/** The greatest of its dimensions counts. */
export function lcus(): number {
  const connections = LOAD.requests / SECONDS_A_MONTH / LCU.connections;
  return Math.max(connections, LOAD.gigabytes / HOURS_A_MONTH / LCU.gigabytes);
}

function line(what: string, how: string, name: keyof typeof PRICES, amount: number): BillLine {
  return { what, how, dollars: amount * PRICES[name].dollars };
}
