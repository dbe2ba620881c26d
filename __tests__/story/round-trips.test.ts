import { expect, test } from '@jest/globals';
import { expectGreen, inAWorld, step, tag } from './world.ts';

/** What an answer of AWS takes in these worlds. */
const TRIP_MS = 1_000;

/** How many answers had to be waited for, one after the other, before each call was sent; in the order of the calls. */
async function tripsOf(
  inputs: Readonly<Record<string, string>>,
): Promise<readonly { action: string; trips: number }[]> {
  let calls: { action: string; trips: number }[] = [];
  await inAWorld({}, async (sim) => {
    const from = sim.world.clock.now();
    sim.inject({ effect: { kind: 'delay', milliseconds: TRIP_MS } });
    expectGreen(await step(sim, inputs), 'succeeded');
    calls = sim.calls.map(({ action, time }) => ({ action, trips: Math.round((time - from) / TRIP_MS) - 1 }));
  });
  return calls;
}

test('eight round trips come before UpdateService with every check, the last of them reads the service', async () => {
  const calls = await tripsOf({ cluster: 'demo', service: 'backend', ...tag('v2') });
  const update = calls.findIndex(({ action }) => action === 'UpdateService');
  expect(calls[update]?.trips).toBeLessThanOrEqual(8);
  expect(calls[update - 1]?.action).toBe('DescribeServices');
  const before = new Set(calls.slice(0, update).map(({ action }) => action));
  for (const checked of ['BatchGetImage', 'GetRole', 'DescribeLogGroups', 'DescribeTargetGroups']) {
    expect(before).toContain(checked);
  }
});

test('a service, its history and its image are asked for at once', async () => {
  const calls = await tripsOf({ cluster: 'demo', service: 'backend', ...tag('v2') });
  const first = calls.filter(({ trips }) => trips === 0).map(({ action }) => action);
  expect(first.sort()).toEqual(['DescribeRepositories', 'DescribeServices', 'ListServiceDeployments']);
});

test('what the watch saw of a complete rollout is not asked for again by the gates', async () => {
  const calls = await tripsOf({ cluster: 'demo', service: 'backend', ...tag('v2') });
  const names = calls.map(({ action }) => action);
  const lastLook = names.slice(names.lastIndexOf('DescribeServiceDeployments') + 1);
  // The walk of that look, and what runs in the end.
  expect(lastLook).toEqual([
    ...[
      'DescribeServices',
      'ListTasks',
      'ListTasks',
      'DescribeTasks',
      'DescribeTasks',
      'DescribeTargetHealth',
    ],
    ...['DescribeServices', 'DescribeImages'],
  ]);
});
