import { attempt, DENIED, valueOr } from '../aws/attempt.ts';
import type { Aws, EcrReads } from '../aws/clients.ts';
import { ecrRepositoryOf } from '../aws/image-reference.ts';
import type { DeployedImage, Rollout } from '../model/index.ts';
import { targetRevisionOf } from './service-deployments.ts';
import { runningTasksOf } from './tasks.ts';

type DigestAws = Pick<Aws, 'ecs' | 'ecr'>;

/** Digests by container. */
export type Digests = ReadonlyMap<string, ReadonlySet<string>>;

/** What one container runs, against the image that it was to run. */
export type DigestProof =
  | { readonly kind: 'equal' }
  | { readonly kind: 'differs'; readonly detail: string }
  | { readonly kind: 'unknown'; readonly detail: string };

/** What a container of a running task reports. */
export interface ReportedImage {
  readonly name?: string | undefined;
  readonly imageDigest?: string | undefined;
}

/**
 * Each container by itself: what its running tasks report, against its image. `reported`: what a look that is fresh enough
 * has shown of them; they are read where it is left out.
 */
export async function proveDigests(
  aws: DigestAws,
  rollout: Rollout,
  images: Readonly<Record<string, DeployedImage>>,
  reported?: readonly ReportedImage[],
): Promise<{ readonly container: string; readonly image: DeployedImage; readonly proof: DigestProof }[]> {
  const containers = Object.entries(images);
  if (containers.length === 0) return [];
  const running = await runningDigests(aws, rollout, Object.keys(images), reported);
  const proofs = containers.map(async ([container, image]) => {
    const actual = [...(running.get(container) ?? [undefined])];
    const all = await Promise.all(actual.map((digest) => compare(aws, container, image, digest)));
    const worst = all.find(({ kind }) => kind === 'differs') ?? all.find(({ kind }) => kind === 'unknown');
    return { container, image, proof: worst ?? { kind: 'equal' as const } };
  });
  return Promise.all(proofs);
}

/**
 * By container: of each of our running tasks; where they do not tell of one, of our service revision. That alone proves
 * little: it says what ECS was asked to run.
 */
async function runningDigests(
  aws: DigestAws,
  rollout: Rollout,
  containers: readonly string[],
  reported: readonly ReportedImage[] | undefined,
): Promise<Digests> {
  const ofTasks = reported === undefined ? await digestsOfTasks(aws, rollout) : byContainer(reported);
  if (containers.every((name) => ofTasks.has(name))) return ofTasks;
  return new Map([...(await digestsOfRevision(aws, rollout)), ...ofTasks]);
}

async function digestsOfTasks(aws: DigestAws, rollout: Rollout): Promise<Digests> {
  const tasks = valueOr(await attempt(() => runningTasksOf(aws.ecs, rollout), DENIED), []);
  return byContainer(tasks.flatMap((task) => task.containers ?? []));
}

async function digestsOfRevision(aws: DigestAws, rollout: Rollout): Promise<Digests> {
  const revision = await targetRevisionOf(aws.ecs, rollout.serviceDeploymentArn);
  const images = revision?.containerImages ?? [];
  return byContainer(images.map(({ containerName: name, imageDigest }) => ({ name, imageDigest })));
}

function byContainer(images: readonly ReportedImage[]): Digests {
  const digests = new Map<string, Set<string>>();
  for (const { name, imageDigest } of images) {
    if (name === undefined || imageDigest === undefined) continue;
    digests.set(name, (digests.get(name) ?? new Set()).add(imageDigest));
  }
  return digests;
}

/** Another digest is wrong only where it is certain that it is none of the image's own manifests. */
async function compare(
  aws: DigestAws,
  container: string,
  image: DeployedImage,
  actual: string | undefined,
): Promise<DigestProof> {
  if (image.digest === undefined) {
    return { kind: 'unknown', detail: `the digest of ${image.reference} is not known` };
  }
  if (actual === undefined) {
    return { kind: 'unknown', detail: `ECS does not say which digest container "${container}" runs` };
  }
  if (actual === image.digest) return { kind: 'equal' };
  const belongs = await isInIndex(aws, image, actual);
  if (belongs === undefined) {
    return {
      kind: 'unknown',
      detail: `container "${container}" runs ${actual}, and whether that is part of ${image.reference} cannot be read`,
    };
  }
  if (belongs) return { kind: 'equal' };
  return { kind: 'differs', detail: `container "${container}" runs ${actual}, not ${image.digest}` };
}

/** All that an image may be: with an answer that holds no index it is certain that it is none. */
const MEDIA_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];

/** A multi-platform image is an index; ECS may report the manifest that it picked from it. Undefined: unreadable. */
async function isInIndex(aws: DigestAws, image: DeployedImage, digest: string): Promise<boolean | undefined> {
  const repository = ecrRepositoryOf(image.reference);
  if (repository === undefined) return undefined;
  const read = (): ReturnType<typeof readManifest> =>
    readManifest(aws.ecr(repository.region), repository, image.digest ?? '');
  const manifest = valueOr(await attempt(read, DENIED), undefined);
  if (manifest === undefined) return undefined;
  const children = (manifest.manifests ?? []) as readonly { digest?: string }[];
  return children.some((child) => child.digest === digest);
}

async function readManifest(
  ecr: Pick<EcrReads, 'batchGetImage'>,
  repository: { readonly accountId: string; readonly name: string },
  imageDigest: string,
): Promise<{ manifests?: readonly unknown[] } | undefined> {
  const answer = await ecr.batchGetImage({
    registryId: repository.accountId,
    repositoryName: repository.name,
    imageIds: [{ imageDigest }],
    acceptedMediaTypes: MEDIA_TYPES,
  });
  const text = answer.images?.[0]?.imageManifest;
  return text === undefined ? undefined : (JSON.parse(text) as { manifests?: readonly unknown[] });
}
