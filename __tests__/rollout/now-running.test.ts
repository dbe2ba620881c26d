import type { Deployment } from '@aws-sdk/client-ecs';
import { describe, expect, test } from '@jest/globals';
import { readNowRunning } from '../../src/rollout/describe.ts';
import { fakeClock } from '../fakes/clock.ts';
import { DENIED, OLD_REVISION, OUR_REVISION, RESET, revision, snapshot, THROTTLED } from './builders.ts';

const { address } = snapshot();

async function says(...deployments: readonly Deployment[]): Promise<string> {
  const answer = { $metadata: {}, services: [{ deployments: [...deployments] }] };
  const ecs = { describeServices: () => Promise.resolve(answer) };
  return (await readNowRunning({ aws: { ecs }, clock: fakeClock() }, address)).sentence;
}

const primary = { status: 'PRIMARY', taskDefinition: OUR_REVISION, desiredCount: 2, runningCount: 2 };
const draining = { status: 'ACTIVE', taskDefinition: OLD_REVISION, desiredCount: 0, runningCount: 1 };

describe('what runs now, in one sentence', () => {
  test.each<[string, readonly Deployment[], string]>([
    ['one revision', [primary], 'Service "web" now runs backend:8 (2 of 2 tasks).'],
    [
      'one task',
      [{ ...primary, desiredCount: 1, runningCount: 1 }],
      'Service "web" now runs backend:8 (1 of 1 task).',
    ],
    [
      'the old tasks drain',
      [primary, draining],
      'Service "web" now runs backend:8 (2 of 2 tasks) and backend:7 (1 task).',
    ],
    [
      'the new one has no task yet: that is said as well',
      [
        { ...primary, runningCount: 0 },
        { ...draining, runningCount: 2 },
      ],
      'Service "web" now runs backend:8 (0 of 2 tasks) and backend:7 (2 tasks).',
    ],
    [
      'entries without tasks are not worth a word',
      [primary, { ...draining, taskDefinition: revision(6), runningCount: 0 }],
      'Service "web" now runs backend:8 (2 of 2 tasks).',
    ],
    ['nothing at all', [], 'Service "web" now runs nothing.'],
  ])('%s', async (_, deployments, sentence) => {
    expect(await says(...deployments)).toBe(sentence);
  });

  test.each([DENIED(), THROTTLED(), RESET()])('or that it could not be read: %s', async (error) => {
    const ecs = { describeServices: () => Promise.reject(error) };
    expect((await readNowRunning({ aws: { ecs }, clock: fakeClock() }, address)).sentence).toBe(
      'What service "web" runs now could not be read.',
    );
  });
});
