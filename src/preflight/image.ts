import type { BatchGetImageCommandOutput, Image, ImageIdentifier } from '@aws-sdk/client-ecr';
import { ANY_ERROR, attempt, valueOr } from '../aws/attempt.ts';
import type { EcrReads } from '../aws/clients.ts';
import { MANIFEST_TYPES } from '../aws/ecr.ts';
import { isAwsError } from '../aws/errors.ts';
import {
  ecrRepositoryOf,
  looksLikeCache,
  parseImageReference,
  shortReference,
  type EcrRepository,
} from '../aws/image-reference.ts';
import type { JsonObject, TaskDefinition } from '../model/index.ts';
import { objectIn, objectsIn, parsedObject, textIn } from '../runtime/json.ts';
import { withTimeout } from '../runtime/wait.ts';
import {
  failed,
  looked,
  ok,
  runsOnFargate,
  skipped,
  warning,
  type Candidate,
  type Check,
  type CheckContext,
  type Finding,
  type PreflightAws,
} from './check.ts';

/** As image indexes name it. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
}

/** Every image that is in ECR exists, and is for the task's platform or an index that has an image for it. */
export const image: Check = {
  name: 'image',
  nothing: 'the definition names no image',
  async look(aws, candidate, ctx) {
    const platform = platformOf(candidate);
    const references = candidate.definition.containerDefinitions.map((container) => container.image);
    const there = references.filter((reference) => !isToBeBuilt(reference, candidate));
    const decisions = {
      there: (reference: string, seen: SeenImage) =>
        platformFinding(nameOf(reference, candidate), seen, platform),
      gone: (reference: string) => goneFinding(reference, candidate),
    };
    const configOf: ReadConfig = (...of) => readConfig(aws, ctx, ...of);
    // Where any platform may be the right one, there is nothing to hold a config against.
    const found = await lookAtImages(aws, there, decisions, platform === undefined ? undefined : configOf);
    const named = await lookAtBareNames(aws, candidate);
    if (there.length < references.length)
      return [buildFinding(candidate.request.build.platforms, platform), ...found, ...named];
    return found.length + named.length > 0 || there.length === 0
      ? [...found, ...named]
      : [skipped('no image is in ECR, and others are not looked at')];
  },
};

/** Pure: whether what is to be built is for the platform that tasks pull. Without platforms of its own it will be. */
export function buildFinding(platforms: readonly string[], platform: Platform | undefined): Finding {
  const all = platforms.join(', ');
  if (platform === undefined) return ok(`an image is to be built${all === '' ? '' : ` for ${all}`}`);
  const desired = describePlatform(platform);
  const fits = platforms.some((each) => each === desired || each.startsWith(`${desired}/`));
  return platforms.length === 0 || fits
    ? ok(`an image is to be built for ${desired}`)
    : failed(
        `the image would be built for ${all}, and the task runs on ${desired}: leave platforms out, or change runtimePlatform of the task definition`,
      );
}

/** What is only announced cannot be there. */
function isToBeBuilt(reference: string, { images }: Candidate): boolean {
  return Object.values(images).some((each) => each.toBeBuilt === true && each.reference === reference);
}

/** An image that ECR does not have. Where another registry or account may have it all the same, nothing is certain. */
function goneFinding(reference: string, candidate: Candidate): Finding {
  const gone = goneText(reference, candidate);
  const repository = ecrRepositoryOf(reference);
  const account = candidate.services[0]?.address.accountId;
  const brought = Object.values(candidate.images).some((each) => each.reference === reference);
  if (repository !== undefined && looksLikeCache(repository.name)) {
    return skipped(
      `${gone}; its repository looks like a pull-through cache, which fetches it with the first pull`,
    );
  }
  const certain = account === undefined ? brought : repository?.accountId === account;
  return certain ? failed(gone) : skipped(`${gone}, as far as this account may see`);
}

/** A name without a registry is Docker Hub's. Where this account has a repository and tag of that name, that is told. */
async function lookAtBareNames(aws: PreflightAws, { images }: Candidate): Promise<readonly Finding[]> {
  const looks = Object.values(images).map(async ({ reference }) => {
    const [, name, tag = 'latest'] = BARE_NAME.exec(reference) ?? [];
    if (name === undefined || !(await isInEcr(aws, name, tag))) return [];
    return [
      warning(
        `${reference} is Docker Hub's ${name.includes('/') ? name : `library/${name}`}, and ECR has ${name}:${tag} in this account: did you mean ecr-repository: ${name} with image-tag: ${tag}?`,
      ),
    ];
  });
  return (await Promise.all(looks)).flat();
}

/** A path of Docker Hub, with a namespace or without; with a dot, the part before the slash is a registry. */
const BARE_NAME = /^((?:[a-z0-9]+(?:[_-]+[a-z0-9]+)*\/)?[a-z0-9]+(?:[._-]+[a-z0-9]+)*)(?::([\w.-]+))?$/;

