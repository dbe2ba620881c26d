/** GetMetricData: the metrics of target groups and of programs, and as much of metric math as a deployment gate needs. */
import type { World } from '../engine/world.ts';
import { AwsError } from '../state/errors.ts';
import { number, object, objects, requiredText, text } from '../state/json.ts';
import type { JsonObject } from '../state/json.ts';
import type { ServedMinute } from '../state/request-metrics.ts';

/** Values by the beginning of their minute, in milliseconds. */
type Series = ReadonlyMap<number, number>;

interface Range {
  readonly from: number;
  readonly to: number;
}

const minuteMs = 60_000;
const mostQueries = 500;
const queryableMs = 14 * 24 * 60 * minuteMs;

/** CloudWatch API reference, GetMetricData. Every period is a minute; there are no further pages. */
export function getMetricData(world: World, input: JsonObject): JsonObject {
  const queries = objects(input, 'MetricDataQueries');
  const range = rangeOf(input);
  refuseQueries(queries);
  const series = new Map<string, Series>();
  for (const query of queries) series.set(requiredText(query, 'Id'), seriesOf(world, query, range, series));
  const isAscending = text(input, 'ScanBy') === 'TimestampAscending';
  const results = queries
    .filter((query) => query['ReturnData'] !== false)
    .map((query): JsonObject => {
      const id = requiredText(query, 'Id');
      const points = [...(series.get(id) ?? [])].sort(([a], [b]) => (isAscending ? a - b : b - a));
      return {
        Id: id,
        Label: text(query, 'Label') ?? id,
        Timestamps: points.map(([at]) => at / 1000),
        Values: points.map(([, value]) => value),
        StatusCode: 'Complete',
      };
    });
  return { MetricDataResults: results, Messages: [] };
}

function rangeOf(input: JsonObject): Range {
  const [start, end] = [number(input, 'StartTime'), number(input, 'EndTime')];
  if (start === undefined || end === undefined || start >= end) {
    throw invalid('The parameter StartTime must be less than the parameter EndTime.');
  }
  return { from: start * 1000, to: end * 1000 };
}

function refuseQueries(queries: readonly JsonObject[]): void {
  const ids = queries.map((query) => requiredText(query, 'Id'));
  if (queries.length === 0 || queries.length > mostQueries) {
    throw invalid(`The collection MetricDataQueries must have 1 to ${mostQueries} members.`);
  }
  const wrong = ids.find((id) => !/^[a-z]\w*$/.test(id));
  if (wrong !== undefined) throw invalid(`The value ${wrong} for parameter Id is not matching the regex.`);
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice !== undefined) throw invalid(`The id ${twice} is not unique within the request.`);
  if (queries.filter((query) => /^\s*SELECT\b/i.test(text(query, 'Expression') ?? '')).length > 1) {
    throw invalid('Each GetMetricData operation can include only one Metrics Insights query.');
  }
  if (queries.every((query) => query['ReturnData'] === false)) {
    throw invalid('At least one query must have ReturnData set to true.');
  }
}

function seriesOf(world: World, query: JsonObject, range: Range, known: ReadonlyMap<string, Series>): Series {
  const expression = text(query, 'Expression');
  const stat = object(query, 'MetricStat');
  if ((expression === undefined) === (stat === undefined)) {
    throw invalid('Exactly one of Expression and MetricStat must be given.');
  }
  if (stat !== undefined) return ofStat(world, stat, range);
  return ofExpression(world, expression ?? '', range, known);
}

