/** What is asked of CloudWatch for the input `metrics`, and what its answers say. Pure. */
import type { MetricDataQuery, MetricDataResult } from '@aws-sdk/client-cloudwatch';
import { metricInUnit, type MetricCheck, type MetricValue } from '../model/index.ts';

/** A target group behind its load balancer, as the dimensions of CloudWatch name them. */
export interface GroupAddress {
  /** `targetgroup/green/0123456789abcdef` */
  readonly targetGroup: string;
  /** `app/web/0123456789abcdef` */
  readonly loadBalancer: string;
}

/** A target group of the new tasks, and the one of the old tasks in its place. */
export interface GroupPair {
  readonly now: GroupAddress;
  readonly before: GroupAddress | undefined;
}

/** Values by the beginning of their minute, in milliseconds by AWS's clock. */
export type Series = ReadonlyMap<number, number>;

/** By the id of their query; several where an expression gives several. */
export type Answers = ReadonlyMap<string, readonly Series[]>;

/** Whole minutes by AWS's clock, in milliseconds; `to` is excluded. */
export interface Minutes {
  readonly from: number;
  readonly to: number;
}

/** What is read of a metric's newest data: the last five minutes, or as many more as hold enough requests. */
const LAST_MINUTES = 5;

/** Requests that a percentage or a percentile has to rest on, where `requests` does not say otherwise. */
const ENOUGH_REQUESTS = 50;

/** An old percentage below it, and an old time of zero, count as much: nothing is a multiple of zero. */
const FLOOR = 0.1;

const PERIOD = 60;

/** The metrics of a group that these checks need: the requests, errors by their class, percentiles of the times. */
export function groupQueries(checks: readonly MetricCheck[], pairs: readonly GroupPair[]): MetricDataQuery[] {
  return pairs.flatMap(({ now, before }, at) => [
    ...queriesOfGroup(checks.filter(isStandard), now, `new${at}`),
    ...(before === undefined
      ? []
      : queriesOfGroup(
          checks.filter((check) => isStandard(check) && check.isRelative),
          before,
          `old${at}`,
        )),
  ]);
}

function queriesOfGroup(
  checks: readonly MetricCheck[],
  group: GroupAddress,
  side: string,
): MetricDataQuery[] {
  if (checks.length === 0) return [];
  const names = [...new Set(['requests', ...checks.map(({ name }) => name)])];
  return names.flatMap((name) => queriesOfMetric(name, group, side));
}

/** A class without errors has no data ("Reporting criteria: There is a nonzero value"): it is filled with zeros. */
function queriesOfMetric(name: string, group: GroupAddress, side: string): MetricDataQuery[] {
  const id = idOf(side, name);
  const [, errors] = /^(\d)xx-percent$/.exec(name) ?? [];
  if (errors !== undefined) {
    const counted = queryOf(`${id}_counted`, group, `HTTPCode_Target_${errors}XX_Count`, 'Sum');
    return [
      { ...counted, ReturnData: false },
      { Id: id, Expression: `FILL(${id}_counted, 0)` },
    ];
  }
  const [, percentile] = /^(p\d+)-seconds$/.exec(name) ?? [];
  return [
    percentile === undefined
      ? queryOf(id, group, 'RequestCount', 'Sum')
      : queryOf(id, group, 'TargetResponseTime', percentile),
  ];
}

/** Elastic Load Balancing, "CloudWatch metrics for your Application Load Balancer". */
function queryOf(Id: string, group: GroupAddress, MetricName: string, Stat: string): MetricDataQuery {
  const Dimensions = [
    { Name: 'TargetGroup', Value: group.targetGroup },
    { Name: 'LoadBalancer', Value: group.loadBalancer },
  ];
  return {
    Id,
    MetricStat: {
      Metric: { Namespace: 'AWS/ApplicationELB', MetricName, Dimensions },
      Period: PERIOD,
      Stat,
    },
  };
}

/** The query of an expression; each is a call of its own, since a call takes one `SELECT`. */
export function expressionQuery(expression: string): MetricDataQuery {
  return { Id: EXPRESSION_ID, Expression: expression, Period: PERIOD };
}

const EXPRESSION_ID = 'expression';

function idOf(side: string, name: string): string {
  return `${side}_${/^(?:p\d+|\dxx)/.exec(name)?.[0].replace(/^\d/, 'e$&') ?? name}`;
}

