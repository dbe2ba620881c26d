/** The whole step, in process and on virtual time, against answers of AWS that break their schema. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { inAWorld, step, tag } from '../story/world.ts';
import { LIMIT, stepsHold } from './runs.ts';

/** What stands where something else should: the wrong kind, nothing, or too much. */
const odd = fc.oneof(
  fc.constantFrom<unknown>(null, '', 'x', 0, -1, 1e15, 1e300, true, [], {}, [null], [[]], [{}], { a: null }),
  fc.jsonValue({ maxDepth: 2 }),
);

interface Change {
  readonly at: number;
  readonly how: 'replace' | 'remove' | 'add' | 'repeat';
  readonly by: unknown;
}

const change: fc.Arbitrary<Change> = fc.record({
  at: fc.nat(400),
  how: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'add', 'repeat'),
  by: odd,
});

interface Place {
  readonly holder: object;
  readonly key: string;
}

function placesIn(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const holder: object = value;
  return Object.entries(value).flatMap(([key, child]) => [{ holder, key }, ...placesIn(child)]);
}

/** The answer with some of its places changed; at the top as well where it has none. */
function broken(body: string, changes: readonly Change[]): string {
  const root: { answer: unknown } = { answer: jsonOf(body) };
  for (const { at, how, by: value } of changes) {
    const by = structuredClone(value);
    const places = placesIn(root);
    const { holder, key } = places[at % places.length] ?? { holder: root, key: 'answer' };
    const slots = holder as Record<string, unknown>;
    if (how === 'remove') Reflect.deleteProperty(holder, key);
    else if (how === 'add' && Array.isArray(holder)) holder.push(by);
    else if (how === 'add') slots['addedByTomorrow'] = by;
    else if (how === 'repeat' && Array.isArray(holder)) holder.push(slots[key]);
    else slots[key] = by;
  }
  if (typeof root.answer === 'string') return root.answer;
  return root.answer === undefined ? '' : JSON.stringify(root.answer);
}

/** XML stays text, in which only the whole is replaced. */
function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

const CALLS = [
  'DescribeServices',
  'DescribeServices',
  'DescribeTaskDefinition',
  'ListServiceDeployments',
  'DescribeServiceDeployments',
  'DescribeServiceRevisions',
  'ListTasks',
  'DescribeTasks',
  'DescribeImages',
  'BatchGetImage',
  'DescribeRepositories',
  'DescribeTargetGroups',
  'DescribeTargetHealth',
  'DescribeLogGroups',
  'DescribeScalableTargets',
  'GetRole',
  'RegisterTaskDefinition',
  'UpdateService',
  'GetLogEvents',
];

const RESULTS = [
  'succeeded',
  'unchanged',
  'planned',
  'started',
  'failed',
  'rolled-back',
  'rollback-failed',
  'timed-out',
  'superseded',
];

/** A slip of the program, in the words of the engine. */
const SLIP =
  /TypeError|ReferenceError|RangeError|Cannot (?:read|set|convert|destructure)|is not (?:a function|iterable|a constructor)|undefined \(reading|\[object Object\]/;

test(
  'a step whose AWS answers nonsense ends, and says in words what it met',
  async () => {
    await stepsHold(
      fc.asyncProperty(
        fc.constantFrom(...CALLS),
        fc.integer({ min: 1, max: 4 }),
        fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined, freq: 2 }),
        fc.array(change, { minLength: 1, maxLength: 3 }),
        fc.constantFrom(
          { ...tag('v2'), service: 'worker' },
          { ...tag('v2') },
          { ...tag('crash') },
          { mode: 'plan', ...tag('v2') },
          { mode: 'rollback' },
        ),
        async (action, from, times, changes, inputs) => {
          await inAWorld({ isNonsense: true }, async (sim) => {
            sim.inject({
              action,
              from,
              ...(times === undefined ? {} : { times }),
              effect: { kind: 'rewrite', rewrite: (body) => broken(body, changes) },
            });
            const result = await step(sim, { 'wait-for-minutes': '2', ...inputs });
            expect(RESULTS).toContain(result.outputs['result']);
            expect(result.log.split('\n').filter((line) => SLIP.test(line))).toEqual([]);
            expect(result.outputs['message']).toMatch(/\S/);
            expect(result.errors).toHaveLength(result.exitCode ?? -1);
          });
        },
      ),
    );
  },
  LIMIT * 4,
);
