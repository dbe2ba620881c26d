/** Asks CloudWatch for the metrics of one rollout: of its target groups, and of expressions. */
import type { MetricDataQuery, MetricDataResult } from '@aws-sdk/client-cloudwatch';
import { nextPageOf } from '../aws/answers.ts';
import { ANY_AWS_ERROR, attempt, CLOSED, LOST, valueOr, WITHHELD } from '../aws/attempt.ts';
import type { Aws } from '../aws/clients.ts';
import { describeAwsError, wrapAwsError } from '../aws/errors.ts';
import type { StepContext } from '../context.ts';
import { describeServiceDeployment, describeServiceRevisions } from '../ecs/service-deployments.ts';
import { describeService, taskSetOf } from '../ecs/services.ts';
import type { Ms } from '../model/analysis.ts';
import type { MetricCheck, Rollout, ServiceSnapshot } from '../model/index.ts';
import { withTimeout } from '../runtime/wait.ts';
import {
  expressionQuery,
  groupQueries,
  isStandard,
  judgeExpression,
  judgeGroups,
  readAnswers,
  type Answers,
  type GroupAddress,
  type GroupPair,
  type Judged,
  type Minutes,
} from './metric-values.ts';

export interface MetricContext extends StepContext {
  readonly aws: Pick<Aws, 'ecs' | 'elb' | 'metrics'>;
}

/** How far back the old tasks are looked at: once all traffic is shifted they get no more. */
const LOOK_BACK_MS = 60 * 60_000;

const CALL_MS = 20_000;

/** Pages of an answer that are read: five queries of an hour need one. */
const PAGES = 10;

/** An hour of long ago, of a metric that every account has: only when AWS answered is of interest. */
const SOME_HOUR: Minutes = { from: Date.UTC(2026, 0, 1), to: Date.UTC(2026, 0, 1, 1) };

const SOME_METRIC: MetricDataQuery = {
  Id: 'time',
  MetricStat: {
    Metric: { Namespace: 'AWS/Usage', MetricName: 'CallCount' },
    Period: 3600,
    Stat: 'Sum',
  },
};

/** The time by AWS's own clock. An expression is not asked for it: AWS takes its `SELECT` for two weeks alone. */
export function askTime(ctx: MetricContext): Promise<Answer> {
  return ask(ctx, [SOME_METRIC], SOME_HOUR);
}

/** Two target groups take turns, so that the old tasks can be told from the new ones. */
export function shiftsTraffic(strategy: string): boolean {
  return ['BLUE_GREEN', 'LINEAR', 'CANARY'].includes(strategy);
}

/** What came of asking all metrics once. */
export type MetricsAnswer =
  | { readonly kind: 'judged'; readonly judged: readonly Judged[] }
  /** `forGood`: denied, or AWS knows no answer. */
  | { readonly kind: 'unanswered'; readonly forGood: boolean; readonly detail: string };

/** The metrics of one rollout. It keeps its groups, and how AWS's time stands to the clock of the run. */
export class RolloutMetrics {
  readonly #ctx: MetricContext;
  readonly #rollout: Rollout;
  readonly #checks: readonly MetricCheck[];
  #pairs: readonly GroupPair[] | undefined;
  /** Milliseconds since 1970 by AWS's clock, less a reading of the run's clock. */
  #offset: Ms | undefined;
  /** Which of them were good, bad, or neither, when that was logged last. */
  #told = '';

  constructor(ctx: MetricContext, rollout: Rollout, checks: readonly MetricCheck[]) {
    this.#ctx = ctx;
    this.#rollout = rollout;
    this.#checks = checks;
  }

  /** `since`: a reading of the clock, from which on the traffic that is to be judged reached the new tasks. */
  async measure(since: Ms): Promise<MetricsAnswer> {
    const read = (): Promise<MetricsAnswer> => this.#measured(since);
    const answer = await wrapAwsError('reading the metrics', () => attempt(read, [...CLOSED, ...LOST]));
    if (answer.kind === 'answered') return answer.value;
    const why = describeAwsError(answer.error);
    return answer.kind === 'forbidden'
      ? { kind: 'unanswered', forGood: true, detail: why }
      : { kind: 'unanswered', forGood: false, detail: `no answer (${why})` };
  }

