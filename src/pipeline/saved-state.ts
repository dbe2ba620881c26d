import type {
  PlannedChange,
  Request,
  Rollout,
  RolloutRequest,
  ServiceRun,
  ServiceSnapshot,
} from '../model/index.ts';
import { FINISHED } from '../model/left.ts';
import { desiredComment, type CommentRequest } from '../report/comment-request.ts';
import type { Release } from './release.ts';

/**
 * What the post step needs to finish a run that was killed: saved before UpdateService is sent, and again once the
 * run has come to its end.
 */
export interface SavedState {
  readonly region: string;
  readonly rollout: RolloutRequest;
  readonly summary: boolean;
  /** The token is not kept: it is an input of the post step, too. */
  readonly comment: Omit<CommentRequest, 'githubToken'>;
  readonly services: readonly SavedService[];
  /** The one-off task that was under way: nobody stops it, and its name is all that there is of it. Without an id it may be there. */
  readonly preDeployTask?: { readonly id?: string; readonly cluster: string };
  /** The run has ended and reported: only revisions are left that no service is to be on. */
  readonly isReported?: boolean;
}

/** One service of the run. */
export interface SavedService {
  readonly snapshot: ServiceSnapshot;
  readonly taskDefinitionArn: string;
  /** This run registered the revision. */
  readonly registered: boolean;
  /** Where the run got as far as that: what it did, so that the post step need not search for it. */
  readonly known?: { readonly change: PlannedChange; readonly rollout: Started | undefined };
}

/** What the post step needs of a rollout. */
export type Started = Pick<
  Rollout,
  'deploymentId' | 'createdAt' | 'serviceDeploymentArn' | 'replacesTasks' | 'adopted' | 'codeDeploymentId'
>;

/** Good deployments that are kept: the newest may turn out to be marked as failed. */
const GOOD = 3;

/** The state as the runner keeps it between the steps: without what would make it long. */
export function packState(
  region: string,
  request: Request,
  releases: readonly Release[],
  serviceRuns: readonly ServiceRun[] = [],
  preDeployTask?: SavedState['preDeployTask'],
): string {
  const savedState: SavedState = {
    region,
    rollout: request.rollout,
    summary: request.report.summary,
    comment: desiredComment(request),
    ...(preDeployTask === undefined ? {} : { preDeployTask }),
    services: destinations(releases).map(({ snapshot, taskDefinitionArn, registered }) => ({
      snapshot: {
        ...snapshot,
        past: snapshot.past.filter(({ verdict }) => verdict === 'good').slice(0, GOOD),
        running: [],
        knownEvents: [],
        knownServiceDeployments: [],
      },
      taskDefinitionArn,
      registered,
      ...knownOf(serviceRuns.find((serviceRun) => serviceRun.snapshot === snapshot)),
    })),
  };
  return JSON.stringify(savedState);
}

/** Which service gets which revision. */
function destinations(releases: readonly Release[]): Omit<SavedService, 'known'>[] {
  return releases.flatMap(({ services, revision }) =>
    services.map(({ snapshot }) => ({
      snapshot,
      taskDefinitionArn: revision.arn,
      registered: revision.registered,
    })),
  );
}

/** The same state once the run has reported: the post step has revisions to deregister, and nothing else to do. */
export function packReported(...of: Parameters<typeof packState>): string {
  return JSON.stringify({ ...(JSON.parse(packState(...of)) as SavedState), isReported: true });
}

/** An update without an answer has to be looked for. */
function knownOf(serviceRun: ServiceRun | undefined): Pick<SavedService, 'known'> {
  if (serviceRun === undefined || serviceRun.updateUnconfirmed === true) return {};
  const { change, rollout } = serviceRun;
  if (rollout === undefined) return { known: { change, rollout } };
  const { deploymentId, createdAt, serviceDeploymentArn, replacesTasks, adopted, codeDeploymentId } = rollout;
  const ofCodeDeploy = codeDeploymentId === undefined ? {} : { codeDeploymentId };
  const started = { deploymentId, createdAt, serviceDeploymentArn, replacesTasks, adopted, ...ofCodeDeploy };
  return { known: { change, rollout: started } };
}

/** Undefined where the run came to its end by itself, or never got as far as a service. */
export function unpackState(text: string): SavedState | undefined {
  return text === '' || text === FINISHED ? undefined : (JSON.parse(text) as SavedState);
}

/** The run of a service that was saved. `started`: undefined where the run never got as far as it. */
export function serviceRunOf(
  { snapshot, taskDefinitionArn }: Omit<SavedService, 'registered'>,
  started: Started | undefined,
  change: PlannedChange = 'update',
): ServiceRun {
  const known = { snapshot, taskDefinitionArn, definition: { family: '', containerDefinitions: [] } };
  return {
    snapshot,
    taskDefinitionArn,
    change,
    rollout: started && { ...known, ...started, serviceDeploymentArn: started.serviceDeploymentArn },
    desiredCount: snapshot.desiredCount,
    problem: undefined,
    gates: [],
    rollback: undefined,
    outcome: undefined,
  };
}
