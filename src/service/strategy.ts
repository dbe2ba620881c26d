/** What a native deployment strategy takes by itself, and what it will do, in words. */
import type { DeploymentConfiguration, DeploymentLifecycleHook, Service } from '@aws-sdk/client-ecs';
import type { ServiceSnapshot } from '../model/index.ts';
import { counted } from '../runtime/log.ts';

/** Pure: what the survey tells of the strategy of a service. */
export function strategyOf(
  service: Pick<Service, 'deploymentConfiguration' | 'loadBalancers' | 'deployments'>,
): Pick<ServiceSnapshot, 'strategy' | 'strategyMinutes' | 'hasTestTraffic'> {
  const { deploymentConfiguration } = service;
  const strategy = describeStrategy(deploymentConfiguration);
  return {
    ...(strategy === undefined ? {} : { strategy }),
    strategyMinutes: minutesOf(deploymentConfiguration),
    ...(hasTestTraffic(service) ? { hasTestTraffic: true } : {}),
  };
}

/** A test listener, or the test header of Service Connect, leads to the new revision before production does. */
function hasTestTraffic({
  deploymentConfiguration,
  loadBalancers = [],
  deployments = [],
}: Parameters<typeof strategyOf>[0]): boolean {
  const strategy = deploymentConfiguration?.strategy ?? 'ROLLING';
  const hasListener = loadBalancers.some(
    (each) => each.advancedConfiguration?.testListenerRule !== undefined,
  );
  const isConnected = deployments.some((each) => each.serviceConnectConfiguration?.enabled === true);
  return strategy !== 'ROLLING' && (hasListener || isConnected);
}

/** Minutes of its bake and of its steps (ECS API, DeploymentConfiguration); 0 for a rolling update. */
function minutesOf(configuration: DeploymentConfiguration | undefined): number {
  const { strategy, bakeTimeInMinutes = 0 } = configuration ?? {};
  switch (strategy) {
    case 'BLUE_GREEN':
      return bakeTimeInMinutes;
    case 'LINEAR': {
      const { percent, minutes } = linearSteps(configuration);
      return bakeTimeInMinutes + (Math.ceil(100 / percent) - 1) * minutes;
    }
    case 'CANARY':
      return bakeTimeInMinutes + canaryStep(configuration).minutes;
    case 'ROLLING':
    case undefined:
      return 0;
  }
}

/**
 * The steps, the bake, the hooks and the least time of a deployment, as in
 * `CANARY: 10 % of the traffic for 5 minutes, then all; bakes for 10 minutes; at least 15 minutes`. Undefined for a
 * rolling update.
 */
function describeStrategy(configuration: DeploymentConfiguration | undefined): string | undefined {
  const steps = describeSteps(configuration);
  if (steps === undefined) return undefined;
  const { bakeTimeInMinutes = 0, lifecycleHooks = [] } = configuration ?? {};
  const least = minutesOf(configuration);
  return [
    `${configuration?.strategy ?? ''}: ${steps}`,
    ...(bakeTimeInMinutes === 0 ? [] : [`bakes for ${counted(bakeTimeInMinutes, 'minute')}`]),
    ...lifecycleHooks.map(describeHook),
    ...(least === 0 ? [] : [`at least ${counted(least, 'minute')}`]),
  ].join('; ');
}

function describeSteps(configuration: DeploymentConfiguration | undefined): string | undefined {
  switch (configuration?.strategy) {
    case 'BLUE_GREEN':
      return 'all traffic at once';
    case 'LINEAR': {
      const { percent, minutes } = linearSteps(configuration);
      return `${percent} % more of the traffic every ${counted(minutes, 'minute')}`;
    }
    case 'CANARY': {
      const { percent, minutes } = canaryStep(configuration);
      return `${percent} % of the traffic for ${counted(minutes, 'minute')}, then all`;
    }
    case 'ROLLING':
    case undefined:
      return undefined;
  }
}

interface Step {
  readonly percent: number;
  readonly minutes: number;
}

/** ECS API, LinearConfiguration, with its defaults. */
function linearSteps(configuration: DeploymentConfiguration | undefined): Step {
  const { stepPercent = 10, stepBakeTimeInMinutes = 6 } = configuration?.linearConfiguration ?? {};
  return { percent: stepPercent, minutes: stepBakeTimeInMinutes };
}

/** ECS API, CanaryConfiguration, with its defaults. */
function canaryStep(configuration: DeploymentConfiguration | undefined): Step {
  const { canaryPercent = 5, canaryBakeTimeInMinutes = 10 } = configuration?.canaryConfiguration ?? {};
  return { percent: canaryPercent, minutes: canaryBakeTimeInMinutes };
}

/** A pause waits for the gates or for a person; anything else ECS asks by itself. */
function describeHook({ targetType, hookTargetArn, lifecycleStages = [] }: DeploymentLifecycleHook): string {
  const at = lifecycleStages.join(', ');
  if (targetType === 'PAUSE') return `pauses at ${at}`;
  return `asks ${hookTargetArn?.split(':').at(-1) ?? 'a function'} at ${at}`;
}
