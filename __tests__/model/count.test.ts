import { describe, expect, test } from '@jest/globals';
import type { Measurement, Reading, Round, Rule, Standing } from '../../src/model/analysis.ts';
import { count } from '../../src/model/count.ts';

const GOOD: Reading = { kind: 'good' };
const BAD: Reading = { kind: 'bad', cause: 'http-check-failed', blames: true };
const OLD: Reading = { kind: 'inconclusive', atLimit: 'failed', blames: true };
const NO_DATA: Reading = { kind: 'inconclusive', atLimit: 'skipped', blames: false };
const LOST: Reading = { kind: 'unanswered', forGood: false };
const DENIED: Reading = { kind: 'unanswered', forGood: true };

const LETTERS: Readonly<Record<string, Reading>> = {
  g: GOOD,
  b: BAD,
  o: OLD,
  n: NO_DATA,
  l: LOST,
  d: DENIED,
};

/** Answers a second apart, one letter each. Digits name the round of what follows; it begins with 1. */
function answers(text: string): Measurement[] {
  let round = 1;
  let at = 0;
  return Array.from(text).flatMap((letter) => {
    const reading = LETTERS[letter];
    if (reading === undefined) {
      round = Number(letter);
      return [];
    }
    at += 1000;
    return [
      {
        gate: 'http',
        subject: 'https://a.example',
        round,
        at,
        reading,
        detail: letter,
        evidence: [],
      } as const,
    ];
  });
}

function rounds(...traffic: Round['traffic'][]): Round[] {
  return traffic.map((each, index) => ({
    n: index + 1,
    phase: 'proving',
    since: index * 1000,
    deploymentId: 'ecs-svc/1',
    traffic: each,
  }));
}

const URL_RULE: Rule = {
  successes: 3,
  failures: 3,
  window: { bad: 6, of: 60 },
  goodFirst: false,
  limitMs: 120_000,
};
const ALARM_RULE: Rule = { successes: 1, failures: 1, goodFirst: true, limitMs: 120_000 };

function standing(text: string, rule = URL_RULE, now = 0, all = rounds('all', 'all')): Standing {
  const given = answers(text);
  const last = Math.max(...given.map(({ round }) => round), 1);
  return count(given, rule, { rounds: all.slice(0, last), now, dueSince: 0 });
}

/** The kind, and how it failed. */
function told(found: Standing): string {
  return found.kind === 'failed' ? `failed ${found.how}` : found.kind;
}

describe('answers in a row', () => {
  test.each([
    ['', 'open'],
    ['gg', 'open'],
    ['ggg', 'passed'],
    ['ggbgg', 'open'],
    ['ggogg', 'open'],
    // A call without an answer says nothing, and breaks no row.
    ['gglg', 'passed'],
    ['bb', 'open'],
    ['bbb', 'failed in-a-row'],
    ['bbgbb', 'open'],
    ['bboBb'.toLowerCase(), 'open'],
    // What has passed stays passed until its rule fails it.
    ['gggbb', 'passed'],
    ['gggbbb', 'failed in-a-row'],
    ['gggbbbg', 'open'],
    ['gggbbbggg', 'passed'],
    ['d', 'skipped'],
    ['gd', 'open'],
  ])('%s: %s', (text, expected) => {
    expect(told(standing(text))).toBe(expected);
  });
});

describe('the window', () => {
  test('bad answers that never come three in a row fail once there are six of them', () => {
    expect(told(standing('ggg' + 'bbg'.repeat(2) + 'b'))).toBe('passed');
    expect(told(standing('ggg' + 'bbg'.repeat(2) + 'bb'))).toBe('failed window');
  });

  test('it begins with the first good answer', () => {
    expect(told(standing('bbobbobboggg'))).toBe('passed');
  });

  test('answers that fell out of it count no more', () => {
    expect(told(standing('ggg' + 'bgg'.repeat(5) + 'g'.repeat(60) + 'b'))).toBe('passed');
  });

  test('it goes over rounds of equal traffic, and not over others', () => {
    expect(told(standing('gggbbgbbg2bb', URL_RULE, 0, rounds('all', 'all')))).toBe('failed window');
    expect(told(standing('gggbbgbbg2bb', URL_RULE, 0, rounds('part', 'all')))).toBe('open');
  });

  test('never across deployments', () => {
    const [first, second] = rounds('all', 'all');
    const other = [first, { ...second, deploymentId: 'ecs-svc/2' }] as Round[];
    expect(told(standing('gggbbgbbg2bb', URL_RULE, 0, other))).toBe('open');
  });
});

describe('rounds', () => {
  test('what passed under equal traffic needs one good answer in the next', () => {
    expect(told(standing('ggg2b', URL_RULE, 0))).toBe('open');
    expect(told(standing('ggg2bg', URL_RULE, 0))).toBe('passed');
    expect(told(standing('gg2g', URL_RULE, 0))).toBe('open');
  });

  test('under other traffic it has to pass anew', () => {
    expect(told(standing('ggg2g', URL_RULE, 0, rounds('part', 'all')))).toBe('open');
  });

  test('rows do not go over rounds', () => {
    expect(told(standing('bb2b'))).toBe('open');
    expect(told(standing('gg2gg'))).toBe('open');
  });
});

describe('good first', () => {
  test.each([
    ['b', 'open'],
    ['gb', 'failed in-a-row'],
    ['bgb', 'failed in-a-row'],
    ['0g1b', 'failed in-a-row'],
    ['0b1b', 'open'],
    ['n', 'open'],
  ])('%s: %s', (text, expected) => {
    expect(told(standing(text, ALARM_RULE))).toBe(expected);
  });

  test('at the limit, what was never good judges nothing', () => {
    expect(told(standing('bbb', ALARM_RULE, 120_000))).toBe('skipped');
    expect(told(standing('0b1n', ALARM_RULE, 120_000))).toBe('skipped');
  });
});

describe('the limit', () => {
  test.each([
    ['gg', 'failed limit'],
    ['b', 'failed limit'],
    ['o', 'failed limit'],
    ['n', 'skipped'],
    ['l', 'skipped'],
    ['', 'skipped'],
    ['ggg', 'passed'],
    ['gggb', 'passed'],
  ])('%s: %s', (text, expected) => {
    expect(told(standing(text, URL_RULE, 120_000))).toBe(expected);
  });
});

test('bad answers of what passed are counted', () => {
  expect(standing('bgggb')).toMatchObject({ kind: 'passed', bad: 2 });
});
