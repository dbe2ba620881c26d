import { byDigest, ecrRepositoryOf, parseImageReference, shortReference } from '../aws/image-reference.ts';
import type { RunningImage, TaskDefinition } from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';

/** What decides the image of a container that gets none from this run. */
export interface ImageTerms {
  /** A file means what it says; a revision may hold a bootstrap image. */
  readonly isFile: boolean;
  /** The containers that the images of this repository go to; undefined where that cannot be told. */
  readonly imageContainers: readonly string[] | undefined;
  /** Containers that get an image from this run. */
  readonly brought: readonly string[];
  readonly running: readonly RunningImage[];
}

/** The image of one container that gets none from this run. */
export interface SettledImage {
  readonly container: string;
  readonly image: string;
  /** What the base names, where that is another image than the one that stays. */
  readonly insteadOf?: string;
  /** It stays what runs, and only its tag is known: what starts is what the tag means by then. */
  readonly isUncertain?: boolean;
  /** It stays what runs, since what the base names was hardly meant as a placeholder but is no reference either. */
  readonly misspelt?: string;
}

/** As Docker reads a reference (github.com/distribution/reference), its length apart. */
const REFERENCE =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::\d+)?\/)?[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*(?::\w[\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/;

/** Pure: an image that stands for one that is still to be named: nothing, `<IMAGE>`, or what no registry can have. */
export function isPlaceholder(image: unknown): boolean {
  return typeof image !== 'string' || !REFERENCE.test(image);
}

/**
 * Pure: the image of each container that gets none from this run. A placeholder keeps what runs. A file means what it
 * says. With a revision as base, the containers that images go to keep what runs, and so does any other that runs an
 * image of ECR by digest, unless the base names a digest; the rest ships as the base writes it. Throws `invalid-input`
 * for a container that has no image and none that runs.
 */
export function settleImages(base: TaskDefinition, terms: ImageTerms): SettledImage[] {
  return base.containerDefinitions
    .filter(({ name }) => !terms.brought.includes(name))
    .flatMap(({ name, image }) => {
      const now = terms.running.find(({ container }) => container === name);
      if (isPlaceholder(image)) return inPlaceOf(name, image, now) ?? [];
      if (terms.isFile || now === undefined || !stays(name, image, now, terms))
        return { container: name, image };
      return keep(name, image, now);
    });
}

/** Undefined where there is no image at all: that is refused for the whole definition. */
function inPlaceOf(
  container: string,
  placeholder: string,
  now: RunningImage | undefined,
): SettledImage | undefined {
  if (now !== undefined) {
    return {
      container,
      image: referenceOf(now),
      ...(looksMeant(placeholder) ? { misspelt: placeholder } : {}),
    };
  }
  if (typeof placeholder !== 'string' || placeholder === '') return undefined;
  throw new DeployError(
    'invalid-input',
    `Container "${container}" of the task definition has a placeholder as its image (${placeholder}), no image goes to it, and none of it runs.`,
    { hint: 'Name its image in the task definition, or by images: <container>=<reference>.' },
  );
}

/** A reference with a slip in it; a word alone, and what has the marks of a template, stands for one on purpose. */
function looksMeant(placeholder: unknown): boolean {
  return typeof placeholder === 'string' && /[/:@]/.test(placeholder) && !/[<>{}$%]/.test(placeholder);
}

function stays(name: string, image: string, now: RunningImage, { imageContainers }: ImageTerms): boolean {
  const inEcr = ecrRepositoryOf(now.image) !== undefined;
  if (imageContainers === undefined ? inEcr && image === now.image : imageContainers.includes(name))
    return true;
  const runsByDigest = inEcr && parseImageReference(now.image).digest !== undefined;
  return runsByDigest && parseImageReference(image).digest === undefined;
}

function keep(container: string, image: string, now: RunningImage): SettledImage {
  const isSame =
    image === now.image || (now.digest !== undefined && parseImageReference(image).digest === now.digest);
  const isUncertain = now.digest === undefined && parseImageReference(now.image).digest === undefined;
  return {
    container,
    image: referenceOf(now),
    ...(isSame ? {} : { insteadOf: image }),
    ...(isUncertain ? { isUncertain } : {}),
  };
}

function referenceOf({ image, digest }: RunningImage): string {
  return digest === undefined ? image : byDigest(image, digest);
}

/** Pure: what a person has to know of an image that stays; undefined where there is nothing to say. */
export function warningOf({
  container,
  image,
  insteadOf,
  isUncertain,
  misspelt,
}: SettledImage): string | undefined {
  if (misspelt !== undefined) {
    return `Container "${container}" keeps ${shortReference(image)}, which runs: its image in the base, ${JSON.stringify(misspelt)}, is no reference ([host/]name[:tag][@sha256:digest]) and counts as a placeholder. Correct it, or give images: ${container}=<reference>.`;
  }
  if (insteadOf !== undefined) {
    return `Container "${container}" keeps ${shortReference(image)}, which runs; the base names ${shortReference(insteadOf)}. To deploy that, give it by image or images (${container}=${insteadOf}), or by ecr-repository and image-tag with container-name: ${container}.`;
  }
  if (isUncertain !== true) return undefined;
  return `Container "${container}" keeps ${shortReference(image)}, and which digest of it runs cannot be read: what starts is what the tag means by then. Give the image by digest, or allow ecs:DescribeServiceRevisions and ecs:DescribeTasks.`;
}
