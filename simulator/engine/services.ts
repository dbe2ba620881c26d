/** How services are created, changed and deleted, with the refusals of ECS. */
import { clientException, invalidParameter } from '../state/errors.ts';
import { flag, number, object, objects, requiredText, text } from '../state/json.ts';
import type { JsonObject } from '../state/json.ts';
import type { Cluster, Service, TaskDefinition } from '../state/model.ts';
import { primaryOf, startDeployment } from './service-deployments.ts';
import {
  changedSettings,
  initialDaemonSettings,
  initialSettings,
  needsDeployment,
  refuseMisfit,
} from './service-settings.ts';
import type { World } from './world.ts';

/** Creates a service and begins its first deployment. Throws what CreateService answers to a bad request. */
export function createService(world: World, cluster: Cluster, name: string, input: JsonObject): Service {
  const definition = deployable(world, requiredText(input, 'taskDefinition'));
  const daemon = text(input, 'schedulingStrategy') === 'DAEMON';
  const settings = changedSettings(daemon ? initialDaemonSettings : initialSettings, input);
  refuseMisfit(world, settings, definition);
  if (daemon) refuseDaemonCount(input);
  const service: Service = {
    name,
    arn: serviceArn(world, cluster, name),
    cluster,
    controller: controllerOf(input),
    schedulingStrategy: daemon ? 'DAEMON' : 'REPLICA',
    createdAt: world.clock.now(),
    tags: objects(input, 'tags'),
    status: 'ACTIVE',
    desiredCount: daemon ? world.containerInstances : (number(input, 'desiredCount') ?? 0),
    settings,
    deployments: [],
    serviceDeployments: [],
    revisions: [],
    completed: [],
    events: [],
    steady: false,
    roundScheduled: false,
  };
  cluster.services.set(name, service);
  startDeployment(world, service, definition);
  world.changed(service);
  return service;
}

/**
 * Changes a service. A new task definition, another network or platform, or `forceNewDeployment` begins a deployment;
 * a count, a tag setting or a health-check grace period alone does not. API reference, UpdateService.
 */
export function updateService(world: World, service: Service, input: JsonObject): void {
  const reference = text(input, 'taskDefinition');
  refuseForeignController(service, input);
  if (service.schedulingStrategy === 'DAEMON') refuseDaemonCount(input);
  const current = primaryOf(service)?.revision.definition;
  const definition = reference === undefined ? current : deployable(world, reference);
  if (definition === undefined) throw clientException('TaskDefinition not found.');
  const settings = changedSettings(service.settings, input);
  refuseMisfit(world, settings, definition);

  const changed = definition !== current || needsDeployment(service.settings, settings);
  service.settings = settings;
  service.desiredCount = number(input, 'desiredCount') ?? service.desiredCount;
  if (changed || flag(input, 'forceNewDeployment') === true) startDeployment(world, service, definition);
  world.changed(service);
}

/** Drains a service. Throws what DeleteService answers where it is scaled above 0 and that is not forced. */
export function deleteService(world: World, service: Service, force: boolean): void {
  if (service.desiredCount > 0 && !force) {
    throw invalidParameter('The service cannot be stopped while it is scaled above 0.');
  }
  service.status = 'DRAINING';
  service.desiredCount = 0;
  world.changed(service);
}

/** What changes with a deployment of CodeDeploy alone. */
const ownedByCodeDeploy = [
  ['networkConfiguration', 'network parameters'],
  ['platformVersion', 'platform version'],
  ['loadBalancers', 'load balancers'],
] as const;

/** Only ECS's own controller deploys through UpdateService. */
function refuseForeignController({ controller }: Service, input: JsonObject): void {
  if (controller === 'ECS') return;
  const where = `on services with ${controller === 'EXTERNAL' ? 'an' : 'a'} ${controller} deployment controller.`;
  const instead =
    controller === 'CODE_DEPLOY'
      ? 'Use AWS CodeDeploy to trigger a new deployment.'
      : 'Use CreateTaskSet to create a new task set.';
  if (text(input, 'taskDefinition') !== undefined) {
    throw invalidParameter(`Unable to update task definition ${where} ${instead}`);
  }
  if (flag(input, 'forceNewDeployment') === true) {
    throw invalidParameter(`Cannot force a new deployment ${where} ${instead}`);
  }
  if (controller === 'EXTERNAL') return;
  for (const [field, what] of ownedByCodeDeploy) {
    if (input[field] !== undefined) throw invalidParameter(`Unable to update ${what} ${where} ${instead}`);
  }
}

function refuseDaemonCount(input: JsonObject): void {
  if (number(input, 'desiredCount') === undefined) return;
  throw invalidParameter(
    'The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and try again.',
  );
}

function deployable(world: World, reference: string): TaskDefinition {
  const definition = world.taskDefinitions.find(reference);
  if (definition === undefined) throw clientException('TaskDefinition not found.');
  if (definition.status === 'INACTIVE') throw clientException('TaskDefinition is inactive');
  return definition;
}

function controllerOf(input: JsonObject): Service['controller'] {
  const type = text(object(input, 'deploymentController') ?? {}, 'type') ?? 'ECS';
  if (type === 'ECS' || type === 'CODE_DEPLOY' || type === 'EXTERNAL') return type;
  throw invalidParameter(`Invalid deployment controller type: ${type}.`);
}

/** The ARN of a service by its name, or the ARN that was given. */
export function serviceArn(world: World, cluster: Cluster, name: string): string {
  return name.startsWith('arn:') ? name : world.arn('ecs', `service/${cluster.name}/${name}`);
}
