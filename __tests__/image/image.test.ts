import { describe, expect, it } from '@jest/globals';
import { provideImages } from '../../src/image/resolve.ts';
import type { ImageSource, ProvidedImages } from '../../src/model/index.ts';
import { awsError, denied, expired, throttled } from '../fakes/aws-errors.ts';
import { ACCOUNT, digestOf, REGION, REPOSITORY } from '../fakes/literals.ts';
import { fakeLog } from '../fakes/log.ts';

interface Fakes {
  /** Letters of digests by tag or digest. */
  readonly images?: Readonly<Record<string, string>>;
  readonly error?: Error;
  readonly repositoryError?: Error;
  /** Of the run. */
  readonly account?: string;
}

async function provided(
  source: Exclude<ImageSource, { kind: 'build' }>,
  { images = {}, error, repositoryError, account }: Fakes = {},
): Promise<{ images: ProvidedImages; said: readonly string[]; asked: string[] }> {
  const log = fakeLog();
  const asked: string[] = [];
  const ecr = (region: string) => ({
    describeImages: (input: {
      registryId?: string;
      repositoryName?: string;
      imageIds?: { imageTag?: string; imageDigest?: string }[];
    }) => {
      const id = input.imageIds?.[0]?.imageTag ?? input.imageIds?.[0]?.imageDigest ?? '';
      asked.push(`${region}/${input.registryId ?? ''}/${input.repositoryName ?? ''}/${id}`);
      if (error !== undefined) return Promise.reject(error);
      const letter = images[id];
      return letter === undefined
        ? Promise.reject(awsError('ImageNotFoundException'))
        : Promise.resolve({ imageDetails: [{ imageDigest: digestOf(letter) }] });
    },
    describeRepositories: ({ repositoryNames = [] }: { repositoryNames?: string[] }) =>
      repositoryError === undefined
        ? Promise.resolve({
            repositories: [
              { repositoryUri: `${ACCOUNT}.dkr.ecr.${region}.amazonaws.com/${repositoryNames[0] ?? ''}` },
            ],
          })
        : Promise.reject(repositoryError),
  });
  const ctx = { aws: { ecr, region: REGION }, log } as unknown as Parameters<typeof provideImages>[0];
  return { images: await provideImages(ctx, source, account), said: log.said, asked };
}

