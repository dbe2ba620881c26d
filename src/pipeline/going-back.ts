import { revisionName } from '../aws/arn.ts';
import { wrapAwsError } from '../aws/errors.ts';
import type { ReadContext } from '../context.ts';
import { FAILED_MARK, pinImages } from '../ecs/rollback-target.ts';
import type {
  GoodRevision,
  PastDeployment,
  RunningImage,
  ServiceSnapshot,
  TaskDefinition,
} from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';
import { diffDefinitions } from '../task-definition/diff.ts';
import { findRevision, loadRevision } from '../task-definition/load.ts';

/** What `mode: rollback` does with a service. */
export type GoingBack =
  /** To the content of this revision, with the digests that it ran with. */
  | { readonly kind: 'to'; readonly good: GoodRevision; readonly ranWell: boolean }
  /** A rollback is under way, or has just ended: what is there is what was asked for. */
  | { readonly kind: 'is-done' };

/** A rollback that ended so long ago, with nothing since, is the one that is asked for. */
const JUST_NOW_MS = 15 * 60_000;

/** Good deployments that are looked at, newest first. */
const LOOKED_AT = 12;

/** A good deployment, and the number of its content: two of equal content have the same. */
interface Entry {
  readonly good: GoodRevision;
  readonly content: number;
  /** Why it is no target. */
  readonly against: string | undefined;
}

type Context = Pick<ReadContext, 'aws' | 'log'>;

/**
 * Where `mode: rollback` goes: to the last good revision below the current one whose content differs from what runs;
 * those that are passed over are named. A rollback that is under way, or ended just now, is what was asked for. Throws
 * `no-rollback-target` where none is left.
 */
export async function findWayBack(ctx: Context, snapshot: ServiceSnapshot): Promise<GoingBack> {
  const { address, past, taskDefinitionArn } = snapshot;
  const newestFirst = past.filter(({ verdict }) => verdict === 'good').slice(0, LOOKED_AT);
  // The images of a PRIMARY that failed are its own, not those that still run of the revision before.
  const ofFailed = snapshot.rollout === 'failed' ? past[0] : undefined;
  const running =
    ofFailed?.taskDefinitionArn === taskDefinitionArn
      ? ofFailed
      : { taskDefinitionArn, images: snapshot.running };
  const loaded: Loaded[] = [];
  for (const good of newestFirst.toReversed()) loaded.push({ good, ...(await contentOf(ctx, good)) });
  const { content } = await contentOf(ctx, running);
  const contents = loaded.map((each) => each.content);
  const entries = loaded.map(({ good, content: own, against }): Entry => ({
    good,
    content: numberOf(own, contents),
    against,
  }));
  const current = numberOf(content, [...contents, content]);
  const stack = stackOf(entries.map(({ content }) => content));
  const given = {
    takenOff: await contentTakenOff(ctx, past, contents),
    now: await awsNow(ctx, taskDefinitionArn),
  };
  const done = whatIsDone(snapshot, entries, current, given);
  if (done !== undefined) {
    ctx.log.warn(
      `Service "${address.name}": ${done}. That is what was asked for; nothing further is gone back.`,
    );
    return { kind: 'is-done' };
  }
  // What failed is on top of all that was good, also where its content was good earlier.
  const at = snapshot.rollout === 'failed' ? -1 : stack.indexOf(current);
  const below = (at === -1 ? stack.filter((each) => each !== current) : stack.slice(0, at)).toReversed();
  for (const content of below) {
    const entry = entries.findLast((each) => each.content === content);
    if (entry === undefined) continue;
    if (entry.against === undefined) return { kind: 'to', good: entry.good, ranWell: true };
    ctx.log.line(`Passed over: ${revisionName(entry.good.taskDefinitionArn)}, ${entry.against}.`);
  }
  throw nothingToGoBackTo(snapshot, entries.length);
}

/**
 * The way back to just one revision, with the digests that it ran with here. Throws `invalid-input` where there is no such
 * revision, `no-rollback-target` where it is marked as failed.
 */
export async function wayBackTo(
  { aws, log }: Context,
  { address, past }: ServiceSnapshot,
  reference: string,
): Promise<GoingBack> {
  const name = revisionName(reference);
  const { isMarked } = await loadRevision(aws, reference);
  if (isMarked) {
    throw new DeployError('no-rollback-target', `${name} is marked as failed: it is no rollback target.`, {
      hint: `Name another revision. Where the mark is wrong, remove its tag ${FAILED_MARK.key}.`,
    });
  }
  const ofIt = past.filter(({ taskDefinitionArn }) => revisionName(taskDefinitionArn) === name);
  const ran = ofIt.find(({ verdict }) => verdict === 'good') ?? ofIt[0];
  if (ran?.verdict !== 'good') {
    const how = ran === undefined ? 'is written' : 'was tried';
    log.warn(
      `Service "${address.name}": no good deployment of ${name} is among its service deployments: it is deployed as it ${how}.`,
    );
  }
  const unknown = { serviceDeploymentArn: undefined, serviceRevisionArn: undefined, images: [] };
  const good = ran ?? { taskDefinitionArn: reference, ...unknown };
  return { kind: 'to', good, ranWell: ran?.verdict === 'good' };
}

