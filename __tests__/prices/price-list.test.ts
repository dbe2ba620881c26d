import { describe, expect, test } from '@jest/globals';
import { FARGATE } from '../../scripts/prices/catalogue.ts';
import { readPriceList, type PriceList, type Wanted } from '../../scripts/prices/price-list.ts';
import { arm, ecs, priceList } from './samples.ts';

/** In pieces of a size that splits lines and cells, as they come over the network. */
async function* pieces(text: string, size = 97): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.slice(at, at + size));
}

function read(text: string, wanted: readonly Wanted[]): Promise<PriceList> {
  return readPriceList(pieces(text), wanted);
}

describe('a file of the price list', () => {
  test('has its day, and the prices of Linux on demand', async () => {
    const { publishedOn, prices } = await read(ecs('USE1-', arm('USE1-')), FARGATE);
    expect(publishedOn).toBe('2026-11-20');
    expect(Object.fromEntries(prices)).toEqual({
      'x86 vCPU': 0.04048,
      'x86 GB': 0.004445,
      'ARM vCPU': 0.03238,
      'ARM GB': 0.00356,
      storage: 0.000111,
    });
  });

  test.each(['EU-', 'APN1-', 'USE1-', ''])('names regions by the prefix "%s"', async (prefix) => {
    const { prices } = await read(ecs(prefix), FARGATE);
    expect([...prices.keys()]).toEqual(['x86 vCPU', 'x86 GB', 'storage']);
  });

  const hours: Wanted = {
    name: 'hours',
    usageTypes: ['LoadBalancerUsage'],
    productFamily: 'Load Balancer-Application',
  };
  const balancer = {
    usageType: 'LoadBalancerUsage',
    family: 'Load Balancer-Application',
    price: '0.0225000000',
  };

  test.each([
    ['another product family', { ...balancer, family: 'Load Balancer-Network', price: '0.03' }],
    ['a prefix that is no region', { ...balancer, usageType: 'USE1-TS-LoadBalancerUsage', price: '0.005' }],
    ['a longer name', { ...balancer, usageType: 'IdleLoadBalancerUsage', price: '0.001' }],
    ['a reservation', { ...balancer, termType: 'Reserved', price: '0.01' }],
    ['another currency', { ...balancer, currency: 'CNY', price: '0.156' }],
    ['a free tier', { ...balancer, price: '0.0000000000' }],
    ['a higher tier', { ...balancer, from: '1000', price: '0.02' }],
    ['the same price twice', balancer],
  ])('is not misled by %s', async (_, other) => {
    const { prices } = await read(priceList('AWSELB', [other, balancer, other]), [hours]);
    expect([...prices]).toEqual([['hours', 0.0225]]);
  });

  test('has the first tier that costs something', async () => {
    const rows = [
      { usageType: 'Lambda-GB-Second-ARM', price: '0.0000106667', from: '7500000000' },
      { usageType: 'Lambda-GB-Second-ARM', price: '0.0000133334', from: '400000' },
      { usageType: 'Lambda-GB-Second-ARM', price: '0.0000000000' },
    ];
    const { prices } = await read(priceList('AWSLambda', rows), [
      { name: 'compute', usageTypes: ['Lambda-GB-Second-ARM'] },
    ]);
    expect(prices.get('compute')).toBe(0.0000133334);
  });

  test('that has no such price has none', async () => {
    const { prices } = await read(priceList('AWSELB', [balancer]), [{ ...hours, usageTypes: ['LCUUsage'] }]);
    expect(prices.size).toBe(0);
  });

  test('where products with different prices fit is an error that names them', async () => {
    const rows = [balancer, { ...balancer, price: '0.0300000000' }];
    await expect(read(priceList('AWSELB', rows), [hours])).rejects.toThrow(
      'hours: several prices fit: 0.0225, 0.03',
    );
  });

  test.each(['', '<html>Service Unavailable</html>', '"FormatVersion","v1.0"\n'])(
    'is not this: %p',
    async (text) => {
      await expect(read(text, FARGATE)).rejects.toThrow('This is no file of the price list');
    },
  );

  test('that breaks off in the middle is an error', async () => {
    async function* broken(): AsyncGenerator<string> {
      yield await Promise.resolve(ecs('USE1-').slice(0, 900));
      throw new Error('terminated');
    }
    await expect(readPriceList(broken(), FARGATE)).rejects.toThrow('terminated');
  });
});
