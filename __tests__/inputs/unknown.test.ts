import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { FOREIGN_NAMES, givenInputs, unknownInputs } from '../../src/inputs/unknown.ts';

const NAMES = Object.keys(
  (parse(readFileSync('action.yml', 'utf8')) as { inputs: Record<string, unknown> }).inputs,
);

describe('inputs that do not exist', () => {
  test.each([
    ['healthcheck-url', 'Did you mean health-check-url?'],
    ['health_check_url', 'Did you mean health-check-url?'],
    ['taskdefinition', 'Did you mean task-definition?'],
    ['services', 'Did you mean service?'],
    ['wait-for-minute', 'Did you mean wait-for-minutes?'],
    ['enviroment-variables', 'Did you mean environment-variables?'],
    ['force-new-deploy', 'Did you mean force-new-deployment?'],
    ['health-check-timeout', 'Did you mean health-check-timeout-seconds?'],
    ['env-vars', 'Give environment-variables.'],
    ['image-tags', 'Give push-tags.'],
    ['tags', 'Give push-tags.'],
    ['task-definition-family', 'Give task-definition.'],
    ['region', 'Give aws-region.'],
    ['role-to-assume', 'aws-actions/configure-aws-credentials'],
  ])('%s is an error: %s', (name, words) => {
    const { problems, warnings } = unknownInputs([name], NAMES);
    expect(problems).toEqual([expect.stringContaining(words)]);
    expect(problems[0]).toMatch(new RegExp(`^${name}: there is no such input\\. `));
    expect(warnings).toEqual([]);
  });

  test('the beginning of several names, or a short one, is near none', () => {
    expect(unknownInputs(['health-check', 'build', 'log'], NAMES).problems).toEqual([]);
  });

  test('one that is near none is a warning', () => {
    expect(unknownInputs(['cluster', 'quantum-cores', 'quantum-cores'], NAMES)).toEqual({
      problems: [],
      warnings: ['"quantum-cores" is not an input of this action, so it has no effect.'],
    });
  });

  test('the table names no input of this action, and leads to such only', () => {
    expect(Object.keys(FOREIGN_NAMES).filter((name) => NAMES.includes(name))).toEqual([]);
    const leads = Object.values(FOREIGN_NAMES).flatMap(({ input }) => input ?? []);
    expect(leads.filter((name) => !NAMES.includes(name))).toEqual([]);
  });

  test('the runner hands inputs over in the environment', () => {
    const env = { 'INPUT_HEALTHCHECK-URL': 'x', INPUT_SERVICE: '', INPUT_: '', PATH: '/bin' };
    expect(givenInputs(env)).toEqual(['healthcheck-url', 'service']);
  });
});
