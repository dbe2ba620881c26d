/** A service of CodeDeploy, by the bundle: its client is a chunk of its own, which is loaded here alone. */
import { expect, test } from '@jest/globals';
import { accepted, expectGreen, inAWorld, step, tag } from '../story/world.ts';

test('is deployed past its test URL', () =>
  inAWorld({ as: 'bundle', codeDeploy: { readyMinutes: 60, terminationMinutes: 60 } }, async (sim) => {
    const result = await step(sim, {
      ...tag('v2'),
      service: 'checkout',
      'test-url': `${sim.loadBalancers['checkout-test']?.url ?? ''}/health`,
    });
    expectGreen(result, 'succeeded');
    expect(result.outputs['codedeploy-deployment-id']).toMatch(/^d-[A-Z0-9]{9}$/);
    expect(accepted(sim, 'CreateDeployment', 'ContinueDeployment')).toHaveLength(2);
  }));
