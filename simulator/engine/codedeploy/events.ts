/** The lifecycle events of a deployment, its hooks and its waits. User Guide, "AppSpec 'hooks' section". */
import { number, object, objects, text } from '../../state/json.ts';
import type { CodeDeployment, DeploymentGroup, LifecycleEvent } from '../../state/codedeploy.ts';
import type { Deployment as TaskSet, Service } from '../../state/model.ts';
import {
  behindGroup,
  createTaskSet,
  deleteTaskSet,
  hasPort,
  makePrimaryTaskSet,
  shiftTraffic,
} from '../task-sets.ts';
import { isHealthy } from '../tasks.ts';
import type { World } from '../world.ts';
import { weightsOf } from './configs.ts';
import { after, end, failEvent, serviceOf, setStatus, touch } from './deployment.ts';
import { fail } from './rollback.ts';

const longestHookSeconds = 3600;

const longestInstallSeconds = 3600;

const lookSeconds = 2;

/** Goes through the events that are left, and through the waits between them. */
export function runEvents(world: World, deployment: CodeDeployment, isContinued = false): void {
  const event = deployment.events.find(({ status }) => status === 'Pending');
  if (event === undefined) {
    waitForTermination(world, deployment);
    return;
  }
  if (event.name === 'BeforeAllowTraffic' && !isContinued && mustBeContinued(deployment)) {
    waitUntilReady(world, deployment);
    return;
  }
  event.status = 'InProgress';
  event.startedAt = world.clock.now();
  touch(world, deployment);
  const done = (): void => {
    event.status = 'Succeeded';
    event.endedAt = world.clock.now();
    touch(world, deployment);
    runEvents(world, deployment);
  };
  switch (event.name) {
    case 'Install':
      install(world, deployment, done);
      return;
    case 'AllowTestTraffic':
      shiftTraffic(world, deployment.green, 'test', 100);
      after(world, deployment, 1, done);
      return;
    case 'AllowTraffic':
      allowTraffic(world, deployment, done, 0);
      return;
    default:
      runHook(world, deployment, event, done);
  }
}

function runHook(world: World, deployment: CodeDeployment, event: LifecycleEvent, done: () => void): void {
  const target = deployment.spec.hooks.get(event.name);
  if (target === undefined) {
    done();
    return;
  }
  const { ends, afterSeconds, message: words } = world.functions.behaviourOf(target);
  const seconds = ends === 'never' ? longestHookSeconds : afterSeconds;
  after(world, deployment, seconds, () => {
    if (ends === 'Succeeded') {
      done();
      return;
    }
    const message =
      ends === 'never'
        ? `The Lambda function ${target} did not report a status within one hour.`
        : (words ?? `The Lambda function ${target} reported the status Failed.`);
    failEvent(world, event, 'UnknownError', message);
    fail(world, deployment, {
      code: ends === 'never' ? 'TIMEOUT' : 'HOOK_EXECUTION_FAILURE',
      message: `The deployment failed because the lifecycle event hook ${event.name} failed: ${message}`,
    });
  });
}

/** Makes the replacement task set, and waits until it is steady. */
function install(world: World, deployment: CodeDeployment, done: () => void): void {
  const { group, spec, events } = deployment;
  const service = serviceOf(world, group);
  const event = events.find(({ name }) => name === 'Install');
  const refuse = (code: string, message: string): void => {
    if (event !== undefined) failEvent(world, event, 'UnknownError', message);
    fail(world, deployment, { code, message });
  };
  if (service?.status !== 'ACTIVE') {
    refuse('INVALID_ECS_SERVICE', 'The ECS service cannot be found, or it is not ACTIVE.');
    return;
  }
  const definition = world.taskDefinitions.find(spec.taskDefinition);
  if (definition?.status !== 'ACTIVE') {
    const said = definition === undefined ? 'TaskDefinition not found.' : 'TaskDefinition is inactive';
    refuse('ECS_UPDATE_ERROR', `The ECS service cannot be updated due to an unexpected error: ${said}`);
    return;
  }
  if (!hasPort(definition, spec.containerName, spec.containerPort)) {
    refuse(
      'ECS_UPDATE_ERROR',
      `The ECS service cannot be updated due to an unexpected error: The container ${spec.containerName} does not exist in the task definition, or did not have a container port ${spec.containerPort} defined.`,
    );
    return;
  }
  const primary = service.deployments[0];
  // What a deployment without a rollback left behind goes now.
  for (const set of service.deployments.filter((each) => each !== primary))
    deleteTaskSet(world, service, set);
  deployment.blue = primary;
  const green = createTaskSet(
    world,
    service,
    definition,
    {
      loadBalancers: [behindGroup(freeGroup(world, group), spec.containerName, spec.containerPort)],
      ...(spec.platformVersion === undefined ? {} : { platformVersion: spec.platformVersion }),
      ...(spec.networkConfiguration === undefined ? {} : { networkConfiguration: spec.networkConfiguration }),
    },
    deployment.id,
  );
  deployment.green = green;
  const until = world.clock.now() + longestInstallSeconds * 1000;
  const look = (): void => {
    if (isSteady(service, green)) {
      done();
      return;
    }
    if (world.clock.now() < until) {
      after(world, deployment, lookSeconds, look);
      return;
    }
    refuse(
      'TIMEOUT',
      'The deployment timed out while waiting for the replacement task set to become healthy. This time out period is 60 minutes.',
    );
  };
  after(world, deployment, lookSeconds, look);
}

