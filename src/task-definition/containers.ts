import { ecrRepositoryOf, parseImageReference } from '../aws/image-reference.ts';
import type { DeployedImage, ProvidedImages, RunningImage, TaskDefinition } from '../model.ts';
import { DeployError } from '../runtime/failure.ts';

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
