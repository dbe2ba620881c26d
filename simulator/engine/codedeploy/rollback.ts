/** How deployments fail, and what goes back then. User Guide, "Redeploy and roll back a deployment with CodeDeploy". */
import { flag, texts } from '../../state/json.ts';
import type { JsonObject } from '../../state/json.ts';
import type { CodeDeployment } from '../../state/codedeploy.ts';
import type { Deployment as TaskSet } from '../../state/model.ts';
import { deleteTaskSet, makePrimaryTaskSet, shiftTraffic } from '../task-sets.ts';
import type { World } from '../world.ts';
import { findConfig } from './configs.ts';
import { after, beginSeconds, end, newDeployment, serviceOf, setStatus, skipRest } from './deployment.ts';

const rollbackSeconds = 12;

/** Ends a deployment that did not succeed. `rollsBack`: what ran before comes back. */
export function fail(
  world: World,
  deployment: CodeDeployment,
  error: { readonly code: string; readonly message: string },
  status: 'Failed' | 'Stopped' = 'Failed',
  rollsBack = rollsBackOn(deployment, 'DEPLOYMENT_FAILURE'),
): void {
  deployment.error = error;
  skipRest(world, deployment);
  end(world, deployment, status);
  if (rollsBack) rollBack(world, deployment);
}

export function stopByAlarm(world: World, deployment: CodeDeployment, names: readonly string[]): void {
  const error = {
    code: 'ALARM_ACTIVE',
    message: `One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, and the affected deployments have been stopped. Activated alarms: <${names.join(', ')}>`,
  };
  fail(world, deployment, error, 'Stopped', rollsBackOn(deployment, 'DEPLOYMENT_STOP_ON_ALARM'));
}

export function rollsBackOn({ autoRollback }: CodeDeployment, event: string): boolean {
  return flag(autoRollback, 'enabled') === true && texts(autoRollback, 'events').includes(event);
}

/** A rollback is a deployment of its own, of what ran before: the traffic goes back, and the new task set is deleted. */
function rollBack(world: World, failed: CodeDeployment): void {
  const { group } = failed;
  const service = serviceOf(world, group);
  const blue = failed.blue;
  if (service === undefined || blue === undefined) return;
  const before = JSON.parse(JSON.stringify(appSpecOf(failed, blue))) as JsonObject;
  const config = findConfig(world, 'CodeDeployDefault.ECSAllAtOnce') ?? failed.config;
  const rollback = newDeployment(world, group, config, {
    content: JSON.stringify(before),
    description: undefined,
    configName: undefined,
    autoRollback: {},
    alarms: {},
    creator: 'codeDeployRollback',
    rollbackOf: failed,
  });
  failed.rollback = rollback;
  failed.rollbackMessage = `Deployment ${failed.id} will be rolled back with deployment ${rollback.id}.`;
  after(world, rollback, beginSeconds, () => {
    rollback.startedAt = world.clock.now();
    setStatus(world, rollback, 'InProgress');
    const [event] = rollback.events;
    if (event !== undefined) Object.assign(event, { status: 'InProgress', startedAt: world.clock.now() });
    for (const listener of ['production', 'test'] as const) shiftTraffic(world, blue, listener, 100);
    makePrimaryTaskSet(world, service, blue);
    if (failed.green !== undefined) deleteTaskSet(world, service, failed.green);
    after(world, rollback, rollbackSeconds, () => {
      if (event !== undefined) Object.assign(event, { status: 'Succeeded', endedAt: world.clock.now() });
      failed.rollbackMessage = `Deployment ${failed.id} was rolled back with deployment ${rollback.id}.`;
      end(world, rollback, 'Succeeded');
    });
  });
}

/** What ran before, as an AppSpec. */
function appSpecOf({ spec }: CodeDeployment, { revision }: TaskSet): object {
  const properties = {
    TaskDefinition: revision.definition.arn,
    LoadBalancerInfo: { ContainerName: spec.containerName, ContainerPort: spec.containerPort },
  };
  return {
    version: 0,
    Resources: [{ TargetService: { Type: 'AWS::ECS::Service', Properties: properties } }],
  };
}
