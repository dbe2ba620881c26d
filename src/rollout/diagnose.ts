import type { TargetGroup } from '@aws-sdk/client-elastic-load-balancing-v2';
import { shortenArns } from '../aws/arn.ts';
import { ANY_AWS_ERROR, attempt, valueOr } from '../aws/attempt.ts';
import type { Aws, LogReads } from '../aws/clients.ts';
import { describeAwsError } from '../aws/errors.ts';
import { withoutReadOnlyFields } from '../aws/task-definitions.ts';
import type { RunContext } from '../context.ts';
import { masksOfContainers, reasonsOf } from '../ecs/environment-values.ts';
import { logStreamOf } from '../ecs/log-streams.ts';
import { describeService, primaryOf, type Service } from '../ecs/services.ts';
import type { TargetView } from '../ecs/targets.ts';
import { essentialContainers } from '../ecs/task-health.ts';
import {
  isOutput,
  type Evidence,
  type Request,
  type Rollout,
  type ServiceRun,
  type TaskDefinition,
} from '../model/index.ts';
import type { Clock } from '../runtime/clock.ts';
import type { OutputLog } from '../runtime/log.ts';
import { withTimeout } from '../runtime/wait.ts';
import { statusEvidence, taskEvidence, type Watched } from './failure.ts';
import { causeOf, NO_HISTORY, remember, type History } from './history.ts';
import { TELLING } from './progress.ts';
import { observe, viewEvents, type Observation, type ServiceEvent } from './observe.ts';

/** Most recent events that are shown. */
const MOST = 8;

/**
 * Everything that explains why a rollout failed, what says most first: the tasks that stopped, their targets that were
 * unhealthy with the check that they fail, service events since the start, its statuses, and the last log lines of the container.
 * What may not be read is left out.
 */
export async function diagnose(
  { aws, clock }: { readonly aws: Pick<Aws, 'ecs' | 'elb' | 'logs'>; readonly clock: Clock },
  rollout: Rollout,
  { last, history }: Pick<Watched, 'last' | 'history'>,
  logLines: number,
): Promise<Evidence[]> {
  const [targets, events, lines] = await Promise.all([
    targetEvidence(clock, aws.elb, [...history.unhealthyTargets.values()]),
    eventsOf(clock, aws.ecs, rollout),
    lastLogLines(clock, aws.logs, rollout.definition, history, logLines, runningTask(rollout, last)),
  ]);
  return [
    ...taskEvidence(history),
    ...targets,
    ...eventEvidence(events ?? last?.events ?? [], rollout.snapshot.knownEvents),
    ...statusEvidence(last),
    ...lines,
  ];
}

/** Pure: new events that name a problem, oldest first, equal ones once. */
export function eventEvidence(events: readonly ServiceEvent[], known: readonly string[]): Evidence[] {
  const fresh = events.filter((event) => !known.includes(event.id)).reverse();
  const texts = fresh.map((event) => shortenArns(event.message)).filter((message) => TELLING.test(message));
  return [...new Set(texts)].slice(-MOST).map((text) => ({ kind: 'event', text }));
}

/** The last look read the service beside the tasks: the event that says why they stopped may have come since. */
async function eventsOf(
  clock: Clock,
  ecs: Pick<Aws['ecs'], 'describeServices'>,
  rollout: Rollout,
): Promise<ServiceEvent[] | undefined> {
  const { snapshot } = rollout;
  const read = (): Promise<Service> =>
    withTimeout(clock, EVIDENCE_MS, () => describeService(ecs, snapshot.address));
  const service = valueOr(await attempt(read, ANY_AWS_ERROR), undefined);
  return service && viewEvents(service, reasonsOf(rollout));
}

/** Kinds that say why a task did not come back; events and statuses speak of both deployments. */
const OF_TASKS: readonly Evidence['kind'][] = ['stopped-task', 'target', 'log'];

/** What is known of a deployment that was to bring the last good revision back, and whose tasks failed. */
export async function diagnoseRollback(
  ctx: Parameters<typeof diagnose>[0],
  back: Rollout,
  seen: Pick<Watched, 'last' | 'history'>,
  logLines: number,
): Promise<Evidence[]> {
  const { failures, unhealthyTargets } = seen.history;
  if (failures.size === 0 && unhealthyTargets.size === 0) return [];
  const found = await diagnose(ctx, back, seen, logLines);
  return found.filter(({ kind }) => OF_TASKS.includes(kind)).map((each) => ({ ...each, of: 'rollback' }));
}

/**
 * The same of the deployment with which ECS itself went back from this one, where it is the PRIMARY: nobody followed its tasks.
 * Nothing where another is, or where it may not be read.
 */
