import { placementViolations } from '../../src/ecs/definition-rules/index.ts';
import { AwsError, invalidParameter } from '../state/errors.ts';
import { flag, number, object, objects, text } from '../state/json.ts';
import type { JsonObject } from '../state/json.ts';
import type { ServiceSettings, TaskDefinition } from '../state/model.ts';
import type { World } from './world.ts';

const usualDeploymentConfiguration: JsonObject = {
  deploymentCircuitBreaker: { enable: false, rollback: false },
  maximumPercent: 200,
  minimumHealthyPercent: 100,
  strategy: 'ROLLING',
  bakeTimeInMinutes: 0,
};

export const initialSettings: ServiceSettings = {
  launchType: undefined,
  capacityProviderStrategy: undefined,
  platformVersion: undefined,
  networkConfiguration: undefined,
  loadBalancers: [],
  serviceRegistries: [],
  healthCheckGracePeriodSeconds: undefined,
  deploymentConfiguration: usualDeploymentConfiguration,
  enableECSManagedTags: false,
  propagateTags: undefined,
  enableExecuteCommand: false,
  placementConstraints: [],
  placementStrategy: [],
  availabilityZoneRebalancing: 'DISABLED',
  serviceConnectConfiguration: undefined,
  volumeConfigurations: undefined,
  vpcLatticeConfigurations: [],
};

/** A daemon service has one task on each instance, and replaces it in place. */
export const initialDaemonSettings: ServiceSettings = {
  ...initialSettings,
  deploymentConfiguration: { ...usualDeploymentConfiguration, maximumPercent: 100, minimumHealthyPercent: 0 },
};

/** The settings after a request: what it leaves out stays as it was. */
export function changedSettings(before: ServiceSettings, input: JsonObject): ServiceSettings {
  const listed = <Before>(field: string, previous: Before): Before | JsonObject[] =>
    input[field] === undefined ? previous : objects(input, field);
  return {
    launchType: text(input, 'launchType') ?? before.launchType,
    capacityProviderStrategy: listed('capacityProviderStrategy', before.capacityProviderStrategy),
    platformVersion: text(input, 'platformVersion') ?? before.platformVersion,
    networkConfiguration: object(input, 'networkConfiguration') ?? before.networkConfiguration,
    loadBalancers: listed('loadBalancers', before.loadBalancers),
    serviceRegistries: listed('serviceRegistries', before.serviceRegistries),
    healthCheckGracePeriodSeconds:
      number(input, 'healthCheckGracePeriodSeconds') ?? before.healthCheckGracePeriodSeconds,
    deploymentConfiguration: {
      ...before.deploymentConfiguration,
      ...object(input, 'deploymentConfiguration'),
    },
    enableECSManagedTags: flag(input, 'enableECSManagedTags') ?? before.enableECSManagedTags,
    propagateTags: text(input, 'propagateTags') ?? before.propagateTags,
    enableExecuteCommand: flag(input, 'enableExecuteCommand') ?? before.enableExecuteCommand,
    placementConstraints: listed('placementConstraints', before.placementConstraints),
    placementStrategy: listed('placementStrategy', before.placementStrategy),
    availabilityZoneRebalancing:
      text(input, 'availabilityZoneRebalancing') ?? before.availabilityZoneRebalancing,
    serviceConnectConfiguration:
      object(input, 'serviceConnectConfiguration') ?? before.serviceConnectConfiguration,
    volumeConfigurations: listed('volumeConfigurations', before.volumeConfigurations),
    vpcLatticeConfigurations: listed('vpcLatticeConfigurations', before.vpcLatticeConfigurations),
  };
}

/** The settings that belong to a service revision: changing one of them takes a new deployment. */
const revisionSettings = [
  'launchType',
  'capacityProviderStrategy',
  'platformVersion',
  'networkConfiguration',
  'loadBalancers',
  'serviceRegistries',
  'serviceConnectConfiguration',
  'volumeConfigurations',
  'vpcLatticeConfigurations',
] as const satisfies readonly (keyof ServiceSettings)[];

export function needsDeployment(before: ServiceSettings, after: ServiceSettings): boolean {
  return revisionSettings.some((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}

/** Refuses settings that do not fit the task definition, as CreateService and UpdateService do. */
export function refuseMisfit(world: World, settings: ServiceSettings, definition: TaskDefinition): void {
  for (const balancer of settings.loadBalancers) refuseStrangeGroup(world, balancer);
  const broken = placementViolations({ definition: definition.body, settings: placementOf(settings) });
  const [first] = broken.filter(({ refused }) => refused);
  if (first !== undefined) throw new AwsError(first.code, first.words);
  refuseStrangeSteps(settings.deploymentConfiguration);
  refuseStrangeEarlySuccess(settings.deploymentConfiguration);
}

/** API reference, DeploymentEarlySuccessCriteria. The sentences are ours. */
function refuseStrangeEarlySuccess(configuration: JsonObject): void {
  const criteria = object(configuration, 'earlySuccessCriteria');
  if (criteria === undefined || flag(criteria, 'enable') !== true) return;
  if ((text(configuration, 'strategy') ?? 'ROLLING') !== 'ROLLING') {
    throw invalidParameter('earlySuccessCriteria can be used only with the ROLLING deployment strategy.');
  }
  const percent = number(criteria, 'healthyPercent');
  const cleanup = text(criteria, 'sourceServiceRevisionCleanup');
  if (percent === undefined || !['BLOCKING', 'DEFERRED'].includes(cleanup ?? '')) {
    throw invalidParameter('earlySuccessCriteria needs healthyPercent and sourceServiceRevisionCleanup.');
  }
  if (percent > 100 || percent < (number(configuration, 'minimumHealthyPercent') ?? 100)) {
    throw invalidParameter(
      'earlySuccessCriteria.healthyPercent must be between minimumHealthyPercent and 100.',
    );
  }
}

/** The settings that a definition has to fit. */
function placementOf(settings: ServiceSettings): JsonObject {
  const { launchType, networkConfiguration, serviceConnectConfiguration } = settings;
  return {
    launchType,
    networkConfiguration,
    serviceConnectConfiguration,
    loadBalancers: [...settings.loadBalancers],
    volumeConfigurations: settings.volumeConfigurations && [...settings.volumeConfigurations],
  };
}

/** API reference, LinearConfiguration and CanaryConfiguration. The sentence is ours. */
const stepRanges = [
  ['linearConfiguration', 'stepPercent', 3, 100],
  ['linearConfiguration', 'stepBakeTimeInMinutes', 0, 1440],
  ['canaryConfiguration', 'canaryPercent', 0.1, 100],
  ['canaryConfiguration', 'canaryBakeTimeInMinutes', 0, 1440],
] as const;

function refuseStrangeSteps(deploymentConfiguration: JsonObject): void {
  for (const [group, field, least, most] of stepRanges) {
    const value = number(object(deploymentConfiguration, group) ?? {}, field) ?? least;
    if (value >= least && value <= most) continue;
    throw invalidParameter(`${group}.${field} must be between ${least} and ${most}.`);
  }
}

function refuseStrangeGroup(world: World, balancer: JsonObject): void {
  const groupArn = text(balancer, 'targetGroupArn') ?? '';
  const group = world.balancing.byArn(groupArn);
  if (group === undefined) throw invalidParameter(`The specified target group does not exist: ${groupArn}`);
  if (group.loadBalancerArn === undefined) {
    throw invalidParameter(
      `The target group with targetGroupArn ${groupArn} does not have an associated load balancer.`,
    );
  }
}
