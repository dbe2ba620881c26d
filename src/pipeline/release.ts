import type { RunContext } from '../context.ts';
import type { RegisteredDefinition, ServiceRun, ServiceSnapshot } from '../model/index.ts';
import type { RunRecord } from '../report/run-record.ts';
import type { PreparedDefinition } from '../task-definition/prepare.ts';
import { deregisterUnused, registerOrReuse } from '../task-definition/register.ts';
import type { Plan } from './plan.ts';

/** A plan whose revision exists. */
export interface Release extends Plan {
  readonly revision: RegisteredDefinition;
}

/** Registers each plan's definition once, or finds the revision that holds it already. */
export async function register(
  record: RunRecord,
  ctx: RunContext,
  plans: readonly Plan[],
): Promise<Release[]> {
  const releases: Release[] = [];
  for (const each of plans) {
    releases.push({ ...each, revision: await registerOrReuse(ctx, each.prepared) });
    record.definitions = releases.map(({ revision }) => revision);
  }
  return releases;
}

/** Which service gets which revision. */
export function destinations(
  releases: readonly Release[],
): { readonly snapshot: ServiceSnapshot; readonly taskDefinitionArn: string }[] {
  return releases.flatMap(({ services, revision }) =>
    services.map((snapshot) => ({ snapshot, taskDefinitionArn: revision.arn })),
  );
}

/** The images that this run brings to a service. */
export function imagesOf(serviceRun: ServiceRun, releases: readonly Release[]): PreparedDefinition['images'] {
  return releases.find(({ services }) => services.includes(serviceRun.snapshot))?.prepared.images ?? {};
}

/** Deregisters the revisions of this run on which no service ended up. */
export function deregisterUnusedRevisions(
  ctx: RunContext,
  releases: readonly Release[],
  serviceRuns: readonly ServiceRun[],
): Promise<RegisteredDefinition[]> {
  const deregisterIfUnused = ({ services, revision }: Release): Promise<RegisteredDefinition> =>
    deregisterUnused(
      ctx,
      revision,
      serviceRuns.filter((serviceRun) => services.includes(serviceRun.snapshot)),
    );
  return Promise.all(releases.map(deregisterIfUnused));
}
