import { parseImageReference } from '../aws/image-reference.ts';
import { Failure } from '../runtime/failure.ts';
import { isImmutable, type FoundRepository } from './repository.ts';

/** One name that the image gets. */
export interface ImageName {
  readonly reference: string;
  /** Where it is in the repository of the build; undefined for any other one. */
  readonly tag: string | undefined;
  /** The user asked for this very name. */
  readonly asked: boolean;
  /** A later run with the same commit and inputs finds the image by it. */
  readonly finds: boolean;
}

/** Digests by tag, for the tags of the repository that exist. */
export type PresentTags = ReadonlyMap<string, string>;

const TAG = /^\w[\w.-]{0,127}$/;

/** Pure: the names that the image gets: the given ones, else the commit's SHA. */
export function wantedNames(tags: readonly string[], sha: string, { uri }: { uri: string }): ImageName[] {
  if (tags.length === 0) return [{ reference: `${uri}:${sha}`, tag: sha, asked: false, finds: false }];
  return tags.map((given) => {
    if (TAG.test(given)) return { reference: `${uri}:${given}`, tag: given, asked: true, finds: false };
    const { repository, tag = 'latest' } = parseImageReference(given);
    return { reference: given, tag: repository === uri ? tag : undefined, asked: true, finds: false };
  });
}

/** Pure: the name by which a later run with the same commit and inputs finds the image. */
export function hashedName(sha: string, hash: string, { uri }: { uri: string }): ImageName {
  const tag = `${sha}-${hash}`;
  return { reference: `${uri}:${tag}`, tag, asked: false, finds: true };
}

/** The names that are to be pushed, and those that must stay where they are. */
export interface NamePlan {
  readonly push: readonly ImageName[];
  readonly kept: readonly ImageName[];
}

/**
 * Pure: what becomes of each name. A tag that exists already, on another image than `digest`, and cannot be moved is
 * kept; one that the user asked for is refused. Throws `preflight-failed` then.
 */
export function planNames(
  names: readonly ImageName[],
  present: PresentTags,
  { name, mutability }: Pick<FoundRepository, 'name' | 'mutability'>,
  digest: string | undefined,
): NamePlan {
  const isStuck = ({ tag }: ImageName): boolean =>
    tag !== undefined && present.has(tag) && isImmutable(tag, mutability);
  const open = names.filter(
    ({ tag }) => tag === undefined || digest === undefined || present.get(tag) !== digest,
  );
  const stuck = open.filter(isStuck);
  const refused = stuck.find(({ asked }) => asked);
  if (refused !== undefined) throw tagIsTaken(refused.tag ?? '', name);
  return { push: open.filter((each) => !isStuck(each)), kept: stuck };
}

export function tagIsTaken(tag: string, repository: string): Failure {
  return new Failure(
    'preflight-failed',
    `Tag ${tag} of ECR repository "${repository}" exists already, and the tags of the repository are immutable.`,
    {
      hint: 'Give another tag in push-tags, or leave it out and reuse-image on: then the image of this commit is used again. Nothing was built.',
    },
  );
}
