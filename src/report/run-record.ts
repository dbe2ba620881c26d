import { deployErrorOf } from '../aws/errors.ts';
import { STARTED_BY } from '../ecs/tasks.ts';
import type {
  BuildFacts,
  CheckResult,
  Conclusion,
  DeployedImage,
  RegisteredDefinition,
  ServiceCost,
  ServiceRun,
} from '../model/index.ts';
import { Cancelled } from '../runtime/cancellation.ts';
import { DeployError } from '../runtime/error.ts';

/** All that a run learnt, step by step; what is missing was not reached. */
export interface RunRecord {
  image: DeployedImage | undefined;
  /** The commit of the image that ran before, where its tags tell. */
  previousCommit: string | undefined;
  /** Undefined where nothing was built. */
  build: BuildFacts | undefined;
  /** One for all services; in a rollback, one for each. */
  definitions: readonly RegisteredDefinition[];
  checks: readonly CheckResult[];
  costs: readonly ServiceCost[];
  serviceRuns: readonly ServiceRun[];
  /** The one-off task that is under way; without an id one that AWS was asked for, and may have started. */
  preDeployTask?: { readonly id?: string; readonly cluster: string } | undefined;
  /** In `mode: plan`: whether a deployment would change anything. */
  wouldChange: boolean | undefined;
  /** Origin of the health-check URL, else of the load balancer. */
  url: string | undefined;
  /** How the run ended where no service says it: before any was touched, or because it was cancelled. */
  ending: Conclusion | undefined;
}

export function newRunRecord(): RunRecord {
  return {
    image: undefined,
    previousCommit: undefined,
    build: undefined,
    definitions: [],
    checks: [],
    costs: [],
    serviceRuns: [],
    wouldChange: undefined,
    url: undefined,
    ending: undefined,
  };
}

/** How a run ends that threw. */
export function endingOf(error: unknown): Conclusion {
  if (error instanceof Cancelled) {
    return { result: 'cancelled', cause: 'cancelled', message: error.message, hint: undefined, evidence: [] };
  }
  const failure = deployErrorOf(error, 'deploying');
  return (failure instanceof DeployError ? failure : new DeployError('unknown', failure.message)).conclusion;
}

/** The ending of a run that leaves its one-off task alone: which it is, and the command that would stop it. */
export function withTaskLeft(ending: Conclusion, task: RunRecord['preDeployTask']): Conclusion {
  if (task === undefined) return ending;
  const { id, cluster } = task;
  const name = cluster.replace(/^.*\//, '');
  if (id === undefined) return withTaskPerhaps(ending, name);
  return {
    ...ending,
    message: `${ending.message.replace(/\.$/, '')}; the pre-deploy task ${id} goes on in cluster ${name}.`,
    hint: `The pre-deploy task is not stopped, since a half-done migration may be worse: a next run waits for it. To stop it: aws ecs stop-task --cluster ${name} --task ${id}`,
    evidence: [
      ...ending.evidence,
      { kind: 'stopped-task', text: `task ${id} still runs in cluster ${name}` },
    ],
  };
}

/** AWS was asked to start the task, and its answer did not come. */
function withTaskPerhaps(ending: Conclusion, cluster: string): Conclusion {
  return {
    ...ending,
    message: `${ending.message.replace(/\.$/, '')}; a pre-deploy task may have been started in cluster ${cluster}.`,
    hint: `AWS had not answered whether it starts the pre-deploy task. To see whether it did: aws ecs list-tasks --cluster ${cluster} --started-by ${STARTED_BY}. It is not stopped, since a half-done migration may be worse: a next run waits for it. To stop it: aws ecs stop-task --cluster ${cluster} --task <id>`,
  };
}

/** The ending, with what was known of each service by then. */
export function withEvidence(ending: Conclusion, serviceRuns: readonly ServiceRun[]): Conclusion {
  const known = serviceRuns.flatMap(({ outcome }) => outcome?.evidence ?? []);
  return { ...ending, evidence: [...ending.evidence, ...known] };
}