function isSteady(service: Service, set: TaskSet): boolean {
  const tasks = service.cluster
    .tasksOf(service)
    .filter((task) => task.revision === set.revision && task.desiredStatus === 'RUNNING');
  return tasks.length === service.desiredCount && tasks.every(isHealthy);
}

/** Of the two target groups the one that does not serve the PRIMARY task set. */
function freeGroup(world: World, group: DeploymentGroup): string {
  const [pair = {}] = objects(group.loadBalancerInfo, 'targetGroupPairInfoList');
  const arns = objects(pair, 'targetGroups').flatMap(
    (each) => world.balancing.targetGroups.get(text(each, 'name') ?? '')?.arn ?? [],
  );
  const serving = serviceOf(world, group)?.deployments[0]?.revision.groupArns ?? [];
  return arns.find((arn) => !serving.includes(arn)) ?? arns[0] ?? '';
}

function allowTraffic(world: World, deployment: CodeDeployment, done: () => void, step: number): void {
  const { config, green } = deployment;
  const weights = weightsOf(config.routing);
  shiftTraffic(world, green, 'production', weights[step] ?? 100);
  touch(world, deployment);
  if (step < weights.length - 1) {
    const minutes = config.routing.type === 'AllAtOnce' ? 0 : config.routing.minutes;
    after(world, deployment, minutes * 60, () => {
      allowTraffic(world, deployment, done, step + 1);
    });
    return;
  }
  const service = serviceOf(world, deployment.group);
  if (service !== undefined && green !== undefined) makePrimaryTaskSet(world, service, green);
  after(world, deployment, 1, done);
}

/** API reference, DeploymentReadyOption. */
function mustBeContinued({ group }: CodeDeployment): boolean {
  return (
    text(object(group.blueGreen, 'deploymentReadyOption') ?? {}, 'actionOnTimeout') === 'STOP_DEPLOYMENT'
  );
}

function waitUntilReady(world: World, deployment: CodeDeployment): void {
  const ready = object(deployment.group.blueGreen, 'deploymentReadyOption') ?? {};
  setStatus(world, deployment, 'Ready');
  deployment.proceed = (): void => {
    deployment.proceed = undefined;
    deployment.cancel();
    setStatus(world, deployment, 'InProgress');
    runEvents(world, deployment, true);
  };
  after(world, deployment, (number(ready, 'waitTimeInMinutes') ?? 0) * 60, () => {
    fail(
      world,
      deployment,
      {
        code: 'TIMEOUT',
        message: 'The deployment was stopped because it was not continued within the wait time.',
      },
      'Stopped',
    );
  });
}

function waitForTermination(world: World, deployment: CodeDeployment): void {
  const { group, blue } = deployment;
  const wait = object(group.blueGreen, 'terminateBlueInstancesOnDeploymentSuccess') ?? {};
  const finish = (): void => {
    const service = serviceOf(world, group);
    if (service !== undefined && blue !== undefined) deleteTaskSet(world, service, blue);
    deployment.proceed = undefined;
    end(world, deployment, 'Succeeded');
  };
  deployment.terminationWaitStarted = true;
  touch(world, deployment);
  deployment.proceed = (): void => {
    deployment.cancel();
    finish();
  };
  after(world, deployment, Math.max(1, (number(wait, 'terminationWaitTimeInMinutes') ?? 0) * 60), finish);
}
