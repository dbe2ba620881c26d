import { revisionName } from '../aws/arn.ts';
import { ANY_AWS_ERROR, attempt, valueOr } from '../aws/attempt.ts';
import type { Aws } from '../aws/clients.ts';
import { commitOfTag, ecrRepositoryOf, parseImageReference } from '../aws/image-reference.ts';
import { withoutReadOnlyFields } from '../aws/task-definitions.ts';
import type { RunContext } from '../context.ts';
import { describeServiceAnew, isBefore, primaryOf, type Deployment, type Service } from '../ecs/services.ts';
import {
  hasContainerChecks,
  readHealthOfTasks,
  type TasksByDeployment,
  type TaskView,
} from '../ecs/task-health.ts';
import type {
  Rollout,
  RunningRevision,
  ServiceSnapshot,
  ServiceState,
  TaskDefinition,
} from '../model/index.ts';
import type { Clock } from '../runtime/clock.ts';
import { counted, minuteInUtc } from '../runtime/log.ts';
import { withTimeout } from '../runtime/wait.ts';

/** The outcome stands by then; this sentence about it is waited for so long. */
const LONGEST_MS = 10_000;

/** What the service runs this moment. */
export interface NowRunning {
  /** `id` of the PRIMARY deployment; undefined where it could not be read, or is of before. */
  readonly primaryId: string | undefined;
  /** Undefined where it could not be read. */
  readonly state: ServiceState | undefined;
}

export interface NowRunningContext extends Pick<RunContext, 'clock'> {
  readonly aws: Pick<Aws, 'ecs' | 'elb' | 'ecr' | 'taskDefinitions'>;
}

/** What the looks of the run know of a deployment that is complete: it need not be read again. */
export interface KnownDeployment {
  readonly rollout: Rollout;
  readonly tasks: readonly TaskView[];
}

/** How long a service that is shown as it was before the rollout is read again, in seconds. */
const OLD_ANSWER_SECONDS = 3;

/** The service; as it was before `since`, by AWS's clock, where ECS shows nothing newer. */
function readService(
  { aws: { ecs }, clock }: NowRunningContext,
  address: ServiceSnapshot['address'],
  since: number | undefined,
): Promise<Service> {
  const isOld = (service: Service): boolean => isBefore(primaryOf(service), { createdAt: since });
  return describeServiceAnew({ ecs, clock }, address, isOld, OLD_ANSWER_SECONDS);
}

/**
 * Reads what the service runs: by the health of its tasks where they may be read, by ECS's counts otherwise. Names of
 * images and commits are left out where they cannot be had. Never rejects for what AWS answers.
 */
export async function readNowRunning(
  ctx: NowRunningContext,
  { address, targetGroups }: Pick<ServiceSnapshot, 'address' | 'targetGroups'>,
  {
    known,
    since,
  }: { readonly known?: KnownDeployment | undefined; readonly since?: number | undefined } = {},
): Promise<NowRunning> {
  const { aws, clock } = ctx;
  const service = await orUnknown(clock, () => readService(ctx, address, since));
  if (service === undefined) return { primaryId: undefined, state: undefined };
  const running = (service.deployments ?? []).filter(
    (each) => each.status === 'PRIMARY' || (each.runningCount ?? 0) > 0,
  );
  const arns = [...new Set(running.map(({ taskDefinition = '' }) => taskDefinition))];
  const definitions = await mapOf(arns, (arn) =>
    orUnknown(clock, async () => {
      if (arn === known?.rollout.taskDefinitionArn) return known.rollout.definition;
      const { taskDefinition, tags } = await aws.taskDefinitions.describe(arn);
      return withoutReadOnlyFields(taskDefinition, tags);
    }),
  );
  const hasChecks = (arn: string): boolean => {
    const definition = definitions.get(arn);
    return definition !== undefined && hasContainerChecks(definition);
  };
  const [healthy, images] = await Promise.all([
    knownHealth(running, known) ??
      orUnknown(clock, () => readHealthOfTasks(aws, { address, targetGroups }, running, hasChecks)),
    mapOf(arns, (arn) => orUnknown(clock, () => imageOf(aws, definitions.get(arn), targetGroups))),
  ]);
  const revisions = running.map((each) => viewOf(each, healthy, images.get(each.taskDefinition ?? '')));
  const state = { serving: servingOf(revisions, service.desiredCount ?? 0), revisions };
  const primary = primaryOf(service);
  const primaryId = isBefore(primary, { createdAt: since }) ? undefined : primary?.id;
  return { primaryId, state };
}

/** By the last look of the run, where its deployment is all that runs. */
function knownHealth(
  running: readonly Deployment[],
  known: KnownDeployment | undefined,
): TasksByDeployment | undefined {
  const [only] = running;
  if (known === undefined || running.length !== 1 || only?.id !== known.rollout.deploymentId)
    return undefined;
  const alive = known.tasks.filter(({ leaving }) => leaving !== true);
  const healthy = alive.filter((task) => task.healthy).length;
  if (healthy < (only.desiredCount ?? 0)) return undefined;
  return new Map([[only.id, { healthy, unchecked: alive.some(({ checked }) => !checked) }]]);
}

