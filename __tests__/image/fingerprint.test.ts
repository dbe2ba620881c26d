import { describe, expect, it } from '@jest/globals';
import { fingerprint } from '../../src/image/produce.ts';
import { requestOf } from '../fakes/literals.ts';

const { build: BUILD } = requestOf();
const INPUTS = {
  ...BUILD,
  file: 'Dockerfile',
  target: 'app',
  buildArgs: ['A=1', 'B=2'],
  buildContexts: ['x=y'],
  labels: ['l=1'],
};
const of = (more: Partial<typeof BUILD> = {}, context = '.', platforms = ['linux/amd64'], env = {}): string =>
  fingerprint(context, { ...INPUTS, ...more }, platforms, env);

describe('the hash of a build', () => {
  it('is twelve hex digits, the same for the same inputs in any order', () => {
    expect(of()).toMatch(/^[0-9a-f]{12}$/);
    expect(of({ buildArgs: ['B=2', 'A=1'] })).toBe(of());
    expect(of({}, '.', ['linux/arm64', 'linux/amd64'])).toBe(of({}, '.', ['linux/amd64', 'linux/arm64']));
  });

  it.each<[string, string]>([
    ['the context', of({}, 'backend')],
    ['the file', of({ file: 'Other' })],
    ['no file', of({ file: undefined })],
    ['the target', of({ target: undefined })],
    ['the platforms', of({}, '.', ['linux/arm64'])],
    ['a build argument', of({ buildArgs: ['A=1', 'B=3'] })],
    ['a missing build argument', of({ buildArgs: ['A=1'] })],
    ['a build context', of({ buildContexts: ['x=z'] })],
    ['a label', of({ labels: [] })],
  ])('is another one for %s', (_what, other) => {
    expect(other).not.toBe(of());
  });

  it('takes the value of a build argument without one from the environment', () => {
    const args = { buildArgs: ['A'] };
    expect(of(args, '.', [], { A: '1' })).not.toBe(of(args, '.', [], { A: '2' }));
    expect(of(args, '.', [], {})).not.toBe(of({ buildArgs: ['A='] }, '.', [], {}));
  });

  it('does not change with what leaves the image as it is', () => {
    const same = {
      tags: ['v1'],
      cache: 'gha',
      pull: true,
      noCache: true,
      secrets: ['a=b'],
      builder: 'x',
    } as const;
    expect(of(same)).toBe(of());
  });
});
