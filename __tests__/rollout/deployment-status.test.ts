import { describe, expect, test } from '@jest/globals';
import type { Deployment, Service, ServiceDeploymentStatus } from '@aws-sdk/client-ecs';
import { describeStatus } from '../../src/rollout/describe.ts';
import { OLD_REVISION, OTHER_ID, OTHER_REVISION, OUR_ID, OUR_REVISION, rollout } from './builders.ts';

function serviceWith(primary: Partial<Deployment>): Service {
  return { deployments: [{ id: OUR_ID, status: 'PRIMARY', taskDefinition: OUR_REVISION, ...primary }] };
}

const BACK = { id: OTHER_ID, taskDefinition: OLD_REVISION };

describe('where a deployment stands that nobody follows any more', () => {
  test.each<[ServiceDeploymentStatus | undefined, Partial<Deployment>, string]>([
    ['IN_PROGRESS', {}, 'ECS goes on with the deployment of backend:8 to service "web".'],
    [
      undefined,
      { rolloutState: 'IN_PROGRESS' },
      'ECS goes on with the deployment of backend:8 to service "web".',
    ],
    [
      'SUCCESSFUL',
      {},
      'The deployment of backend:8 to service "web" is complete; this run ended before it was proven.',
    ],
    [
      undefined,
      { rolloutState: 'COMPLETED' },
      'The deployment of backend:8 to service "web" is complete; this run ended before it was proven.',
    ],
    ['STOPPED', {}, 'The deployment of backend:8 to service "web" has stopped before it was complete.'],
    [
      undefined,
      { rolloutState: 'FAILED' },
      'The deployment of backend:8 to service "web" has stopped before it was complete.',
    ],
    ['ROLLBACK_REQUESTED', {}, 'ECS is rolling backend:8 back in service "web".'],
    ['ROLLBACK_IN_PROGRESS', BACK, 'ECS is rolling backend:8 back in service "web".'],
    ['ROLLBACK_SUCCESSFUL', BACK, 'ECS has rolled backend:8 back in service "web".'],
    ['ROLLBACK_FAILED', {}, 'ECS failed to roll backend:8 back in service "web".'],
    ['STOPPED', { ...BACK, rolloutState: 'IN_PROGRESS' }, 'Service "web" is on its way back to backend:7.'],
    [undefined, { ...BACK, rolloutState: 'COMPLETED' }, 'Service "web" is back on backend:7.'],
    [
      'STOPPED',
      { id: OTHER_ID, taskDefinition: OTHER_REVISION },
      'Another deployment, of backend:9, has replaced that of backend:8 to service "web"; it was not touched.',
    ],
  ])('%s, %j', (status, primary, sentence) => {
    expect(describeStatus(rollout(), status, serviceWith(primary))).toBe(sentence);
  });

  test('a change of settings alone makes no deployment', () => {
    const alone = rollout({ replacesTasks: false });
    expect(describeStatus(alone, undefined, serviceWith({}))).toBe(
      'Service "web" has the settings of this run.',
    );
  });
});