/** A fact that is worth a short wait, and no failure. */
async function orUnknown<T>(clock: Clock, read: () => Promise<T>): Promise<T | undefined> {
  return valueOr(await attempt(() => withTimeout(clock, LONGEST_MS, read), ANY_AWS_ERROR), undefined);
}

async function mapOf<T>(keys: readonly string[], read: (key: string) => Promise<T>): Promise<Map<string, T>> {
  return new Map(await Promise.all(keys.map(async (key) => [key, await read(key)] as const)));
}

type Image = Pick<RunningRevision, 'tag' | 'commit'>;

/** Of the container behind the load balancer, else of the first whose image is in ECR. */
async function imageOf(
  aws: Pick<Aws, 'ecr'>,
  definition: TaskDefinition | undefined,
  targetGroups: ServiceSnapshot['targetGroups'],
): Promise<Image> {
  const containers = definition?.containerDefinitions ?? [];
  const behind = targetGroups.map(({ containerName }) => containerName);
  const container =
    containers.find(({ name }) => behind.includes(name)) ??
    containers.find(({ image }) => typeof image === 'string' && ecrRepositoryOf(image) !== undefined);
  const image = container?.image;
  if (typeof image !== 'string') return { tag: undefined, commit: undefined };
  const { tag, digest } = parseImageReference(image);
  const tags = digest === undefined ? [] : await tagsOf(aws, image, digest);
  const all = tag === undefined ? tags : [tag, ...tags];
  const commit = all.flatMap((each) => commitOfTag(each) ?? [])[0];
  return { tag: all.find((each) => commitOfTag(each) === undefined), commit };
}

async function tagsOf(aws: Pick<Aws, 'ecr'>, image: string, digest: string): Promise<readonly string[]> {
  const repository = ecrRepositoryOf(image);
  if (repository === undefined) return [];
  const answer = await aws.ecr(repository.region).describeImages({
    registryId: repository.accountId,
    repositoryName: repository.name,
    imageIds: [{ imageDigest: digest }],
  });
  return answer.imageDetails?.[0]?.imageTags ?? [];
}

function viewOf(
  deployment: Deployment,
  health: TasksByDeployment | undefined,
  image: Image | undefined,
): RunningRevision {
  const { id = '', taskDefinition = '', status, createdAt, desiredCount = 0, runningCount = 0 } = deployment;
  const isPrimary = status === 'PRIMARY';
  return {
    taskDefinitionArn: taskDefinition,
    tag: image?.tag,
    commit: image?.commit,
    since: createdAt?.toISOString(),
    isPrimary,
    desired: desiredCount,
    running: runningCount,
    healthy: health === undefined ? undefined : (health.get(id)?.healthy ?? 0),
    draining: !isPrimary && desiredCount === 0,
    ...(health?.get(id)?.unchecked === true ? { unchecked: true as const } : {}),
  };
}

/** By tasks that are healthy, the draining ones excepted; undefined where their health could not be read. */
function servingOf(revisions: readonly RunningRevision[], desired: number): ServiceState['serving'] {
  if (revisions.some(({ healthy }) => healthy === undefined)) return undefined;
  const healthy = revisions
    .filter(({ draining }) => !draining)
    .reduce((total, each) => total + (each.healthy ?? 0), 0);
  if (healthy === 0) return 'no';
  return healthy >= desired ? 'yes' : 'partly';
}

/**
 * Pure: for people, each revision with its image and how many of its tasks are healthy, and whether the service serves, by
 * the health of its tasks. `urlFailed`: the health-check URL says otherwise.
 */
export function describeState(name: string, state: ServiceState | undefined, urlFailed = false): string {
  if (state === undefined) return `What service "${name}" runs now could not be read.`;
  const { serving, revisions } = state;
  const what = revisions.map(describeRevision).join('; ');
  const but =
    urlFailed && serving !== 'no'
      ? ' by the health of its tasks, but its URL failed when it was last asked'
      : '';
  const ends = serving === undefined ? '' : ` Serving: ${serving}${but}.`;
  return `Service "${name}" now runs ${what === '' ? 'nothing' : what}.${ends}`;
}

function describeRevision(revision: RunningRevision): string {
  const { taskDefinitionArn, tag, commit, since, desired, running, healthy, draining } = revision;
  const facts = [
    ...(tag === undefined ? [] : [tag]),
    ...(commit === undefined ? [] : [`commit ${commit.slice(0, 7)}`]),
    ...(since === undefined ? [] : [`since ${minuteInUtc(since)}`]),
  ];
  const of = facts.length === 0 ? '' : ` (${facts.join(', ')})`;
  const name = `${revisionName(taskDefinitionArn)}${of}`;
  if (draining) return `${name}: ${counted(running, 'task')} draining`;
  const all = Math.max(desired, running);
  if (all === 0) return `${name}: no task is desired`;
  const isKnown = healthy !== undefined && revision.unchecked !== true;
  return `${name}: ${isKnown ? healthy : running} of ${counted(all, 'task')} ${isKnown ? 'healthy' : 'running'}`;
}