describe('an image', () => {
  it('in ECR is pinned to the digest that its tag has now', async () => {
    const { images, said } = await provided(
      { kind: 'reference', reference: `${REPOSITORY}:1.4` },
      { images: { '1.4': 'a' } },
    );
    expect(images).toEqual({
      kind: 'one',
      image: {
        reference: `${REPOSITORY}@${digestOf('a')}`,
        digest: digestOf('a'),
        tag: '1.4',
        registry: REPOSITORY.split('/')[0],
      },
    });
    expect(said).toEqual([`1.4 is ${REPOSITORY}@${digestOf('a')}`]);
  });

  it.each([
    ['by its digest where both are given', `${REPOSITORY}:1@${digestOf('b')}`, digestOf('b'), REGION],
    ['as latest where nothing is said', REPOSITORY, 'latest', REGION],
    [
      'in the region of its registry',
      `${ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn/backend:1`,
      '1',
      'cn-north-1',
    ],
  ])('is looked up %s', async (_how, reference, id, region) => {
    const { asked } = await provided({ kind: 'reference', reference }, { images: { [id]: 'b' } });
    expect(asked).toEqual([`${region}/${ACCOUNT}/backend/${id}`]);
  });

  it('by an existing tag of a repository in this account', async () => {
    const source = { kind: 'existing-tag', repository: 'backend', tag: 'v1' } as const;
    const { images } = await provided(source, { images: { v1: 'c' } });
    expect(images).toMatchObject({ image: { reference: `${REPOSITORY}@${digestOf('c')}`, tag: 'v1' } });
  });

  it('by an existing digest of a repository in another account', async () => {
    const repository = '210987654321.dkr.ecr.us-east-1.amazonaws.com/web';
    const source = { kind: 'existing-tag', repository, tag: digestOf('d') } as const;
    const { images, asked } = await provided(source, { images: { [digestOf('d')]: 'd' } });
    expect(images).toMatchObject({ image: { reference: `${repository}@${digestOf('d')}`, tag: undefined } });
    expect(asked).toEqual([`us-east-1/210987654321/web/${digestOf('d')}`]);
  });

  it('outside ECR is used as it is, with a warning that it cannot be proven', async () => {
    const { images, said, asked } = await provided({ kind: 'reference', reference: 'nginx:1' });
    expect(images).toMatchObject({ image: { reference: 'nginx:1', digest: undefined, registry: undefined } });
    expect(said[0]).toMatch(/^warning: Image nginx:1 is not in ECR/);
    expect(asked).toEqual([]);
  });

  it('outside ECR by digest needs no warning', async () => {
    const { images, said } = await provided({ kind: 'reference', reference: `nginx@${digestOf('e')}` });
    expect(images).toMatchObject({ image: { digest: digestOf('e') } });
    expect(said.join()).not.toContain('warning');
  });

  it('that may not be looked up is deployed unchecked, with a warning', async () => {
    const reference = `${REPOSITORY}:1`;
    const { images, said } = await provided({ kind: 'reference', reference }, { error: denied() });
    expect(images).toMatchObject({ image: { reference, digest: undefined } });
    expect(said[0]).toBe(
      'warning: ecr:DescribeImages is denied on backend: image backend:1 is deployed unchecked.',
    );
  });

  it('of each named container is resolved for itself', async () => {
    const references = { web: `${REPOSITORY}:1`, proxy: 'envoy:2' };
    const { images } = await provided({ kind: 'by-container', references }, { images: { 1: 'a' } });
    expect(images).toMatchObject({
      kind: 'by-container',
      images: { web: { digest: digestOf('a') }, proxy: { reference: 'envoy:2', digest: undefined } },
    });
  });

  it('that is not named changes nothing', async () => {
    expect((await provided({ kind: 'none' })).images).toEqual({ kind: 'none' });
  });

  const HOST = `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com`;
  const NO_REPOSITORY = { error: awsError('RepositoryNotFoundException') };

  it.each<[string, string, Fakes, string]>([
    [
      'a pull-through cache',
      `${HOST}/docker-hub/library/nginx:1`,
      NO_REPOSITORY,
      'looks like a pull-through cache',
    ],
    ['a tag that a cache has not fetched yet', `${HOST}/quay/o/n:2`, {}, 'looks like a pull-through cache'],
    [
      'another account',
      REPOSITORY,
      { ...NO_REPOSITORY, account: '999999999999' },
      `account ${ACCOUNT} may have it`,
    ],
    [
      'a tag of another account',
      `${REPOSITORY}:2`,
      { account: '999999999999' },
      `account ${ACCOUNT} may have it`,
    ],
  ])(
    'in %s may be there all the same, so it is deployed with a warning',
    async (_what, reference, fakes, words) => {
      const { images, said } = await provided({ kind: 'reference', reference }, fakes);
      expect(images).toMatchObject({ kind: 'one', image: { reference, digest: undefined } });
      expect(said.join()).toContain(words);
    },
  );

  it.each<[string, Fakes]>([
    [`${HOST}/team/backend:1`, NO_REPOSITORY],
    [`${HOST}/team/backend:1`, { account: ACCOUNT }],
    [`${HOST}/team/backend:1`, {}],
  ])('of this account that is missing is refused: %s, %j', async (reference, fakes) => {
    await expect(provided({ kind: 'reference', reference }, fakes)).rejects.toMatchObject({
      conclusion: { cause: 'preflight-failed' },
    });
  });

  const TAG = { kind: 'existing-tag', repository: 'backend', tag: 'v1' } as const;
  it.each<[string, Fakes, string, string]>([
    [
      'a missing image',
      {},
      'preflight-failed',
      'Image backend:v1 was not found in ECR (account 123456789012, eu-central-1).',
    ],
    [
      'a missing repository',
      { error: awsError('RepositoryNotFoundException') },
      'preflight-failed',
      'ECR repository "backend" was not found in eu-central-1 of account 123456789012.',
    ],
    [
      'a missing repository by its name',
      { repositoryError: awsError('RepositoryNotFoundException') },
      'preflight-failed',
      'ECR repository "backend" was not found in eu-central-1.',
    ],
    [
      'throttling',
      { error: throttled() },
      'throttled',
      'AWS kept throttling while looking up image backend:v1 (ThrottlingException: Rate exceeded).',
    ],
    [
      'expired credentials',
      { repositoryError: expired() },
      'credentials-expired',
      'The AWS credentials expired while reading ECR repository "backend" (ExpiredTokenException: The security token included in the request is expired).',
    ],
  ])('is refused for %s', async (_why, fakes, cause, message) => {
    await expect(provided(TAG, fakes)).rejects.toMatchObject({ conclusion: { cause }, message });
  });
});
