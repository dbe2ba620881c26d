import { ecrRepositoryOf, shortReference } from '../aws/image-reference.ts';
import { objectIn, objectsIn, parsedObject, textIn } from '../aws/json.ts';
import type { JsonObject, TaskDefinition } from '../model.ts';
import { failed, ok, runsOnFargate, type Check, type Finding, type Candidate } from './check.ts';
import { lookAtImages, type ReadConfig, type SeenImage } from './ecr-images.ts';
import { readConfig } from './image-config.ts';

/** As image indexes name it. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
}

/** Every image that is in ECR exists, and is for the task's platform or an index that has an image for it. */
export const image: Check = {
  name: 'image',
  nothing: 'no image is in ECR, and others are not looked at',
  async look(aws, candidate, ctx) {
    const platform = platformOf(candidate);
    const references = candidate.definition.containerDefinitions.map((container) => container.image);
    const there = references.filter((reference) => !isToBeBuilt(reference, candidate));
    const decisions = {
      there: (reference: string, seen: SeenImage) =>
        platformFinding(nameOf(reference, candidate), seen, platform),
      gone: (reference: string) => failed(goneText(reference, candidate)),
    };
    const configOf: ReadConfig = (...of) => readConfig(aws, ctx, ...of);
    // Where any platform may be the right one, there is nothing to hold a config against.
    const found = await lookAtImages(aws, there, decisions, platform === undefined ? undefined : configOf);
    return there.length === references.length
      ? found
      : [buildFinding(candidate.request.build.platforms, platform), ...found];
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
