import type { Course, Request, RolloutRequest, Trouble } from '../model.ts';
import { followRollback, rollBack, settling, type RollBackTools } from './roll-back.ts';

/** A rollback of ours is called for, or one of ECS's is on its way. */
export function needsRemedy({ trouble, rollout }: Course, request: RolloutRequest): boolean {
  if (trouble === undefined || rollout === undefined) return false;
  if (trouble.remedy === 'follow-ecs') return true;
  return trouble.remedy === 'roll-back' && request.onFailure !== 'leave';
}

/**
 * With `on-failure: rollback-all`, one service that fails takes along every other one that this run changed, those
 * that did well included.
 */
export function shareTrouble(courses: readonly Course[], request: RolloutRequest): readonly Course[] {
  const failed = courses.find(({ trouble }) => trouble !== undefined && trouble.remedy !== 'leave');
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

/** Undoes what went wrong with one service, where that is called for, and follows it to its end. */
export async function remedyCourse(tools: RollBackTools, course: Course, request: Request): Promise<Course> {
  const { trouble, rollout } = course;
  if (rollout === undefined || !needsRemedy(course, request.rollout)) return course;
  tools.log.line(`${course.snapshot.address.name}: ${trouble?.cause ?? ''}: it ${trouble?.reason ?? ''}`);
  const rollback = await settling(() =>
    trouble?.remedy === 'follow-ecs'
      ? followRollback(tools, rollout, request.rollout)
      : rollBack(tools, rollout, request.rollout),
  );
  return { ...course, rollback };
}
