/** The actions of CloudWatch Logs. Times are in milliseconds, as its API has them. */
import type { World } from '../engine/world.ts';
import { AwsError, invalidParameter } from '../state/errors.ts';
import { flag, number, requiredText, text } from '../state/json.ts';
import type { JsonObject } from '../state/json.ts';
import type { LogLine } from '../state/logs.ts';
import { page, paging } from './protocol/pages.ts';

const largestPage = 10_000;

export const logsActions = {
  CreateLogGroup(world: World, input: JsonObject): JsonObject {
    const name = requiredText(input, 'logGroupName');
    if (world.logs.groups.has(name)) {
      throw new AwsError('ResourceAlreadyExistsException', 'The specified log group already exists');
    }
    world.logs.create(name);
    return {};
  },

  DescribeLogGroups(world: World, input: JsonObject): JsonObject {
    const prefix = text(input, 'logGroupNamePrefix') ?? '';
    const groups = [...world.logs.groups.values()].filter(({ name }) => name.startsWith(prefix));
    const { items, nextToken } = page(groups, paging(input, 'limit'), 50);
    return {
      logGroups: items.map(({ name, createdAt }) => ({
        logGroupName: name,
        creationTime: Math.round(createdAt),
        metricFilterCount: 0,
        arn: world.arn('logs', `log-group:${name}:*`),
        storedBytes: 0,
        logGroupClass: 'STANDARD',
        logGroupArn: world.arn('logs', `log-group:${name}`),
      })),
      nextToken,
    };
  },

  DescribeLogStreams(world: World, input: JsonObject): JsonObject {
    const groupName = groupOf(input);
    const prefix = text(input, 'logStreamNamePrefix') ?? '';
    const streams = [...world.logs.group(groupName).streams]
      .filter(([name]) => name.startsWith(prefix))
      .sort(([one], [other]) => one.localeCompare(other));
    if (text(input, 'orderBy') === 'LastEventTime')
      streams.sort(([, one], [, other]) => lastTime(one) - lastTime(other));
    if (flag(input, 'descending') === true) streams.reverse();
    const { items, nextToken } = page(streams, paging(input, 'limit'), 50);
    return {
      logStreams: items.map(([name, lines]) => ({
        logStreamName: name,
        creationTime: lines[0]?.timestamp,
        firstEventTimestamp: lines[0]?.timestamp,
        lastEventTimestamp: lines.at(-1)?.timestamp,
        storedBytes: 0,
        arn: world.arn('logs', `log-group:${groupName}:log-stream:${name}`),
      })),
      nextToken,
    };
  },

  /** At the end of a stream the same token comes back, which is how a reader knows that there is no more. */
  GetLogEvents(world: World, input: JsonObject): JsonObject {
    const from = number(input, 'startTime') ?? 0;
    const until = number(input, 'endTime') ?? Number.MAX_SAFE_INTEGER;
    const lines = world.logs
      .stream(groupOf(input), requiredText(input, 'logStreamName'))
      .filter(({ timestamp }) => timestamp >= from && timestamp < until);
    const { start, end } = windowOf(input, lines.length);
    return {
      events: lines
        .slice(start, end)
        .map(({ timestamp, message }) => ({ timestamp, message, ingestionTime: timestamp + 200 })),
      nextForwardToken: `f/${String(end).padStart(56, '0')}/s`,
      nextBackwardToken: `b/${String(start).padStart(56, '0')}/s`,
    };
  },
};

/** The part of a stream that a token, or the lack of one, asks for. */
function windowOf(input: JsonObject, length: number): { start: number; end: number } {
  const limit = number(input, 'limit') ?? largestPage;
  if (limit < 1 || limit > largestPage) throw invalidParameter(`limit must be between 1 and ${largestPage}.`);
  const token = text(input, 'nextToken');
  if (token === undefined) {
    const start = flag(input, 'startFromHead') === true ? 0 : Math.max(0, length - limit);
    return { start, end: Math.min(length, start + limit) };
  }
  const [, direction, position] = /^([fb])\/0*(\d+)\/s$/.exec(token) ?? [];
  if (position === undefined) throw invalidParameter('The specified nextToken is invalid.');
  const at = Number(position);
  return direction === 'f'
    ? { start: at, end: Math.min(length, at + limit) }
    : { start: Math.max(0, at - limit), end: at };
}

function groupOf(input: JsonObject): string {
  return (
    text(input, 'logGroupName') ?? requiredText(input, 'logGroupIdentifier').replace(/^arn:.*:log-group:/, '')
  );
}

function lastTime(lines: readonly LogLine[]): number {
  return lines.at(-1)?.timestamp ?? 0;
}
