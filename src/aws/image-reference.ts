/** An image reference in its parts: `host/name:tag@sha256:...`. */
export interface ImageReference {
  /** Everything before the tag and digest: registry host and repository. */
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** Where an ECR repository lives. */
export interface EcrRepository {
  readonly host: string;
  readonly accountId: string;
  readonly region: string;
  readonly name: string;
}

/**
 * Hosts of private ECR registries in every partition, dual-stack names included ("Amazon ECR endpoints", AWS
 * General Reference).
 */
const ECR_HOST =
  /^(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.(?:com(?:\.cn)?|eu)|on\.(?:aws|amazonwebservices\.com\.cn)|c2s\.ic\.gov|sc2s\.sgov\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)$/;

/** Prefixes that AWS proposes for pull-through caches (Amazon ECR User Guide, "Creating a pull through cache rule"). */
const CACHES =
  /^(?:ecr-public|docker-hub|dockerhub|quay|kubernetes|k8s|github|ghcr|gitlab|azure|mcr|chainguard)\//;

/** A repository that looks like a pull-through cache: what it does not have, the first pull fetches. */
export function looksLikeCache(repositoryName: string): boolean {
  return CACHES.test(repositoryName);
}

/** Splits a reference. A colon after the last slash starts the tag; one before it belongs to the host's port. */
export function parseImageReference(reference: string): ImageReference {
  const [withoutDigest = '', digest] = reference.split('@', 2);
  const colon = withoutDigest.indexOf(':', withoutDigest.lastIndexOf('/') + 1);
  return colon === -1
    ? { repository: withoutDigest, tag: undefined, digest }
    : { repository: withoutDigest.slice(0, colon), tag: withoutDigest.slice(colon + 1), digest };
}

/** The same image by digest: `repository@sha256:...`. */
export function byDigest(reference: string, digest: string): string {
  return `${parseImageReference(reference).repository}@${digest}`;
}

/** The ECR repository that a reference or repository URI points into; undefined for any other registry. */
export function ecrRepositoryOf(reference: string): EcrRepository | undefined {
  const { repository } = parseImageReference(reference);
  const slash = repository.indexOf('/');
  if (slash === -1) return undefined;
  const host = repository.slice(0, slash);
  const match = ECR_HOST.exec(host);
  if (match === null) return undefined;
  const [, accountId = '', region = ''] = match;
  return { host, accountId, region, name: repository.slice(slash + 1) };
}

/** The commit that a tag names: its full SHA, alone or before a hash of how the image was built. */
export function commitOfTag(tag: string): string | undefined {
  return /^([0-9a-f]{40})(?:-[0-9a-f]{12})?$/.exec(tag)?.[1];
}

/** The tag of an image that a plan does not build: no image has it, and nobody reads it. */
export const TO_BE_BUILT = 'to-be-built';

/** A reference short enough for a line of the log: without the registry, the digest cut to twelve digits. */
export function shortReference(reference: string): string {
  const { repository, tag, digest } = parseImageReference(reference);
  const name = ecrRepositoryOf(reference)?.name ?? repository;
  if (tag === TO_BE_BUILT) return `${name} (to be built)`;
  const tagged = tag === undefined ? name : `${name}:${tag}`;
  return digest === undefined ? tagged : `${tagged}@${digest.slice(0, 'sha256:'.length + 12)}`;
}
