import { describe, expect, test } from '@jest/globals';
import { chooseContainer } from '../../src/pre-deploy/start.ts';
import { definitionOf } from '../fakes/literals.ts';

const TWO = definitionOf(['proxy', 'web']);

describe('the container that runs the command', () => {
  test.each([
    ['the one that was named', 'proxy', TWO, ['web'], 'proxy'],
    ['the one that gets the image', undefined, TWO, ['web'], 'web'],
    ["of several that get one, the definition's first", undefined, TWO, ['web', 'proxy'], 'proxy'],
    ['the only one', undefined, definitionOf(['web']), [], 'web'],
  ])('is %s', (_which, named, definition, withImage, chosen) => {
    expect(chooseContainer(named, definition, withImage)).toBe(chosen);
  });

  test.each([
    [
      'migrator',
      ['web'],
      'pre-deploy-container: the task definition backend has no container "migrator". Its containers: "proxy", "web".',
    ],
    [
      undefined,
      [],
      'pre-deploy-container: the task definition backend has 2 containers, and none of them gets an image from this run. Name the one that runs the command: "proxy", "web".',
    ],
  ])('is refused where nobody knows which: %s, %j', (named, withImage, message) => {
    expect(() => chooseContainer(named, TWO, withImage)).toThrow(
      expect.objectContaining({ conclusion: expect.objectContaining({ cause: 'invalid-input' }), message }),
    );
  });
});
