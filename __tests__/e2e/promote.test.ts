/** A native pause by the bundle: one run ends at it, and another, a process of its own, lets it go on. */
import { expect, test } from '@jest/globals';
import { accepted, expectGreen, inAWorld, production, step, tag } from './world.ts';

const PAUSED = {
  strategy: 'BLUE_GREEN',
  bakeTimeInMinutes: 1,
  lifecycleHooks: [
    {
      targetType: 'PAUSE',
      lifecycleStages: ['POST_TEST_TRAFFIC_SHIFT'],
      timeoutConfiguration: { timeoutInMinutes: 1440, action: 'ROLLBACK' },
    },
  ],
};

test('mode: promote lets the deployment go on at which promotion: manual has ended', () =>
  inAWorld({ blueGreen: PAUSED }, async (sim) => {
    const first = await step(sim, { ...tag('v2'), service: 'bluegreen', promotion: 'manual' });
    expectGreen(first, 'started');
    expect(first.outputs['stage']).toBe('POST_TEST_TRAFFIC_SHIFT');
    expect(accepted(sim, 'ContinueServiceDeployment')).toEqual([]);
    expect(production(sim, 'bluegreen')).toBe('bluegreen:2 IN_PROGRESS');
    const arn = first.outputs['service-deployment-arn'] ?? '';
    const second = await step(sim, {
      service: 'bluegreen',
      mode: 'promote',
      'service-deployment-arn': arn,
    });
    expectGreen(second, 'succeeded');
    expect(second.outputs['service-deployment-arn']).toBe(arn);
    expect(accepted(sim, 'ContinueServiceDeployment').map(({ body }) => body)).toMatchObject([
      { action: 'CONTINUE' },
    ]);
    expect(production(sim, 'bluegreen')).toBe('bluegreen:2 COMPLETED');
  }));
