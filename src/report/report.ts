import { lastSegment, revisionName } from '../aws/arn.ts';
import { commitOfTag } from '../aws/image-reference.ts';
import {
  adviceOf,
  LOST_SIGHT,
  RESULTS,
  type BuildFacts,
  type Cause,
  type CheckResult,
  type Conclusion,
  type DeployedImage,
  type Ending,
  type Evidence,
  type GateResult,
  type Mode,
  type RegisteredDefinition,
  type Request,
  type Result,
  type RunningRevision,
  type ServiceCost,
  type ServiceRun,
  type StepRecord,
} from '../model/index.ts';
import { objectIn, textIn } from '../runtime/json.ts';
import type { TimedPoint } from './progress-log.ts';
import { describeRequest } from './public-request.ts';
import type { RunRecord } from './run-record.ts';

/** The whole run, for people and machines. Secret values appear in it by name only. */
export interface Report {
  readonly schema: 1;
  /** Undefined where the inputs made no request. */
  readonly mode: Mode | undefined;
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
  /** Short names; undefined where the inputs made no request. */
  readonly target: Target | undefined;
  readonly image: DeployedImage | undefined;
  readonly build: BuildFacts | undefined;
  readonly commits: Commits;
  readonly definition: RegisteredDefinition | undefined;
  readonly checks: readonly CheckResult[];
  readonly costs: readonly ServiceCost[];
  readonly services: readonly ServiceReport[];
  readonly evidence: readonly Evidence[];
  readonly steps: readonly StepRecord[];
  /** The states of the rollouts, each where something changed. */
  readonly rollout: readonly TimedPoint[];
  readonly observations: readonly { readonly at: number; readonly text: string }[];
  /** At most one of a kind, and ten. */
  readonly warnings: readonly string[];
  /** The other ones. */
  readonly notes: readonly string[];
  readonly url: string | undefined;
}

/** Full SHAs, where the tags of the images tell them. */
export interface Commits {
  readonly deployed: string | undefined;
  readonly previous: string | undefined;
}

/** A CloudWatch log group that containers of the new revision write to. */
export interface LogGroup {
  readonly name: string;
  readonly region: string;
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
  /** What runs now, for people. */
  readonly production: string;
  /** Whether as many tasks are healthy as are desired; undefined where that could not be read. */
  readonly serving: 'yes' | 'partly' | 'no' | undefined;
  /** What runs now, revision by revision; empty where it was not read. */
  readonly running: readonly RunningRevision[];
  readonly hint: string | undefined;
  readonly evidence: readonly Evidence[];
  readonly gates: readonly GateResult[];
  /** What was asked again after a rollback. */
  readonly gatesAfterRollback: readonly GateResult[];
  readonly taskDefinitionArn: string;
  readonly previousTaskDefinitionArn: string;
  /** What a rollback went back to, where that was registered for it: `taskDefinitionArn` has the content of `copyOf`. */
  readonly rolledBackTo?: RolledBackTo | undefined;
  readonly desiredCount: number;
  /** Its deployment was under way when the run began, and was taken up. */
  readonly adopted?: true | undefined;
  /** The run was cancelled, and what it began was told to go back. */
  readonly goesBack?: true | undefined;
  /** What a deployment that shifts traffic does, in words. */
  readonly strategy?: string | undefined;
  readonly logGroups: readonly LogGroup[];
  readonly deploymentId: string | undefined;
  readonly serviceDeploymentArn: string | undefined;
  readonly codeDeploymentId?: string | undefined;
  /** The lifecycle stage at which it waits for an answer, and when ECS gives one by itself. */
  readonly stage?: string | undefined;
  readonly stageExpires?: string | undefined;
}

/** A revision and the one of which it is a copy, by digest. */
export interface RolledBackTo {
  readonly taskDefinitionArn: string;
  readonly copyOf: string;
}

/** What the run was asked to deploy to. */
export interface Target {
  readonly cluster: string;
  readonly services: readonly string[];
}

