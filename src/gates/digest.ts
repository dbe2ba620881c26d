import type { Aws, EcrReads } from '../aws/clients.ts';
import { awsErrorKind } from '../aws/errors.ts';
import { ecrRepositoryOf } from '../aws/image-reference.ts';
import { targetRevisionOf } from '../ecs/service-deployments.ts';
import { runningTasksOf } from '../ecs/tasks.ts';
import type { DeployedImage, GateResult, Rollout } from '../model/index.ts';

type DigestAws = Pick<Aws, 'ecs' | 'ecr'>;

/**
 * Proves that what runs is what this run deploys: the digest that ECS resolved for each container equals the
 * image's, or is a manifest in its index. Skipped, and said so, where a digest cannot be known.
 */
export async function digestGate(
  aws: DigestAws,
  rollout: Rollout,
  images: Readonly<Record<string, DeployedImage>>,
): Promise<GateResult> {
  const desired = Object.entries(images);
  if (desired.length === 0) return skipped('this run brings no image of its own');
  const running = await runningDigests(aws, rollout, Object.keys(images));
  const unknown: string[] = [];
  for (const [container, image] of desired) {
    for (const actual of running.get(container) ?? [undefined]) {
      const proof = await compare(aws, container, image, actual);
      if (proof.state === 'differs') return { gate: 'digest', state: 'failed', detail: proof.detail };
      if (proof.state === 'unknown') unknown.push(proof.detail);
    }
  }
  const [why] = unknown;
  if (why !== undefined) return skipped(why);
  return {
    gate: 'digest',
    state: 'passed',
    detail: desired.map(([container, image]) => `${container} runs ${image.digest ?? ''}`).join(', '),
  };
}

type Proof =
  | { readonly state: 'equal' }
  | { readonly state: 'differs'; readonly detail: string }
  | { readonly state: 'unknown'; readonly detail: string };

/** Another digest is wrong only where it is certain that it is none of the image's own manifests. */
async function compare(
  aws: DigestAws,
  container: string,
  image: DeployedImage,
  actual: string | undefined,
): Promise<Proof> {
  if (image.digest === undefined) {
    return { state: 'unknown', detail: `the digest of ${image.reference} is not known` };
  }
  if (actual === undefined) {
    return { state: 'unknown', detail: `ECS does not say which digest container "${container}" runs` };
  }
  if (actual === image.digest) return { state: 'equal' };
  const belongs = await isInIndex(aws, image, actual);
  if (belongs === undefined) {
    return {
      state: 'unknown',
      detail: `container "${container}" runs ${actual}, and whether that is part of ${image.reference} cannot be read`,
    };
  }
  if (belongs) return { state: 'equal' };
  return { state: 'differs', detail: `container "${container}" runs ${actual}, not ${image.digest}` };
}

function skipped(detail: string): GateResult {
  return { gate: 'digest', state: 'skipped', detail };
}

type Digests = ReadonlyMap<string, ReadonlySet<string>>;

/** By container: of our service revision; where that does not tell of each of these, of each of our running tasks. */
async function runningDigests(
  aws: DigestAws,
  rollout: Rollout,
  containers: readonly string[],
): Promise<Digests> {
  const ofRevision = await digestsOfRevision(aws, rollout);
  if (containers.every((name) => ofRevision.has(name))) return ofRevision;
  try {
    const tasks = await runningTasksOf(aws.ecs, rollout);
    return new Map([...ofRevision, ...byContainer(tasks.flatMap((task) => task.containers ?? []))]);
  } catch (error) {
    if (awsErrorKind(error) === 'denied') return ofRevision;
    throw error;
  }
}

async function digestsOfRevision(aws: DigestAws, rollout: Rollout): Promise<Digests> {
  const revision = await targetRevisionOf(aws.ecs, rollout.serviceDeploymentArn);
  const images = revision?.containerImages ?? [];
  return byContainer(images.map(({ containerName: name, imageDigest }) => ({ name, imageDigest })));
}

function byContainer(
  images: readonly { readonly name?: string | undefined; readonly imageDigest?: string | undefined }[],
): Digests {
  const digests = new Map<string, Set<string>>();
  for (const { name, imageDigest } of images) {
    if (name === undefined || imageDigest === undefined) continue;
    digests.set(name, (digests.get(name) ?? new Set()).add(imageDigest));
  }
  return digests;
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
  try {
    const manifest = await readManifest(aws.ecr(repository.region), repository, image.digest ?? '');
    if (manifest === undefined) return undefined;
    const children = (manifest.manifests ?? []) as readonly { digest?: string }[];
    return children.some((child) => child.digest === digest);
  } catch (error) {
    if (awsErrorKind(error) === 'denied') return undefined;
    throw error;
  }
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
