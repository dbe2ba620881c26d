import type { Course, Request, Rollout, RolloutRequest, ServiceSnapshot } from './model.ts';
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
  readonly services: readonly { readonly snapshot: ServiceSnapshot; readonly taskDefinitionArn: string }[];
}

/** Nothing is left to do. */
export const FINISHED = 'finished';

/** The handover as the runner keeps it between the steps: without what would make it long. */
export function packHandover(region: string, request: Request, services: Handover['services']): string {
  const handover: Handover = {
    region,
    rollout: request.rollout,
    summary: request.report.summary,
    comment: wantedComment(request),
    services: services.map(({ snapshot, taskDefinitionArn }) => ({
      snapshot: { ...snapshot, running: [], knownEvents: [], knownServiceDeployments: [] },
      taskDefinitionArn,
    })),
  };
  return JSON.stringify(handover);
}

/** Undefined where the run came to its end by itself, or never got as far as a service. */
export function unpackHandover(text: string): Handover | undefined {
  return text === '' || text === FINISHED ? undefined : (JSON.parse(text) as Handover);
}

/** The course of a service that was handed over. `rollout`: undefined where the run never got as far as it. */
export function courseOf(
  { snapshot, taskDefinitionArn }: Handover['services'][number],
  rollout: Pick<Rollout, 'deploymentId' | 'serviceDeploymentArn'> | undefined,
): Course {
  const known = {
    snapshot,
    taskDefinitionArn,
    definition: { family: '', containerDefinitions: [] },
    replacesTasks: true,
    adopted: false,
  };
  return {
    snapshot,
    taskDefinitionArn,
    move: 'update',
    rollout: rollout && { ...known, ...rollout },
    desiredCount: snapshot.desiredCount,
    trouble: undefined,
    gates: [],
    rollback: undefined,
    outcome: undefined,
  };
}