/** What the pages of an answer hold. Undefined where one of them is not complete. */
export function readAnswers(results: readonly MetricDataResult[]): Answers | undefined {
  const pieces = new Map<string, { readonly label: string; readonly series: Map<number, number> }[]>();
  for (const { Id = '', Label = '', Timestamps = [], Values = [], StatusCode } of results) {
    if (StatusCode === 'InternalError' || StatusCode === 'Forbidden') return undefined;
    const known = pieces.get(Id) ?? [];
    // A result that goes on on the next page comes with its label again.
    const piece = known.find(({ label }) => label === Label) ?? { label: Label, series: new Map() };
    pieces.set(Id, known.includes(piece) ? known : [...known, piece]);
    for (const [at, time] of Timestamps.entries()) {
      const value = Values[at];
      if (value !== undefined) piece.series.set(time.getTime(), value);
    }
  }
  return new Map([...pieces].map(([id, each]) => [id, each.map(({ series }) => series)]));
}

/** What one check comes to. `skipped`: there is too little to judge by, as `detail` says. */
export interface Judged {
  readonly check: MetricCheck;
  readonly value: MetricValue;
  /** A clause for people. */
  readonly detail: string;
}

/** Judges each check by the answers about its groups. `minutes`: since the traffic reached the new tasks. */
export function judgeGroups(
  checks: readonly MetricCheck[],
  pairs: readonly GroupPair[],
  answers: Answers,
  minutes: Minutes,
): Judged[] {
  const least = leastRequests(checks);
  return checks.filter(isStandard).map((check) => {
    const each = pairs.map((pair, at) => judgeGroup(check, pair, at, { answers, minutes, least, pairs }));
    // A group that hardly anybody uses says nothing where another one does.
    return (
      each.find(({ value }) => value.state === 'failed') ??
      each.find(({ value }) => value.state === 'passed') ??
      each[0] ?? {
        check,
        ...undecided(check, {}, 'there is no target group behind an Application Load Balancer'),
      }
    );
  });
}

/** `requests >= N` says how many have to be enough. */
export function leastRequests(checks: readonly MetricCheck[]): number {
  const asked = checks.filter(({ name, operator }) => name === 'requests' && operator.startsWith('>'));
  if (asked.length === 0) return ENOUGH_REQUESTS;
  return Math.max(...asked.map(({ bound, operator }) => (operator === '>' ? Math.floor(bound) + 1 : bound)));
}

interface Judging {
  readonly answers: Answers;
  readonly minutes: Minutes;
  readonly least: number;
  readonly pairs: readonly GroupPair[];
}

function judgeGroup(check: MetricCheck, pair: GroupPair, at: number, judging: Judging): Judged {
  const { answers, minutes, least, pairs } = judging;
  const which = pairs.length === 1 ? '' : ` of ${pair.now.targetGroup.split('/')[1] ?? ''}`;
  const ofNew = within(seriesOf(answers, `new${at}`, 'requests'), minutes);
  const total = sum([...ofNew.values()]);
  if (check.name === 'requests') return { check, ...judgeRequests(check, total, which) };
  const now = measured(answers, `new${at}`, check.name, ofNew, least);
  if (now.value === undefined) {
    const detail = `${tooFew(total, least, minutes)}${which}`;
    return { check, ...undecided(check, { requests: total }, `${check.name}: ${detail}`) };
  }
  if (!check.isRelative) return { check, ...decided(check, now, undefined, which) };
  const ofOld = seriesOf(answers, `old${at}`, 'requests');
  const before = measured(answers, `old${at}`, check.name, ofOld, Math.max(least, 1));
  if (before.value === undefined) {
    const detail = `the old tasks had only ${inRequests(sum([...ofOld.values()]))} in the hour before, too few to compare with`;
    return { check, ...undecided(check, now, `${check.name}: ${detail}`) };
  }
  return { check, ...decided(check, now, before.value, which) };
}

function judgeRequests(check: MetricCheck, total: number, which: string): Omit<Judged, 'check'> {
  if (holds(check, total, check.bound)) {
    return decided(check, { value: total, requests: total }, undefined, which);
  }
  // More may come.
  if (!check.operator.startsWith('>'))
    return decided(check, { value: total, requests: total }, undefined, which);
  const detail = `${inRequests(total)} so far${which}, and they have to be ${check.operator} ${check.bound}`;
  return undecided(check, { value: total, requests: total }, detail);
}

function tooFew(total: number, least: number, { from, to }: Minutes): string {
  if (from >= to) return 'no minute is whole yet';
  if (total === 0) return 'no request has reached the new tasks';
  if (total >= least) return 'CloudWatch has no data of it yet';
  return `only ${inRequests(total)} reached the new tasks, and ${least} are needed`;
}

interface Measured {
  readonly value?: number | undefined;
  readonly requests?: number;
}

