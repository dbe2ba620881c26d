import type { Course, Move, Request, Rollout, RolloutRequest, ServiceSnapshot } from './model.ts';
import { wantedComment, type CommentRequest } from './report/post-comment.ts';

/**
 * What the post step needs to finish a run that was killed: saved before UpdateService is sent, and again once the
 * run has come to its end.
 */
export interface Handover {
  readonly region: string;
  readonly rollout: RolloutRequest;
  readonly summary: boolean;
  /** The token is not kept: it is an input of the post step, too. */
  readonly comment: Omit<CommentRequest, 'githubToken'>;
  readonly services: readonly HandedOver[];
}

/** One service of the run. */
export interface HandedOver {
  readonly snapshot: ServiceSnapshot;
  readonly taskDefinitionArn: string;
  /** Where the run got as far as that: what it did, so that the post step need not search for it. */
  readonly known?: { readonly move: Move; readonly rollout: Started | undefined };
}

/** What the post step needs of a rollout. */
export type Started = Pick<Rollout, 'deploymentId' | 'serviceDeploymentArn' | 'replacesTasks' | 'adopted'>;

/** Nothing is left to do. */
export const FINISHED = 'finished';

/** The handover as the runner keeps it between the steps: without what would make it long. */
export function packHandover(
  region: string,
  request: Request,
  services: readonly HandedOver[],
  courses: readonly Course[] = [],
): string {
  const handover: Handover = {
    region,
    rollout: request.rollout,
    summary: request.report.summary,
    comment: wantedComment(request),
    services: services.map(({ snapshot, taskDefinitionArn }) => ({
      snapshot: { ...snapshot, running: [], knownEvents: [], knownServiceDeployments: [] },
      taskDefinitionArn,
      ...knownOf(courses.find((course) => course.snapshot === snapshot)),
    })),
  };
  return JSON.stringify(handover);
}

/** An update without an answer has to be looked for. */
function knownOf(course: Course | undefined): Pick<HandedOver, 'known'> {
  if (course === undefined || course.unanswered === true) return {};
  const { move, rollout } = course;
  if (rollout === undefined) return { known: { move, rollout } };
  const { deploymentId, serviceDeploymentArn, replacesTasks, adopted } = rollout;
  return { known: { move, rollout: { deploymentId, serviceDeploymentArn, replacesTasks, adopted } } };
}

/** Undefined where the run came to its end by itself, or never got as far as a service. */
export function unpackHandover(text: string): Handover | undefined {
  return text === '' || text === FINISHED ? undefined : (JSON.parse(text) as Handover);
}

/** The course of a service that was handed over. `started`: undefined where the run never got as far as it. */
export function courseOf(
  { snapshot, taskDefinitionArn }: HandedOver,
  started: Started | undefined,
  move: Move = 'update',
): Course {
  const known = { snapshot, taskDefinitionArn, definition: { family: '', containerDefinitions: [] } };
  return {
    snapshot,
    taskDefinitionArn,
    move,
    rollout: started && { ...known, ...started, serviceDeploymentArn: started.serviceDeploymentArn },
    desiredCount: snapshot.desiredCount,
    trouble: undefined,
    gates: [],
    rollback: undefined,
    outcome: undefined,
  };
}
