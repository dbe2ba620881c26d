import { describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stagesIn } from '../../src/image/build-files.ts';
import { announce, planImage, type ImagePlan } from '../../src/image/plan.ts';
import type { BuildOptions, Request } from '../../src/model/index.ts';
import { awsError, denied } from '../fakes/aws-errors.ts';
import { ACCOUNT, REGION, REPOSITORY, requestOf } from '../fakes/literals.ts';
import { fakeLog } from '../fakes/log.ts';

const workspace = mkdtempSync(join(tmpdir(), 'order-'));
mkdirSync(join(workspace, 'app'));
mkdirSync(join(workspace, 'empty'));
writeFileSync(join(workspace, 'app', 'Dockerfile'), 'FROM scratch\nFROM --platform=$X a:1 \\\n as Prod\n');
writeFileSync(join(workspace, 'app', 'blank.Dockerfile'), '\n');
writeFileSync(join(workspace, 'key.txt'), 'first line\nsecond line');

interface Asked {
  readonly context?: string;
  readonly repository?: string;
  readonly mode?: Request['mode'];
  readonly build?: Partial<BuildOptions>;
  readonly token?: string;
  readonly error?: Error;
  readonly found?: object;
  readonly env?: Readonly<Record<string, string>>;
}

async function ordered(
  asked: Asked,
): Promise<{ imagePlan: ImagePlan; masked: string[]; said: readonly string[] }> {
  const base = requestOf();
  const log = fakeLog();
  const masked: string[] = [];
  const request = requestOf({
    mode: asked.mode ?? 'deploy',
    image: { kind: 'build', repository: asked.repository ?? 'backend', context: asked.context ?? 'app' },
    build: { ...base.build, ...asked.build },
    report: { ...base.report, githubToken: asked.token },
  });
  const ctx = {
    aws: {
      region: REGION,
      ecr: () => ({
        describeRepositories: () =>
          asked.error === undefined
            ? Promise.resolve({
                repositories: [{ repositoryUri: REPOSITORY, registryId: ACCOUNT, ...asked.found }],
              })
            : Promise.reject(asked.error),
      }),
    },
    log,
    exec: () => Promise.resolve({ exitCode: 1, stdout: '', lastLines: [] }),
    env: {
      GITHUB_SHA: 'a'.repeat(40),
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_REPOSITORY: 'o/n',
      ...asked.env,
    },
    workspace,
    signal: new AbortController().signal,
    mask: (secret: string) => masked.push(secret),
  } as unknown as Parameters<typeof planImage>[0];
  return { imagePlan: await planImage(ctx, request), masked, said: log.said };
}