  async #measured(since: Ms): Promise<MetricsAnswer> {
    const hasGroups = this.#checks.some(isStandard);
    this.#pairs ??= hasGroups ? await pairsOf(this.#ctx, this.#rollout) : [];
    if (this.#pairs === undefined) {
      return { kind: 'unanswered', forGood: true, detail: 'which target group is whose cannot be read' };
    }
    return this.#ask(this.#pairs, since);
  }

  /** A value changes each minute: what is logged is that one became good, bad or undecided. */
  #tell(judged: readonly Judged[]): void {
    const states = judged.map(({ value }) => value.state).join();
    if (states === this.#told) return;
    this.#told = states;
    const { name } = this.#rollout.snapshot.address;
    this.#ctx.log.line(`${name}: metrics: ${judged.map(({ detail }) => detail).join('; ')}`);
  }

  async #ask(pairs: readonly GroupPair[], since: Ms): Promise<MetricsAnswer> {
    if (this.#offset === undefined) {
      const asked = this.#keepTime(await askTime(this.#ctx));
      if (asked.kind !== 'answered') return unanswered(asked);
    }
    const offset = this.#offset;
    if (offset === undefined) {
      return { kind: 'unanswered', forGood: true, detail: 'the answers of AWS have no Date' };
    }
    // The minute that runs is not whole, nor is the one in which the traffic arrived.
    const to = wholeMinutes(this.#ctx.clock.now() + offset, Math.floor);
    const from = Math.min(wholeMinutes(since + offset, Math.ceil), to);
    const minutes = { from: Math.max(from, to - LOOK_BACK_MS), to };
    return this.#judge(pairs, minutes);
  }

  async #judge(pairs: readonly GroupPair[], minutes: Minutes): Promise<MetricsAnswer> {
    const queries = groupQueries(this.#checks, pairs);
    const hour = { from: minutes.to - LOOK_BACK_MS, to: minutes.to };
    const [groups, ...expressions] = await Promise.all([
      queries.length === 0 ? NOTHING : ask(this.#ctx, queries, hour).then((asked) => this.#keepTime(asked)),
      ...this.#checks.map(async (check) => ({
        check,
        asked:
          check.expression === undefined
            ? NOTHING
            : await ask(this.#ctx, [expressionQuery(check.expression)], hour),
      })),
    ]);
    if (groups.kind !== 'answered') return unanswered(groups);
    const judged = judgeGroups(this.#checks, pairs, groups.answers, minutes);
    for (const { check, asked } of expressions) {
      if (asked.kind !== 'answered') return unanswered(asked);
      if (check.expression !== undefined) judged.push(judgeExpression(check, asked.answers, minutes));
    }
    if (minutes.from < minutes.to) this.#tell(judged);
    return { kind: 'judged', judged };
  }

  #keepTime(asked: Answer): Answer {
    if (asked.kind === 'answered' && asked.date !== undefined) {
      this.#offset = asked.date.getTime() - this.#ctx.clock.now();
    }
    return asked;
  }
}

export function wholeMinutes(ms: number, round: (minutes: number) => number): number {
  return round(ms / 60_000) * 60_000;
}

export type Answer =
  | { readonly kind: 'answered'; readonly answers: Answers; readonly date: Date | undefined }
  | { readonly kind: 'denied' | 'refused' | 'none'; readonly detail: string };

const NOTHING: Answer = { kind: 'answered', answers: new Map(), date: undefined };

/** One question with all its pages. Rejects for what is no answer of AWS. */
export async function ask(
  ctx: MetricContext,
  queries: readonly MetricDataQuery[],
  minutes: Minutes,
): Promise<Answer> {
  const answer = await attempt(() => readPages(ctx, queries, minutes), [...WITHHELD, ...LOST]);
  if (answer.kind === 'unanswered')
    return { kind: 'none', detail: `no answer (${describeAwsError(answer.error)})` };
  if (answer.kind === 'forbidden') {
    return answer.because === 'refused'
      ? { kind: 'refused', detail: describeAwsError(answer.error) }
      : { kind: 'denied', detail: 'cloudwatch:GetMetricData is denied' };
  }
  const { results, date } = answer.value;
  const answers = readAnswers(results);
  return answers === undefined
    ? { kind: 'none', detail: 'CloudWatch could not answer all of it' }
    : { kind: 'answered', answers, date };
}

/** All pages, and AWS's own time of the first one that says it. */
async function readPages(
  { aws, clock }: MetricContext,
  queries: readonly MetricDataQuery[],
  { from, to }: Minutes,
): Promise<{ readonly results: readonly MetricDataResult[]; readonly date: Date | undefined }> {
  const results: MetricDataResult[] = [];
  let date: Date | undefined;
  let token: string | undefined;
  for (let page = 0; page < PAGES; page += 1) {
    const sent = token;
    const answer = await withTimeout(clock, CALL_MS, () =>
      aws.metrics.getMetricData({
        MetricDataQueries: [...queries],
        StartTime: new Date(from),
        EndTime: new Date(to),
        ScanBy: 'TimestampAscending',
        ...(sent === undefined ? {} : { NextToken: sent }),
      }),
    );
    results.push(...(answer.MetricDataResults ?? []));
    date ??= answer.date;
    token = nextPageOf('GetMetricData', sent, answer.NextToken);
    if (token === undefined) break;
  }
  return { results, date };
}

function unanswered({ kind, detail }: Exclude<Answer, { kind: 'answered' }>): MetricsAnswer {
  return { kind: 'unanswered', forGood: kind !== 'none', detail };
}

