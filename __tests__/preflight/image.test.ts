import { describe, expect, test } from '@jest/globals';
import type { BatchGetImageCommandInput } from '@aws-sdk/client-ecr';
import type { CheckResult, DeployedImage, JsonObject, TaskDefinition } from '../../src/model/index.ts';
import type { Download } from '../../src/runtime/http.ts';
import {
  buildFinding,
  image,
  platformFinding,
  platformOf,
  type Platform,
} from '../../src/preflight/image.ts';
import { rollbackImage } from '../../src/preflight/service.ts';
import { awsError, denied, throttled } from '../fakes/aws-errors.ts';
import { fakeClock, type FakeClock } from '../fakes/clock.ts';
import { definitionOf, digestOf, REPOSITORY, snapshotOf } from '../fakes/literals.ts';
import { Cancelled } from '../../src/runtime/cancellation.ts';
import { answer, awsWith, ecrWith, meansWith, run, subjectOf } from './candidates.ts';

const AMD64 = { os: 'linux', architecture: 'amd64' };
const FARGATE = snapshotOf({ placement: { launchType: 'FARGATE' } });
const ON_FARGATE = definitionOf(['web'], { requiresCompatibilities: ['FARGATE'] });

function indexOf(...platforms: readonly (JsonObject | undefined)[]): string {
  return JSON.stringify({ schemaVersion: 2, manifests: platforms.map((platform) => ({ platform })) });
}

const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';

/** The manifest of one image, without an index around it. */
function singleOf(mediaType: string): string {
  return JSON.stringify({ schemaVersion: 2, config: { mediaType, digest: digestOf('c'), size: 1_470 } });
}

const SINGLE = singleOf(OCI_CONFIG);

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
    ['of a single image does not itself say its platform', SINGLE, AMD64, 'OK'],
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
    expect(platformFinding('backend:1', { manifest, config: undefined }, platform).state).toBe(state);
  });

  test('names what is needed and what is there', () => {
    const seen = { manifest: indexOf(ARM64, ATTESTATION), config: undefined };
    expect(platformFinding('backend:1', seen, AMD64).detail).toBe(
      'backend:1 has no image for linux/amd64, which the task runs on; it has linux/arm64',
    );
  });
});

