import { ecrRepositoryOf, shortReference } from '../aws/image-reference.ts';
import { isObject, objectIn, objectsIn, textIn } from '../aws/json.ts';
import type { Json, JsonObject, TaskDefinition } from '../model.ts';
import { failed, ok, runsOnFargate, type Check, type Finding, type Subject } from './check.ts';
import { lookAtImages } from './ecr-images.ts';

/** As image indexes name it. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
}

/** Every image that is in ECR exists, and one that is an index has an image for the task's platform. */
export const image: Check = {
  name: 'image',
  nothing: 'no image is in ECR, and others are not looked at',
  async look(aws, subject) {
    const platform = platformOf(subject);
    const references = subject.definition.containerDefinitions.map((container) => container.image);
    const there = references.filter((reference) => !isToBeBuilt(reference, subject));
    const found = await lookAtImages(aws, there, {
      there: (reference, manifest) => platformFinding(nameOf(reference, subject), manifest, platform),
      gone: (reference) => failed(goneText(reference, subject)),
    });
    return there.length === references.length
      ? found
      : [buildFinding(subject.request.build.platforms, platform), ...found];
  },
};

/** Pure: whether what is to be built is for the platform that tasks pull. Without platforms of its own it will be. */
export function buildFinding(platforms: readonly string[], platform: Platform | undefined): Finding {
  const all = platforms.join(', ');
  if (platform === undefined) return ok(`an image is to be built${all === '' ? '' : ` for ${all}`}`);
  const wanted = describePlatform(platform);
  const fits = platforms.some((each) => each === wanted || each.startsWith(`${wanted}/`));
  return platforms.length === 0 || fits
    ? ok(`an image is to be built for ${wanted}`)
    : failed(
        `the image would be built for ${all}, and the task runs on ${wanted}: leave platforms out, or change runtimePlatform of the task definition`,
      );
}

/** What is only announced cannot be there. */
function isToBeBuilt(reference: string, { images }: Subject): boolean {
  return Object.values(images).some((each) => each.toBeBuilt === true && each.reference === reference);
}

function goneText(reference: string, subject: Subject): string {
  const repository = ecrRepositoryOf(reference);
  const where = `account ${repository?.accountId ?? ''}, ${repository?.region ?? ''}`;
  return `${nameOf(reference, subject)} is not in ECR (${where})`;
}

/** With the tag that led to the digest, where this run knows it. */
function nameOf(reference: string, { images }: Subject): string {
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
}: Pick<Subject, 'definition' | 'services'>): Platform | undefined {
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
 * Pure: whether a manifest has the platform. Only an index says which platforms it has; the platform of a single image
 * is in its config, which the ECR API does not give out.
 */
export function platformFinding(
  name: string,
  manifest: string | undefined,
  platform: Platform | undefined,
): Finding {
  const platforms = platformsOf(manifest);
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

/** None where it is not an index, or one that leaves a platform open. Attestations are entries of no platform. */
function platformsOf(manifest: string | undefined): Platform[] {
  const entries = objectsIn(parsed(manifest), 'manifests');
  const platforms = entries.map((entry) => ({
    os: textIn(objectIn(entry, 'platform'), 'os') ?? '',
    architecture: textIn(objectIn(entry, 'platform'), 'architecture') ?? '',
  }));
  if (platforms.some(({ os, architecture }) => os === '' || architecture === '')) return [];
  return platforms.filter(({ os }) => os !== 'unknown');
}

function parsed(manifest: string | undefined): JsonObject {
  try {
    const value = JSON.parse(manifest ?? '') as Json;
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}