/** What the log recorded. */
export interface Recorded {
  readonly startedAt: string;
  readonly durationSeconds: number;
  readonly steps: readonly StepRecord[];
  readonly lines: readonly { readonly at: number; readonly text: string }[];
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
  readonly points: readonly TimedPoint[];
}

/** Pure: the report of a run. The worst service speaks for the run. */
export function composeReport(
  request: Request | undefined,
  run: RunFacts,
  record: RunRecord,
  recorded: Recorded,
): Report {
  const services = record.serviceRuns.flatMap((each) => serviceReport(each, request?.mode));
  const end = endOf(record, services);
  return {
    schema: 1,
    mode: request?.mode,
    result: end.result,
    cause: end.cause,
    message: withDifference(end.message, services),
    hint: hintOfRun(record, services, end, request?.mode),
    changed: hasChanged(record),
    startedAt: recorded.startedAt,
    durationSeconds: recorded.durationSeconds,
    run,
    request: request && describeRequest(request),
    target: request && targetOf(request),
    image: record.image,
    build: record.build,
    commits: { deployed: deployedCommit(record, run), previous: record.previousCommit },
    definition: record.definitions[0],
    checks: record.checks,
    costs: record.costs,
    services,
    evidence: end.evidence,
    steps: recorded.steps,
    rollout: recorded.points,
    observations: recorded.lines,
    warnings: recorded.warnings,
    notes: recorded.notes,
    url: record.url,
  };
}

function serviceReport(serviceRun: ServiceRun, mode: Mode | undefined): ServiceReport[] {
  const { snapshot, rollout, outcome } = serviceRun;
  if (outcome === undefined) return [];
  const { name, arn, cluster, region, partition } = snapshot.address;
  const { result, cause, message, nowRunning, state, evidence } = outcome;
  return [
    {
      ...{ name, arn, cluster, region, partition },
      ...{
        result,
        cause,
        message,
        production: nowRunning,
        hint: hintOf(outcome, endingOfService(serviceRun), mode),
        evidence,
      },
      serving: state?.serving,
      running: state?.revisions ?? [],
      gates: serviceRun.gates,
      gatesAfterRollback:
        serviceRun.rollback?.kind === 'rolled-back' ? (serviceRun.rollback.gates ?? []) : [],
      taskDefinitionArn: serviceRun.taskDefinitionArn,
      previousTaskDefinitionArn: snapshot.taskDefinitionArn,
      rolledBackTo: copyOf(serviceRun),
      desiredCount: serviceRun.desiredCount,
      adopted: mode === 'deploy' && serviceRun.change === 'adopt' ? true : undefined,
      goesBack: outcome.goesBack,
      strategy: snapshot.strategy,
      logGroups: logGroupsOf(serviceRun),
      deploymentId: rollout?.deploymentId,
      serviceDeploymentArn: rollout?.serviceDeploymentArn,
      codeDeploymentId: rollout?.codeDeploymentId,
      // One that went back since with another service waits no more.
      ...(result === 'started' ? pauseOf(serviceRun) : {}),
    },
  ];
}

function pauseOf({ waiting }: ServiceRun): Pick<ServiceReport, 'stage' | 'stageExpires'> {
  return { stage: waiting?.pause.stage, stageExpires: waiting?.pause.expiresAt };
}

function copyOf({ rollback }: ServiceRun): RolledBackTo | undefined {
  if (rollback?.kind !== 'rolled-back' || rollback.to === undefined || rollback.copyOf === undefined)
    return undefined;
  return { taskDefinitionArn: rollback.to, copyOf: rollback.copyOf };
}

function targetOf({ cluster, services }: Request): Target {
  return { cluster: lastSegment(cluster), services: services.map(lastSegment) };
}

/** Of what was built, the run's own commit; of an image that was there, the commit that its tag names. */
export function deployedCommit(
  { build, image }: Pick<RunRecord, 'build' | 'image'>,
  run: RunFacts,
): string | undefined {
  if (build !== undefined || image?.toBeBuilt === true) return run.commit;
  return image?.tag === undefined ? undefined : commitOfTag(image.tag);
}

