import { attempt, WITHHELD } from '../aws/attempt.ts';
import type { Aws } from '../aws/clients.ts';
import { byDigest, ecrRepositoryOf, parseImageReference } from '../aws/image-reference.ts';
import { withoutReadOnlyFields, type RawTaskDefinitions } from '../aws/task-definitions.ts';
import { writeOnce } from '../aws/writes.ts';
import type {
  DeployedImage,
  GoodRevision,
  Json,
  PastDeployment,
  RunningImage,
  TaskDefinition,
} from '../model/index.ts';
import type { Clock } from '../runtime/clock.ts';
import { isArray, isObject } from '../runtime/json.ts';

/** The tag of a revision that gates condemned after ECS had called its deployment successful. */
export const FAILED_MARK = { key: 'ecs-fargate-deploy', value: 'failed' } as const;

/** Pure: whether a revision with these tags (ECS API, Tag) is marked as failed. */
export function isMarkedAsFailed(tags: readonly Json[]): boolean {
  return !tags.every(isNoMark);
}

/** Pure: whether a tag is any other than the mark. */
export function isNoMark(tag: Json): boolean {
  return !isObject(tag) || tag['key'] !== FAILED_MARK.key || tag['value'] !== FAILED_MARK.value;
}

/** What a service goes back to: content, and the digests that it ran with. */
export interface RollbackTarget {
  readonly good: GoodRevision;
  /** With every image by the digest that ran, where that is known. */
  readonly definition: TaskDefinition;
  /** UpdateService to the revision itself would do something else: it is INACTIVE, or its text holds tags. */
  readonly mustBeRegistered: boolean;
  /** Containers whose image is known by a tag alone: what starts is what the tag means by then. */
  readonly unknown: readonly string[];
}

/**
 * The newest good revision that is not marked as failed, read this moment. `unreadable` where ECS does not show one:
 * then it is taken as it is. Undefined where there is none.
 */
export async function findRollbackTarget(
  taskDefinitions: Pick<RawTaskDefinitions, 'describe'>,
  candidates: readonly GoodRevision[],
): Promise<RollbackTarget | undefined> {
  for (const good of candidates) {
    const answer = await attempt(() => taskDefinitions.describe(good.taskDefinitionArn), WITHHELD);
    if (answer.kind !== 'answered') {
      return {
        good,
        definition: { family: '', containerDefinitions: [] },
        mustBeRegistered: false,
        unknown: [],
      };
    }
    const { taskDefinition, tags } = answer.value;
    if (isMarkedAsFailed(tags)) continue;
    return targetOf(
      good,
      withoutReadOnlyFields(taskDefinition, tags),
      taskDefinition['status'] !== 'INACTIVE',
    );
  }
  return undefined;
}

/** Pure. */
export function targetOf(good: GoodRevision, described: TaskDefinition, isActive: boolean): RollbackTarget {
  const definition = pinImages(described, good.images);
  const isTag = ({ image }: { readonly image: string }): boolean =>
    parseImageReference(image).digest === undefined;
  return {
    good,
    definition,
    mustBeRegistered:
      !isActive ||
      described.containerDefinitions.some(
        (each, at) => each.image !== definition.containerDefinitions[at]?.image,
      ),
    unknown: definition.containerDefinitions.filter(isTag).map(({ name }) => name),
  };
}

/** Pure: the definition with each image by the digest that ran; one whose digest is not known stays as it is written. */
export function pinImages(definition: TaskDefinition, images: readonly RunningImage[]): TaskDefinition {
  return {
    ...definition,
    containerDefinitions: definition.containerDefinitions.map((container) => {
      const ran = images.find((each) => each.container === container.name);
      return ran?.digest === undefined ? container : { ...container, image: byDigest(ran.image, ran.digest) };
    }),
  };
}

/** Pure: what a service can go back to, newest first. */
export function candidatesOf({
  past,
  lastGood,
}: {
  readonly past: readonly PastDeployment[];
  readonly lastGood: GoodRevision | undefined;
}): GoodRevision[] {
  const good = goodRevisions(past);
  return good.length > 0 || lastGood === undefined ? good : [lastGood];
}

/** Pure: the good revisions of a service's history, newest first, each service revision once. */
export function goodRevisions(past: readonly PastDeployment[]): GoodRevision[] {
  const good = past.filter(({ verdict }) => verdict === 'good');
  return good.filter(
    (each, at) => good.findIndex((other) => other.serviceRevisionArn === each.serviceRevisionArn) === at,
  );
}

/** Pure: what the containers are to run after the rollback, as far as it is known. */
export function imagesAfter({
  definition,
}: Pick<RollbackTarget, 'definition'>): Record<string, DeployedImage> {
  const images = definition.containerDefinitions.flatMap(({ name, image }) => {
    const { digest } = parseImageReference(image);
    const registry = ecrRepositoryOf(image)?.host;
    return digest === undefined
      ? []
      : [[name, { reference: image, digest, tag: undefined, registry }] as const];
  });
  return Object.fromEntries(images);
}

/**
 * The revision that UpdateService is to be given: that of the target, or one that is registered with its content and the
 * digests that it ran with. An answer that is lost is looked for: the latest revision of the family, if it is that one.
 */
export async function deployableRevision(
  {
    aws,
    clock,
    signal,
  }: {
    readonly aws: Pick<Aws, 'taskDefinitions'>;
    readonly clock: Clock;
    readonly signal: AbortSignal;
  },
  { good, definition, mustBeRegistered }: RollbackTarget,
): Promise<string> {
  if (!mustBeRegistered) return good.taskDefinitionArn;
  return writeOnce(
    clock,
    () => aws.taskDefinitions.register(withoutMark(definition)),
    async () => {
      const { taskDefinition } = await aws.taskDefinitions.describe(definition.family);
      const latest = withoutReadOnlyFields(taskDefinition, []);
      const arn = taskDefinition['taskDefinitionArn'];
      const isThat = JSON.stringify(imageTexts(latest)) === JSON.stringify(imageTexts(definition));
      return isThat && typeof arn === 'string' ? arn : undefined;
    },
    signal,
  );
}

function imageTexts({ containerDefinitions }: TaskDefinition): [string, string][] {
  return containerDefinitions.map(({ name, image }) => [name, image]);
}

function withoutMark(definition: TaskDefinition): TaskDefinition {
  const { tags, ...rest } = definition;
  if (!isArray(tags)) return definition;
  const kept = tags.filter((tag) => !isMarkedAsFailed([tag]));
  return kept.length === 0 ? rest : { ...definition, tags: kept };
}
