import { describe, expect, it } from '@jest/globals';
import { cachesOf, cacheType, StepCounter } from '../../src/image/buildx.ts';
import { csvField } from '../../src/image/secrets.ts';
import { digestOf } from '../../src/image/build.ts';
import { labelsOf } from '../../src/image/source.ts';
import { hostsOf } from '../../src/image/session.ts';
import { ACCOUNT, REPOSITORY, requestOf } from '../fakes/literals.ts';

describe('the caches of a build', () => {
  const facts = {
    repositoryUri: REPOSITORY,
    repositoryName: 'team/backend',
    platforms: ['linux/arm64'],
    actionsCacheMode: undefined,
  };
  const GHA = 'type=gha,scope=team-backend-linux-arm64';

  it.each<[string, Parameters<typeof cachesOf>[0], string | undefined, object]>([
    ['none', { cache: 'none', cacheFrom: [], cacheTo: [] }, undefined, { from: [], to: [] }],
    [
      'of GitHub, for each repository and platform',
      { cache: 'gha', cacheFrom: [], cacheTo: [] },
      undefined,
      { from: [GHA], to: [`${GHA},mode=max,ignore-error=true`] },
    ],
    ...['read', 'none', 'READ'].map((mode): [string, Parameters<typeof cachesOf>[0], string, object] => [
      `of GitHub, not written in mode ${mode}`,
      { cache: 'gha', cacheFrom: [], cacheTo: [] },
      mode,
      { from: [GHA], to: [] },
    ]),
    [
      'of GitHub, written in mode write',
      { cache: 'gha', cacheFrom: [], cacheTo: [] },
      'write',
      { from: [GHA], to: [`${GHA},mode=max,ignore-error=true`] },
    ],
    [
      'in the registry, after those that are given',
      { cache: 'registry', cacheFrom: ['type=local,src=a'], cacheTo: ['type=local,dest=b'] },
      undefined,
      {
        from: ['type=local,src=a', `type=registry,ref=${REPOSITORY}:buildcache`],
        to: [
          'type=local,dest=b',
          `type=registry,ref=${REPOSITORY}:buildcache,mode=max,image-manifest=true,oci-mediatypes=true`,
        ],
      },
    ],
  ])('%s', (_what, build, actionsCacheMode, expected) => {
    expect(cachesOf(build, { ...facts, actionsCacheMode })).toEqual(expected);
  });

  it.each([
    ['type=gha,scope=x', 'gha'],
    ['ref=x,type=registry', 'registry'],
    ['user/app:cache', 'registry'],
  ])('%s is of type %s', (attributes, type) => {
    expect(cacheType(attributes)).toBe(type);
  });
});

describe('the labels of an image', () => {
  const commit = { sha: 'abc', date: '2026-01-02T03:04:05+01:00' };
  const origin = { serverUrl: 'https://github.com', repository: 'octo-org/video' };

  it('say where it comes from', () => {
    expect(labelsOf(commit, origin, 'v1', 'backend', [])).toEqual([
      'org.opencontainers.image.source=https://github.com/octo-org/video',
      'org.opencontainers.image.revision=abc',
      'org.opencontainers.image.created=2026-01-02T03:04:05+01:00',
      'org.opencontainers.image.version=v1',
      'org.opencontainers.image.title=video',
      'org.opencontainers.image.url=https://github.com/octo-org/video',
    ]);
  });

  it('leave out what is not known', () => {
    const nothing = { serverUrl: undefined, repository: undefined };
    expect(labelsOf({ sha: 'abc', date: undefined }, nothing, 'v1', 'backend', [])).toEqual([
      'org.opencontainers.image.revision=abc',
      'org.opencontainers.image.version=v1',
      'org.opencontainers.image.title=backend',
    ]);
  });

  it('give way to the given ones', () => {
    const labels = labelsOf(commit, origin, 'v1', 'backend', [
      'org.opencontainers.image.title=Mine=yours',
      'a=',
    ]);
    expect(labels.filter((label) => /title|^a=/.test(label))).toEqual([
      'org.opencontainers.image.title=Mine=yours',
      'a=',
    ]);
  });
});

describe('the digest of a build', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  it.each([
    [JSON.stringify({ 'containerimage.digest': digest, 'image.name': 'x' }), digest],
    ['{}', undefined],
    ['null', undefined],
    ['', undefined],
    ['{"containerimage.digest": null}', undefined],
    ['{"containerimage.digest": "sha256:short"}', undefined],
    ['[1]', undefined],
  ])('in %s is %s', (metadata, expected) => {
    expect(digestOf(metadata)).toBe(expected);
  });
});

describe('the steps of a build', () => {
  it('are those of the Dockerfile; cached ones are counted once', () => {
    const counter = new StepCounter();
    const lines = [
      '#0 building with "default" instance using docker driver',
      '#1 [internal] load build definition from Dockerfile',
      '#2 [auth] library/python:pull token for registry-1.docker.io',
      '#3 [internal] load metadata for docker.io/library/python:3.12-slim',
      '#4 [base 1/3] FROM docker.io/library/python:3.12-slim',
      '#4 CACHED',
      '#5 [linux/amd64 base 2/3] RUN pip install x',
      '#5 CACHED',
      '#5 CACHED',
      '#6 [stage-1 3/3] COPY . .',
      '#6 0.101 #7 CACHED',
      '#6 DONE 0.1s',
      '#8 importing cache manifest from x',
      '#8 CACHED',
    ];
    for (const line of lines) counter.take(line);
    expect(counter.counts).toEqual({ total: 3, cached: 2 });
  });
});

describe('a field of an option that is read as CSV', () => {
  it.each([
    ['src=/a/b.txt', 'src=/a/b.txt'],
    ['src=/a, b', '"src=/a, b"'],
    ['src="x"', '"src=""x"""'],
    [' src', '" src"'],
  ])('%s is %s', (text, field) => {
    expect(csvField(text)).toBe(field);
  });
});

describe('the registries to log in to', () => {
  const repository = {
    host: `${ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn`,
    accountId: ACCOUNT,
    region: 'cn-north-1',
    name: 'backend',
    uri: `${ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn/backend`,
    mutability: undefined,
  };

  it('are that of the repository, the further accounts of its region, and every one of ECR that is named', () => {
    const { build } = requestOf();
    const hosts = hostsOf(repository, ['210987654321', ACCOUNT], {
      ...build,
      tags: ['v1', '333333333333.dkr.ecr.eu-central-1.amazonaws.com/x:1', 'ghcr.io/o/n:1'],
      cacheFrom: ['type=registry,ref=444444444444.dkr-ecr.us-east-1.on.aws/cache:main,mode=max'],
      cacheTo: ['type=gha'],
      buildContexts: [
        'base=docker-image://555555555555.dkr.ecr.us-gov-west-1.amazonaws.com/base@sha256:ab',
        'a=b',
      ],
      buildkitImage: '666666666666.dkr.ecr.eu-west-1.amazonaws.com/buildkit:v1',
    });
    expect(hosts.map(({ host, region }) => `${host} ${region}`)).toEqual([
      `${ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn cn-north-1`,
      '210987654321.dkr.ecr.cn-north-1.amazonaws.com.cn cn-north-1',
      '333333333333.dkr.ecr.eu-central-1.amazonaws.com eu-central-1',
      '444444444444.dkr-ecr.us-east-1.on.aws us-east-1',
      '555555555555.dkr.ecr.us-gov-west-1.amazonaws.com us-gov-west-1',
      '666666666666.dkr.ecr.eu-west-1.amazonaws.com eu-west-1',
    ]);
  });
});