/** Only a hint depends on it: what cannot be read is not there. */
async function isInEcr(aws: PreflightAws, repositoryName: string, imageTag: string): Promise<boolean> {
  const read = (): ReturnType<EcrReads['batchGetImage']> =>
    aws
      .ecr(aws.region)
      .batchGetImage({ repositoryName, imageIds: [{ imageTag }], acceptedMediaTypes: MANIFEST_TYPES });
  const answer = valueOr(await attempt(read, ANY_ERROR), undefined);
  return (answer?.images ?? []).length > 0;
}

function goneText(reference: string, candidate: Candidate): string {
  const repository = ecrRepositoryOf(reference);
  const where = `account ${repository?.accountId ?? ''}, ${repository?.region ?? ''}`;
  return `${nameOf(reference, candidate)} is not in ECR (${where})`;
}

/** With the tag that led to the digest, where this run knows it. */
function nameOf(reference: string, { images }: Candidate): string {
  const tag = Object.values(images).find((each) => each.reference === reference)?.tag;
  return tag === undefined ? shortReference(reference) : `${shortReference(reference)} (${tag})`;
}

/**
 * Pure: the platform that tasks pull; undefined where it depends on the instance that they land on (ECS API,
 * RuntimePlatform: Fargate runs Linux on X86_64 unless told otherwise).
 */
export function platformOf({
  definition,
  services,
}: Pick<Candidate, 'definition' | 'services'>): Platform | undefined {
  const { cpu, system } = runtimeOf(definition);
  const onFargate = services.length === 0 ? asksForFargate(definition) : services.some(runsOnFargate);
  if (cpu === undefined && !onFargate) return undefined;
  return {
    os: system?.startsWith('WINDOWS') === true ? 'windows' : 'linux',
    architecture: cpu === 'ARM64' ? 'arm64' : 'amd64',
  };
}

function runtimeOf(definition: TaskDefinition): { cpu: string | undefined; system: string | undefined } {
  const platform = objectIn(definition, 'runtimePlatform');
  return { cpu: textIn(platform, 'cpuArchitecture'), system: textIn(platform, 'operatingSystemFamily') };
}

export function asksForFargate(definition: TaskDefinition): boolean {
  const compatibilities = definition['requiresCompatibilities'];
  return Array.isArray(compatibilities) && compatibilities.includes('FARGATE');
}

/**
 * Pure: whether an image has the platform. An index says which platforms it has; the platform of a single image is in
 * its config. Where that could not be read, the image passes: a check that cannot be made must not refuse.
 */
export function platformFinding(name: string, seen: SeenImage, platform: Platform | undefined): Finding {
  const platforms = platformsOf(seen);
  if (platforms.length === 0) return ok(`${name} is there`);
  const all = platforms.map(describePlatform).join(', ');
  if (platform === undefined) return ok(`${name} is there, for ${all}`);
  const fits = platforms.some(
    ({ os, architecture }) => os === platform.os && architecture === platform.architecture,
  );
  return fits
    ? ok(`${name} is there, for ${describePlatform(platform)}`)
    : failed(`${name} has no image for ${describePlatform(platform)}, which the task runs on; it has ${all}`);
}

/** `linux/arm64`, as buildx has it. */
export function describePlatform({ os, architecture }: Platform): string {
  return `${os}/${architecture}`;
}

/** None where neither an index nor a config tells, or where one leaves a platform open. */
function platformsOf({ manifest, config }: SeenImage): Platform[] {
  const entries = objectsIn(parsedObject(manifest), 'manifests');
  const said =
    entries.length > 0 ? entries.map((entry) => objectIn(entry, 'platform')) : [parsedObject(config)];
  const platforms = said.map(platformIn);
  if (platforms.some(({ os, architecture }) => os === '' || architecture === '')) return [];
  // Attestations are entries of no platform.
  return platforms.filter(({ os }) => os !== 'unknown');
}

/** Some builders write the names that the kernel has for an architecture, and container runtimes take them. */
const ARCHITECTURES = new Map([
  ['x86_64', 'amd64'],
  ['aarch64', 'arm64'],
]);

function platformIn(said: JsonObject): Platform {
  const architecture = textIn(said, 'architecture') ?? '';
  return { os: textIn(said, 'os') ?? '', architecture: ARCHITECTURES.get(architecture) ?? architecture };
}

/** What is to be decided about an image that is there, or is not. */
export interface Decisions {
  readonly there: (reference: string, image: SeenImage) => Finding;
  readonly gone: (reference: string) => Finding;
}

/** An image as ECR has it. */
export interface SeenImage {
  readonly manifest: string | undefined;
  /** Where it was asked for and could be read. */
  readonly config: string | undefined;
}

/** Reads the config that belongs to a manifest; undefined where there is none to be had. */
export type ReadConfig = (
  repository: EcrRepository,
  manifest: string | undefined,
) => Promise<string | undefined>;

const noConfig: ReadConfig = () => Promise.resolve(undefined);

