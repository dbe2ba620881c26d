import type { Aws } from '../aws/clients.ts';
import { describeAwsError } from '../aws/errors.ts';
import { revisionName } from '../aws/partition.ts';
import type { Cause, Course, Result, Rollout, RolloutRequest } from '../model.ts';
import type { Clock } from '../runtime/clock.ts';
import { nextStep, restoringInput } from './roll-back.ts';

export interface AbandonTools {
  /** Clients that still answer after the job was cancelled. */
  readonly aws: Pick<Aws, 'ecs' | 'ecsWrites'>;
  readonly clock: Clock;
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
 * asks for that: the request is sent once, and nobody waits for its end. Never rejects.
 */
export async function abandonCourse(
  tools: AbandonTools,
  course: Course,
  why: Abandonment,
  request: RolloutRequest,
): Promise<Course> {
  if (course.outcome !== undefined) return course;
  const production = await whatBecomesOf(tools, course, why, request);
  const outcome = { ...why, production, hint: undefined, evidence: [] };
  return { ...course, outcome };
}

async function whatBecomesOf(
  { aws, clock }: AbandonTools,
  course: Course,
  why: Abandonment,
  request: RolloutRequest,
): Promise<string> {
  const { rollout, move, snapshot } = course;
  const service = `service "${snapshot.address.name}"`;
  if (course.unanswered === true) {
    return `ECS has not answered whether it takes the update of ${service}: the post step of this job looks again.`;
  }
  if (rollout === undefined || move === 'nothing') return `${capital(service)} was not touched.`;
  if (why.result !== 'cancelled' || request.onCancel === 'leave') {
    return `ECS goes on with the deployment of ${revisionName(rollout.taskDefinitionArn)} to ${service}.`;
  }
  const inTime = new AbortController();
  const tooLate = clock.sleep(SECONDS_TO_UNDO * 1000, inTime.signal).then(
    () => 'no answer came in time, so whether it is rolled back is not known',
    () => '',
  );
  const done = await Promise.race([requestRollback(aws, rollout, request), tooLate]);
  inTime.abort();
  return `${capital(service)}: ${done}.`;
}

/** At most one request to go back, by the same rules as any rollback. Says what was done. */
export async function requestRollback(
  aws: AbandonTools['aws'],
  rollout: Rollout,
  request: RolloutRequest,
): Promise<string> {
  const revision = revisionName(rollout.taskDefinitionArn);
  try {
    const step = await nextStep({ aws }, rollout, true);
    switch (step.kind) {
      case 'end':
        return step.end.kind === 'nowhere'
          ? `the deployment of ${revision} goes on: ${step.end.why}`
          : `another deployment replaced ${revision}; it was not touched`;
      case 'follow':
        return `ECS is rolling ${revision} back already`;
      case 'stop':
        await aws.ecsWrites.stopServiceDeployment({ serviceDeploymentArn: step.arn, stopType: 'ROLLBACK' });
        return `ECS was asked to roll ${revision} back`;
      case 'update':
        await aws.ecsWrites.updateService(restoringInput(rollout, request, step.to));
        return `it was told to go back to ${revisionName(step.to.taskDefinitionArn)}`;
    }
  } catch (error) {
    return `rolling ${revision} back could not be asked for (${describeAwsError(error)})`;
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