/** The target groups of the new revision, each with the one of the old revision in its place; undefined: not readable. */
async function pairsOf({ aws }: MetricContext, rollout: Rollout): Promise<GroupPair[] | undefined> {
  const { snapshot } = rollout;
  if (!shiftsTraffic(snapshot.deployment.strategy)) {
    const addresses = await addressesOf(
      aws.elb,
      snapshot.targetGroups.map(({ targetGroupArn }) => targetGroupArn),
    );
    return [...addresses.values()].map((now) => ({ now, before: undefined }));
  }
  if (snapshot.codeDeploy !== undefined) return codeDeployPairsOf({ aws }, rollout);
  const arn = rollout.serviceDeploymentArn ?? snapshot.currentServiceDeploymentArn;
  const deployment = arn === undefined ? undefined : await describeServiceDeployment(aws.ecs, arn);
  const target = deployment?.targetServiceRevision?.arn;
  if (target === undefined) return undefined;
  const source = deployment?.sourceServiceRevisions?.find((each) => each.arn !== target)?.arn;
  const revisions = await describeServiceRevisions(
    aws.ecs,
    source === undefined ? [target] : [target, source],
  );
  const groupsOf = (revisionArn: string | undefined): string[] =>
    revisions
      .find(({ serviceRevisionArn }) => serviceRevisionArn === revisionArn)
      ?.resolvedConfiguration?.loadBalancers?.flatMap(({ targetGroupArn }) => targetGroupArn ?? []) ?? [];
  const [ofNew, ofOld] = [groupsOf(target), source === undefined ? [] : groupsOf(source)];
  if (ofNew.length === 0) return undefined;
  const addresses = await addressesOf(aws.elb, [...ofNew, ...ofOld]);
  return ofNew.flatMap((group, at) => {
    const now = addresses.get(group);
    return now === undefined ? [] : [{ now, before: addresses.get(ofOld[at] ?? '') }];
  });
}

/** The target group of our task set, and the other one of the two. */
async function codeDeployPairsOf(
  { aws }: Pick<MetricContext, 'aws'>,
  { snapshot, codeDeploymentId = '' }: Rollout,
): Promise<GroupPair[] | undefined> {
  const service = await describeService(aws.ecs, snapshot.address);
  const set = taskSetOf(service, codeDeploymentId);
  const ofNew = (set?.loadBalancers ?? []).flatMap(({ targetGroupArn }) => targetGroupArn ?? []);
  const all = snapshot.targetGroups.flatMap(({ targetGroupArn, alternateTargetGroupArn }) =>
    alternateTargetGroupArn === undefined ? [targetGroupArn] : [targetGroupArn, alternateTargetGroupArn],
  );
  if (ofNew.length === 0) return undefined;
  const addresses = await addressesOf(aws.elb, [...ofNew, ...all]);
  const before = all.find((arn) => !ofNew.includes(arn));
  return ofNew.flatMap((group) => {
    const now = addresses.get(group);
    return now === undefined ? [] : [{ now, before: addresses.get(before ?? '') }];
  });
}

/**
 * Services whose metrics would be asked of target groups behind no Application Load Balancer: no other counts requests by
 * their status. Empty where that cannot be read.
 */
export async function behindOtherBalancers(
  elb: Aws['elb'],
  snapshots: readonly ServiceSnapshot[],
): Promise<readonly ServiceSnapshot[]> {
  const arnsOf = ({ targetGroups }: ServiceSnapshot): string[] =>
    targetGroups.map(({ targetGroupArn }) => targetGroupArn);
  const answer = await attempt(() => addressesOf(elb, snapshots.flatMap(arnsOf)), ANY_AWS_ERROR);
  const known = valueOr(answer, undefined);
  if (known === undefined) return [];
  return snapshots.filter((each) => arnsOf(each).length > 0 && !arnsOf(each).some((arn) => known.has(arn)));
}

/** By ARN; those that stand behind no Application Load Balancer are left out: no other counts requests by their status. */
async function addressesOf(
  elb: Aws['elb'],
  arns: readonly string[],
): Promise<ReadonlyMap<string, GroupAddress>> {
  if (arns.length === 0) return new Map();
  const { TargetGroups = [] } = await elb.describeTargetGroups({ TargetGroupArns: [...new Set(arns)] });
  return new Map(
    TargetGroups.flatMap(({ TargetGroupArn = '', LoadBalancerArns = [] }): [string, GroupAddress][] => {
      const targetGroup = TargetGroupArn.split(':').at(-1) ?? '';
      const loadBalancer = (LoadBalancerArns[0] ?? '').split(':loadbalancer/')[1] ?? '';
      return loadBalancer.startsWith('app/') ? [[TargetGroupArn, { targetGroup, loadBalancer }]] : [];
    }),
  );
}
