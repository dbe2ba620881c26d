import { describe, expect, it } from '@jest/globals';
import { comparable, differences, isDecided } from '../scripts/test-side-by-side.ts';
import type { RecordedStep } from './story/side-by-side.ts';

const STEP: RecordedStep = {
  file: '__tests__/story/succeeds.test.ts',
  test: 'deploys',
  exitCode: 0,
  outputs: { result: 'deployed', 'duration-seconds': '42', report: '/tmp/step-a1B2c3/report.json' },
  errors: [],
  warnings: ['web answered after 12 s (2026-01-05T09:00:03.250Z)'],
  summary: '## Deployed\n\nchart',
  report: {
    result: 'deployed',
    observations: [{ at: 1.5, text: 'new 1/2' }],
    steps: [{ name: 'Watch', from: 3 }],
  },
  writes: [['UpdateService', { taskDefinition: 'backend:2', token: '5ca42940-14a0-4da5-8698-0ef7b4d00731' }]],
  post: { exitCode: 0, log: '::add-mask::token\n', summary: '' },
};

const compared = (other: Partial<RecordedStep>): string[] =>
  differences(comparable([STEP]), comparable([{ ...STEP, ...other }]));

describe('two runs of a step', () => {
  it('are the same where only instants, durations, ids and the moments of looks differ', () => {
    const other = {
      outputs: { result: 'deployed', 'duration-seconds': '44', report: '/tmp/step-zzzzzz/report.json' },
      warnings: ['web answered after 14 s (2026-01-05T09:00:07.000Z)'],
      summary: '## Deployed\n\nanother chart',
      report: { result: 'deployed', observations: [], steps: [{ name: 'Watch', from: 4 }] },
      writes: [
        ['UpdateService', { taskDefinition: 'backend:2', token: 'df00548c-4964-4d6d-afaa-b8ee6afb6b87' }],
      ] as const,
      post: { exitCode: 0, log: '', summary: '' },
    };
    expect(compared(other)).toEqual([]);
  });

  it.each<[Partial<RecordedStep>, string]>([
    [{ exitCode: 1 }, '/0/exitCode: 0 · 1'],
    [{ outputs: { result: 'unchanged' } }, '/0/outputs/result: "deployed" · "unchanged"'],
    [{ warnings: [] }, '/0/warnings/0: "web answered after DURATION (INSTANT)" · nothing'],
    [
      { writes: [] },
      String.raw`/0/writes/0: "[\"UpdateService\",{\"taskDefinition\":\"backend:2\",\"token\":\"ID\"}]" · nothing`,
    ],
    [{ summary: '## Failed' }, '/0/heading: "## Deployed" · "## Failed"'],
    [{ errors: ['a\nb'] }, '/0/errors/0: nothing · "a\\nb"'],
    [
      { report: { result: 'deployed', steps: [{ name: 'Watch' }, { name: 'Gate' }] } },
      '/0/report/steps/1: nothing · {"name":"Gate"}',
    ],
  ])('differ where %j is another', (other, difference) => {
    expect(compared(other)).toEqual([difference]);
  });

  it('number hashes as they come, and sort calls that may come in any order', () => {
    const update = ['UpdateService', { service: 'web' }] as const;
    const step = (hash: string, writes: RecordedStep['writes']): RecordedStep => ({
      ...STEP,
      warnings: [`sha256:${hash} (${hash.slice(0, 12)})`],
      writes,
    });
    const one = step('0a'.repeat(32), [update, ...STEP.writes]);
    const other = step('1b'.repeat(32), [...STEP.writes, update]);
    expect(differences(comparable([one]), comparable([other]))).toEqual([]);
  });

  it.each([
    ['/0/exitCode: 0 · 1', true],
    ['/0/outputs/cause: "" · "timeout"', true],
    ['/1/writes/2: nothing · "[]"', true],
    ['/1: {} · nothing', true],
    ['/0/outputs/message: "a" · "b"', false],
    ['/0/report/services/0/running/0/healthy: 1 · 2', false],
  ])('are told apart by decisions, not by evidence: %s', (difference, expected) => {
    expect(isDecided(difference)).toBe(expected);
  });
});