export async function diagnoseRollbackOfEcs(
  ctx: Pick<ExplainContext, 'clock'> & { readonly aws: ExplainContext['aws'] & Pick<Aws, 'taskDefinitions'> },
  rollout: Rollout,
  logLines: number,
): Promise<Evidence[]> {
  const { aws, clock } = ctx;
  const read = async (): Promise<Evidence[]> => {
    const service = await withTimeout(clock, EVIDENCE_MS, () =>
      describeService(aws.ecs, rollout.snapshot.address),
    );
    const { id, taskDefinition: arn } = primaryOf(service) ?? {};
    if (id === undefined || arn === undefined || id === rollout.deploymentId) return [];
    const { taskDefinition, tags } = await withTimeout(clock, EVIDENCE_MS, () =>
      aws.taskDefinitions.describe(arn),
    );
    const back: Rollout = {
      ...rollout,
      taskDefinitionArn: arn,
      deploymentId: id,
      serviceDeploymentArn: undefined,
      definition: withoutReadOnlyFields(taskDefinition, tags),
    };
    const last = await lookOnce(ctx, back);
    const history = last === undefined ? NO_HISTORY : remember(NO_HISTORY, last);
    return diagnoseRollback(ctx, back, { last, history }, logLines);
  };
  return valueOr(await attempt(read, ANY_AWS_ERROR), []);
}

/** What a container wrote is shown, and kept nowhere else. */
export function logEvidence(log: OutputLog, name: string, evidence: readonly Evidence[]): void {
  for (const each of evidence) {
    const of = each.of === undefined ? '' : `${each.of}: `;
    const line = `${name}: ${of}${each.kind.replace('-', ' ')}: ${each.text}`;
    if (isOutput(each)) log.output(line);
    else log.line(line);
  }
}

export interface ExplainContext extends Pick<RunContext, 'clock'> {
  readonly aws: Pick<Aws, 'ecs' | 'elb' | 'logs'>;
  readonly log: OutputLog;
}

/**
 * Adds to a service that failed a gate of its own what its tasks, targets, events and last log lines say of it. A
 * service that passed, or that nobody looked at, stays as it is. What may not be read is left out.
 */
export async function explainServiceRun(
  ctx: ExplainContext,
  serviceRun: ServiceRun,
  request: Request,
): Promise<ServiceRun> {
  const { rollout, problem, gates } = serviceRun;
  const isOfGate = gates.some(({ state }) => state === 'failed');
  if (rollout === undefined || problem === undefined || !isOfGate) return serviceRun;
  const last = await lookOnce(ctx, rollout);
  // A service that nothing was deployed to has failures of another time.
  const history =
    last === undefined || serviceRun.change === 'none' ? NO_HISTORY : remember(NO_HISTORY, last);
  const found = await diagnose(ctx, rollout, { last, history }, request.report.failureLogLines);
  const known = problem.evidence.map(({ text }) => text);
  const fresh = found.filter(({ kind, text }) => kind !== 'status' && !known.includes(text));
  logEvidence(ctx.log, rollout.snapshot.address.name, fresh);
  const evidence: readonly Evidence[] = [...problem.evidence, ...fresh];
  return { ...serviceRun, problem: { ...problem, evidence } };
}

async function lookOnce(
  { aws, clock }: Pick<ExplainContext, 'aws' | 'clock'>,
  rollout: Rollout,
): Promise<Observation | undefined> {
  const look = (): Promise<Observation> =>
    withTimeout(clock, EVIDENCE_MS, () => observe({ aws, clock }, rollout));
  return valueOr(await attempt(look, ANY_AWS_ERROR), undefined);
}

/** A task of the new revision that runs, and its container that is asked for: where none failed, its log says why. */
function runningTask(rollout: Rollout, last: Observation | undefined): LoggingTask | undefined {
  const running = last?.tasks.filter(({ status }) => status === 'RUNNING') ?? [];
  const task = running.find(({ healthy }) => !healthy) ?? running.at(-1);
  const { definition, snapshot } = rollout;
  const behind = snapshot.targetGroups.find(({ containerName }) => containerName !== undefined);
  const container = behind?.containerName ?? essentialContainers(definition)[0];
  return task === undefined || container === undefined ? undefined : { taskId: task.id, container };
}

/** Whose log is read. */
export interface LoggingTask {
  readonly taskId: string;
  readonly container: string;
}

/** Evidence is worth a short wait: production is broken meanwhile. */
export const EVIDENCE_MS = 10_000;

/** Characters of a line that are evidence; the whole line is in the log group. */
const LONGEST = 2_000;

/**
 * The last lines that the failed container wrote, from CloudWatch Logs; where none failed, those of a task that runs. Other
 * log drivers, and logs that may not be read, make one line that says so.
 */