describe('what is ordered', () => {
  it('is nothing where nothing is built', async () => {
    const source = { kind: 'reference', reference: 'nginx:1' } as const;
    const ctx = {} as unknown as Parameters<typeof planImage>[0];
    expect(await planImage(ctx, requestOf({ image: source }))).toEqual({ kind: 'take', source });
  });

  it('is a build of a repository, by its name or its URI', async () => {
    for (const repository of ['backend', REPOSITORY]) {
      expect((await ordered({ repository })).imagePlan).toMatchObject({
        kind: 'build',
        repository: { uri: REPOSITORY, accountId: ACCOUNT, region: REGION, name: 'backend' },
        commit: { sha: 'a'.repeat(40) },
      });
    }
  });

  it('knows which tags can be moved', async () => {
    const found = {
      imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION',
      imageTagMutabilityExclusionFilters: [{ filterType: 'WILDCARD', filter: 'build*' }],
    };
    expect((await ordered({ found })).imagePlan).toMatchObject({
      repository: { mutability: { immutable: true, exceptions: ['build*'] } },
    });
  });

  it('goes on where a repository by URI may not be looked at', async () => {
    const { imagePlan, said } = await ordered({ repository: REPOSITORY, error: denied() });
    expect(imagePlan).toMatchObject({ repository: { uri: REPOSITORY, mutability: undefined } });
    expect(said.join()).toContain('warning: ecr:DescribeRepositories is denied on backend');
  });

  it.each<[string, Asked, string, string]>([
    [
      'a missing repository',
      { error: awsError('RepositoryNotFoundException') },
      'preflight-failed',
      'ECR repository "backend" was not found',
    ],
    [
      'a repository by name that may not be looked at',
      { error: denied() },
      'access-denied',
      'reading ECR repository "backend"',
    ],
    [
      'a context that does not exist',
      { context: 'nope' },
      'invalid-input',
      'the folder "nope" does not exist',
    ],
    [
      'a context without a Dockerfile',
      { context: 'empty' },
      'invalid-input',
      'there is no Dockerfile in "empty"',
    ],
    ['a context that is a file', { context: 'app/Dockerfile' }, 'invalid-input', 'is a file, not a folder'],
    [
      'a Dockerfile that is a folder',
      { build: { file: 'empty' } },
      'invalid-input',
      '"empty" is a folder, not a Dockerfile',
    ],
    [
      'a further context that does not exist',
      { build: { buildContexts: ['base=docker-image://x', 'lib=./lib'] } },
      'invalid-input',
      'build-contexts: the folder "./lib" does not exist',
    ],
    ['a stage that does not exist', { build: { target: 'test' } }, 'invalid-input', 'has no stage "test"'],
    [
      'an empty Dockerfile',
      { build: { file: 'app/blank.Dockerfile' } },
      'invalid-input',
      'the Dockerfile is empty',
    ],
    ['a context that is an option', { context: '--push' }, 'invalid-input', 'neither a folder nor a URL'],
    ['standard input as the context', { context: '-' }, 'invalid-input', 'neither a folder nor a URL'],
    [
      'a file that does not exist',
      { build: { file: 'app/Other' } },
      'invalid-input',
      'the Dockerfile "app/Other" does not exist',
    ],
    [
      'a cache under an immutable tag',
      { build: { cache: 'registry' }, found: { imageTagMutability: 'IMMUTABLE' } },
      'preflight-failed',
      'needs the tag buildcache to move',
    ],
    [
      'a secret that is not set',
      { build: { secretEnvs: ['a=NOPE'] } },
      'invalid-input',
      'the variable NOPE of secret "a"',
    ],
    [
      'a secret that is empty',
      { build: { secretEnvs: ['a=NOPE'] }, env: { NOPE: '' } },
      'invalid-input',
      'NOPE',
    ],
    [
      'a secret file that does not exist',
      { build: { secretFiles: ['a=nope.txt'] } },
      'invalid-input',
      'the file of secret "a"',
    ],
  ])('is refused for %s', async (_what, asked, cause, message) => {
    await expect(ordered(asked)).rejects.toMatchObject({
      conclusion: { cause },
      message: expect.stringContaining(message),
    });
  });

  it.each<[string, Asked]>([
    ['a URL', { context: 'https://github.com/o/n.git#main' }],
    ['git by SSH', { context: 'git@github.com:o/n.git' }],
    [
      'a Dockerfile among the further arguments',
      { context: 'empty', build: { buildxArgs: ['--file', 'x'] } },
    ],
    ['a stage in another case', { build: { target: 'PROD' } }],
    ['a stage by its number', { build: { target: '0' } }],
    [
      'further contexts that are there or elsewhere',
      {
        build: {
          buildContexts: ['a=./app', 'b=https://github.com/o/n.git', 'c=oci-layout://x', 'd=target:x'],
        },
      },
    ],
    ['a Dockerfile that is given', { context: 'empty', build: { file: 'app/Dockerfile' } }],
    [
      'a cache whose tag is excluded',
      {
        build: { cache: 'registry' },
        found: {
          imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION',
          imageTagMutabilityExclusionFilters: [{ filter: 'buildcache' }],
        },
      },
    ],
  ])('is not refused for %s', async (_what, asked) => {
    expect((await ordered(asked)).imagePlan.kind).toBe('build');
  });

  it('has its secrets by name in the arguments, and hides their values', async () => {
    const { imagePlan, masked } = await ordered({
      build: { secrets: ['given=va=lue'], secretEnvs: ['env=SIGNING_KEY'], secretFiles: ['file=key.txt'] },
      env: { SIGNING_KEY: 'line one\nline two' },
    });
    expect(imagePlan).toMatchObject({
      secrets: {
        options: [
          'id=given,env=ECS_FARGATE_DEPLOY_SECRET_0',
          'id=env,env=SIGNING_KEY',
          `id=file,src=${join(workspace, 'key.txt')}`,
        ],
        env: { ECS_FARGATE_DEPLOY_SECRET_0: 'va=lue' },
      },
    });
    expect(masked).toEqual(['va=lue', 'line one\nline two', 'first line\nsecond line']);
  });

  it.each([
    ['https://github.com/o/n.git', ['id=GIT_AUTH_TOKEN.github.com,env=ECS_FARGATE_DEPLOY_SECRET_0']],
    ['https://github.com/O/n#main', ['id=GIT_AUTH_TOKEN.github.com,env=ECS_FARGATE_DEPLOY_SECRET_0']],
    ['https://github.com/o/other.git', []],
    ['https://github.com/stranger/n.git', []],
    ['https://github.com.evil.example/o/n.git', []],
    ['https://gitlab.com/o/n.git', []],
    ['http://github.com/o/n.git', []],
    ['app', []],
  ])('with %s as its context has the token of the job for this repository only', async (context, options) => {
    const { imagePlan } = await ordered({ context, token: 'ghs_token' });
    expect(imagePlan).toMatchObject({ secrets: { options } });
    expect(JSON.stringify(imagePlan).includes('ghs_token')).toBe(options.length > 0);
  });
});

describe('a plan', () => {
  it('announces the image that would be built', async () => {
    const { imagePlan } = await ordered({ mode: 'plan' });
    const log = fakeLog();
    if (imagePlan.kind !== 'announce') throw new Error('It was to be announced.');
    expect(announce(imagePlan, log)).toMatchObject({
      image: { reference: `${REPOSITORY}:to-be-built`, digest: undefined, toBeBuilt: true },
    });
    expect(log.said[0]).toContain('A plan builds nothing.');
  });
});

describe('the stages of a Dockerfile', () => {
  it.each<[string, readonly string[] | undefined]>([
    ['FROM a', []],
    ['FROM a AS build\nRUN x\nfrom --platform=linux/amd64 b as prod', ['build', 'prod']],
    ['# syntax=docker/dockerfile:1\nFROM a AS b\r\n', ['b']],
    ['ARG V=1\nFROM node:${V} \\\n  AS app', ['app']],
    ['# syntax=ghcr.io/other/frontend\nx', undefined],
    ['# escape=`\nFROM a `\n AS b', undefined],
  ])('%j', (text, stages) => {
    expect(stagesIn(text)).toEqual(stages);
  });
});
