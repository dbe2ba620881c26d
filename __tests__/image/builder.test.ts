import { describe, expect, it } from '@jest/globals';
import { chooseBuilder, parseCurrentBuilder, type CurrentBuilder } from '../../src/image/builder.ts';
import type { Caches } from '../../src/image/buildx.ts';

const PLAIN: CurrentBuilder = { name: 'default', driver: 'docker', containerdStore: false };
const CONTAINERD: CurrentBuilder = { ...PLAIN, containerdStore: true };
const CONTAINER: CurrentBuilder = { name: 'mine', driver: 'docker-container', containerdStore: false };
const REMOTE: CurrentBuilder = { name: 'far', driver: 'remote', containerdStore: false };

interface Asked {
  readonly platforms?: readonly string[];
  readonly from?: readonly string[];
  readonly to?: readonly string[];
  readonly provenance?: string;
  readonly sbom?: string;
  readonly builder?: string;
}

function chosen(current: CurrentBuilder, asked: Asked): string {
  const { platforms = [], from = [], to = [], provenance = 'false', sbom = 'false', builder } = asked;
  const caches: Caches = { from, to };
  const choice = chooseBuilder(builder, current, { provenance, sbom }, platforms, caches);
  return choice.kind === 'create'
    ? `create: ${choice.because.join(', ')}`
    : `${choice.kind} ${choice.name ?? ''}`;
}

const TWO = { platforms: ['linux/amd64', 'linux/arm64'] };
const GHA = { from: ['type=gha'], to: ['type=gha,mode=max'] };

describe('the builder', () => {
  it.each<[string, CurrentBuilder, Asked, string]>([
    ['is the given one', PLAIN, { ...TWO, builder: 'theirs' }, 'given theirs'],
    [
      'is the current one where it is none of the docker driver',
      CONTAINER,
      { ...TWO, ...GHA },
      'current mine',
    ],
    ['may be far away', REMOTE, TWO, 'current far'],
    ['is plain docker where nothing more is needed', PLAIN, {}, 'current default'],
    ['is plain docker for one platform, whichever', PLAIN, { platforms: ['linux/arm64'] }, 'current default'],
    ['is made for several platforms', PLAIN, TWO, 'create: several platforms'],
    [
      'is made for a cache that is written',
      PLAIN,
      { to: ['type=registry,ref=x'] },
      'create: writing a cache',
    ],
    [
      'is not made for an inline cache',
      PLAIN,
      { to: ['type=inline'], from: ['type=registry,ref=x'] },
      'current default',
    ],
    [
      'is made for a cache of GitHub that is read only',
      PLAIN,
      { from: ['type=gha'] },
      'create: reading that cache',
    ],
    ['is made for attestations', PLAIN, { provenance: 'true', sbom: 'true' }, 'create: provenance, an SBOM'],
    ['says all that it is made for', PLAIN, { ...TWO, ...GHA }, 'create: several platforms, writing a cache'],
    [
      'is docker with images in containerd for nearly all',
      CONTAINERD,
      { ...TWO, ...GHA, sbom: 'true' },
      'current default',
    ],
    [
      'is made for a cache in S3 even then',
      CONTAINERD,
      { to: ['type=s3,bucket=b'] },
      'create: a cache in s3',
    ],
  ])('%s', (_what, current, asked, expected) => {
    expect(chosen(current, asked)).toBe(expected);
  });
});

describe('the current builder', () => {
  it('is read from what buildx and docker say', () => {
    const inspected =
      'Name:   builder-1\nDriver: docker-container\nLast Activity: 2026-01-01\n\nNodes:\nName:      builder-10\nDriver: x\n';
    expect(parseCurrentBuilder(inspected, '[["driver-type","io.containerd.snapshotter.v1"]]\n')).toEqual({
      name: 'builder-1',
      driver: 'docker-container',
      containerdStore: true,
    });
  });

  it('is taken for plain docker where they say nothing', () => {
    expect(parseCurrentBuilder('', '[["Backing Filesystem","extfs"]]')).toEqual({
      name: undefined,
      driver: 'docker',
      containerdStore: false,
    });
  });
});