function nothingToGoBackTo(
  { address, taskDefinitionArn, knownServiceDeployments, codeDeploy }: ServiceSnapshot,
  good: number,
): DeployError {
  const ofGroup =
    codeDeploy &&
    'no earlier revision is among the deployments of its group that CodeDeploy shows, where the one that ran before the first of them never is';
  const byEcs =
    knownServiceDeployments.length === 0
      ? 'its service deployments cannot be read (ecs:ListServiceDeployments, ecs:DescribeServiceRevisions), or there are none'
      : good <= 1
        ? 'no earlier good revision is among its service deployments, which ECS keeps for 90 days'
        : 'no good revision below the current one differs from what runs';
  const why = ofGroup ?? byEcs;
  const family = revisionName(taskDefinitionArn).replace(/:\d+$/, '');
  return new DeployError('no-rollback-target', `Service "${address.name}" cannot be rolled back: ${why}.`, {
    hint: `Name the revision to go back to: task-definition: ${family}:<revision>.`,
  });
}

/** Pure: in words, the rollback that is under way or ended just now; undefined where there is none. */
function whatIsDone(
  { past, rollout, taskDefinitionArn }: ServiceSnapshot,
  entries: readonly Entry[],
  current: number,
  { takenOff, now }: { readonly takenOff: number | undefined; readonly now: number | undefined },
): string | undefined {
  const [newest] = past;
  const name = revisionName(taskDefinitionArn);
  const isJustNow =
    newest?.finishedAt !== undefined && now !== undefined && now - newest.finishedAt < JUST_NOW_MS;
  const contents = entries.map(({ content }) => content);
  if (rollout === 'in-progress') {
    const at = stackOf(contents).indexOf(current);
    const isBelow = at !== -1 && at < stackOf(contents).length - 1;
    const isBack = newest?.rolledBack === true || isBelow || isBackOn(current, contents, takenOff);
    return isBack ? `a rollback to ${name} is under way` : undefined;
  }
  if (!isJustNow) return undefined;
  const earlier = contents.slice(0, -1);
  const before = stackOf(earlier);
  const last = contents.at(-1) ?? -1;
  const at = before.indexOf(last);
  const isBelow = at !== -1 && at < before.length - 1;
  const wentBack = newest.verdict === 'good' && (isBelow || isBackOn(last, earlier, takenOff));
  return newest.rolledBack || wentBack ? `it was rolled back to ${name} less than 15 minutes ago` : undefined;
}

/** Pure: what was good last has taken the place of something else, which was not. */
function isBackOn(content: number, earlier: readonly number[], takenOff: number | undefined): boolean {
  return takenOff !== undefined && takenOff !== content && content === earlier.at(-1);
}

/** What the newest deployment took the place of, by the number of its content, where that was no good one. */
async function contentTakenOff(
  ctx: Context,
  [, before]: readonly PastDeployment[],
  contents: readonly TaskDefinition[],
): Promise<number | undefined> {
  if (before === undefined || before.verdict === 'good') return undefined;
  return numberOf((await contentOf(ctx, before)).content, contents);
}

/** The time of day as AWS has it, in milliseconds: its times are compared with no other. */
async function awsNow({ aws }: Context, taskDefinitionArn: string): Promise<number | undefined> {
  const { answeredAt } = await wrapAwsError(
    `reading task definition ${revisionName(taskDefinitionArn)}`,
    () => aws.taskDefinitions.describe(taskDefinitionArn),
  );
  return answeredAt;
}

/** A revision of the past as it is there now; two that differ in nothing are of equal content. */
interface Loaded {
  readonly good: GoodRevision;
  readonly content: TaskDefinition;
  readonly against: string | undefined;
}

/** A revision that is not there has a content of its own. */
async function contentOf(
  { aws }: Context,
  {
    taskDefinitionArn,
    images,
  }: { readonly taskDefinitionArn: string; readonly images: readonly RunningImage[] },
): Promise<Pick<Loaded, 'content' | 'against'>> {
  const found = await findRevision(aws, taskDefinitionArn);
  const whole: TaskDefinition = found?.definition ?? { family: taskDefinitionArn, containerDefinitions: [] };
  const against =
    found === undefined
      ? 'which is not there any more'
      : found.isMarked
        ? 'which is marked as failed'
        : undefined;
  return { content: { ...pinImages(whole, images), tags: [] }, against };
}

/** Pure: the place of the first that is equal. */
function numberOf(content: TaskDefinition, contents: readonly TaskDefinition[]): number {
  return contents.findIndex((each) => diffDefinitions(each, content).length === 0);
}

/**
 * Pure: deployments as a stack, oldest first, each by the number of its content. A content that is in it already pops down to
 * it: going back to it took the ones above off the table, so that rolling back twice goes back two steps and never forth.
 */
function stackOf(contents: readonly number[]): number[] {
  return contents.reduce<number[]>((stack, next) => {
    const at = stack.indexOf(next);
    return at === -1 ? [...stack, next] : stack.slice(0, at + 1);
  }, []);
}
