/** The costs as the guides show them. */
import { monthlyCost } from '../../src/cost/monthly.ts';
import { HOURS_A_MONTH, PRICES, RATES, type Price } from '../../src/cost/rates.ts';
import { PLATFORMS, REGION, STACK, type Entry } from '../prices/catalogue.ts';
import { table } from '../readme-tables.ts';
import { environments, inDollars, type Environment } from '../stack-cost.ts';
import { billOf, underLoad } from '../stack-cost/bill.ts';
import { platformCosts } from '../stack-cost/platforms.ts';
import type { Settings } from '../stack-cost/settings.ts';

/** One row for each line of the bills, one column for each environment. */
export function costTable(): string {
  const all = environments();
  const names = [...new Set(all.flatMap(({ bill }) => bill.lines.map(({ what }) => what)))];
  const rows = names.map((name) => [
    name,
    ...all.map(({ bill }) => bill.lines.find(({ what }) => what === name)?.dollars.toFixed(2) ?? ''),
  ]);
  const totals = all.map(({ bill }) => `**${inDollars(bill.total, bill.spot)}**`);
  const most = all.map(({ settings }) => {
    const { total, spot } = underLoad(settings);
    return `${inDollars(total, spot)} (${settings.max_capacity} tasks)`;
  });
  return table(
    ['US dollars a month', ...all.map(({ name }) => name)],
    [...rows, ['**Total**', ...totals], ['The same, under load all month', ...most]],
  );
}

/** CPU units and MiB of tasks, each twice the one before; 16 vCPU are the most that Fargate has. */
const SIZES = [
  [256, 512],
  [512, 1024],
  [1024, 2048],
  [2048, 4096],
  [4096, 8192],
  [8192, 16384],
  [16384, 32768],
] as const;

/** What one task costs by its size. */
export function sizeTable(): string {
  const monthly = (cpu: number, memory: number, cpuArchitecture: string): string => {
    const definition = {
      family: 'backend',
      containerDefinitions: [],
      cpu: String(cpu),
      memory: String(memory),
      runtimePlatform: { cpuArchitecture },
    };
    const cost = monthlyCost(definition, 1, REGION);
    if (cost.kind === 'unknown') throw new Error(`The cost of a task is not known: ${cost.why}.`);
    return cost.dollars.toFixed(2);
  };
  const rows = SIZES.map(([cpu, memory]) => [
    `\`cpu = ${cpu}\`, \`memory = ${memory}\``,
    `${cpu / 1024} vCPU, ${memory / 1024} GB`,
    monthly(cpu, memory, 'X86_64'),
    monthly(cpu, memory, 'ARM64'),
  ]);
  return table(['Settings', 'One task', 'X86_64', 'ARM64'], rows);
}

interface Variant {
  readonly change: Partial<Settings>;
  /** As it is written in a tfvars file. */
  readonly written: string;
  readonly price: string;
}

const VARIANTS: readonly Variant[] = [
  {
    change: { nat: 'single' },
    written: '`nat = "single"`',
    price: 'A zone that fails takes the way out of the others along.',
  },
  {
    change: { nat: 'none' },
    written: '`nat = "none"`',
    price: 'Tasks have public addresses; only the load balancer reaches them.',
  },
  {
    change: { nat: 'none', vpc_endpoints: true },
    written: '`nat = "none"`, `vpc_endpoints = true`',
    price: 'Tasks reach AWS and nothing else.',
  },
  {
    change: { cpu_architecture: 'ARM64' },
    written: '`cpu_architecture = "ARM64"`',
    price: 'The image must be built for it.',
  },
  {
    change: { fargate_base: 0, fargate_weight: 0, fargate_spot_weight: 1 },
    written: '`fargate_weight = 0`, `fargate_spot_weight = 1`',
    price:
      'AWS takes tasks back with [two minutes of notice](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html); at most this much.',
  },
  { change: { cpu: 512, memory: 1024 }, written: '`cpu = 512`, `memory = 1024`', price: 'Half the size.' },
  {
    change: { hoursAWeek: 65 },
    written: '`night`, from 20 to 7 and on weekends',
    price: 'Nothing answers at night and on weekends.',
  },
  {
    change: { min_capacity: 1 },
    written: '`min_capacity = 1`',
    price: 'A zone that fails takes the service along.',
  },
  {
    change: { container_insights: false },
    written: '`container_insights = false`',
    price: 'No metrics of single tasks.',
  },
  { change: { waf: false }, written: '`waf = false`', price: 'No managed rules in front.' },
];

