/**
 * Writes the prices of src/cost/rates.ts from AWS's price list, which needs no account. It reads one file of each
 * service (some 400 MB for EC2, read as it comes) and one of ECS for each region.
 *
 *   npm run prices     then npm run readme, npm run build
 */
import { readFile, writeFile } from 'node:fs/promises';

import { format, resolveConfig } from 'prettier';

import { PRICES, type Price, type RegionRates } from '../src/cost/rates.ts';
import { FARGATE, FARGATE_OFFER, PLATFORMS, REGION, STACK, type Entry } from './prices/catalogue.ts';
import { readPriceList, type PriceList, type Wanted } from './prices/price-list.ts';

const PRICE_LIST = 'https://pricing.us-east-1.amazonaws.com';
const RATES = new URL('../src/cost/rates.ts', import.meta.url);
const LINE = '// What follows is written by scripts/prices.ts.\n';

/** Answers with the body of a file of the price list, by its path. */
export type Fetch = (path: string) => Promise<AsyncIterable<Uint8Array | string>>;

export interface Prices {
  readonly fargate: Readonly<Record<string, RegionRates>>;
  readonly prices: Readonly<Record<string, Price>>;
}

/** Every price that the repository uses. Throws where the price list lacks one, with its name and the file. */
export async function readPrices(get: Fetch): Promise<Prices> {
  const fargate: [string, RegionRates][] = [];
  for (const region of await regionsOf(get)) {
    const rates = await fargateIn(region, get);
    if (rates !== undefined) fargate.push([region, rates]);
  }
  const found = new Map<string, Price>();
  for (const [path, entries] of Map.groupBy([...STACK, ...PLATFORMS], pathOf)) {
    const list = await readPriceList(await get(path), entries);
    for (const entry of entries) found.set(entry.name, priceOf(entry, list, path));
  }
  // In the order of the catalogue, so that a change of prices is a short difference.
  const ordered = [...STACK, ...PLATFORMS].flatMap(({ name }) => {
    const price = found.get(name);
    return price === undefined ? [] : [[name, price] as const];
  });
  return { fargate: Object.fromEntries(fargate), prices: Object.fromEntries(ordered) };
}

function offerPath(offer: string, region?: string): string {
  return `/offers/v1.0/aws/${offer}/current/${region === undefined ? '' : `${region}/`}index.csv`;
}

function pathOf({ offer, everywhere }: Entry): string {
  return offerPath(offer, everywhere === true ? undefined : REGION);
}

function priceOf({ name, per, units = 1 }: Entry, list: PriceList, path: string): Price {
  const dollars = list.prices.get(name);
  if (dollars === undefined) throw new Error(`${name}: ${path} has no price for it`);
  return { dollars: rounded(dollars * units), per, asOf: list.publishedOn, source: `${PRICE_LIST}${path}` };
}

/** Without the dust of binary fractions; the price list has ten decimals. */
function rounded(dollars: number): number {
  return Number(dollars.toPrecision(12));
}

/** us-east-1 first, since the guides are about it. */
async function regionsOf(get: Fetch): Promise<string[]> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of await get(`/offers/v1.0/aws/${FARGATE_OFFER}/current/region_index.json`)) {
    text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
  }
  const { regions } = JSON.parse(text) as { regions: Readonly<Record<string, unknown>> };
  const others = Object.keys(regions).filter((region) => region !== REGION);
  return [REGION, ...others.sort()];
}

/** Undefined where Fargate is not to be had; local zones are among the regions of the price list. */
async function fargateIn(region: string, get: Fetch): Promise<RegionRates | undefined> {
  const path = offerPath(FARGATE_OFFER, region);
  const wanted: readonly Wanted[] = FARGATE;
  const { publishedOn, prices } = await readPriceList(await get(path), wanted);
  const dollars = (name: (typeof FARGATE)[number]['name']): number | undefined => prices.get(name);
  const rate = (architecture: 'x86' | 'ARM') => {
    const [vcpuHour, gigabyteHour] = [dollars(`${architecture} vCPU`), dollars(`${architecture} GB`)];
    return vcpuHour === undefined || gigabyteHour === undefined ? undefined : { vcpuHour, gigabyteHour };
  };
  const [x86, arm] = [rate('x86'), rate('ARM')];
  if (x86 === undefined) return undefined;
  return {
    rates: { x86, ...(arm === undefined ? {} : { ARM: arm }) },
    storageGigabyteHour: dollars('storage'),
    asOf: publishedOn.slice(0, 7),
    source: `${PRICE_LIST}${path}`,
  };
}

/** The text of src/cost/rates.ts with these prices below its line. */
export async function withPrices(text: string, { fargate, prices }: Prices): Promise<string> {
  const [head, tail] = text.split(LINE);
  if (head === undefined || tail === undefined) throw new Error('src/cost/rates.ts has lost its line');
  const [comment = '', other = ''] = [...tail.matchAll(/^\/\*\* .* \*\/$/gm)].map(([found]) => found);
  const regions = Object.entries(fargate).map(([region, { storageGigabyteHour, ...rates }]) => {
    const { asOf, source } = rates;
    return `${JSON.stringify(region)}: { rates: ${JSON.stringify(rates.rates)}, storageGigabyteHour: ${String(storageGigabyteHour)}, asOf: ${JSON.stringify(asOf)}, source: ${JSON.stringify(source)} }`;
  });
  const source = `${head}${LINE}
${comment}
export const RATES: Readonly<Record<string, RegionRates>> = {${regions.join(',')}};

${other}
export const PRICES = ${JSON.stringify(prices, undefined, 1)} as const satisfies Readonly<Record<string, Price>>;
`;
  return format(source, { ...(await resolveConfig(RATES)), parser: 'typescript' });
}

/** `load balancer: 0.0225 -> 0.0234 per hour`, one for each price that has changed. */
export function changes(
  before: Readonly<Record<string, Price>>,
  after: Readonly<Record<string, Price>>,
): string[] {
  return Object.entries(after).flatMap(([name, { dollars, per }]) =>
    before[name]?.dollars === dollars
      ? []
      : [`${name}: ${before[name]?.dollars ?? 'none'} -> ${dollars} per ${per}`],
  );
}

async function fetchPriceList(path: string): Promise<AsyncIterable<Uint8Array>> {
  process.stdout.write(`${path}\n`);
  const response = await fetch(`${PRICE_LIST}${path}`);
  if (!response.ok || response.body === null) {
    throw new Error(`${PRICE_LIST}${path} answered with ${response.status}`);
  }
  return response.body;
}

if (import.meta.main) {
  const prices = await readPrices(fetchPriceList);
  await writeFile(RATES, await withPrices(await readFile(RATES, 'utf8'), prices));
  for (const change of changes(PRICES, prices.prices)) process.stdout.write(`${change}\n`);
  process.stdout.write(`Fargate in ${Object.keys(prices.fargate).length} regions\n`);
}
