import { revisionName } from '../aws/arn.ts';
import type { AwsReads } from '../aws/clients.ts';
import { ecrRepositoryOf, parseImageReference } from '../aws/image-reference.ts';
import type { RunContext } from '../context.ts';
import type {
  DefinitionChange,
  DeployedImage,
  ProvidedImages,
  Request,
  RunningImage,
  ServiceSnapshot,
  TaskDefinition,
} from '../model/index.ts';
import { FAILED_MARK, imagesAfter, pinImages } from '../ecs/rollback-target.ts';
import { DeployError } from '../runtime/error.ts';
import type { Log } from '../runtime/log.ts';
import { describeChange, diffDefinitions } from './diff.ts';
import { settleImages, warningOf, type SettledImage } from './kept-images.ts';
import { findRevision, loadBase, loadRevision, type LoadedDefinition } from './load.ts';
import { isWithoutLogging, render, rendersAnything, rendersContainers } from './render.ts';
import { mapContainers } from './shape.ts';

/** The definition to deploy, and how it relates to what is there. */
export interface PreparedDefinition {
  readonly definition: TaskDefinition;
  /** For people: where the base came from. */
  readonly origin: string;
  /** A revision that already is this definition; undefined: it must be registered. */
  readonly existingArn: string | undefined;
  /** Images that this run brings, by container. */
  readonly images: Readonly<Record<string, DeployedImage>>;
  /** Against what the (first) service runs; against nothing where there is no service. */
  readonly changes: readonly DefinitionChange[];
  /** Paths in which the base differs from what runs, and which this run did not ask to change. */
  readonly unasked?: readonly string[];
  /** What the (first) service runs. */
  readonly current: TaskDefinition | undefined;
  /** Definitions that AWS has registered, and so takes: the base, where it is no file, and what runs. */
  readonly heldByAws: readonly TaskDefinition[];
}

export interface PrepareContext extends Pick<RunContext, 'workspace'> {
  readonly aws: Pick<AwsReads, 'taskDefinitions' | 'region'>;
  readonly log: Log;
  /** The image that a reference means right now, by digest where that can be known. */
  readonly resolve: (reference: string) => Promise<DeployedImage>;
}

/**
 * Loads the base, renders this run's images and fields into it, and compares it with what is there. `ran`: the images
 * that a revision is gone back to with; what is not in it stays as the revision writes it.
 */
export async function prepareTaskDefinition(
  ctx: PrepareContext,
  request: Request,
  services: readonly ServiceSnapshot[],
  provided: ProvidedImages,
  ran?: readonly RunningImage[],
): Promise<PreparedDefinition> {
  const { aws, log, workspace } = ctx;
  const base = await loadBase(aws, request.definition.base, services, { workspace });
  const [service] = services;
  const current = service && (await loadCurrent(aws, service, base));
  const rendered =
    ran === undefined ? await renderOnto(ctx, base, request, provided, current) : goneBackTo(base, ran);
  refuseWithoutImage(rendered.definition, base.origin);
  const against = current && comparable(current, rendered.definition);
  const changes = against
    ? diffDefinitions(against, rendered.definition, request.definition.showEnvironmentValues)
    : [];
  const unasked =
    current && ran === undefined ? await unaskedPaths(aws, request, services, current, base, rendered) : [];
  log.line(`Base: ${base.origin}.`);
  for (const revision of base.passedOver ?? []) log.line(`Not the base: ${revision}.`);
  for (const change of changes) log.line(describeChange(change));
  if (current && changes.length === 0) log.line('Nothing differs from what runs.');
  warnOfUnasked(log, base, unasked);
  const existingArn = await existingRevision(aws, rendered, base, current, isForced(request, service));
  if (existingArn !== undefined && existingArn === current?.arn) warnOfMark(log, current);
  return {
    ...rendered,
    origin: base.origin,
    existingArn,
    changes,
    unasked,
    current: current?.pinned,
    heldByAws: [
      ...(request.definition.base.kind === 'file' ? [] : [base.definition]),
      ...(current === undefined ? [] : [current.definition]),
    ],
  };
}

/** Pure: the revision as it ran. */
function goneBackTo(base: LoadedDefinition, ran: readonly RunningImage[]): Rendered {
  const definition = pinImages(base.definition, ran);
  return { definition, images: imagesAfter({ definition }) };
}

