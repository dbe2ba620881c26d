/** The embedded AWS takes and refuses what the table of rules says, in the words that stand there. */
import { describe, expect, test } from '@jest/globals';
import { ManualClock } from '../../simulator/clock.ts';
import { registerTaskDefinition } from '../../simulator/engine/task-definitions.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import { DEFINITION_RULES } from '../../src/ecs/definition-rules/index.ts';
import { violationsOf } from '../../src/ecs/definition-rules/rule.ts';

const sim = await startSimulator({ clock: new ManualClock() });
await sim.close();

/** A copy, since the world keeps what it is given. */
function register(definition: object): unknown {
  return registerTaskDefinition(sim.world, structuredClone(definition) as never);
}

describe.each(DEFINITION_RULES.map((rule) => [rule.name, rule] as const))('%s', (_name, rule) => {
  test('what the rule accepts is registered', () => {
    expect(() => register(rule.accepted)).not.toThrow();
  });

  const [violation] = violationsOf([rule], rule.refused);
  if (rule.source === undefined) {
    test('nobody refuses for advice', () => {
      expect(violation).toMatchObject({ certain: false, refused: false });
    });
  } else {
    test('what the rule refuses is refused, with a code of AWS', () => {
      expect(() => register(rule.refused)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/Exception$/), message: expect.any(String) }),
      );
    });
  }
});
