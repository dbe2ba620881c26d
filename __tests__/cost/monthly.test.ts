import { describe, expect, it } from '@jest/globals';
import { costOf, monthlyCost } from '../../src/cost/monthly.ts';
import { RATES } from '../../src/cost/rates.ts';
import type { JsonObject, MonthlyCost, TaskDefinition } from '../../src/model/index.ts';
import { definitionOf } from '../fakes/literals.ts';

const ARM = { runtimePlatform: { cpuArchitecture: 'ARM64', operatingSystemFamily: 'LINUX' } };

function sized(cpu: string, memory: string, more: JsonObject = {}): TaskDefinition {
  return definitionOf(['web'], { cpu, memory, requiresCompatibilities: ['FARGATE'], ...more });
}

function dollars(cost: MonthlyCost): number | string {
  return cost.kind === 'known' ? cost.dollars : cost.why;
}

describe('what tasks cost a month', () => {
  it.each([
    ['1 vCPU and 2 GB on x86', sized('1024', '2048'), 1, 36.04],
    ['the same, written in words', sized('1 vCPU', '2 GB'), 1, 36.04],
    ['the same on ARM', sized('1024', '2048', ARM), 1, 28.84],
    ['half of it', sized('512', '1024'), 1, 18.02],
    ['half of it on ARM', sized('512', '1024', ARM), 1, 14.42],
    ['two tasks', sized('1024', '2048'), 2, 72.08],
    ['no task', sized('1024', '2048'), 0, 0],
    [
      'storage within the free 20 GiB',
      sized('1024', '2048', { ephemeralStorage: { sizeInGiB: 20 } }),
      1,
      36.04,
    ],
    ['storage above it', sized('1024', '2048', { ephemeralStorage: { sizeInGiB: 120 } }), 1, 44.14],
  ])('in us-east-1: %s', (_what, definition, tasks, expected) => {
    expect(dollars(monthlyCost(definition, tasks, 'us-east-1'))).toBe(expected);
  });

  it.each([
    [
      'another region',
      sized('1024', '2048'),
      'mars-east-1',
      'the prices of mars-east-1 are not known to this version',
    ],
    [
      'ARM where only x86 is known',
      sized('1024', '2048', ARM),
      'eu-central-1',
      'the ARM prices of eu-central-1 are not known to this version',
    ],
    [
      'Windows',
      sized('1024', '2048', { runtimePlatform: { operatingSystemFamily: 'WINDOWS_SERVER_2022_CORE' } }),
      'us-east-1',
      'the prices of Windows tasks are not known to this version',
    ],
    ['no task size', definitionOf(), 'us-east-1', 'the task definition has no task size'],
    [
      'storage without a price',
      sized('1024', '2048', { ephemeralStorage: { sizeInGiB: 50 } }),
      'eu-central-1',
      'the storage prices of eu-central-1 are not known to this version',
    ],
  ])('is no guess for %s', (_what, definition, region, why) => {
    expect(monthlyCost(definition, 1, region)).toEqual({ kind: 'unknown', why });
  });

  it('follows the prices of the region', () => {
    expect(dollars(monthlyCost(sized('1024', '2048'), 1, 'eu-central-1'))).toBe(41.45);
  });
});

describe('what a deployment makes of it', () => {
  const common = { service: 'web', region: 'us-east-1', placement: { launchType: 'FARGATE' as const } };

  it('is a figure before and one after', () => {
    const before = { definition: sized('512', '1024'), tasks: 2 };
    const cost = costOf({ ...common, before, after: { definition: sized('1024', '2048'), tasks: 3 } });
    expect([cost.before && dollars(cost.before), dollars(cost.after)]).toEqual([36.04, 108.12]);
    expect(cost.note).toBeUndefined();
  });

  it.each([
    ['an EC2 launch type', { launchType: 'EC2' as const }],
    ['an EC2 capacity provider', { capacityProviderStrategy: [{ capacityProvider: 'machines' }] }],
  ])('has no figure with %s', (_what, placement) => {
    const { after } = costOf({
      ...common,
      placement,
      before: undefined,
      after: { definition: sized('512', '1024'), tasks: 1 },
    });
    expect(dollars(after)).toBe('its tasks do not run on Fargate');
  });

  it('says that Spot is cheaper than the figure', () => {
    const placement = { capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }] };
    const cost = costOf({
      ...common,
      placement,
      before: undefined,
      after: { definition: sized('1024', '2048'), tasks: 1 },
    });
    expect(dollars(cost.after)).toBe(36.04);
    expect(cost.note).toContain('Spot');
  });
});

it('every region has its source and a date', () => {
  for (const { asOf, source, rates } of Object.values(RATES)) {
    expect(asOf).toMatch(/^\d{4}-\d{2}$/);
    expect(source).not.toBe('');
    expect(rates.x86).toBeDefined();
  }
});
