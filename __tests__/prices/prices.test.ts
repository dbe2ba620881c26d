import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { PLATFORMS, STACK } from '../../scripts/prices/catalogue.ts';
import { changes, readPrices, withPrices, type Fetch } from '../../scripts/prices.ts';
import { PRICES, RATES } from '../../src/cost/rates.ts';
import { arm, ecs, priceList, type Row } from './samples.ts';

const ROOT = '/offers/v1.0/aws';
const REGION_INDEX = {
  formatVersion: 'v1.0',
  publicationDate: '2026-11-20T18:04:11Z',
  regions: Object.fromEntries(
    ['eu-west-1', 'us-east-1', 'us-east-1-wl1-bos1'].map((regionCode) => [
      regionCode,
      { regionCode, currentVersionUrl: `${ROOT}/AmazonECS/20261120180411/${regionCode}/index.json` },
    ]),
  ),
};

/** The price list as it would give out exactly what the repository has now. */
function site(change: Readonly<Record<string, string>> = {}): Map<string, string> {
  const rows = new Map<string, Row[]>();
  for (const entry of [...STACK, ...PLATFORMS]) {
    const path = `${ROOT}/${entry.offer}/current/${entry.everywhere === true ? '' : 'us-east-1/'}index.csv`;
    const dollars = change[entry.name] ?? PRICES[entry.name as keyof typeof PRICES].dollars;
    const row = {
      usageType: `USE1-${entry.usageTypes.at(-1) ?? ''}`,
      price: (Number(dollars) / (entry.units ?? 1)).toFixed(10),
      family: entry.productFamily ?? 'Other',
      operation: entry.operation ?? '',
    };
    rows.set(path, [...(rows.get(path) ?? []), row]);
  }
  return new Map([
    ...[...rows].map(([path, each]) => [path, priceList(path.split('/')[4] ?? '', each)] as const),
    [`${ROOT}/AmazonECS/current/region_index.json`, JSON.stringify(REGION_INDEX)],
    [`${ROOT}/AmazonECS/current/us-east-1/index.csv`, ecs('USE1-', arm('USE1-'))],
    [`${ROOT}/AmazonECS/current/eu-west-1/index.csv`, ecs('EU-')],
    [
      `${ROOT}/AmazonECS/current/us-east-1-wl1-bos1/index.csv`,
      priceList('AmazonECS', [{ usageType: 'USE1WL1-ECS-EC2-GB-Hours', price: '0.0000000000' }]),
    ],
  ]);
}

function from(files: ReadonlyMap<string, string>): Fetch {
  return (path) => {
    const text = files.get(path);
    return text === undefined
      ? Promise.reject(new Error(`${path} answered with 403`))
      : Promise.resolve(chunked(text));
  };
}

async function* chunked(text: string): AsyncGenerator<string> {
  yield await Promise.resolve(text);
}

describe('the prices', () => {
  test('come from the price list, with its day and the file, for each region that has Fargate', async () => {
    const { fargate, prices } = await readPrices(from(site()));
    expect(Object.keys(fargate)).toEqual(['us-east-1', 'eu-west-1']);
    expect(fargate['us-east-1']).toEqual({
      rates: {
        x86: { vcpuHour: 0.04048, gigabyteHour: 0.004445 },
        ARM: { vcpuHour: 0.03238, gigabyteHour: 0.00356 },
      },
      storageGigabyteHour: 0.000111,
      asOf: '2026-11',
      source: 'https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonECS/current/us-east-1/index.csv',
    });
    expect(fargate['eu-west-1']?.rates).toEqual({ x86: { vcpuHour: 0.04048, gigabyteHour: 0.004445 } });
    expect(prices['load balancer']).toEqual({
      dollars: 0.0225,
      per: 'hour',
      asOf: '2026-11-20',
      source: 'https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AWSELB/current/us-east-1/index.csv',
    });
    expect(prices['web ACL requests']?.dollars).toBe(0.6);
    expect(changes(PRICES, prices)).toEqual([]);
  });

  test('that have changed are told', async () => {
    const { prices } = await readPrices(from(site({ alarm: '0.12' })));
    expect(changes(PRICES, prices)).toEqual(['alarm: 0.1 -> 0.12 per month']);
  });

  test('that the price list has no more are an error with their name and file', async () => {
    const files = site();
    files.set(`${ROOT}/awskms/current/us-east-1/index.csv`, priceList('awskms', []));
    await expect(readPrices(from(files))).rejects.toThrow(
      'KMS key: /offers/v1.0/aws/awskms/current/us-east-1/index.csv has no price for it',
    );
  });

  test('of a file that cannot be had are an error', async () => {
    const files = site();
    files.delete(`${ROOT}/AmazonECR/current/us-east-1/index.csv`);
    await expect(readPrices(from(files))).rejects.toThrow('AmazonECR/current/us-east-1/index.csv answered');
  });
});

describe('src/cost/rates.ts', () => {
  const text = readFileSync('src/cost/rates.ts', 'utf8');

  test('is what is written of its own prices', async () => {
    expect(await withPrices(text, { fargate: RATES, prices: PRICES })).toBe(text);
  });

  test('has other prices below its line, and the same above it', async () => {
    const { fargate, prices } = await readPrices(from(site({ alarm: '0.12' })));
    const written = await withPrices(text, { fargate, prices });
    const [head, tail = ''] = written.split('// What follows is written by scripts/prices.ts.\n');
    expect(text.startsWith(head ?? '')).toBe(true);
    expect(tail).toContain("alarm: {\n    dollars: 0.12,\n    per: 'month',\n    asOf: '2026-11-20',");
    expect(tail).toContain("'eu-west-1': {");
    expect(tail).not.toContain('eu-central-1');
  });

  test('has a price for each entry of the catalogue, and no other', () => {
    expect(Object.keys(PRICES)).toEqual([...STACK, ...PLATFORMS].map(({ name }) => name));
    for (const { name, per } of [...STACK, ...PLATFORMS]) {
      expect(PRICES[name as keyof typeof PRICES]).toMatchObject({ per });
    }
  });

  test('says of each price when it was true and who says so', () => {
    for (const { dollars, asOf, source } of Object.values(PRICES)) {
      expect(dollars).toBeGreaterThan(0);
      expect(asOf).toMatch(/^(20\d\d(-\d\d(-\d\d)?)?|undated)$/);
      expect(source).toMatch(/^https:\/\//);
    }
    for (const { page } of [...STACK, ...PLATFORMS]) {
      expect(page).toMatch(/^https:\/\/aws\.amazon\.com\/[\w-]+\/pricing\/$/);
    }
  });
});
