/** Reads a file of AWS's price list: the CSV form, since the one of EC2 is too large to be parsed as one JSON text. */
import { parse } from 'csv-parse';

/** A price, as the price list names it. */
export interface Wanted {
  readonly name: string;
  /** Without the region's prefix, such as `Fargate-GB-Hours`; where AWS has used several, any of them. */
  readonly usageTypes: readonly string[];
  /** Columns that tell products of one usage type apart. */
  readonly productFamily?: string;
  readonly operation?: string;
}

export interface PriceList {
  /** The day on which AWS published the file, such as `2026-11-20`. */
  readonly publishedOn: string;
  /** Dollars for one unit of what was wanted, by its name. What is not in the file is not here. */
  readonly prices: ReadonlyMap<string, number>;
}

interface Tier {
  readonly from: number;
  readonly dollars: number;
}

/** `USE1-`, `EU-` (Ireland's), or `us-east-1-` (KMS's); us-east-1 mostly has none. Not `TS-`: that is another product. */
const PREFIX = /^(?:EU|[A-Z]{3}\d|[a-z]{2}(?:-[a-z]+)+-\d)-$/;

/**
 * The on-demand prices in dollars: of each the first tier that costs something. Throws where the file is no price list,
 * and where products with different prices fit.
 * https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/bulk-api-reading-price-list-files.html
 */
export async function readPriceList(
  csv: AsyncIterable<Uint8Array | string>,
  wanted: readonly Wanted[],
): Promise<PriceList> {
  // Five lines of two columns come before the header.
  const rows = parse({ relax_column_count: true });
  const written = write(csv, rows);
  const tiers = new Map<string, Tier[]>();
  let publishedOn: string | undefined;
  let columns: ReadonlyMap<string, number> | undefined;
  for await (const row of rows as AsyncIterable<readonly string[]>) {
    if (columns === undefined) {
      if (row[0] === 'Publication Date') publishedOn = row[1]?.slice(0, 10);
      if (row[0] === 'SKU') columns = new Map(row.map((name, index) => [name, index]));
      continue;
    }
    const known = columns;
    const cell = (name: string): string => row[known.get(name) ?? -1] ?? '';
    if (cell('TermType') !== 'OnDemand' || cell('Currency') !== 'USD') continue;
    for (const each of wanted.filter((one) => isMeant(one, cell))) {
      const tier = { from: Number(cell('StartingRange')), dollars: Number(cell('PricePerUnit')) };
      tiers.set(each.name, [...(tiers.get(each.name) ?? []), tier]);
    }
  }
  await written;
  if (publishedOn === undefined || columns === undefined)
    throw new Error('This is no file of the price list');
  const prices = [...tiers].flatMap(([name, found]) => {
    const dollars = firstPaid(name, found);
    return dollars === undefined ? [] : [[name, dollars] as const];
  });
  return { publishedOn, prices: new Map(prices) };
}

async function write(csv: AsyncIterable<Uint8Array | string>, to: ReturnType<typeof parse>): Promise<void> {
  try {
    for await (const chunk of csv) {
      if (!to.write(chunk)) await new Promise((resolve) => to.once('drain', resolve));
    }
    to.end();
  } catch (error) {
    to.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

function isMeant(wanted: Wanted, cell: (name: string) => string): boolean {
  const usage = cell('usageType');
  return (
    wanted.usageTypes.some((type) => isUsage(type, usage)) &&
    (wanted.productFamily === undefined || cell('Product Family') === wanted.productFamily) &&
    (wanted.operation === undefined || cell('operation') === wanted.operation)
  );
}

function isUsage(type: string, usage: string): boolean {
  return usage === type || (usage.endsWith(type) && PREFIX.test(usage.slice(0, -type.length)));
}

function firstPaid(name: string, tiers: readonly Tier[]): number | undefined {
  const paid = tiers.filter(({ dollars }) => dollars > 0);
  const first = Math.min(...paid.map(({ from }) => from));
  const prices = [...new Set(paid.filter(({ from }) => from === first).map(({ dollars }) => dollars))];
  if (prices.length > 1) throw new Error(`${name}: several prices fit: ${prices.join(', ')}`);
  return prices[0];
}
