import type { Aws } from '../aws/clients.ts';
import { describeAwsError } from '../aws/errors.ts';
import { revisionName } from '../aws/partition.ts';
import type { Cause, Course, Result, Rollout, RolloutRequest } from '../model.ts';
import type { Clock } from '../runtime/clock.ts';
import { within } from '../runtime/within.ts';
import { askBack, type Left } from './ask-back.ts';
import { firstCause } from './conclude.ts';
import { readStanding } from './standing.ts';

export interface AbandonTools {
  /** Clients that still answer after the job was cancelled. */
  readonly aws: Pick<Aws, 'ecs' | 'ecsWrites'>;
  readonly clock: Clock;
  /** For all of one service; `SECONDS_TO_UNDO` where it is left out. */
  readonly seconds?: number;
}

/** What ended the run under way: a cancellation, or an error that nobody foresaw. */
export interface Abandonment {
  readonly result: Result;
  readonly cause: Cause | undefined;
  readonly message: string;
}

/** The runner kills a cancelled job after ten seconds; the report has to be written, too. */
const SECONDS_TO_UNDO = 5;

/**
 * Ends the course of one service that nobody will follow any more. A cancelled one is rolled back where `on-cancel`
 * asks for that: at most one request takes effect, and nobody waits for its end. Otherwise says where it stands. What
 * was wrong with it by then stays its evidence. Never rejects.
 */
export async function abandonCourse(
  tools: AbandonTools,
  course: Course,
  why: Abandonment,
  request: RolloutRequest,
): Promise<Course> {
  const { outcome, trouble } = course;
  if (outcome !== undefined) return course;
  const { production, isOpen } = await whatBecomesOf(tools, course, why, request);
  const evidence = trouble === undefined ? [] : [firstCause(trouble), ...trouble.evidence];
  return { ...course, isOpen, outcome: { ...why, production, hint: undefined, evidence } };
}

async function whatBecomesOf(
  tools: AbandonTools,
  course: Course,
  why: Abandonment,
  request: RolloutRequest,
): Promise<Left> {
  const { rollout, move, snapshot } = course;
  const { name } = snapshot.address;
  if (course.unanswered === true) {
    return {
      production: `ECS has not answered whether it takes the update of service "${name}": the post step of this job looks again.`,
      isOpen: true,
    };
  }
  if (rollout === undefined || move === 'nothing') {
    return { production: `Service "${name}" was not touched.`, isOpen: false };
  }
  return why.result === 'cancelled' && request.onCancel === 'rollback'
    ? askBack({ ...tools, seconds: tools.seconds ?? SECONDS_TO_UNDO }, rollout, request)
    : look(tools, rollout);
}

async function look(
  { aws, clock, seconds = SECONDS_TO_UNDO }: AbandonTools,
  rollout: Rollout,
): Promise<Left> {
  const read = (): Promise<string> => readStanding(aws.ecs, rollout);
  const production = await within(clock, seconds * 1000, read).catch(
    (error: unknown) =>
      `What becomes of the deployment of ${revisionName(rollout.taskDefinitionArn)} to service "${rollout.snapshot.address.name}" could not be read (${describeAwsError(error)}).`,
  );
  return { production, isOpen: false };
}
