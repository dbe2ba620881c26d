import type {
  Cause,
  CheckResult,
  Course,
  DeployedImage,
  Evidence,
  GateResult,
  RegisteredDefinition,
  Request,
  Result,
  StepRecord,
} from '../model.ts';
import { RESULTS } from '../model.ts';
import { revisionName } from '../aws/partition.ts';
import { describeRequest } from './public-request.ts';
import type { RunFacts } from './run-facts.ts';
import type { Ending, Story } from './story.ts';

/** The whole run, for people and machines. Secret values appear in it by name only. */
export interface Report {
  readonly schema: 1;
  readonly result: Result;
  readonly cause: Cause | undefined;
  /** One sentence. */
  readonly message: string;
  readonly hint: string | undefined;
  readonly changed: boolean;
  readonly startedAt: string;
  readonly durationSeconds: number;
  readonly run: RunFacts;
  /** Undefined where the inputs made none. */
  readonly request: Record<string, unknown> | undefined;
  readonly image: DeployedImage | undefined;
  readonly definition: RegisteredDefinition | undefined;
  readonly checks: readonly CheckResult[];
  readonly services: readonly ServiceReport[];
  readonly evidence: readonly Evidence[];
  readonly steps: readonly StepRecord[];
  readonly observations: readonly { readonly at: number; readonly text: string }[];
  readonly warnings: readonly string[];
  readonly url: string | undefined;
}

export interface ServiceReport {
  readonly name: string;
  readonly arn: string;
  readonly cluster: string;
  readonly region: string;
  readonly partition: string;
  readonly result: Result;
  readonly cause: Cause | undefined;
  readonly message: string;
  readonly production: string;
  readonly hint: string | undefined;
  readonly evidence: readonly Evidence[];
  readonly gates: readonly GateResult[];
  readonly taskDefinitionArn: string;
  readonly previousTaskDefinitionArn: string;
  readonly deploymentId: string | undefined;
  readonly serviceDeploymentArn: string | undefined;
}

/** What the log recorded. */
export interface Recorded {
  readonly startedAt: string;
  readonly durationSeconds: number;
  readonly steps: readonly StepRecord[];
  readonly lines: readonly { readonly at: number; readonly text: string }[];
  readonly warnings: readonly string[];
}

/** Pure: the report of a story. The worst service speaks for the run. */
export function composeReport(
  request: Request | undefined,
  run: RunFacts,
  story: Story,
  recorded: Recorded,
): Report {
  const services = story.courses.flatMap(serviceReport);
  const end = endOf(story, services);
  return {
    schema: 1,
    result: end.result,
    cause: end.cause,
    message: end.message,
    hint: end.hint,
    changed: hasChanged(story),
    startedAt: recorded.startedAt,
    durationSeconds: recorded.durationSeconds,
    run,
    request: request && describeRequest(request),
    image: story.image,
    definition: story.definitions[0],
    checks: story.checks,
    services,
    evidence: end.evidence,
    steps: recorded.steps,
    observations: recorded.lines,
    warnings: recorded.warnings,
    url: story.url,
  };
}

function serviceReport(course: Course): ServiceReport[] {
  const { snapshot, rollout, outcome } = course;
  if (outcome === undefined) return [];
  const { name, arn, cluster, region, partition } = snapshot.address;
  return [
    {
      ...{ name, arn, cluster, region, partition },
      ...outcome,
      gates: course.gates,
      taskDefinitionArn: course.taskDefinitionArn,
      previousTaskDefinitionArn: snapshot.taskDefinitionArn,
      deploymentId: rollout?.deploymentId,
      serviceDeploymentArn: rollout?.serviceDeploymentArn,
    },
  ];
}

function endOf(story: Story, services: readonly ServiceReport[]): Ending {
  if (story.ending !== undefined) return story.ending;
  const worst = services.reduce<ServiceReport | undefined>(
    (so, each) => (so === undefined || badness(each.result) > badness(so.result) ? each : so),
    undefined,
  );
  if (worst !== undefined) return worst;
  return {
    result: 'registered',
    cause: undefined,
    message: `Task definition ${revisionName(story.definitions[0]?.arn ?? '')} is ${story.definitions[0]?.registered === true ? 'registered' : 'there already'}; no service was named, so none was touched.`,
    hint: undefined,
    evidence: [],
  };
}

function badness(result: Result): number {
  return RESULTS.indexOf(result);
}

/**
 * Something in AWS is not as it was: a service was updated and not put back, or a new revision is left. In a plan:
 * whether a deployment would change anything.
 */
function hasChanged(story: Story): boolean {
  if (story.wouldChange !== undefined) return story.wouldChange;
  const moved = story.courses.some(
    ({ move, rollout, outcome }) =>
      move === 'update' && rollout !== undefined && outcome?.result !== 'rolled-back',
  );
  return moved || story.definitions.some((each) => each.registered && !each.deregistered);
}

/** Exit code of a result: only these are green. */
export function isGreen(result: Result): boolean {
  return ['succeeded', 'unchanged', 'planned', 'registered', 'started'].includes(result);
}
