import { describe, expect, test } from '@jest/globals';
import type { BatchGetImageCommandInput } from '@aws-sdk/client-ecr';
import type { DeployedImage, JsonObject } from '../../src/model.ts';
import { buildFinding, image, platformFinding, platformOf, type Platform } from '../../src/verify/image.ts';
import { wayBackImage } from '../../src/verify/way-back-image.ts';
import { awsError, throttled } from '../fakes/aws-errors.ts';
import { definitionOf, digestOf, REPOSITORY, snapshotOf } from '../fakes/literals.ts';
import { answer, run } from './subjects.ts';

const AMD64 = { os: 'linux', architecture: 'amd64' };
const FARGATE = snapshotOf({ placement: { launchType: 'FARGATE' } });
const ON_FARGATE = definitionOf(['web'], { requiresCompatibilities: ['FARGATE'] });

function indexOf(...platforms: readonly (JsonObject | undefined)[]): string {
  return JSON.stringify({ schemaVersion: 2, manifests: platforms.map((platform) => ({ platform })) });
}

const ATTESTATION = { os: 'unknown', architecture: 'unknown' };
const ARM64 = { os: 'linux', architecture: 'arm64', variant: 'v8' };

describe('the platform that a task pulls', () => {
  test.each([
    ['Linux on amd64 on Fargate', {}, [FARGATE], AMD64],
    [
      'the same where a capacity provider is Fargate',
      {},
      [snapshotOf({ placement: { capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT' }] } })],
      AMD64,
    ],
    [
      'the same for a definition for Fargate without a service',
      { requiresCompatibilities: ['FARGATE'] },
      [],
      AMD64,
    ],
    [
      'what the definition says',
      { runtimePlatform: { cpuArchitecture: 'ARM64' } },
      [FARGATE],
      { os: 'linux', architecture: 'arm64' },
    ],
    [
      'Windows',
      { runtimePlatform: { operatingSystemFamily: 'WINDOWS_SERVER_2022_CORE' } },
      [FARGATE],
      { os: 'windows', architecture: 'amd64' },
    ],
    [
      'that of Fargate where one of several services is on it',
      {},
      [snapshotOf({ placement: { launchType: 'EC2' } }), FARGATE],
      AMD64,
    ],
    [
      'unknown on instances, which may be of either kind',
      { requiresCompatibilities: ['EC2', 'FARGATE'] },
      [snapshotOf({ placement: { launchType: 'EC2' } })],
      undefined,
    ],
  ])('is %s', (_what, more, services, platform) => {
    expect(platformOf({ definition: definitionOf(['web'], more), services })).toEqual(platform);
  });
});

describe('a manifest', () => {
  test.each([
    ['of a single image says nothing of its platform', '{"schemaVersion":2,"config":{}}', AMD64, 'OK'],
    ['that is not there says nothing', undefined, AMD64, 'OK'],
    ['that is no JSON says nothing', '<html>', AMD64, 'OK'],
    ['that lists the platform passes', indexOf(ARM64, AMD64), AMD64, 'OK'],
    ['without the platform fails', indexOf(ARM64), AMD64, 'FAILED'],
    [
      'of one image and its attestation fails for another platform',
      indexOf(ARM64, ATTESTATION),
      AMD64,
      'FAILED',
    ],
    ['of another system fails', indexOf({ os: 'windows', architecture: 'amd64' }), AMD64, 'FAILED'],
    ['that leaves a platform open passes', indexOf(ARM64, undefined), AMD64, 'OK'],
    ['that leaves an architecture open passes', indexOf(ARM64, { os: 'linux' }), AMD64, 'OK'],
    ['passes where the platform is not known', indexOf(ARM64), undefined, 'OK'],
  ])('%s', (_what, manifest, platform, state) => {
    expect(platformFinding('backend:1', manifest, platform).state).toBe(state);
  });

  test('names what is needed and what is there', () => {
    expect(platformFinding('backend:1', indexOf(ARM64, ATTESTATION), AMD64).detail).toBe(
      'backend:1 has no image for linux/amd64, which the task runs on; it has linux/arm64',
    );
  });
});

describe('the check of images', () => {
  const there = (imageId: object, imageManifest = '{}'): object => ({ images: [{ imageId, imageManifest }] });

  test('asks once a repository, by digest where there is one, and leaves other registries alone', async () => {
    const asked: [string, BatchGetImageCommandInput][] = [];
    const definition = definitionOf([
      { name: 'web', image: `${REPOSITORY}@${digestOf('a')}` },
      { name: 'job', image: `${REPOSITORY}:2` },
      { name: 'far', image: '210987654321.dkr.ecr.us-west-2.amazonaws.com/team/far' },
      { name: 'sidecar', image: 'public.ecr.aws/nginx/nginx:1' },
    ]);
    const ecr = (
      region: string,
    ): { batchGetImage: (input: BatchGetImageCommandInput) => Promise<never> } => ({
      batchGetImage: (input) => {
        asked.push([region, input]);
        return answer({
          images: input.imageIds?.map((imageId) => ({ imageId, imageManifest: '{}' })),
        }) as unknown as Promise<never>;
      },
    });
    const result = await run(image, { ecr }, { definition });
    expect(result).toEqual({
      check: 'image',
      state: 'OK',
      detail: 'backend@sha256:aaaaaaaaaaaa is there; backend:2 is there; team/far is there',
      denied: false,
    });
    expect(
      asked.map(([region, input]) => [region, input.registryId, input.repositoryName, input.imageIds]),
    ).toEqual([
      ['eu-central-1', '123456789012', 'backend', [{ imageDigest: digestOf('a') }, { imageTag: '2' }]],
      ['us-west-2', '210987654321', 'team/far', [{ imageTag: 'latest' }]],
    ]);
  });

  test('does not ask for what is still to be built, and asks for what this run only deploys', async () => {
    const built = `${REPOSITORY}:new`;
    const deployed = `${REPOSITORY}:2`;
    const definition = definitionOf([
      { name: 'web', image: built },
      { name: 'job', image: deployed },
    ]);
    const imageOf = (reference: string, toBeBuilt: boolean): DeployedImage => ({
      reference,
      digest: undefined,
      tag: undefined,
      registry: undefined,
      toBeBuilt,
    });
    const images = { web: imageOf(built, true), job: imageOf(deployed, false) };
    const ecr = () => ({
      batchGetImage: ({ imageIds }: BatchGetImageCommandInput) =>
        answer({ images: imageIds?.map((imageId) => ({ imageId, imageManifest: '{}' })) }),
    });
    const { detail } = await run(image, { ecr }, { definition, images });
    expect(detail).toBe('an image is to be built; backend:2 is there');
  });

  test.each<[string, () => Promise<object>, string, string]>([
    [
      'fails where the image is not there, and names its tag',
      () => answer({ failures: [{ imageId: { imageDigest: digestOf('a') }, failureCode: 'ImageNotFound' }] }),
      'FAILED',
      'backend@sha256:aaaaaaaaaaaa (v7) is not in ECR (account 123456789012, eu-central-1)',
    ],
    [
      'fails where the repository is not there',
      () => Promise.reject(awsError('RepositoryNotFoundException')),
      'FAILED',
      'backend@sha256:aaaaaaaaaaaa (v7) is not in ECR (account 123456789012, eu-central-1)',
    ],
    [
      'is skipped where ECR cannot tell',
      () =>
        answer({
          failures: [
            {
              imageId: { imageDigest: digestOf('a') },
              failureCode: 'UpstreamUnavailable',
              failureReason: 'The upstream is away.',
            },
          ],
        }),
      'SKIPPED',
      'backend@sha256:aaaaaaaaaaaa could not be looked at (The upstream is away.)',
    ],
    [
      'is skipped where ECR throttles',
      () => Promise.reject(throttled()),
      'SKIPPED',
      'repository backend could not be looked at (ThrottlingException: Rate exceeded)',
    ],
    [
      'fails for another platform',
      () => answer(there({ imageDigest: digestOf('a') }, indexOf(ARM64))),
      'FAILED',
      'backend@sha256:aaaaaaaaaaaa (v7) has no image for linux/amd64, which the task runs on; it has linux/arm64',
    ],
  ])('%s', async (_what, batchGetImage, state, detail) => {
    const reference = `${REPOSITORY}@${digestOf('a')}`;
    const result = await run(
      image,
      { ecr: () => ({ batchGetImage: batchGetImage as () => Promise<never> }) },
      {
        definition: { ...ON_FARGATE, containerDefinitions: [{ name: 'web', image: reference }] },
        services: [FARGATE],
        images: { web: { reference, digest: digestOf('a'), tag: 'v7', registry: undefined } },
      },
    );
    expect(result).toEqual({ check: 'image', state, detail, denied: false });
  });

  test('is denied as one', async () => {
    expect(await run(image, {}, {})).toEqual({
      check: 'image',
      state: 'SKIPPED',
      detail: 'ecr:BatchGetImage',
      denied: true,
    });
  });

  test('has nothing to do where no image is in ECR', async () => {
    const result = await run(image, {}, { definition: definitionOf([{ name: 'web', image: 'nginx' }]) });
    expect(result).toMatchObject({ state: 'OK', detail: 'no image is in ECR, and others are not looked at' });
  });
});

describe('the image of the way back', () => {
  const lastGood = {
    taskDefinitionArn: 'arn:aws:ecs:eu-central-1:123456789012:task-definition/backend:7',
    serviceDeploymentArn: undefined,
    serviceRevisionArn: 'arn:aws:ecs:eu-central-1:123456789012:service-revision/prod/backend/1',
  };
  const ecs = {
    describeServiceRevisions: () =>
      answer({
        serviceRevisions: [
          {
            taskDefinition: lastGood.taskDefinitionArn,
            containerImages: [
              { containerName: 'web', image: `${REPOSITORY}:1`, imageDigest: digestOf('b') },
              { containerName: 'sidecar', image: 'nginx:1', imageDigest: digestOf('c') },
            ],
          },
        ],
      }),
  };

  test('is warned of when it is gone, by the digest that ECS resolved', async () => {
    const batchGetImage = ({ imageIds }: BatchGetImageCommandInput): ReturnType<typeof answer> =>
      answer({ failures: imageIds?.map((imageId) => ({ imageId, failureCode: 'ImageNotFound' })) });
    const ecr = (): { batchGetImage: never } => ({ batchGetImage: batchGetImage as never });
    expect(await run(wayBackImage, { ecs, ecr }, { services: [snapshotOf({ lastGood })] })).toMatchObject({
      state: 'WARNING',
      detail:
        'backend@sha256:bbbbbbbbbbbb of backend:7 is gone from ECR: no task of the good revision can start',
    });
  });

  test('is not asked for where there is no good revision', async () => {
    expect((await run(wayBackImage, {}, {})).state).toBe('OK');
  });

  test.each([
    ['ecs:DescribeServiceRevisions', {}],
    ['ecr:BatchGetImage', { ecs }],
  ])('is not seen without %s', async (permission, aws) => {
    expect(await run(wayBackImage, aws, { services: [snapshotOf({ lastGood })] })).toMatchObject({
      state: 'SKIPPED',
      detail: permission,
      denied: true,
    });
  });
});

describe('an image that is to be built', () => {
  const ARM = { os: 'linux', architecture: 'arm64' };

  test.each<[readonly string[], Platform | undefined, string, string]>([
    [[], ARM, 'OK', 'an image is to be built for linux/arm64'],
    [[], undefined, 'OK', 'an image is to be built'],
    [['linux/amd64'], undefined, 'OK', 'an image is to be built for linux/amd64'],
    [['linux/amd64', 'linux/arm64'], ARM, 'OK', 'an image is to be built for linux/arm64'],
    [['linux/arm64/v8'], ARM, 'OK', 'an image is to be built for linux/arm64'],
    [
      ['linux/amd64'],
      ARM,
      'FAILED',
      'the image would be built for linux/amd64, and the task runs on linux/arm64: leave platforms out, or change runtimePlatform of the task definition',
    ],
    [
      ['linux/arm'],
      ARM,
      'FAILED',
      'the image would be built for linux/arm, and the task runs on linux/arm64: leave platforms out, or change runtimePlatform of the task definition',
    ],
  ])('for %j where tasks run on %j', (platforms, platform, state, detail) => {
    expect(buildFinding(platforms, platform)).toMatchObject({ state, detail });
  });
});
