import type { RunContext, StepContext } from '../context.ts';
import type { RegisteredDefinition, Request, ServiceRun } from '../model/index.ts';
import type { PreparedDefinition } from '../task-definition/prepare.ts';
import { endBy } from '../runtime/cancellation.ts';
import { withTimeout } from '../runtime/wait.ts';
import {
  deregister,
  deregisterIfReplaced,
  deregisterUnused,
  markAsFailed,
  registerOrReuse,
} from '../task-definition/register.ts';
import type { Plan } from './plan.ts';

/** A plan whose revision exists. */
export interface Release extends Plan {
  readonly revision: RegisteredDefinition;
}

/** Who registers, marks and deregisters revisions. */
type ReleaseContext = StepContext & Pick<RunContext, 'aws'>;

/** Registers a plan's definition once, or finds the revision that holds it already. */
export async function register(ctx: ReleaseContext, plan: Plan): Promise<Release> {
  return { ...plan, revision: await registerOrReuse(ctx, plan.prepared) };
}

/** The images that this run brings to a service. */
export function imagesOf(serviceRun: ServiceRun, releases: readonly Release[]): PreparedDefinition['images'] {
  return releases.find((release) => runsOf(release, [serviceRun]).length > 0)?.prepared.images ?? {};
}

/** What became of the services of a release. */
function runsOf({ services }: Release, serviceRuns: readonly ServiceRun[]): ServiceRun[] {
  return serviceRuns.filter((serviceRun) =>
    services.some(({ snapshot }) => snapshot === serviceRun.snapshot),
  );
}

/** Deregisters the revisions of this run on which no service ended up. */
export async function deregisterUnusedRevisions(
  ctx: ReleaseContext,
  releases: readonly Release[],
  serviceRuns: readonly ServiceRun[],
): Promise<RegisteredDefinition[]> {
  const ends = releases.map(async (release): Promise<RegisteredDefinition[]> => {
    const ours = runsOf(release, serviceRuns);
    const again = [...new Set(ours.flatMap(({ registeredAgain }) => registeredAgain ?? []))];
    const all = [release.revision, ...again.map((arn) => ({ ...release.revision, arn, registered: true }))];
    const ends = await Promise.all(all.map((revision) => deregisterUnused(ctx, revision, ours)));
    await deregisterCopies(ctx, release, ours);
    return ends;
  });
  return (await Promise.all(ends)).flat();
}

/** Of last good revisions, to which no service had to be updated in the end. */
async function deregisterCopies(
  ctx: ReleaseContext,
  { revision }: Release,
  ours: readonly ServiceRun[],
): Promise<void> {
  const services = ours.map(({ snapshot }) => snapshot.address);
  const copies = ours.flatMap(({ rollback }) =>
    rollback?.kind === 'rolled-back' ? (rollback.unused ?? []) : [],
  );
  await Promise.all(copies.map((arn) => deregister(ctx, { ...revision, arn, registered: true }, services)));
}

/**
 * Marks the revisions of this run that ECS called successful and that a gate condemned, unless a service is well on one.
 * At once, before anything is rolled back: whoever deploys meanwhile must not take it for good.
 */
export async function markCondemned(
  ctx: ReleaseContext,
  releases: readonly Release[],
  serviceRuns: readonly ServiceRun[],
): Promise<void> {
  const marks = releases.map(async (release) => {
    const { revision } = release;
    const ours = runsOf(release, serviceRuns);
    const isWell = ours.some(({ problem }) => problem === undefined);
    // While ECS still decides, its own rollback is the verdict that the next run sees. A gate that does not blame the
    // revision, such as a URL that never answered this runner, has condemned none.
    const isCondemned = ours.some(
      ({ gates, problem }) =>
        problem?.isOver === true &&
        problem.recovery === 'roll-back' &&
        gates.some(({ state }) => state === 'failed'),
    );
    if (revision.registered && isCondemned && !isWell) await markAsFailed(ctx, revision);
  });
  await Promise.all(marks);
}

/**
 * After a cancellation: revisions of this run that no service is on, and of which none is under way by the run's own
 * will. Resolves to whether something is left for the post step. One look each; what AWS answers ends nothing.
 */
export async function deregisterCancelled(
  ctx: Pick<RunContext, 'awsToTheEnd' | 'clock' | 'signal'>,
  releases: readonly Release[],
  serviceRuns: readonly ServiceRun[],
  onCancel: Request['rollout']['onCancel'],
): Promise<boolean> {
  const ends = releases.map(async (release) => {
    const { services, revision } = release;
    const ours = runsOf(release, serviceRuns);
    const mayStay = ours.some(
      ({ rollout, change, outcome }) =>
        rollout !== undefined && change === 'update' && outcome?.goesBack !== true,
    );
    if (!revision.registered || services.length === 0 || (mayStay && onCancel === 'leave')) return false;
    // A deployment of CodeDeploy that nobody has heard of yet may be about to make its task set.
    const isUnconfirmed = ours.some(
      ({ snapshot, updateUnconfirmed }) => snapshot.codeDeploy !== undefined && updateUnconfirmed === true,
    );
    if (isUnconfirmed) return true;
    const addresses = services.map(({ snapshot }) => snapshot.address);
    const look = (): Promise<boolean> =>
      deregisterIfReplaced({ aws: ctx.awsToTheEnd, clock: ctx.clock }, revision.arn, addresses);
    const ms = Math.min(LOOK_MS, endBy(ctx, 'revisions')?.left() ?? LOOK_MS);
    return withTimeout(ctx.clock, ms, look).then(
      (done) => !done,
      () => true,
    );
  });
  return (await Promise.all(ends)).includes(true);
}

/** The runner kills a cancelled job soon. */
const LOOK_MS = 2_000;