describe('the config of a single image', () => {
  const AARCH64 = { os: 'linux', architecture: 'aarch64' };
  const WINDOWS = { os: 'windows', architecture: 'amd64' };

  test.each<[string, JsonObject | string, Platform | undefined, string, string]>([
    ['for the platform passes', AMD64, AMD64, 'OK', 'is there, for linux/amd64'],
    [
      'for another one fails',
      ARM64,
      AMD64,
      'FAILED',
      'has no image for linux/amd64, which the task runs on; it has linux/arm64',
    ],
    [
      'may have the name of the kernel for it',
      AARCH64,
      { os: 'linux', architecture: 'arm64' },
      'OK',
      'is there, for linux/arm64',
    ],
    [
      'for another system fails',
      WINDOWS,
      AMD64,
      'FAILED',
      'has no image for linux/amd64, which the task runs on; it has windows/amd64',
    ],
    ['that leaves the system open passes', { architecture: 'arm64' }, AMD64, 'OK', 'is there'],
    ['of an attestation passes', ATTESTATION, AMD64, 'OK', 'is there'],
    ['that is no JSON passes', '<html>', AMD64, 'OK', 'is there'],
    ['that is a list passes', '[]', AMD64, 'OK', 'is there'],
  ])('%s', (_what, config, platform, state, detail) => {
    const text = typeof config === 'string' ? config : JSON.stringify(config);
    const seen = { manifest: SINGLE, config: text };
    expect(platformFinding('backend:1', seen, platform)).toEqual({ state, detail: `backend:1 ${detail}` });
  });

  interface Look {
    readonly manifest?: string;
    readonly url?: () => Promise<object>;
    readonly download?: Download;
    readonly definition?: TaskDefinition;
    readonly clock?: FakeClock;
    readonly signal?: AbortSignal;
  }

  const config =
    (platform: object): Download =>
    () =>
      Promise.resolve(JSON.stringify(platform));
  const hangs = (): Promise<never> => new Promise(() => undefined);

  /** The check of one image, and what was asked for on the way. */
  async function look({ manifest = SINGLE, url, download, definition = ON_FARGATE, ...ctx }: Look): Promise<{
    asked: object[];
    result: CheckResult;
  }> {
    const asked: object[] = [];
    const ecr = (): ReturnType<typeof ecrWith> =>
      ecrWith({
        batchGetImage: ({ imageIds = [] }) =>
          answer({ images: imageIds.map((imageId) => ({ imageId, imageManifest: manifest })) }),
        getDownloadUrlForLayer: (input) => {
          asked.push(input);
          return (url?.() ?? answer({ downloadUrl: 'https://layers/x' })) as Promise<never>;
        },
      });
    const result = await run(
      image,
      { ecr },
      {
        definition: { ...definition, containerDefinitions: [{ name: 'web', image: `${REPOSITORY}:1` }] },
        services: [],
      },
      {
        ...ctx,
        download: (...of) => {
          asked.push(of.slice(0, 2));
          return (download ?? config(ARM64))(...of);
        },
      },
    );
    return { asked, result };
  }

  test.each([OCI_CONFIG, 'application/vnd.docker.container.image.v1+json'])(
    'is read by the URL that ECR gives out: %s',
    async (type) => {
      const { asked, result } = await look({ manifest: singleOf(type) });
      expect(result).toEqual({
        check: 'image',
        state: 'FAILED',
        detail: 'backend:1 has no image for linux/amd64, which the task runs on; it has linux/arm64',
        denied: false,
      });
      expect(asked).toEqual([
        { registryId: '123456789012', repositoryName: 'backend', layerDigest: digestOf('c') },
        ['https://layers/x', 1024 * 1024],
      ]);
    },
  );

  test.each<[string, Look]>([
    ['the manifest is an index', { manifest: indexOf(AMD64) }],
    ['the manifest is that of a chart', { manifest: singleOf('application/vnd.cncf.helm.config.v1+json') }],
    ['the platform of the task is not known', { definition: definitionOf(['web']) }],
  ])('is not read where %s', async (_what, what) => {
    const { asked, result } = await look(what);
    expect([result.state, asked]).toEqual(['OK', []]);
  });

  test.each<[string, Look]>([
    ['its URL is denied', { url: () => Promise.reject(denied()) }],
    ['ECR does not have it', { url: () => Promise.reject(awsError('LayersNotFoundException')) }],
    [
      'ECR gives out no URL',
      { url: () => answer({}), download: () => Promise.reject(new TypeError('Invalid URL')) },
    ],
    ['there is no way to it', { download: () => Promise.reject(new Error('ENOTFOUND')) }],
    ['it is no JSON', { download: () => Promise.resolve('<html>') }],
  ])('does not count where %s', async (_what, what) => {
    expect((await look(what)).result).toEqual({
      check: 'image',
      state: 'OK',
      detail: 'backend:1 is there',
      denied: false,
    });
  });

  test.each<[string, (clock: FakeClock, signals: AbortSignal[]) => Look]>([
    ['ECR', () => ({ url: hangs })],
    [
      'the URL',
      (_clock, signals) => ({
        download: (_url, _maxBytes, signal) => {
          signals.push(signal);
          return hangs();
        },
      }),
    ],
  ])('is given up after five seconds where %s does not answer', async (_what, of) => {
    const clock = fakeClock();
    const signals: AbortSignal[] = [];
    const looking = look({ ...of(clock, signals), clock });
    await new Promise(setImmediate);
    clock.advance(4_999);
    expect(signals.map(({ aborted }) => aborted)).not.toContain(true);
    clock.advance(1);
    expect((await looking).result).toMatchObject({ state: 'OK', detail: 'backend:1 is there' });
    expect(signals.map(({ aborted }) => aborted)).not.toContain(false);
  });

  test('ends with the job', async () => {
    const job = new AbortController();
    const cancelled = new Cancelled('SIGINT');
    const download: Download = (_url, _maxBytes, signal) => {
      job.abort(cancelled);
      return Promise.reject(new DOMException(`aborted: ${signal.aborted}`, 'AbortError'));
    };
    await expect(look({ download, signal: job.signal })).rejects.toBe(cancelled);
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
    const ecr = (region: string): ReturnType<typeof ecrWith> =>
      ecrWith({
        batchGetImage: (input) => {
          asked.push([region, input]);
          return answer({ images: input.imageIds?.map((imageId) => ({ imageId, imageManifest: '{}' })) });
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
    const ecr = () =>
      ecrWith({
        batchGetImage: ({ imageIds }) =>
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
      { ecr: () => ecrWith({ batchGetImage: batchGetImage as () => Promise<never> }) },
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

  test('calls none OK where no image is in ECR: it looked at none', async () => {
    const result = await run(image, {}, { definition: definitionOf([{ name: 'web', image: 'nginx' }]) });
    expect(result).toMatchObject({
      state: 'SKIPPED',
      detail: 'no image is in ECR, and others are not looked at',
    });
  });
});

describe('the image of the rollback target', () => {
  const lastGood = {
    taskDefinitionArn: 'arn:aws:ecs:eu-central-1:123456789012:task-definition/backend:7',
    serviceDeploymentArn: undefined,
    serviceRevisionArn: 'arn:aws:ecs:eu-central-1:123456789012:service-revision/prod/backend/1',
    images: [
      { container: 'web', image: `${REPOSITORY}:1`, digest: digestOf('b') },
      { container: 'sidecar', image: 'nginx:1', digest: digestOf('c') },
    ],
  };
  const images = (imageTags?: readonly string[]): ReturnType<typeof answer> =>
    answer({ imageDetails: [{ imageDigest: digestOf('b'), imageTags }] });

  test('is warned of when it is gone, by the digest that ECS resolved', async () => {
    const batchGetImage = ({ imageIds }: BatchGetImageCommandInput): ReturnType<typeof answer> =>
      answer({ failures: imageIds?.map((imageId) => ({ imageId, failureCode: 'ImageNotFound' })) });
    const ecr = (): ReturnType<typeof ecrWith> => ecrWith({ batchGetImage });
    expect(await run(rollbackImage, { ecr }, { services: [snapshotOf({ lastGood })] })).toMatchObject({
      state: 'WARNING',
      detail:
        'backend@sha256:bbbbbbbbbbbb of backend:7 is gone from ECR: no task of the good revision can start',
    });
  });

  test('is not asked for where there is no good revision', async () => {
    expect(await rollbackImage.look(awsWith(), subjectOf(), meansWith())).toEqual([]);
  });

  test('is not called OK where none of its images is in ECR', async () => {
    const elsewhere = {
      ...lastGood,
      images: [{ container: 'web', image: 'nginx:1', digest: digestOf('c') }],
    };
    expect(await run(rollbackImage, {}, { services: [snapshotOf({ lastGood: elsewhere })] })).toMatchObject({
      state: 'SKIPPED',
      detail: 'no image of backend:7 is known to be in ECR, and others are not looked at',
    });
  });

  test.each<[readonly string[] | undefined, string, string]>([
    [['v1'], 'OK', 'backend@sha256:bbbbbbbbbbbb of backend:7 is there'],
    [
      undefined,
      'WARNING',
      'backend@sha256:bbbbbbbbbbbb of backend:7 is under no tag: a lifecycle rule may remove it',
    ],
  ])('with the tags %j is %s', async (tags, state, detail) => {
    const ecr = (): ReturnType<typeof ecrWith> =>
      ecrWith({
        batchGetImage: ({ imageIds }: BatchGetImageCommandInput) =>
          answer({ images: imageIds?.map((imageId) => ({ imageId })) }),
        describeImages: () => images(tags),
      });
    const services = [snapshotOf({ lastGood })];
    expect(await run(rollbackImage, { ecr }, { services })).toMatchObject({ state, detail });
  });

  test('is not seen without ecr:BatchGetImage', async () => {
    const ecr = (): ReturnType<typeof ecrWith> => ecrWith({ describeImages: () => images(['v1']) });
    expect(await run(rollbackImage, { ecr }, { services: [snapshotOf({ lastGood })] })).toMatchObject({
      state: 'SKIPPED',
      detail: 'ecr:BatchGetImage',
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
