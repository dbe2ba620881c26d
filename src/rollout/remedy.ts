import type { Course, Request, RollbackEnd, Rollout, RolloutRequest, Trouble } from '../model.ts';
import { followRollback, rollBack, settling, type RollBackTools } from './roll-back.ts';
import { changesSettings, restoreSettings } from './settings.ts';

/** A rollback of ours is called for, one of ECS's is on its way, or ECS left settings that this run changed. */
export function needsRemedy({ trouble, rollout, rollback }: Course, request: RolloutRequest): boolean {
  if (trouble === undefined || rollout === undefined || rollback !== undefined) return false;
  switch (trouble.remedy) {
    case 'follow-ecs':
      return true;
    case 'roll-back':
      return request.onFailure !== 'leave';
    case 'done':
      return changesSettings(request);
    case 'leave':
      return false;
  }
}

/**
 * With `on-failure: rollback-all`, one service that fails takes along every other one that this run changed, those
 * that did well included.
 */
export function shareTrouble(courses: readonly Course[], request: RolloutRequest): readonly Course[] {
  const failed = courses.find(concernsAll);
  if (request.onFailure !== 'rollback-all' || failed?.trouble === undefined) return courses;
  const trouble: Trouble = {
    ...failed.trouble,
    result: 'failed',
    reason: `succeeded, but service "${failed.snapshot.address.name}" failed (on-failure: rollback-all)`,
    evidence: [],
    remedy: 'roll-back',
  };
  return courses.map((course) =>
    course.trouble === undefined && course.move === 'update' ? { ...course, trouble } : course,
  );
}

/** What this run did not bring about, or cannot undo with its credentials, takes nobody along. */
function concernsAll({ trouble, rollout }: Course): boolean {
  if (trouble === undefined) return false;
  const isRefused = rollout === undefined && trouble.cause !== 'credentials-expired';
  return trouble.remedy !== 'leave' || isRefused;
}

/** Undoes what went wrong with one service, where that is called for, and follows it to its end. */
export async function remedyCourse(tools: RollBackTools, course: Course, request: Request): Promise<Course> {
  const { trouble, rollout } = course;
  if (rollout === undefined || !needsRemedy(course, request.rollout)) return course;
  tools.log.line(`${course.snapshot.address.name}: ${trouble?.cause ?? ''}: it ${trouble?.reason ?? ''}`);
  const rollback = await settling(async () => {
    const end = await undo(tools, rollout, trouble?.remedy, request.rollout);
    if (end.kind !== 'rolled-back') return end;
    const left = await restoreSettings(tools, rollout, request.rollout);
    return left === undefined ? end : { ...end, left };
  });
  return { ...course, rollback };
}

async function undo(
  tools: RollBackTools,
  rollout: Rollout,
  remedy: Trouble['remedy'] | undefined,
  request: RolloutRequest,
): Promise<RollbackEnd> {
  if (remedy === 'done') return { kind: 'rolled-back' };
  return remedy === 'follow-ecs'
    ? followRollback(tools, rollout, request)
    : rollBack(tools, rollout, request);
}
