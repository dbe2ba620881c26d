import { describe, expect, test } from '@jest/globals';
import { logStreamOf } from '../../src/ecs/log-streams.ts';
import type { JsonObject } from '../../src/model/index.ts';
import { definitionOf } from '../fakes/literals.ts';

function streamWith(logConfiguration: JsonObject | undefined): ReturnType<typeof logStreamOf> {
  const container = { name: 'web', image: 'web:1', ...(logConfiguration && { logConfiguration }) };
  return logStreamOf(definitionOf(['proxy', container]), 'web', '0123abc');
}

const OPTIONS = {
  'awslogs-group': '/ecs/web',
  'awslogs-region': 'us-east-1',
  'awslogs-stream-prefix': 'ecs',
};

describe("a container's log stream", () => {
  test('is named by prefix, container and task', () => {
    expect(streamWith({ logDriver: 'awslogs', options: OPTIONS })).toEqual({
      kind: 'known',
      stream: { logGroupName: '/ecs/web', logStreamName: 'ecs/web/0123abc' },
    });
  });

  test.each([
    [undefined, 'Container "web" logs through no log driver, so its lines are not shown here.'],
    [
      { logDriver: 'awsfirelens' },
      'Container "web" logs through awsfirelens, so its lines are not shown here.',
    ],
    [
      { logDriver: 'awslogs', options: { 'awslogs-group': '/ecs/web' } },
      'Container "web" has no awslogs-stream-prefix, so its log stream is not known.',
    ],
    [
      { logDriver: 'awslogs' },
      'Container "web" has no awslogs-stream-prefix, so its log stream is not known.',
    ],
  ])('of %j is not known, and why', (configuration, why) => {
    expect(streamWith(configuration)).toEqual({ kind: 'unknown', why });
  });
});
