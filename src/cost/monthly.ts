import { cpuUnits, mebibytes } from '../aws/task-definitions.ts';
import type { Architecture, MonthlyCost, Placement, ServiceCost, TaskDefinition } from '../model/index.ts';
import { objectIn, textIn } from '../runtime/json.ts';
import { FREE_STORAGE, HOURS_A_MONTH, RATES, type RegionRates } from './rates.ts';

export interface Costed {
  readonly service: string;
  readonly region: string;
  readonly placement: Placement;
  /** What runs now; undefined where it is not known. */
  readonly before: { readonly definition: TaskDefinition; readonly tasks: number } | undefined;
  readonly after: { readonly definition: TaskDefinition; readonly tasks: number };
}

/**
 * Pure: what a service costs a month before and after a deployment, at its task size and count. Fargate on demand
 * only: no load balancer, logs, traffic or discounts.
 */
export function costOf(costed: Costed, rates: Readonly<Record<string, RegionRates>> = RATES): ServiceCost {
  const { service, region, placement, before, after } = costed;
  const cost = ({ definition, tasks }: Costed['after']): MonthlyCost =>
    runsOnFargate(placement, definition)
      ? monthlyCost(definition, tasks, region, rates)
      : unknown('its tasks do not run on Fargate');
  return { service, region, before: before && cost(before), after: cost(after), note: noteOf(placement) };
}

/** Pure: the tasks of one definition for 730 hours. The reason where a figure would be a guess. */
export function monthlyCost(
  definition: TaskDefinition,
  tasks: number,
  region: string,
  rates: Readonly<Record<string, RegionRates>> = RATES,
): MonthlyCost {
  const ofRegion = rates[region];
  if (ofRegion === undefined) return unknown(`the prices of ${region} are not known to this version`);
  const platform = objectIn(definition, 'runtimePlatform');
  if (textIn(platform, 'operatingSystemFamily')?.startsWith('WINDOWS') === true) {
    return unknown('the prices of Windows tasks are not known to this version');
  }
  const architecture: Architecture = textIn(platform, 'cpuArchitecture') === 'ARM64' ? 'ARM' : 'x86';
  const rate = ofRegion.rates[architecture];
  if (rate === undefined) {
    return unknown(`the ${architecture} prices of ${region} are not known to this version`);
  }
  const [units, mebi] = [cpuUnits(definition['cpu']), mebibytes(definition['memory'])];
  if (units === undefined || mebi === undefined) return unknown('the task definition has no task size');
  const storageGigabytes = storageOf(definition);
  const extra = Math.max(0, storageGigabytes - FREE_STORAGE);
  if (extra > 0 && ofRegion.storageGigabyteHour === undefined) {
    return unknown(`the storage prices of ${region} are not known to this version`);
  }
  const [vcpu, gigabytes] = [units / 1024, mebi / 1024];
  const hourly =
    vcpu * rate.vcpuHour + gigabytes * rate.gigabyteHour + extra * (ofRegion.storageGigabyteHour ?? 0);
  return {
    kind: 'known',
    dollars: Math.round(tasks * hourly * HOURS_A_MONTH * 100) / 100,
    ...{ tasks, vcpu, gigabytes, architecture, storageGigabytes, asOf: ofRegion.asOf },
  };
}

function unknown(why: string): MonthlyCost {
  return { kind: 'unknown', why };
}

function storageOf(definition: TaskDefinition): number {
  const size = objectIn(definition, 'ephemeralStorage')['sizeInGiB'];
  return typeof size === 'number' ? size : FREE_STORAGE;
}

/** A strategy counts before the launch type; without either, what the definition asks for. */
function runsOnFargate(
  { launchType, capacityProviderStrategy = [] }: Placement,
  definition: TaskDefinition,
): boolean {
  const providers = capacityProviderStrategy.map(({ capacityProvider }) => capacityProvider ?? '');
  if (providers.length > 0) return providers.every((provider) => provider.startsWith('FARGATE'));
  if (launchType !== undefined) return launchType === 'FARGATE';
  const compatibilities = definition['requiresCompatibilities'];
  return Array.isArray(compatibilities) && compatibilities.includes('FARGATE');
}

function noteOf({ capacityProviderStrategy = [] }: Placement): string | undefined {
  return capacityProviderStrategy.some(({ capacityProvider }) => capacityProvider === 'FARGATE_SPOT')
    ? 'Tasks on Fargate Spot cost less, by up to 70 %; its price floats, so the figure is the on-demand price.'
    : undefined;
}
