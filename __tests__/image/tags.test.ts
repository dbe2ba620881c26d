import { describe, expect, it } from '@jest/globals';
import { hashedName, planNames, desiredNames } from '../../src/image/tags.ts';
import { isImmutable, type Mutability } from '../../src/image/repository.ts';
import { REPOSITORY, digestOf } from '../fakes/literals.ts';

const HOME = { uri: REPOSITORY, name: 'backend' };
const SHA = '0123456789abcdef0123456789abcdef01234567';
const MUTABLE: Mutability = { immutable: false, exceptions: [] };
const IMMUTABLE: Mutability = { immutable: true, exceptions: [] };

describe('the names of an image', () => {
  it('are the commit by default', () => {
    expect(desiredNames([], SHA, HOME).map(({ reference }) => reference)).toEqual([`${REPOSITORY}:${SHA}`]);
  });

  it('are the given ones: tags of the repository, and whole references', () => {
    const names = desiredNames(
      ['v1', `${REPOSITORY}:v2`, 'ghcr.io/o/n:v3', REPOSITORY, 'localhost:5000/n'],
      SHA,
      HOME,
    );
    expect(names.map(({ reference, tag }) => [reference, tag])).toEqual([
      [`${REPOSITORY}:v1`, 'v1'],
      [`${REPOSITORY}:v2`, 'v2'],
      ['ghcr.io/o/n:v3', undefined],
      [REPOSITORY, 'latest'],
      ['localhost:5000/n', undefined],
    ]);
  });

  it('with the hash of the inputs fit into a tag', () => {
    const { tag } = hashedName('a'.repeat(64), '0123456789ab', HOME);
    expect(tag).toMatch(/^\w[\w.-]{0,127}$/);
  });
});

describe('what becomes of the names', () => {
  const names = [...desiredNames([], SHA, HOME), hashedName(SHA, '0123456789ab', HOME)];
  const hashed = `${SHA}-0123456789ab`;
  const tagsOf = (list: readonly { tag: string | undefined }[]): (string | undefined)[] =>
    list.map(({ tag }) => tag);
  const planned = (
    present: Readonly<Record<string, string>>,
    mutability: Mutability | undefined,
    digest?: string,
    of = names,
  ): object => {
    const plan = planNames(of, new Map(Object.entries(present)), { name: 'backend', mutability }, digest);
    return { push: tagsOf(plan.push), kept: tagsOf(plan.kept) };
  };

  it('all are pushed where none exists', () => {
    expect(planned({}, IMMUTABLE)).toEqual({ push: [SHA, hashed], kept: [] });
  });

  it('one of the commit that exists moves where it can, and stays where it cannot', () => {
    expect(planned({ [SHA]: digestOf('a') }, MUTABLE)).toEqual({ push: [SHA, hashed], kept: [] });
    expect(planned({ [SHA]: digestOf('a') }, IMMUTABLE)).toEqual({ push: [hashed], kept: [SHA] });
    expect(planned({ [SHA]: digestOf('a') }, undefined)).toEqual({ push: [SHA, hashed], kept: [] });
  });

  it('none is pushed that has the image already', () => {
    const present = { [SHA]: digestOf('a'), [hashed]: digestOf('a') };
    expect(planned(present, IMMUTABLE, digestOf('a'))).toEqual({ push: [], kept: [] });
  });

  it('one that was asked for, exists and cannot be moved is refused', () => {
    const asked = desiredNames(['v1'], SHA, HOME);
    expect(() => planned({ v1: digestOf('a') }, IMMUTABLE, undefined, asked)).toThrow(
      'Tag v1 of ECR repository "backend" exists already, and the tags of the repository are immutable.',
    );
    expect(planned({ v1: digestOf('a') }, MUTABLE, undefined, asked)).toEqual({ push: ['v1'], kept: [] });
  });
});

describe('a tag', () => {
  it.each<[string, Mutability | undefined, boolean]>([
    ['v1', MUTABLE, false],
    ['v1', IMMUTABLE, true],
    ['v1', undefined, false],
    ['dev-7', { immutable: true, exceptions: ['dev-*', 'latest'] }, false],
    ['my-dev-7', { immutable: true, exceptions: ['dev-*', 'latest'] }, true],
    ['latest', { immutable: true, exceptions: ['dev-*', 'latest'] }, false],
    ['latest2', { immutable: true, exceptions: ['latest'] }, true],
    ['v1.2', { immutable: true, exceptions: ['v1+2', 'v1x2'] }, true],
    ['v1', { immutable: false, exceptions: ['v*'] }, true],
  ])('%s with %j is immutable: %s', (tag, mutability, expected) => {
    expect(isImmutable(tag, mutability)).toBe(expected);
  });
});