/** Looks at every image that is in ECR, one call a repository; images of other registries are left out. */
export async function lookAtImages(
  aws: Pick<PreflightAws, 'ecr'>,
  references: readonly string[],
  decisions: Decisions,
  configOf: ReadConfig = noConfig,
): Promise<readonly Finding[]> {
  const looks = byRepository(references).map(({ repository, references: desired }) =>
    looked(
      `repository ${repository.name}`,
      'ecr:BatchGetImage',
      () => readImages(aws, repository, desired, configOf),
      (answer) => desired.map((reference) => findingOf(reference, answer, decisions)),
      (error) => (isAwsError(error, 'RepositoryNotFoundException') ? goneAll(desired, decisions) : undefined),
    ),
  );
  return (await Promise.all(looks)).flat();
}

/** What ECR says of images of one repository. */
interface Answer extends Pick<BatchGetImageCommandOutput, 'failures'> {
  readonly images: readonly (SeenImage & Pick<Image, 'imageId'>)[];
}

async function readImages(
  aws: Pick<PreflightAws, 'ecr'>,
  repository: EcrRepository,
  references: readonly string[],
  configOf: ReadConfig,
): Promise<Answer> {
  const { images = [], failures } = await aws.ecr(repository.region).batchGetImage({
    registryId: repository.accountId,
    repositoryName: repository.name,
    imageIds: references.map(imageId),
    acceptedMediaTypes: MANIFEST_TYPES,
  });
  const seen = images.map(async ({ imageId: id, imageManifest: manifest }) => ({
    imageId: id,
    manifest,
    config: await configOf(repository, manifest),
  }));
  return { images: await Promise.all(seen), failures };
}

/** Pure: what ECR's answer says of one image. */
function findingOf(
  reference: string,
  { images, failures = [] }: Answer,
  { there, gone }: Decisions,
): Finding {
  const id = imageId(reference);
  const image = images.find((each) => isSame(each.imageId, id));
  if (image !== undefined) return there(reference, image);
  const failure = failures.find((each) => isSame(each.imageId, id));
  if (failure?.failureCode === 'ImageNotFound') return gone(reference);
  const why = failure?.failureReason ?? failure?.failureCode ?? 'no answer';
  return skipped(`${shortReference(reference)} could not be looked at (${why})`);
}

function goneAll(references: readonly string[], { gone }: Decisions): Finding {
  const findings = references.map(gone);
  return { ...(findings[0] ?? failed('')), detail: findings.map(({ detail }) => detail).join('; ') };
}

function imageId(reference: string): ImageIdentifier {
  const { tag, digest } = parseImageReference(reference);
  return digest === undefined ? { imageTag: tag ?? 'latest' } : { imageDigest: digest };
}

function isSame(one: ImageIdentifier | undefined, desired: ImageIdentifier): boolean {
  return desired.imageDigest === undefined
    ? one?.imageTag === desired.imageTag
    : one?.imageDigest === desired.imageDigest;
}

function byRepository(
  references: readonly string[],
): { readonly repository: EcrRepository; readonly references: readonly string[] }[] {
  const groups = new Map<string, { repository: EcrRepository; references: string[] }>();
  for (const reference of new Set(references)) {
    const repository = ecrRepositoryOf(reference);
    if (repository === undefined) continue;
    const key = `${repository.host}/${repository.name}`;
    const group = groups.get(key) ?? { repository, references: [] };
    groups.set(key, { repository, references: [...group.references, reference] });
  }
  return [...groups.values()];
}

/** Of the URL and of what is behind it together: a network without a way to either must not hold a run up. */
const LIMIT_MS = 5_000;

/** A config has some kilobytes. */
const MAX_BYTES = 1024 * 1024;

/** The configs that say which platform an image is for; those of charts and other artifacts do not. */
const CONFIG_TYPES = [
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
];

/**
 * The config of a single image, of which ECR gives out a URL; undefined where it cannot be read, for whatever reason.
 * Rejects only with the end of the job.
 */
export async function readConfig(
  aws: Pick<PreflightAws, 'ecr'>,
  { clock, signal, download }: CheckContext,
  repository: EcrRepository,
  manifest: string | undefined,
): Promise<string | undefined> {
  const layerDigest = configDigest(manifest);
  if (layerDigest === undefined) return undefined;
  const over = new AbortController();
  const read = async (): Promise<string> => {
    const { downloadUrl = '' } = await aws.ecr(repository.region).getDownloadUrlForLayer({
      registryId: repository.accountId,
      repositoryName: repository.name,
      layerDigest,
    });
    return download(downloadUrl, MAX_BYTES, AbortSignal.any([signal, over.signal]));
  };
  try {
    const answer = await attempt(() => withTimeout(clock, LIMIT_MS, read), ANY_ERROR);
    if (answer.kind !== 'answered') signal.throwIfAborted();
    return valueOr(answer, undefined);
  } finally {
    over.abort();
  }
}

/** Pure: undefined where the manifest is none of a single image. */
export function configDigest(manifest: string | undefined): string | undefined {
  const config = objectIn(parsedObject(manifest), 'config');
  const type = textIn(config, 'mediaType');
  return type !== undefined && CONFIG_TYPES.includes(type) ? textIn(config, 'digest') : undefined;
}
