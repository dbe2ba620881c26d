import type { Aws } from '../aws/clients.ts';
import { byDigest, ecrRepositoryOf, parseImageReference } from '../aws/image-reference.ts';
import type {
  DefinitionChange,
  DeployedImage,
  ProvidedImages,
  Request,
  RunningImage,
  ServiceSnapshot,
  TaskDefinition,
} from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';
import type { Log } from '../runtime/log.ts';
import { describeChange, diffDefinitions } from './diff.ts';
import { findRevision, loadBase, loadRevision, type LoadedDefinition } from './load.ts';
import { render, rendersAnything, rendersContainers } from './render.ts';
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
  /** What the (first) service runs. */
  readonly current: TaskDefinition | undefined;
  /** Definitions that AWS has registered, and so takes: the base, where it is no file, and what runs. */
  readonly heldByAws: readonly TaskDefinition[];
}

export interface PrepareContext {
  readonly aws: Pick<Aws, 'taskDefinitions' | 'region'>;
  readonly log: Log;
  readonly workspace: string;
}

/** Loads the base, renders this run's images and fields into it, and compares it with what is there. */
export async function prepareTaskDefinition(
  { aws, log, workspace }: PrepareContext,
  request: Request,
  services: readonly ServiceSnapshot[],
  provided: ProvidedImages,
): Promise<PreparedDefinition> {
  const base = await loadBase(aws, request.definition.base, services, { workspace, log });
  const [service] = services;
  const current = service && (await loadCurrent(aws, service, base, request));
  const rendered = renderOnto(base, request, provided, current?.running ?? []);
  refuseWithoutImage(rendered.definition, base.origin);
  const changes = current
    ? diffDefinitions(current.pinned, rendered.definition, request.definition.showEnvironmentValues)
    : [];
  const baseChanges = current ? diffDefinitions(current.definition, base.definition) : [];
  log.line(`Base: ${base.origin}${differences(baseChanges)}.`);
  for (const change of changes) log.line(describeChange(change));
  if (current && changes.length === 0) log.line('Nothing differs from what runs.');
  return {
    ...rendered,
    origin: base.origin,
    existingArn: await existingRevision(aws, rendered.definition, base, current),
    changes,
    current: current?.pinned,
    heldByAws: [
      ...(request.definition.base.kind === 'file' ? [] : [base.definition]),
      ...(current === undefined ? [] : [current.definition]),
    ],
  };
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

function differences(changes: readonly DefinitionChange[]): string {
  if (changes.length === 0) return '';
  const paths = changes.slice(0, 5).map((change) => change.path);
  const more = changes.length > paths.length ? ` and ${changes.length - paths.length} more` : '';
  return `; before rendering it differs from what runs in ${paths.join(', ')}${more}`;
}

/** What the (first) service runs. */
interface CurrentDefinition {
  readonly definition: TaskDefinition;
  readonly running: readonly RunningImage[];
  /** The definition with its images as ECS resolved them. */
  readonly pinned: TaskDefinition;
  /** Undefined where it would have to be deployed again, and was deregistered. */
  readonly deployableArn: string | undefined;
}

async function loadCurrent(
  aws: Pick<Aws, 'taskDefinitions' | 'region'>,
  service: ServiceSnapshot,
  base: LoadedDefinition,
  request: Request,
): Promise<CurrentDefinition> {
  const loaded =
    base.arn === service.taskDefinitionArn ? base : await loadRevision(aws, service.taskDefinitionArn);
  const running = runningImages(service, loaded.definition);
  const deployedAgain = request.rollout.forceNewDeployment === true || service.rollout === 'failed';
  return {
    definition: loaded.definition,
    running,
    pinned: pinned(loaded.definition, running),
    deployableArn: loaded.arn ?? (deployedAgain ? undefined : service.taskDefinitionArn),
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

/** An existing revision with nothing to render is deployed as it is, its images included. */
function renderOnto(
  base: LoadedDefinition,
  request: Request,
  provided: ProvidedImages,
  running: readonly RunningImage[],
): { definition: TaskDefinition; images: Record<string, DeployedImage> } {
  const fields = rendersAnything(request.definition);
  if (provided.kind === 'none' && !fields) {
    const asItIs = request.definition.base.kind === 'revision';
    return {
      definition: asItIs ? base.definition : pinned(base.definition, running),
      images: {},
    };
  }
  const hints = { named: request.definition.containers, ecrRepository: request.ecrRepository, running };
  const concerned = provided.kind !== 'none' || rendersContainers(request.definition);
  const containers = concerned ? chooseContainers(base.definition, provided, hints) : [];
  const images = imagesByContainer(provided, containers);
  return {
    definition: render(base.definition, { request: request.definition, containers, images, running }),
    images,
  };
}

/** The definition with every image as it runs, by digest where the digest is known. */
function pinned(definition: TaskDefinition, running: readonly RunningImage[]): TaskDefinition {
  return mapContainers(definition, (container) => {
    const now = running.find((each) => each.container === container.name);
    if (now === undefined) return container;
    return { ...container, image: now.digest === undefined ? now.image : byDigest(now.image, now.digest) };
  });
}

/** The revision that runs, or else the base itself (for a file: the family's latest), if it is this definition. */
async function existingRevision(
  aws: Pick<Aws, 'taskDefinitions' | 'region'>,
  definition: TaskDefinition,
  base: LoadedDefinition,
  current: CurrentDefinition | undefined,
): Promise<string | undefined> {
  if (current !== undefined && isSame(current.pinned, definition)) return current.deployableArn;
  if (base.arn !== undefined) return isSame(base.definition, definition) ? base.arn : undefined;
  const latest = await findRevision(aws, definition.family);
  return latest !== undefined && isSame(latest.definition, definition) ? latest.arn : undefined;
}

function isSame(one: TaskDefinition, other: TaskDefinition): boolean {
  return diffDefinitions(one, other).length === 0;
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