/** A new deployment is made even of the revision that runs. */
function isForced(request: Request, service: ServiceSnapshot | undefined): boolean {
  return request.rollout.forceNewDeployment === true || service?.rollout === 'failed';
}

/** Neither the base nor this run nor what runs has an image for it. */
function refuseWithoutImage({ containerDefinitions }: TaskDefinition, origin: string): void {
  const without = containerDefinitions
    .filter(({ image }) => typeof image !== 'string' || image === '')
    .map(({ name }) => `"${name}"`);
  if (without.length === 0) return;
  throw new DeployError(
    'invalid-input',
    `${without.join(', ')} ${without.length === 1 ? 'has' : 'have'} no image: ${origin} names none, no service runs such a container, and this run brings none.`,
    { hint: 'Write the image into the task definition, or give images with a line for each container.' },
  );
}

/** What the (first) service runs. */
interface CurrentDefinition {
  readonly arn: string;
  readonly isActive: boolean;
  readonly isMarked: boolean;
  readonly definition: TaskDefinition;
  readonly running: readonly RunningImage[];
  /** The definition with its images as ECS resolved them. */
  readonly pinned: TaskDefinition;
}

async function loadCurrent(
  aws: Pick<AwsReads, 'taskDefinitions' | 'region'>,
  service: ServiceSnapshot,
  base: LoadedDefinition,
): Promise<CurrentDefinition> {
  const loaded =
    base.arn === service.taskDefinitionArn ? base : await loadRevision(aws, service.taskDefinitionArn);
  const running = runningImages(service, loaded.definition);
  return {
    arn: service.taskDefinitionArn,
    isActive: loaded.arn !== undefined,
    isMarked: loaded.isMarked,
    definition: loaded.definition,
    running,
    pinned: pinImages(loaded.definition, running),
  };
}

/** What ECS resolved; for a container that it does not tell of, what the running revision says. */
function runningImages(service: ServiceSnapshot, current: TaskDefinition): readonly RunningImage[] {
  const known = new Set(service.running.map((each) => each.container));
  const others = current.containerDefinitions
    .filter(({ name }) => !known.has(name))
    .map(({ name, image }) => ({ container: name, image, digest: undefined }));
  return [...service.running, ...others];
}

/** What runs, for the comparison: two references of equal text are equal, all others are compared by digest. */
function comparable({ definition, pinned }: CurrentDefinition, rendered: TaskDefinition): TaskDefinition {
  return mapContainers(pinned, (container) => {
    const text = definition.containerDefinitions.find(({ name }) => name === container.name)?.image;
    const ours = rendered.containerDefinitions.find(({ name }) => name === container.name)?.image;
    return text !== undefined && text === ours ? { ...container, image: text } : container;
  });
}

interface Rendered {
  readonly definition: TaskDefinition;
  readonly images: Readonly<Record<string, DeployedImage>>;
}

/** A revision that is named, and does not run, is deployed as it is where there is nothing to render into it. */
async function renderOnto(
  ctx: PrepareContext,
  base: LoadedDefinition,
  request: Request,
  provided: ProvidedImages,
  current: CurrentDefinition | undefined,
): Promise<Rendered> {
  const fields = rendersAnything(request.definition);
  const { base: asked, containers: named } = request.definition;
  const running = current?.running ?? [];
  if (provided.kind === 'none' && !fields && asked.kind === 'revision' && base.arn !== current?.arn) {
    return { definition: base.definition, images: {} };
  }
  const hints = { named, ecrRepository: request.ecrRepository, running };
  const concerned = provided.kind !== 'none' || rendersContainers(request.definition);
  const containers = concerned ? chooseContainers(base.definition, provided, hints) : [];
  const ours = imagesByContainer(provided, containers);
  const imageContainers = concerned ? containers : chosenOrUndefined(base.definition, provided, hints);
  const isFile = asked.kind === 'file';
  const terms = { isFile, imageContainers, brought: Object.keys(ours), running };
  const settled = settleImages(base.definition, terms);
  for (const text of settled.flatMap((each) => warningOf(each) ?? [])) ctx.log.warn(text);
  const written = isFile ? await resolved(ctx, settled, base.definition, imageContainers ?? []) : {};
  const kept = mapContainers(base.definition, (container) => {
    const image =
      written[container.name]?.reference ?? settled.find((each) => each.container === container.name)?.image;
    return image === undefined ? container : { ...container, image };
  });
  checkLogOptions(kept, containers, request.definition);
  const definition = render(kept, { request: request.definition, containers, images: ours, running: [] });
  const brought = Object.entries(written).filter(([name]) => (imageContainers ?? []).includes(name));
  return { definition, images: { ...Object.fromEntries(brought), ...ours } };
}

