import { expect, test } from '@jest/globals';
import { reasonsOf } from '../../src/ecs/environment-values.ts';
import { STOP_REASONS } from '../../src/ecs/stop-reasons.ts';
import { rolloutOf } from '../fakes/literals.ts';

/** What ECS and CodeDeploy say of a service and of a deployment (ECS Developer Guide, "Service event messages"). */
const SAID: readonly string[] = [
  '(service backend) has reached a steady state.',
  '(service backend) has started 2 tasks: (task 0af1) (task 0af2).',
  '(service backend) has stopped 1 running tasks: (task 0af1).',
  '(service backend) has begun draining connections on 1 tasks.',
  '(service backend) registered 1 targets in (target-group backend)',
  '(service backend) deregistered 1 targets in (target-group backend)',
  '(service backend) (port 8000) is unhealthy in (target-group backend) due to (reason Health checks failed with these codes: [502]).',
  '(service backend) (port 8000) is unhealthy in (target-group backend) due to (reason Request timed out).',
  '(service backend) was unable to place a task because no container instance met all of its requirements.',
  '(service backend) was unable to place a task. Reason: Capacity is unavailable at this time.',
  "(service backend) was unable to place a task. Reason: You've reached the limit on the number of tasks you can run concurrently.",
  '(service backend) was unable to stop or start tasks during a deployment because of the service deployment configuration.',
  '(service backend) failed to register targets in (target-group backend) because it is not authorized to perform: elasticloadbalancing:RegisterTargets',
  '(service backend) is unable to consistently start tasks successfully.',
  '(service backend) operations are being throttled on elb. Will try again later.',
  '(service backend) (deployment ecs-svc/1) deployment failed: tasks failed to start.',
  '(service backend) (deployment ecs-svc/1) rolling back to deployment ecs-svc/2.',
  '(service backend) (deployment ecs-svc/1) deployment completed.',
  'ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.',
  'Service deployment was stopped because the circuit breaker threshold was exceeded.',
  'Scaling activity initiated by (deployment ecs-svc/1)',
  'Essential container in task exited',
  ...STOP_REASONS.map(({ says }) => says),
];

test.each(SAID)('no variable destroys what AWS says: %s', (sentence) => {
  const words = sentence.split(/[^\w-]+/).filter((word) => word.length >= 6);
  const environment = words.map((value, at) => ({ name: `V${at}`, value }));
  const definition = {
    family: 'backend',
    containerDefinitions: [{ name: 'backend', image: 'i', environment }],
  };
  expect(reasonsOf(rolloutOf({ definition }))(sentence)).toBe(sentence);
});

test('a value that is no word of AWS is hidden, wherever it stands', () => {
  const environment = [{ name: 'TOKEN', value: 't0k-7f3a9c' }];
  const definition = {
    family: 'backend',
    containerDefinitions: [{ name: 'backend', image: 'i', environment }],
  };
  const said = 'CannotStartContainerError: exec: "t0k-7f3a9c": executable file not found in $PATH';
  expect(reasonsOf(rolloutOf({ definition }))(said)).toBe(said.replace('t0k-7f3a9c', '***'));
});