function ofStat(world: World, stat: JsonObject, range: Range): Series {
  const metric = object(stat, 'Metric') ?? {};
  const period = number(stat, 'Period');
  if (period === undefined || period % 60 !== 0)
    throw invalid('The parameter Period must be a multiple of 60.');
  const name = text(metric, 'MetricName') ?? '';
  const namespace = text(metric, 'Namespace') ?? '';
  const stats = text(stat, 'Stat') ?? '';
  if (namespace !== 'AWS/ApplicationELB') return ofProgram(world, namespace, name, stats, range);
  const dimensions = new Map(
    objects(metric, 'Dimensions').map((each) => [text(each, 'Name') ?? '', text(each, 'Value') ?? '']),
  );
  const group = [...world.balancing.targetGroups.values()].find(
    ({ arn, loadBalancerArn = '' }) =>
      dimensions.size === 2 &&
      arn.endsWith(`:${dimensions.get('TargetGroup') ?? ''}`) &&
      loadBalancerArn.endsWith(`:loadbalancer/${dimensions.get('LoadBalancer') ?? ''}`),
  );
  const minutes = group === undefined ? [] : [...world.metrics.ofGroup(group.arn)];
  return within(
    range,
    minutes.flatMap(([at, served]) => {
      const value = valueOf(served, name, stats);
      return value === undefined ? [] : [[at, value] as const];
    }),
  );
}

/** A count that is zero is not reported ("Reporting criteria: There is a nonzero value"). */
function valueOf(served: ServedMinute, name: string, stat: string): number | undefined {
  if (name === 'RequestCount' && stat === 'Sum') return served.requests;
  const ofClass = /^HTTPCode_Target_(\d)XX_Count$/.exec(name)?.[1];
  if (ofClass !== undefined && stat === 'Sum') return served.byClass.get(Number(ofClass));
  const percentile = /^p(\d+(?:\.\d+)?)$/.exec(stat)?.[1];
  if (name !== 'TargetResponseTime' || percentile === undefined) return undefined;
  const times = [...served.bySeconds].sort(([a], [b]) => a - b);
  let seen = 0;
  for (const [seconds, count] of times) {
    seen += count;
    if (seen >= (Number(percentile) / 100) * served.requests) return seconds;
  }
  return times.at(-1)?.[0];
}

function ofProgram(world: World, namespace: string, name: string, stat: string, range: Range): Series {
  const minutes = [...world.metrics.ofProgram(namespace, name)];
  return within(
    range,
    minutes.map(([at, values]) => {
      const sum = values.reduce((total, each) => total + each, 0);
      const value =
        stat === 'Sum' || stat === 'SUM'
          ? sum
          : /^max/i.test(stat)
            ? Math.max(...values)
            : sum / values.length;
      return [at, value] as const;
    }),
  );
}

function within({ from, to }: Range, points: readonly (readonly [number, number])[]): Series {
  return new Map(points.filter(([at]) => at >= from && at < to));
}

/** `FILL(id, 0)`, and one query of Metrics Insights: `SELECT SUM(name) FROM namespace`. */
function ofExpression(
  world: World,
  expression: string,
  range: Range,
  known: ReadonlyMap<string, Series>,
): Series {
  const [, filled, by] = /^FILL\(\s*(\w+)\s*,\s*(-?[\d.]+)\s*\)$/.exec(expression) ?? [];
  if (filled !== undefined) {
    const series = known.get(filled);
    if (series === undefined) throw invalid(`The expression refers to ${filled}, which is not an id of it.`);
    return series.size === 0 ? series : fill(series, range, Number(by));
  }
  const [, stat, name, namespace] =
    /^SELECT (SUM|AVG|MAX)\((\w+)\) FROM "?([\w/.-]+)"?$/i.exec(expression.trim()) ?? [];
  if (stat !== undefined && name !== undefined && namespace !== undefined) {
    if (range.from < world.clock.now() - queryableMs) {
      throw invalid('Metrics Insights queries can query the most recent two weeks of metric data.');
    }
    return ofProgram(world, namespace, name, stat.toUpperCase(), range);
  }
  throw invalid(`Error in expression: ${expression}`);
}

function fill(series: Series, { from, to }: Range, value: number): Series {
  const filled = new Map<number, number>();
  for (let at = Math.ceil(from / minuteMs) * minuteMs; at < to; at += minuteMs) {
    filled.set(at, series.get(at) ?? value);
  }
  return filled;
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationError', message);
}
