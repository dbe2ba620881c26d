import type {
  BuildFacts,
  Cause,
  CheckResult,
  Course,
  DeployedImage,
  Evidence,
  RegisteredDefinition,
  Result,
  ServiceCost,
} from '../model.ts';
import { failureOf } from '../aws/failures.ts';
import { Cancelled } from '../runtime/cancellation.ts';
import { Failure } from '../runtime/failure.ts';

/** All that a run learnt, step by step; what is missing was not reached. */
export interface Story {
  image: DeployedImage | undefined;
  /** The commit of the image that ran before, where its tags tell. */
  previousCommit: string | undefined;
  /** Undefined where nothing was built. */
  build: BuildFacts | undefined;
  /** One for all services; in a rollback, one for each. */
  definitions: readonly RegisteredDefinition[];
  checks: readonly CheckResult[];
  costs: readonly ServiceCost[];
  courses: readonly Course[];
  /** In `mode: plan`: whether a deployment would change anything. */
  wouldChange: boolean | undefined;
  /** Origin of the health-check URL, else of the load balancer. */
  url: string | undefined;
  /** How the run ended where no service says it: before any was touched, or because it was cancelled. */
  ending: Ending | undefined;
}

export interface Ending {
  readonly result: Result;
  readonly cause: Cause | undefined;
  readonly message: string;
  readonly hint: string | undefined;
  readonly evidence: readonly Evidence[];
}

export function newStory(): Story {
  return {
    image: undefined,
    previousCommit: undefined,
    build: undefined,
    definitions: [],
    checks: [],
    costs: [],
    courses: [],
    wouldChange: undefined,
    url: undefined,
    ending: undefined,
  };
}

/** How a run ends that threw. */
export function endingOf(error: unknown): Ending {
  if (error instanceof Cancelled) {
    return { result: 'cancelled', cause: 'cancelled', message: error.message, hint: undefined, evidence: [] };
  }
  const failure = failureOf(error, 'deploying');
  const known = failure instanceof Failure ? failure : new Failure('unknown', failure.message);
  return {
    result: 'failed',
    cause: known.reason,
    message: known.message,
    hint: known.hint,
    evidence: known.evidence,
  };
}

/** The ending, with what was known of each service by then. */
export function withEvidence(ending: Ending, courses: readonly Course[]): Ending {
  const known = courses.flatMap(({ outcome }) => outcome?.evidence ?? []);
  return { ...ending, evidence: [...ending.evidence, ...known] };
}
