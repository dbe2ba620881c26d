import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isError } from '../../src/runtime/error.ts';
import { loadRevision } from '../../src/task-definition/load.ts';
import { holdsInTime, LIMIT } from './runs.ts';

const ARN = 'arn:aws:ecs:us-east-1:123456789012';

const odd = fc.oneof(
  fc.constantFrom(undefined, null, '', 0, -1, Number.NaN, [], {}, [null], [{}], 'arn:aws', true),
  fc.string({ maxLength: 8 }),
  fc.jsonValue({ maxDepth: 2 }),
);

type Tree = Record<string, unknown>;

/** An answer in which some fields are gone or are something else. */
function broken(answer: Tree): fc.Arbitrary<Tree> {
  const fields = Object.keys(answer);
  return fc
    .array(fc.tuple(fc.constantFrom(...fields), odd), { maxLength: 3 })
    .map((changes) => ({ ...structuredClone(answer), ...Object.fromEntries(changes) }));
}

/** A value or an error that a person can read, never a slip of the program. */
async function isClear(act: Promise<unknown>): Promise<void> {
  try {
    await act;
  } catch (error) {
    expect(isError(error)).toBe(true);
    const { name, message } = error as Error;
    expect(message).not.toBe('');
    expect(`${name}: ${message}`).not.toMatch(/TypeError|Cannot read|is not a function/);
  }
}

test(
  'revisions that break their schema are read or refused in words',
  async () => {
    const described = {
      taskDefinitionArn: `${ARN}:task-definition/web:1`,
      family: 'web',
      status: 'ACTIVE',
      containerDefinitions: [{ name: 'web', image: 'nginx:1' }],
    };
    await holdsInTime(
      fc.asyncProperty(broken(described), fc.array(odd), async (taskDefinition, tags) => {
        const describe = (): Promise<never> => Promise.resolve({ taskDefinition, tags } as never);
        const aws = { region: 'us-east-1', taskDefinitions: { describe, register: describe } };
        await isClear(loadRevision(aws, 'web:1'));
      }),
    );
  },
  LIMIT,
);