/** Options without a driver are refused by AWS, which knows nothing of the inputs. */
function checkLogOptions(
  base: TaskDefinition,
  containers: readonly string[],
  { logDriver, logOptions }: Request['definition'],
): void {
  if (logDriver !== undefined || Object.keys(logOptions.set).length === 0) return;
  const without = base.containerDefinitions.filter(
    (each) => containers.includes(each.name) && isWithoutLogging(each),
  );
  if (without.length === 0) return;
  const names = without.map(({ name }) => `"${name}"`).join(', ');
  throw new DeployError(
    'invalid-input',
    `log-configuration-options: ${names} of the task definition has no log driver for them. Give log-configuration-log-driver, such as awslogs.`,
  );
}

/** The images that a file names, as far as they are in ECR or in a container that images go to. */
async function resolved(
  ctx: PrepareContext,
  settled: readonly SettledImage[],
  file: TaskDefinition,
  imageContainers: readonly string[],
): Promise<Record<string, DeployedImage>> {
  const asWritten = settled.filter(({ container, image }) =>
    file.containerDefinitions.some((each) => each.name === container && each.image === image),
  );
  const concerned = asWritten.filter(
    ({ container, image }) => ecrRepositoryOf(image) !== undefined || imageContainers.includes(container),
  );
  const found = concerned.map(async ({ container, image }) => [container, await ctx.resolve(image)] as const);
  return Object.fromEntries(await Promise.all(found));
}

/** The same choice where nothing depends on it: undefined where it cannot be made. */
function chosenOrUndefined(
  definition: TaskDefinition,
  provided: ProvidedImages,
  hints: ContainerHints,
): string[] | undefined {
  try {
    return chooseContainers(definition, provided, hints);
  } catch (error) {
    if (error instanceof DeployError) return undefined;
    throw error;
  }
}

/**
 * The revision that runs, or else the base itself (for a file: the family's latest), if it is this definition. None where
 * this run brings an image whose digest is not known: the same tag may be another image by now.
 */
async function existingRevision(
  aws: Pick<AwsReads, 'taskDefinitions' | 'region'>,
  { definition, images }: Rendered,
  base: LoadedDefinition,
  current: CurrentDefinition | undefined,
  isForced: boolean,
): Promise<string | undefined> {
  const isUnknown = Object.values(images).some(
    ({ digest, toBeBuilt }) => digest === undefined && toBeBuilt !== true,
  );
  if (isUnknown) return undefined;
  if (current !== undefined && isSame(comparable(current, definition), definition)) {
    if (!isForced) return current.arn;
    // A new deployment of a text with a tag starts what the tag means by then.
    return current.isActive && isSame(current.definition, definition) ? current.arn : undefined;
  }
  if (base.arn !== undefined) return isSame(base.definition, definition) ? base.arn : undefined;
  const latest = await findRevision(aws, definition.family);
  return latest !== undefined && isSame(latest.definition, definition) ? latest.arn : undefined;
}

function isSame(one: TaskDefinition, other: TaskDefinition): boolean {
  return diffDefinitions(one, other).length === 0;
}

/**
 * Where the base is whatever revision is the latest, what it changes besides what this run asked for. While a deployment
 * is under way, what is compared with is the last good revision: nobody has seen the one under way work. Only a base that
 * is that very revision is compared with the one under way, whose changes it leaves out.
 */
async function unaskedPaths(
  aws: Pick<AwsReads, 'taskDefinitions' | 'region'>,
  { definition: { base: asked } }: Request,
  [service]: readonly ServiceSnapshot[],
  current: CurrentDefinition,
  base: LoadedDefinition,
  { definition: rendered }: Rendered,
): Promise<string[]> {
  if (asked.kind !== 'latest-of-service' && asked.kind !== 'family') return [];
  const good = service?.rollout === 'complete' ? undefined : service?.lastGood?.taskDefinitionArn;
  const proven = good === undefined || good === current.arn ? undefined : await findRevision(aws, good);
  // A base below the one under way leaves out what that one changed.
  const leavesOut = service?.rollout === 'in-progress' && base.arn !== undefined && base.arn === proven?.arn;
  const before = leavesOut ? current.definition : (proven?.definition ?? current.definition);
  const ofBase = pathsOf(diffDefinitions(before, base.definition));
  const ofRun = new Set(pathsOf(diffDefinitions(base.definition, rendered)));
  const shipped = new Set(pathsOf(diffDefinitions(before, rendered)));
  return ofBase.filter(
    (path) => shipped.has(path) && !ofRun.has(path) && !IMAGE.test(path) && !TAG.test(path),
  );
}

