import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { PYTHON_BASE, pinnedBase } from '../../../runner/docker/python-base.ts';

describe('the base of the backend', () => {
  const digest = `sha256:${'a'.repeat(64)}`;

  test('is the default of its build argument', () => {
    expect(pinnedBase(`ARG OTHER=x\nARG PYTHON_IMAGE=python:3.12-slim@${digest}\nFROM x`)).toBe(
      `python:3.12-slim@${digest}`,
    );
  });

  test.each(['ARG PYTHON_IMAGE=python:3.12-slim', `FROM python:3.12-slim@${digest}`, ''])(
    'has to be pinned by digest: %j is not',
    (dockerfile) => {
      expect(() => pinnedBase(dockerfile)).toThrow('pins no base');
    },
  );

  test('is of the version that the tests build on', () => {
    const dockerfile = readFileSync(new URL('../../../backend/Dockerfile', import.meta.url), 'utf8');
    expect(pinnedBase(dockerfile).split('@')[0]).toBe(PYTHON_BASE);
  });
});
