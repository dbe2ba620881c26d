import type { GetLogEventsCommandInput } from '@aws-sdk/client-cloudwatch-logs';
import { describe, expect, test } from '@jest/globals';
import type { JsonObject, TaskDefinition } from '../../src/model/index.ts';
import { lastLogLines } from '../../src/rollout/diagnose.ts';
import { NO_HISTORY } from '../../src/rollout/history.ts';
import { fakeClock } from '../fakes/clock.ts';
import { awsError, DENIED, failure, historyOf } from './builders.ts';

const AWSLOGS = {
  logDriver: 'awslogs',
  options: { 'awslogs-group': '/ecs/web', 'awslogs-stream-prefix': 'web' },
};

function definition(logConfiguration?: JsonObject): TaskDefinition {
  const app = {
    name: 'app',
    image: 'backend:8',
    ...(logConfiguration === undefined ? {} : { logConfiguration }),
  };
  return { family: 'backend', containerDefinitions: [{ name: 'proxy', image: 'envoy:1' }, app] };
}

/** Logs that answer with these lines, or fail. */
function logs(answer: readonly string[] | Error = []): {
  asked: GetLogEventsCommandInput[];
  getLogEvents: Parameters<typeof lastLogLines>[1]['getLogEvents'];
} {
  const asked: GetLogEventsCommandInput[] = [];
  return {
    asked,
    getLogEvents: (input) => {
      asked.push(input);
      return answer instanceof Error
        ? Promise.reject(answer)
        : Promise.resolve({ $metadata: {}, events: answer.map((message) => ({ message })) });
    },
  };
}

describe('the last log lines of the container that failed', () => {
  test('come from the stream of its latest failed task', async () => {
    const source = logs(['boot', 'no database']);
    const lines = await lastLogLines(
      fakeClock(),
      source,
      definition(AWSLOGS),
      historyOf(failure(), failure()),
      30,
    );
    expect(source.asked).toEqual([
      { logGroupName: '/ecs/web', logStreamName: 'web/app/task2', limit: 30, startFromHead: false },
    ]);
    const from = { group: '/ecs/web', stream: 'web/app/task2', taskId: 'task2', container: 'app' };
    expect(lines).toEqual([
      { kind: 'log', text: 'app: boot', from },
      { kind: 'log', text: 'app: no database', from },
    ]);
  });

  test('are those of the failure that most tasks share, not of a later one that wrote nothing', async () => {
    const source = logs(['no database']);
    const unpulled = failure({
      cause: 'network-unreachable',
      exitCode: undefined,
      stopCode: 'TaskFailedToStart',
    });
    const other = failure({ cause: 'out-of-memory', exitCode: 137 });
    const history = historyOf(failure(), failure(), other, unpulled);
    await lastLogLines(fakeClock(), source, definition(AWSLOGS), history, 30);
    expect(source.asked[0]).toMatchObject({ logStreamName: 'web/app/task2' });
  });

  test('are those of one that ran, where the others did not', async () => {
    const source = logs(['no database']);
    const unpulled = failure({
      cause: 'network-unreachable',
      exitCode: undefined,
      stopCode: 'TaskFailedToStart',
    });
    const history = historyOf(unpulled, failure(), unpulled, unpulled);
    await lastLogLines(fakeClock(), source, definition(AWSLOGS), history, 30);
    expect(source.asked[0]).toMatchObject({ logStreamName: 'web/app/task2' });
  });

  test.each([
    ['no lines are wanted', historyOf(failure()), 0],
    ['no task failed', NO_HISTORY, 30],
    ['no container ever ran', historyOf(failure({ container: undefined })), 30],
  ])('are not asked for where %s', async (_, history, count) => {
    const source = logs(['x']);
    expect(await lastLogLines(fakeClock(), source, definition(AWSLOGS), history, count)).toEqual([]);
    expect(source.asked).toEqual([]);
  });

  test.each<[JsonObject | undefined, string]>([
    [undefined, 'Container "app" logs through no log driver, so its lines are not shown here.'],
    [
      { logDriver: 'awsfirelens' },
      'Container "app" logs through awsfirelens, so its lines are not shown here.',
    ],
    [
      { logDriver: 'awslogs', options: { 'awslogs-group': '/ecs/web' } },
      'Container "app" has no awslogs-stream-prefix, so its log stream is not known.',
    ],
  ])('cannot be had from %j, and a line says so', async (configuration, text) => {
    const source = logs();
    expect(
      await lastLogLines(fakeClock(), source, definition(configuration), historyOf(failure()), 30),
    ).toEqual([{ kind: 'log', text }]);
    expect(source.asked).toEqual([]);
  });

  test.each([DENIED(), awsError('ResourceNotFoundException', 'The specified log stream does not exist.')])(
    'may not be readable, and a line says why: %s',
    async (error) => {
      const lines = await lastLogLines(
        fakeClock(),
        logs(error),
        definition(AWSLOGS),
        historyOf(failure()),
        30,
      );
      expect(lines).toHaveLength(1);
      expect(lines[0]?.text).toContain(`cannot be read (${error.name}`);
    },
  );
});