/** ECS API, LogConfiguration: the awslogs driver. */
function logGroupsOf({ rollout, snapshot }: ServiceRun): LogGroup[] {
  const groups = (rollout?.definition.containerDefinitions ?? []).flatMap((container): LogGroup[] => {
    const options = objectIn(objectIn(container, 'logConfiguration'), 'options');
    const name = textIn(options, 'awslogs-group');
    const region = textIn(options, 'awslogs-region') ?? snapshot.address.region;
    return name === undefined ? [] : [{ name, region }];
  });
  return groups.filter(({ name }, at) => groups.findIndex((each) => each.name === name) === at);
}

/** Pure: in words, where some of several services got the new version and others did not; undefined otherwise. */
export function differentVersions(services: readonly ServiceReport[]): string | undefined {
  const isOn = ({ result }: ServiceReport): boolean => ['succeeded', 'unchanged'].includes(result);
  const isOff = ({ result, deploymentId }: ServiceReport): boolean =>
    result === 'rolled-back' || (result === 'failed' && deploymentId === undefined);
  const [on, off] = [services.filter(isOn), services.filter(isOff)];
  if (on.length === 0 || off.length === 0) return undefined;
  return `${verb(on)} on the new one, ${verb(off)} not`;
}

function verb(services: readonly ServiceReport[]): string {
  const names = services.map(({ name }) => name);
  const shown = names.length > 3 ? `${names.length} services` : names.join(' and ');
  return `${shown} ${names.length === 1 ? 'is' : 'are'}`;
}

/** Some services run another version than the others: whoever reads the message alone must know. */
function withDifference(message: string, services: readonly ServiceReport[]): string {
  const split = differentVersions(services);
  return split === undefined
    ? message
    : `${message.replace(/\.$/, '')}; the services are on different versions: ${split}.`;
}

/** Pure: what the other services came to, which the message of the run does not say. */
export function otherMessages({ message, services }: Report): string[] {
  return services.flatMap((each) =>
    message.startsWith(each.message.replace(/\.$/, '')) ? [] : [each.message],
  );
}

/** How the run ended: what it says of itself, else the worst of its services. */
export function worstEnding(record: RunRecord): Conclusion {
  return endOf(
    record,
    record.serviceRuns.flatMap(({ outcome }) => outcome ?? []),
  );
}

function endOf(record: RunRecord, services: readonly Conclusion[]): Conclusion {
  if (record.ending !== undefined) return record.ending;
  const worst = services.reduce<Conclusion | undefined>(
    (so, each) => (so === undefined || badness(each.result) > badness(so.result) ? each : so),
    undefined,
  );
  if (worst !== undefined) return worst;
  return {
    result: 'registered',
    cause: undefined,
    message: `Task definition ${revisionName(record.definitions[0]?.arn ?? '')} is ${record.definitions[0]?.registered === true ? 'registered' : 'there already'}; no service was named, so none was touched.`,
    hint: undefined,
    evidence: [],
  };
}

/** What to do: what is known of the very case, else what helps against its cause; and how to go on from such an ending. */
function hintOf(
  { cause, hint }: { readonly cause: Cause | undefined; readonly hint: string | undefined },
  ending: Ending,
  mode: Mode | undefined,
): string | undefined {
  return cause === undefined ? hint : adviceOf(cause, ending, hint, mode);
}

/** A run that ended as a service did has its hint: the service knows better what to do. */
function hintOfRun(
  record: RunRecord,
  services: readonly ServiceReport[],
  end: Conclusion,
  mode: Mode | undefined,
): string | undefined {
  if (record.ending === undefined) return end.hint;
  const { result, cause, hint } = record.ending;
  const same = services.find(
    (each) => each.cause === cause && (cause !== undefined || each.result === result),
  );
  return hint === undefined && same !== undefined
    ? same.hint
    : hintOf(record.ending, endingOfRun(record), mode);
}