const IMAGE = /^containerDefinitions\[[^\]]*\]\.image$/;
const TAG = /^tags\b/;

function pathsOf(changes: readonly DefinitionChange[]): string[] {
  return changes.map(({ path }) => path);
}

/** Fields that a warning names; the summary has all of them. */
const NAMED = 8;

function warnOfUnasked(log: Log, { origin }: LoadedDefinition, unasked: readonly string[]): void {
  if (unasked.length === 0) return;
  const more = unasked.length > NAMED ? ` and ${unasked.length - NAMED} more` : '';
  log.warn(
    `The base (${origin}) differs from what runs in what this run did not ask for: ${unasked.slice(0, NAMED).join(', ')}${more}. These changes ship with this release. With task-definition: running they do not: the base is what runs then.`,
  );
}

/** What was asked for is what runs, and gates of an earlier run condemned that. */
function warnOfMark(log: Log, { arn, isMarked }: CurrentDefinition): void {
  if (!isMarked) return;
  log.warn(
    `${revisionName(arn)}, which runs and is what this run asks for, is marked as failed: gates of an earlier run condemned it. It is neither base nor rollback target until its tag ${FAILED_MARK.key} is removed.`,
  );
}

/** What helps to choose when the user named no container. */
export interface ContainerHints {
  /** The inputs `container-name` and `ecr-repository`. */
  readonly named: readonly string[];
  readonly ecrRepository: string | undefined;
  readonly running: readonly RunningImage[];
}

/**
 * The containers that get the image and the rendered fields: those named; else the only one; else the only one
 * whose image, in the base or as it runs, is in the repository. Throws `invalid-input` otherwise, with the names.
 */
export function chooseContainers(
  definition: TaskDefinition,
  provided: ProvidedImages,
  hints: ContainerHints,
): string[] {
  const names = definition.containerDefinitions.map((container) => container.name);
  const known = names.map((name) => `"${name}"`).join(', ');
  if (provided.kind === 'by-container') {
    const asked = Object.keys(provided.images);
    refuseUnknown(asked, names, known, 'images');
    return asked;
  }
  if (hints.named.length > 0) {
    refuseUnknown(hints.named, names, known, 'container-name');
    return [...hints.named];
  }
  const [only, ...others] = names;
  if (only !== undefined && others.length === 0) return [only];
  const repository =
    hints.ecrRepository ??
    (provided.kind === 'one' ? parseImageReference(provided.image.reference).repository : undefined);
  const inRepository = names.filter((name) =>
    imagesOf(definition, hints.running, name).some((image) => isIn(image, repository)),
  );
  const [match, ...further] = inRepository;
  if (match !== undefined && further.length === 0) return [match];
  throw new DeployError(
    'invalid-input',
    `The task definition ${definition.family} has ${names.length} containers, and container-name does not say which one is meant. Containers: ${known}.`,
  );
}

/** Which image each container gets from this run. */
export function imagesByContainer(
  provided: ProvidedImages,
  chosen: readonly string[],
): Record<string, DeployedImage> {
  switch (provided.kind) {
    case 'none':
      return {};
    case 'one':
      return Object.fromEntries(chosen.map((name) => [name, provided.image]));
    case 'by-container':
      return { ...provided.images };
  }
}

function refuseUnknown(
  asked: readonly string[],
  names: readonly string[],
  known: string,
  input: string,
): void {
  const unknown = asked.find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new DeployError(
    'invalid-input',
    `${input}: the task definition has no container "${unknown}". Its containers: ${known}.`,
  );
}

function imagesOf(definition: TaskDefinition, running: readonly RunningImage[], name: string): string[] {
  return [
    ...definition.containerDefinitions.filter((each) => each.name === name).map((each) => each.image),
    ...running.filter((each) => each.container === name).map((each) => each.image),
  ];
}

/** `repository` is a name in this account, or a URI (host and name). */
function isIn(image: string, repository: string | undefined): boolean {
  if (repository === undefined || typeof image !== 'string') return false;
  return parseImageReference(image).repository === repository || ecrRepositoryOf(image)?.name === repository;
}
