import { commitOfTag } from './aws/image-reference.ts';
import { costOf } from './cost/monthly.ts';
import { runningCommit } from './image/running-commit.ts';
import type {
  ServiceRun,
  DefinitionBase,
  ProvidedImages,
  RegisteredDefinition,
  Request,
  ServiceCost,
  ServiceSnapshot,
} from './model.ts';
import { chooseContainer } from './pre-deploy/container.ts';
import { runPreDeployTask } from './pre-deploy/run.ts';
import type { RunRecord } from './report/story.ts';
import { Cancelled } from './runtime/cancellation.ts';
import type { Log } from './runtime/log.ts';
import { plannedChangeFor } from './rollout/start.ts';
import { lastGoodBelow } from './service/history.ts';
import { prepareTaskDefinition, type PreparedDefinition } from './task-definition/prepare.ts';
import { registerOrReuse, deregister, deregisterUnused } from './task-definition/register.ts';
import type { RunContext } from './tools.ts';
import type { Check } from './verify/check.ts';
import { CHECKS } from './verify/checks.ts';
import { refuseFailed, runChecks } from './verify/verify.ts';

/** What goes to which services. */
export interface Plan {
  readonly services: readonly ServiceSnapshot[];
  readonly prepared: PreparedDefinition;
}

/** A plan whose revision exists. */
export interface Release extends Plan {
  readonly revision: RegisteredDefinition;
}

/** One plan for all services; a rollback takes each service back to a revision of its own. */
export async function plan(
  record: RunRecord,
  request: Request,
  ctx: Omit<RunContext, 'log'> & { readonly log: Log },
  snapshots: readonly ServiceSnapshot[],
  images: ProvidedImages,
): Promise<Plan[]> {
  const prepare = async (services: readonly ServiceSnapshot[], base: DefinitionBase): Promise<Plan> => {
    const ofBase = { ...request, definition: { ...request.definition, base } };
    return { services, prepared: await prepareTaskDefinition(ctx, ofBase, services, images) };
  };
  const plans =
    request.mode === 'rollback'
      ? snapshots.map(async (service) =>
          prepare([service], { kind: 'revision', reference: await lastGoodBelow(ctx.aws, service) }),
        )
      : [prepare(snapshots, request.definition.base)];
  const made = await Promise.all(plans);
  for (const { prepared } of made) findPreDeployContainer(request, prepared);
  record.image ??= Object.values(made[0]?.prepared.images ?? {})[0];
  record.costs = made.flatMap((each) => costs(each, request));
  return made;
}

/** What each service costs a month, and will: its count is the one that was asked for, else the one that it has. */
function costs({ services, prepared }: Plan, { rollout }: Request): ServiceCost[] {
  const { current, definition } = prepared;
  return services.map((service) => {
    const isCurrent = service.taskDefinitionArn === services[0]?.taskDefinitionArn && current !== undefined;
    return costOf({
      service: service.address.name,
      region: service.address.region,
      placement: service.placement,
      before: isCurrent ? { definition: current, tasks: service.desiredCount } : undefined,
      after: { definition, tasks: rollout.desiredCount ?? service.desiredCount },
    });
  });
}

/** Looks for whatever is known to go wrong, where anything is about to change; refuses before anything is touched. */
export async function check(
  record: RunRecord,
  request: Request,
  ctx: RunContext,
  plans: readonly Plan[],
  checks: readonly Check[] = CHECKS,
): Promise<void> {
  const results = await Promise.all(
    plans
      .filter((plan) => isAboutToChange(plan, request))
      .map(({ services, prepared }) => {
        const { definition, images, existingArn } = prepared;
        return runChecks(ctx, { request, services, definition, images, existingArn }, checks);
      }),
  );
  const anew = results.flat();
  const names = new Set(anew.map((result) => result.check));
  record.checks = [...anew, ...record.checks.filter((before) => !names.has(before.check))];
  refuseFailed(record.checks, request.rollout.preflight);
}

/** Some service gets an update, or a revision is to be registered. */
export function isAboutToChange({ services, prepared }: Plan, { rollout }: Request): boolean {
  const { existingArn } = prepared;
  if (existingArn === undefined) return true;
  return services.some((service) => plannedChangeFor(service, existingArn, rollout) === 'update');
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

/** A container that does not exist is found before anything is registered. */
function findPreDeployContainer({ preDeploy }: Request, { definition, images }: PreparedDefinition): void {
  if (preDeploy !== undefined) chooseContainer(preDeploy.container, definition, Object.keys(images));
}

/**
 * Runs the one-off task on the new revision, beside the first service. Where it fails, no service gets the revision,
 * which is taken back. Where nothing is about to change, it does not run.
 */
export async function preDeploy(
  record: RunRecord,
  request: Request,
  ctx: RunContext,
  releases: readonly Release[],
): Promise<void> {
  const [release] = releases.filter((each) => isAboutToChange(each, request));
  const [snapshot] = release?.services ?? [];
  if (request.preDeploy === undefined || release === undefined || snapshot === undefined) return;
  const { services, prepared, revision } = release;
  try {
    await runPreDeployTask(ctx, request.preDeploy, {
      snapshot,
      revisionArn: revision.arn,
      definition: prepared.definition,
      withImage: Object.keys(prepared.images),
      pollSeconds: request.rollout.pollSeconds,
      logLines: request.report.failureLogLines,
    });
  } catch (error) {
    if (error instanceof Cancelled) throw error;
    const addresses = services.map(({ address }) => address);
    // What the tidying meets is no news beside this failure.
    record.definitions = [await deregister(ctx, revision, addresses).catch(() => revision)];
    throw error;
  }
}

/** Finds the commit to compare with, where the image tells its own. */
export async function findPreviousCommit(
  record: RunRecord,
  ctx: RunContext,
  [service]: readonly ServiceSnapshot[],
): Promise<void> {
  const { image, build } = record;
  if (image === undefined || service === undefined) return;
  const isOfACommit =
    build !== undefined || image.toBeBuilt === true || commitOfTag(image.tag ?? '') !== undefined;
  if (isOfACommit) record.previousCommit = await runningCommit(ctx.aws, service.running, image);
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