export async function lastLogLines(
  clock: Clock,
  logs: Pick<LogReads, 'getLogEvents'>,
  definition: TaskDefinition,
  history: History,
  lines: number,
  running?: LoggingTask,
): Promise<Evidence[]> {
  const from = mostTelling(history) ?? running ?? lastStarted(history, definition);
  if (from === undefined || lines === 0) return [];
  const { taskId, container } = from;
  const found = logStreamOf(definition, container, taskId);
  if (found.kind === 'unknown') return [{ kind: 'log', text: found.why }];
  const { stream } = found;
  const read = (): ReturnType<typeof logs.getLogEvents> =>
    logs.getLogEvents({ ...stream, limit: lines, startFromHead: false });
  const answer = await attempt(() => withTimeout(clock, EVIDENCE_MS, read), ANY_AWS_ERROR);
  if (answer.kind !== 'answered') {
    const why = describeAwsError(answer.error);
    return [{ kind: 'log', text: `The log of container "${container}" cannot be read (${why}).` }];
  }
  const masks = masksOfContainers(definition);
  // A traceback may come as one event.
  const written = (answer.value.events ?? []).flatMap(({ message = '' }) =>
    masks.mask(message).trimEnd().split(/\r?\n/),
  );
  const place = { group: stream.logGroupName, stream: stream.logStreamName, taskId, container };
  return written
    .slice(-lines)
    .map((line) => ({ kind: 'log', text: `${container}: ${cut(line)}`, from: place }));
}

/** The latest failed task whose container ran, of the cause that most share if one of these did. */
function mostTelling(history: History): LoggingTask | undefined {
  const cause = causeOf(history)?.cause;
  const failures = [...history.failures].filter(([, { container }]) => container !== undefined);
  const ran = failures.filter(([, { exitCode }]) => exitCode !== undefined);
  const found = ran.findLast(([, failure]) => failure.cause === cause) ?? ran.at(-1) ?? failures.at(-1);
  return found && { taskId: found[0], container: found[1].container ?? '' };
}

/** Stopped from outside, such as by checks that it failed: its containers ran until then. */
function lastStarted(history: History, definition: TaskDefinition): LoggingTask | undefined {
  const found = [...history.failures].findLast(([, { started }]) => started === true);
  const [container] = essentialContainers(definition);
  return found === undefined || container === undefined ? undefined : { taskId: found[0], container };
}

/** An event may hold 256 KiB (CloudWatch Logs quotas). */
function cut(message: string): string {
  return message.length <= LONGEST ? message : `${message.slice(0, LONGEST)}…`;
}

/** Reasons of one group, and addresses of one reason, that are shown. */
const MOST_TARGETS = 4;

/** Unhealthy targets by their reasons, and what their groups ask of them, where that may be read. */
export async function targetEvidence(
  clock: Clock,
  elb: Pick<Aws['elb'], 'describeTargetGroups'>,
  unhealthy: readonly TargetView[],
): Promise<Evidence[]> {
  const arns = [...new Set(unhealthy.map(({ targetGroupArn }) => targetGroupArn))];
  if (arns.length === 0) return [];
  const groups = await describeGroups(clock, elb, arns);
  return arns.flatMap((arn) =>
    describeTargets(
      groups.find(({ TargetGroupArn }) => TargetGroupArn === arn) ?? { TargetGroupArn: arn },
      unhealthy.filter(({ targetGroupArn }) => targetGroupArn === arn),
    ),
  );
}

async function describeGroups(
  clock: Clock,
  elb: Pick<Aws['elb'], 'describeTargetGroups'>,
  arns: string[],
): Promise<TargetGroup[]> {
  const read = (): ReturnType<typeof elb.describeTargetGroups> =>
    elb.describeTargetGroups({ TargetGroupArns: arns });
  const answer = await attempt(() => withTimeout(clock, EVIDENCE_MS, read), ANY_AWS_ERROR);
  return valueOr(answer, undefined)?.TargetGroups ?? [];
}

/** Pure: what the group asks, and each reason once, with the targets that it holds for. */
export function describeTargets(group: TargetGroup, unhealthy: readonly TargetView[]): Evidence[] {
  const addresses = new Map<string, string[]>();
  for (const { state, reason, description, address, port } of unhealthy) {
    const why = [state, reason, description].filter((part) => part !== undefined).join(': ');
    addresses.set(why, [...(addresses.get(why) ?? []), port === undefined ? address : `${address}:${port}`]);
  }
  const texts = [...addresses].slice(0, MOST_TARGETS).map(([why, where]) => `${why} (${listed(where)})`);
  return [whatItAsks(group), ...texts].map((text) => ({ kind: 'target', text }));
}

function whatItAsks(group: TargetGroup): string {
  const { TargetGroupArn = '', HealthCheckProtocol, HealthCheckPath, HealthCheckPort } = group;
  const name = `target group ${group.TargetGroupName ?? shortenArns(TargetGroupArn)}`;
  if (HealthCheckProtocol === undefined) return name;
  const matcher = group.Matcher?.HttpCode ?? group.Matcher?.GrpcCode;
  return [
    `${name} asks ${HealthCheckProtocol}`,
    HealthCheckPath,
    `on port ${HealthCheckPort ?? 'traffic-port'}`,
    matcher === undefined ? undefined : `and expects ${matcher}`,
  ]
    .filter((part) => part !== undefined)
    .join(' ');
}

function listed(addresses: readonly string[]): string {
  const more = addresses.length - MOST_TARGETS;
  return `${addresses.slice(0, MOST_TARGETS).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
