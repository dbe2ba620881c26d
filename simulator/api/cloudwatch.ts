/** The actions of CloudWatch that concern alarms and metrics. */
import type { World } from '../engine/world.ts';
import type { Alarm, AlarmState } from '../state/alarms.ts';
import { AwsError } from '../state/errors.ts';
import { epochSeconds, requiredText, text, texts } from '../state/json.ts';
import type { JsonObject } from '../state/json.ts';
import { getMetricData } from './metric-data.ts';
import { page, paging } from './protocol/pages.ts';

const states: readonly AlarmState[] = ['OK', 'ALARM', 'INSUFFICIENT_DATA'];

export const cloudWatchActions = {
  DescribeAlarms(world: World, input: JsonObject): JsonObject {
    const names = texts(input, 'AlarmNames');
    const prefix = text(input, 'AlarmNamePrefix') ?? '';
    const state = text(input, 'StateValue');
    const matching = [...world.alarms.all.values()].filter(
      (alarm) =>
        (names.length === 0 || names.includes(alarm.name)) &&
        alarm.name.startsWith(prefix) &&
        (state === undefined || alarm.state === state),
    );
    const { items, nextToken } = page(matching, paging(input, 'MaxRecords', 'NextToken'), 100, 50);
    return { MetricAlarms: items.map(alarmView), CompositeAlarms: [], NextToken: nextToken };
  },

  GetMetricData: getMetricData,

  SetAlarmState(world: World, input: JsonObject): JsonObject {
    const name = requiredText(input, 'AlarmName');
    const state = states.find((candidate) => candidate === text(input, 'StateValue'));
    if (!world.alarms.all.has(name) || state === undefined) {
      throw new AwsError('ResourceNotFound', 'There is no such alarm, or no such state.', 404);
    }
    world.alarms.set(name, state, text(input, 'StateReason'));
    return {};
  },
};

function alarmView({ name, arn, state, reason, updatedAt }: Alarm): JsonObject {
  return {
    AlarmName: name,
    AlarmArn: arn,
    ActionsEnabled: true,
    OKActions: [],
    AlarmActions: [],
    InsufficientDataActions: [],
    StateValue: state,
    StateReason: reason,
    StateUpdatedTimestamp: epochSeconds(updatedAt),
    StateTransitionedTimestamp: epochSeconds(updatedAt),
    MetricName: 'HTTPCode_Target_5XX_Count',
    Namespace: 'AWS/ApplicationELB',
    Statistic: 'Sum',
    Dimensions: [],
    Period: 60,
    EvaluationPeriods: 1,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
  };
}