/** A percentage over the newest minutes, or the mean of their percentiles by their requests. */
function measured(answers: Answers, side: string, name: string, requests: Series, least: number): Measured {
  const newest = newestMinutes(requests, least);
  const count = sum(newest.map((at) => requests.get(at) ?? 0));
  if (count === 0 || count < least) return { requests: count };
  const series = seriesOf(answers, side, name);
  if (name.endsWith('-percent')) {
    return { value: (100 * sum(newest.map((at) => series.get(at) ?? 0))) / count, requests: count };
  }
  const known = newest.filter((at) => series.has(at));
  const weight = sum(known.map((at) => requests.get(at) ?? 0));
  if (weight === 0) return { requests: count };
  const weighted = sum(known.map((at) => (series.get(at) ?? 0) * (requests.get(at) ?? 0)));
  return { value: weighted / weight, requests: count };
}

/** Minutes with requests, newest first: five, or more until they hold enough. */
function newestMinutes(requests: Series, least: number): number[] {
  const minutes = [...requests].filter(([, count]) => count > 0).sort(([a], [b]) => b - a);
  let count = 0;
  return minutes.flatMap(([at, each], position) => {
    if (position >= LAST_MINUTES && count >= least) return [];
    count += each;
    return [at];
  });
}

/** Judges an expression by the mean of its values, a minute each. */
export function judgeExpression(check: MetricCheck, answers: Answers, minutes: Minutes): Judged {
  const all = answers.get(EXPRESSION_ID) ?? [];
  if (all.length > 1) {
    const detail = `${check.name}: its expression gives ${all.length} series, and has to give one: put SUM(…) or AVG(…) around it`;
    return { check, ...undecided(check, {}, detail) };
  }
  const series = [...within(all[0] ?? new Map(), minutes)].sort(([a], [b]) => b - a).slice(0, LAST_MINUTES);
  if (series.length === 0) return { check, ...undecided(check, {}, `${check.name}: it has no data yet`) };
  return {
    check,
    ...decided(check, { value: sum(series.map(([, value]) => value)) / series.length }, undefined, ''),
  };
}

function decided(
  check: MetricCheck,
  { value = 0, requests }: Measured,
  before: number | undefined,
  which: string,
): Omit<Judged, 'check'> {
  const limit = before === undefined ? check.bound : check.bound * withFloor(check.name, before);
  const isGood = holds(check, value, limit);
  const allowed = `${check.operator} ${metricInUnit(check.name, limit)}`;
  const rests = [
    ...(before === undefined ? [] : [comparedWith(check, before)]),
    ...(requests === undefined || check.name === 'requests' ? [] : [inRequests(requests)]),
  ];
  const name = `${check.name}${which}`;
  const shown = metricInUnit(check.name, value);
  const noted = rests.length === 0 ? '' : ` (${rests.join('; ')})`;
  return {
    value: { ...common(check), value, before, limit, requests, state: isGood ? 'passed' : 'failed' },
    detail: isGood
      ? `${name} is ${shown} (${[allowed, ...rests].join('; ')})`
      : `${name} is ${shown}, not ${allowed}${noted}`,
  };
}

/** `1.5x the 0 % of the old tasks, which count as 0.1 %` */
function comparedWith({ name, bound }: MetricCheck, before: number): string {
  const counts = withFloor(name, before);
  const floor = counts === before ? '' : `, which count as ${metricInUnit(name, counts)}`;
  return `${bound}x the ${metricInUnit(name, before)} of the old tasks${floor}`;
}

function undecided(check: MetricCheck, { value, requests }: Measured, detail: string): Omit<Judged, 'check'> {
  const limit = check.isRelative ? undefined : check.bound;
  return {
    value: { ...common(check), value, before: undefined, limit, requests, state: 'skipped' },
    detail,
  };
}

function common(check: MetricCheck): Pick<MetricValue, 'metric' | 'condition'> {
  return { metric: check.name, condition: conditionOf(check) };
}

/** `< 1.5x` */
export function conditionOf({ operator, bound, isRelative }: MetricCheck): string {
  return `${operator} ${bound}${isRelative ? 'x' : ''}`;
}

function withFloor(name: string, before: number): number {
  if (name.endsWith('-percent')) return Math.max(before, FLOOR);
  return before === 0 ? FLOOR : before;
}

function holds({ operator }: MetricCheck, value: number, limit: number): boolean {
  switch (operator) {
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
  }
}

function inRequests(count: number): string {
  return count === 1 ? '1 request' : `${count} requests`;
}

function seriesOf(answers: Answers, side: string, name: string): Series {
  return answers.get(idOf(side, name))?.[0] ?? new Map<number, number>();
}

function within(series: Series, { from, to }: Minutes): Series {
  return new Map([...series].filter(([at]) => at >= from && at < to));
}

export function isStandard({ expression }: MetricCheck): boolean {
  return expression === undefined;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
