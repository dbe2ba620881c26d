/** The actions of ECS that concern services. */
import { AwsError, clientException, invalidParameter } from '../state/errors.ts';
import { flag, number, object, objects, requiredText, text, texts } from '../state/json.ts';
import type { JsonObject } from '../state/json.ts';
import { page, refuseMoreThan } from '../api/protocol/pages.ts';
import type { World } from './world.ts';
import type { Cluster } from '../state/cluster.ts';
import type { Service, TaskDefinition } from '../state/model.ts';
import { scheduleRound } from './scheduler.ts';
import { primaryOf, startDeployment } from './service-deployments.ts';
import {
  changedSettings,
  initialDaemonSettings,
  initialSettings,
  needsDeployment,
  refuseMisfit,
} from './service-settings.ts';
import { asked } from '../api/ecs/task-definitions.ts';
import { serviceView } from '../api/ecs/views.ts';

export const serviceActions = {
  CreateService(world: World, input: JsonObject): JsonObject {
    const cluster = world.cluster(text(input, 'cluster'));
    const name = requiredText(input, 'serviceName');
    if (cluster.services.has(name) && cluster.find(name)?.status !== 'INACTIVE') {
      throw invalidParameter('Creation of service was not idempotent.');
    }
    return { service: serviceView(world, createService(world, cluster, name, input), true) };
  },

  UpdateService(world: World, input: JsonObject): JsonObject {
    const cluster = world.cluster(text(input, 'cluster'));
    const service = activeService(cluster, requiredText(input, 'service'));
    updateService(world, service, input);
    return { service: serviceView(world, service) };
  },

  DeleteService(world: World, input: JsonObject): JsonObject {
    const cluster = world.cluster(text(input, 'cluster'));
    const service = activeService(cluster, requiredText(input, 'service'));
    if (service.desiredCount > 0 && flag(input, 'force') !== true) {
      throw invalidParameter('The service cannot be stopped while it is scaled above 0.');
    }
    service.status = 'DRAINING';
    service.desiredCount = 0;
    scheduleRound(world, service);
    return { service: serviceView(world, service) };
  },

  DescribeServices(world: World, input: JsonObject): JsonObject {
    const cluster = world.cluster(text(input, 'cluster'));
    const names = texts(input, 'services');
    if (names.length === 0) throw invalidParameter('Services cannot be empty.');
    refuseMoreThan(10, names, 'Services');
    const withTags = texts(input, 'include').includes('TAGS');
    const found = names.map((name) => [name, cluster.find(name)] as const);
    return {
      services: found.flatMap(([, service]) =>
        service === undefined ? [] : [serviceView(world, service, withTags)],
      ),
      failures: found.flatMap(([name, service]) =>
        service === undefined ? [{ arn: serviceArn(world, cluster, name), reason: 'MISSING' }] : [],
      ),
    };
  },

  ListServices(world: World, input: JsonObject): JsonObject {
    const cluster = world.cluster(text(input, 'cluster'));
    const launchType = text(input, 'launchType');
    const services = [...cluster.services.values()].filter(
      ({ status, settings }) =>
        status !== 'INACTIVE' && (launchType === undefined || settings.launchType === launchType),
    );
    const { items, nextToken } = page(services, asked(input), 100, 10);
    return { serviceArns: items.map(({ arn }) => arn), nextToken };
  },
};

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
  scheduleRound(world, service);
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
  scheduleRound(world, service);
}

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

function activeService(cluster: Cluster, nameOrArn: string): Service {
  const service = cluster.find(nameOrArn);
  if (service === undefined) throw new AwsError('ServiceNotFoundException', 'Service not found.');
  if (service.status !== 'ACTIVE') throw new AwsError('ServiceNotActiveException', 'Service was not ACTIVE.');
  return service;
}

function serviceArn(world: World, cluster: Cluster, name: string): string {
  return name.startsWith('arn:') ? name : world.arn('ecs', `service/${cluster.name}/${name}`);
}
