/** What the healthy and the failed tasks of a deployment mean for it. */
import type { Deployment, Service, Task } from '../state/model.ts';
import { failByBreaker } from './deployment-failures.ts';
import { addEvent } from './events.ts';
import { countFailure, countHealthy } from './monitors.ts';
import { primaryOf } from './service-deployments.ts';
import { isHealthy } from './tasks.ts';
import type { World } from './world.ts';

const firstPause = 15;
const longestPause = 900;
const restartPause = 5;
const impairedAfter = 4;

/** The entry of `deployments` that a task belongs to. */
export function deploymentOf(service: Service, task: Task): Deployment | undefined {
  return service.deployments.find((deployment) => deployment.revision === task.revision);
}

/** A task that has passed all its checks forgives the failures before it. */
export function countHealthyTask(service: Service, task: Task): void {
  if (!isHealthy(task)) return;
  task.wasHealthy = true;
  const deployment = deploymentOf(service, task);
  if (deployment?.rolloutState !== 'IN_PROGRESS') return;
  const { breaker } = deployment.serviceDeployment;
  countHealthy(breaker);
  if (breaker.resetOnHealthyTask) deployment.failedTasks = 0;
}

/** A failed task slows the next start down, and may fail the deployment that it belongs to. */
export function countFailedTask(world: World, service: Service, task: Task): void {
  const deployment = deploymentOf(service, task);
  if (deployment === undefined) return;
  throttleRestarts(world, service, deployment, task);
  if (deployment.rolloutState !== 'IN_PROGRESS' || deployment !== primaryOf(service)) return;
  deployment.failedTasks += 1;
  const { breaker, rollback } = deployment.serviceDeployment;
  const failed =
    rollback === undefined
      ? countFailure(breaker)
      : breaker.status !== 'DISABLED' && deployment.failedTasks >= breaker.threshold;
  if (failed) failByBreaker(world, service, deployment);
}

function throttleRestarts(world: World, service: Service, deployment: Deployment, task: Task): void {
  const ran = task.startedAt !== undefined;
  deployment.failedLaunches = ran ? 0 : deployment.failedLaunches + 1;
  const launches = deployment.failedLaunches;
  const pause = ran ? restartPause : Math.min(longestPause, firstPause * 2 ** (launches - 1));
  deployment.throttledUntil = world.clock.now() + pause * 1000;
  if (launches >= impairedAfter)
    addEvent(world, service, 'is unable to consistently start tasks successfully.');
}