/** Pure: how the run left a service. */
export function endingOfService({ change, rollout, outcome, rollback }: ServiceRun): Ending {
  if (outcome?.cause === 'rollback-failed') return 'rollback-failed';
  if (rollback?.kind === 'unseen') return 'going-back';
  if (rollback?.kind === 'nowhere') return 'nowhere';
  if (outcome?.result === 'rolled-back' || rollback?.kind === 'rolled-back') return 'undone';
  if (rollout === undefined || change === 'none') return 'untouched';
  const isBlind = outcome?.cause !== undefined && LOST_SIGHT.includes(outcome.cause);
  return isBlind ? 'lost-sight' : 'left';
}

/** Of all services: the one that leaves most to do. */
function endingOfRun({ serviceRuns }: RunRecord): Ending {
  const ofServices = serviceRuns.map(endingOfService);
  return FROM_WORST.find((each) => ofServices.includes(each)) ?? 'untouched';
}

const FROM_WORST: readonly Ending[] = [
  'rollback-failed',
  'going-back',
  'lost-sight',
  'nowhere',
  'left',
  'undone',
  'untouched',
];

function badness(result: Result): number {
  return RESULTS.indexOf(result);
}

/**
 * Something in AWS is not as it was: a service was updated and not put back, or a new revision is left. In a plan:
 * whether a deployment would change anything.
 */
function hasChanged(record: RunRecord): boolean {
  if (record.wouldChange !== undefined) return record.wouldChange;
  const moved = record.serviceRuns.some(
    ({ change, rollout, rollback, outcome }) =>
      change === 'update' &&
      rollout !== undefined &&
      (outcome?.result !== 'rolled-back' ||
        (rollback?.kind === 'rolled-back' && rollback.unrestored !== undefined)),
  );
  return moved || record.definitions.some((each) => each.registered && !each.deregistered);
}

/** Stages that change services. */
const TOUCHING: readonly string[] = ['Roll out', 'Watch', 'Roll back'];

/** Pure: it failed, or was cancelled, before any service was changed. */
export function isUntouched({ result, services, steps }: Report): boolean {
  return !isGreen(result) && services.length === 0 && !steps.some(({ name }) => TOUCHING.includes(name));
}

/** Exit code of a result: only these are green. */
export function isGreen(result: Result): boolean {
  return ['succeeded', 'unchanged', 'planned', 'registered', 'started'].includes(result);
}

/** Where and for what a run happened, from the runner's documented variables. */
export interface RunFacts {
  readonly repository: string | undefined;
  readonly sha: string | undefined;
  /** On a pull request its head; otherwise the same as `sha`. */
  readonly commit: string | undefined;
  readonly ref: string | undefined;
  readonly actor: string | undefined;
  readonly event: string | undefined;
  readonly serverUrl: string | undefined;
  readonly runId: string | undefined;
  /** This step of this attempt, unlike any other. */
  readonly id: string;
  readonly runUrl: string | undefined;
}

/** GitHub docs, "Variables reference"; outside a runner all of them are undefined. */
export function runFacts(
  env: Readonly<Record<string, string | undefined>>,
  commit: string | undefined = env['GITHUB_SHA'],
): RunFacts {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: runId } = env;
  return {
    repository,
    sha: env['GITHUB_SHA'],
    commit,
    ref: env['GITHUB_REF'],
    actor: env['GITHUB_ACTOR'],
    event: env['GITHUB_EVENT_NAME'],
    serverUrl: server,
    runId,
    id: [runId, env['GITHUB_RUN_ATTEMPT'], env['GITHUB_JOB'], env['GITHUB_ACTION']]
      .map((each) => each ?? '')
      .join('/'),
    runUrl:
      server === undefined || repository === undefined || runId === undefined
        ? undefined
        : `${server}/${repository}/actions/runs/${runId}`,
  };
}