/** What each change saves in the environments that cost most. */
export function variantTable(): string {
  const compared = environments().filter(({ name }) => name !== 'dev');
  const rows = VARIANTS.map(({ change, written, price }) => [
    written,
    ...compared.map((each) => saving(each, change)),
    price,
  ]);
  return table(['Change', ...compared.map(({ name }) => name), 'What it takes'], rows);
}

function saving({ settings, bill }: Environment, change: Partial<Settings>): string {
  const changed = billOf({ ...settings, ...change });
  const saved = bill.total - bill.spot - (changed.total - changed.spot);
  if (Math.abs(saved) < 0.005) return '';
  return saved > 0 ? `−${saved.toFixed(2)}` : `+${(-saved).toFixed(2)}`;
}

/** The rates that the bills are made of, each with its date and its sources. */
export function rateTable(): string {
  const fargate = RATES[REGION];
  if (fargate === undefined) throw new Error(`There are no rates of ${REGION}`);
  const page = 'https://aws.amazon.com/fargate/pricing/';
  const rows = Object.entries(fargate.rates).map(([architecture, { vcpuHour, gigabyteHour }]) => [
    `Fargate task (${architecture})`,
    `${vcpuHour} per vCPU-hour, ${gigabyteHour} per GB-hour`,
    fargate.asOf,
    where(fargate.source, page),
  ]);
  return table(RATE_COLUMNS, [...rows, ...STACK.map(rateRow)]);
}

/** The rates of the other platforms. */
export function platformRateTable(): string {
  return table(RATE_COLUMNS, PLATFORMS.map(rateRow));
}

const RATE_COLUMNS = ['Charged', 'US dollars', 'Of', 'Where'];

function rateRow({ name, page }: Entry): string[] {
  const prices: Readonly<Record<string, Price>> = PRICES;
  const price = prices[name];
  if (price === undefined) throw new Error(`src/cost/rates.ts has no price of ${name}`);
  const { dollars, per, asOf, source } = price;
  return [name.charAt(0).toUpperCase() + name.slice(1), `${dollars} per ${per}`, asOf, where(source, page)];
}

function where(source: string, page: string): string {
  if (source === page) return `[AWS](${page})`;
  const name = new URL(source).hostname.startsWith('pricing.') ? 'price list' : 'source';
  return `[${name}](${source}) · [AWS](${page})`;
}

/** The same service on each platform. */
export function platformTable(): string {
  const rows = platformCosts().map(({ platform, how, least, most }) => [
    platform,
    inDollars(most, most - least),
    how,
  ]);
  return table(['Platform', 'US dollars a month', 'What that is'], rows);
}

/** The environment of QUICKSTART.md. */
function quickstart(): Environment {
  const found = environments().find(({ name }) => name === 'dev');
  if (found === undefined) throw new Error('There is no environment dev.');
  return found;
}

/** What the sample stack costs while it stands. */
export function quickstartCost(): string {
  const { bill, settings } = quickstart();
  const most = underLoad(settings);
  if (settings.min_capacity !== 1 || settings.max_capacity !== 2)
    throw new Error('The words are for one task, and at most two.');
  return `From step 3 until you [clean up](#clean-up) it costs ${inDollars(bill.total, bill.spot)} US dollars a month in us-east-1 with its one task, which is at most ${centsAnHour(bill.total)} cents an hour, and up to ${most.total.toFixed(2)} with the second one that load may add.`;
}

export function quickstartStackCost(): string {
  return `Cost: the ${centsAnHour(quickstart().bill.total)} cents an hour from now on, mostly for the task, the load balancer and their addresses.`;
}

export function quickstartImageCost(): string {
  const { dollars } = PRICES['image storage'];
  return `Cost: minutes of the runner in a private repository, and ${dollars.toFixed(2)} US dollars a month for each GB of images.`;
}

/** Rounded up: at most. */
function centsAnHour(dollarsAMonth: number): number {
  return Math.ceil((dollarsAMonth * 100) / HOURS_A_MONTH);
}
