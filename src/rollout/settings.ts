import type { UpdateServiceCommandInput } from '@aws-sdk/client-ecs';
import { revisionName } from '../aws/arn.ts';
import { ANY_AWS_ERROR, attempt } from '../aws/attempt.ts';
import type { Aws } from '../aws/clients.ts';
import { describeAwsError } from '../aws/errors.ts';
import { retryRead, writeOnce } from '../aws/writes.ts';
import type { StepContext } from '../context.ts';
import { describeService, primaryOf, type Service } from '../ecs/services.ts';
import type { Rollout, RolloutRequest, ServiceSnapshot } from '../model/index.ts';
import { Deadline, withTimeout } from '../runtime/wait.ts';

/** What UpdateService changes of a service beside its revision, by its own names. */
type Settings = Partial<
  Pick<UpdateServiceCommandInput, 'desiredCount' | 'enableECSManagedTags' | 'propagateTags'>
>;

/** The inputs that set them. */
const INPUTS: Readonly<Record<keyof Settings, string>> = {
  desiredCount: 'desired-count',
  enableECSManagedTags: 'enable-ecs-managed-tags',
  propagateTags: 'propagate-tags',
};

const FIELDS = Object.keys(INPUTS) as (keyof Settings)[];

/** The request changes more of the service than its revision. */
export function changesSettings(request: RolloutRequest): boolean {
  const { desiredCount, enableEcsManagedTags, propagateTags } = request;
  return [desiredCount, enableEcsManagedTags, propagateTags].some((setting) => setting !== undefined);
}

/** The service's own values of the settings that this run sent. */
export function settingsBefore(snapshot: ServiceSnapshot, request: RolloutRequest): Settings {
  const { desiredCount, enableEcsManagedTags, propagateTags } = request;
  const tagsBefore = snapshot.propagateTags as UpdateServiceCommandInput['propagateTags'];
  return {
    ...(desiredCount === undefined ? {} : { desiredCount: snapshot.desiredCount }),
    ...(enableEcsManagedTags === undefined || snapshot.enableEcsManagedTags === undefined
      ? {}
      : { enableECSManagedTags: snapshot.enableEcsManagedTags }),
    ...(propagateTags === undefined || tagsBefore === undefined ? {} : { propagateTags: tagsBefore }),
  };
}

/** Pure: without a count that is no more the one that this run sent: an autoscaler, or somebody, has changed it since. */
export function ownSettings(
  before: Settings,
  request: RolloutRequest,
  desired: number | undefined,
): Settings {
  const isOurs = [undefined, request.desiredCount, before.desiredCount].includes(desired);
  return isOurs ? before : { ...before, desiredCount: undefined };
}

/** The service has the settings that this run sent, and had others before. */
export function carriesSettings(
  service: Service,
  snapshot: ServiceSnapshot,
  request: RolloutRequest,
): boolean {
  const sent: Settings = {
    desiredCount: request.desiredCount,
    enableECSManagedTags: request.enableEcsManagedTags,
    propagateTags: request.propagateTags,
  };
  const changed = differing(service, settingsBefore(snapshot, request));
  return changed.length > 0 && changed.every((field) => service[field] === sent[field]);
}

export interface RestoreContext extends StepContext {
  readonly aws: Pick<Aws, 'ecs' | 'ecsWrites'>;
}

/** The revision is back by then: a read about the rest is waited for so long, and writes are sent again for so long. */
const READ_MS = 10_000;

const WRITE_MS = 30_000;

/**
 * ECS's own rollback restores the revision and leaves the count and the tag settings as this run sent them: they go
 * back too, unless somebody has deployed since, or the user wants what failed to be left. Resolves to what is not as
 * it was, and why, as a clause; undefined where nothing is. Rejects only with the end of the job.
 */
export async function restoreSettings(
  ctx: RestoreContext,
  rollout: Rollout,
  request: RolloutRequest,
): Promise<string | undefined> {
  const before = settingsBefore(rollout.snapshot, request);
  if (!changesSettings(request) || rollout.adopted) return undefined;
  const seen = await attempt(() => readService(ctx, rollout), ANY_AWS_ERROR);
  if (seen.kind !== 'answered') return stays(undefined, before, describeAwsError(seen.error));
  const service = seen.value;
  if (differing(service, before).length === 0) return undefined;
  const obstacle = obstacleTo(service, rollout, request);
  if (obstacle !== undefined) return stays(service, before, obstacle);
  const own = ownSettings(before, request, service.desiredCount);
  const changed = differing(service, own);
  if (changed.length > 0) {
    const sent = await attempt(() => send(ctx, rollout, request, own, changed), ANY_AWS_ERROR);
    const since = sent.kind === 'answered' ? sent.value : describeAwsError(sent.error);
    if (since !== undefined) return stays(service, before, since);
  }
  return own.desiredCount === before.desiredCount
    ? undefined
    : `desired-count is ${service.desiredCount ?? 0}, not ${before.desiredCount ?? 0} (it was changed while this run deployed)`;
}

function readService({ aws, clock, signal }: RestoreContext, { snapshot }: Rollout): Promise<Service> {
  const read = (): Promise<Service> => describeService(aws.ecs, snapshot.address);
  return withTimeout(clock, READ_MS, () => retryRead(clock, read, signal));
}

/** Why the settings are not this run's to restore. */
function obstacleTo(service: Service, rollout: Rollout, request: RolloutRequest): string | undefined {
  if (request.onFailure === 'leave') return 'on-failure: leave';
  const primary = primaryOf(service);
  const isKnown =
    primary?.id === rollout.deploymentId ||
    primary?.taskDefinition === rollout.snapshot.lastGood?.taskDefinitionArn;
  if (isKnown) return undefined;
  return `the service runs another deployment, of ${revisionName(primary?.taskDefinition ?? '')}`;
}

/** Resolves to what has come between, where it had to be sent again: whoever deployed meanwhile keeps what is there. */
async function send(
  ctx: RestoreContext,
  rollout: Rollout,
  request: RolloutRequest,
  before: Settings,
  changed: readonly (keyof Settings)[],
): Promise<string | undefined> {
  const { aws, clock, signal, log } = ctx;
  const { cluster, name } = rollout.snapshot.address;
  log.line(`${name}: restoring ${changed.map((field) => INPUTS[field]).join(', ')}.`);
  let isRead = true;
  const { obstacle } = await writeOnce<{ readonly obstacle: string | undefined }>(
    clock,
    async () => {
      const obstacle = isRead ? undefined : obstacleTo(await readService(ctx, rollout), rollout, request);
      isRead = false;
      if (obstacle === undefined) await aws.ecsWrites.updateService({ cluster, service: name, ...before });
      return { obstacle };
    },
    async () =>
      differing(await readService(ctx, rollout), before).length > 0 ? undefined : { obstacle: undefined },
    signal,
    Deadline.of(clock, WRITE_MS),
  );
  return obstacle;
}

/** Pure: the settings that are given, and that the service has otherwise. */
export function differing(service: Service, before: Settings): (keyof Settings)[] {
  return FIELDS.filter((field) => before[field] !== undefined && service[field] !== before[field]);
}

/** `desired-count is still 3, not 2 (…)`; where the service could not be read, what may not be as it was. */
function stays(service: Service | undefined, before: Settings, why: string): string {
  if (service === undefined) {
    const names = FIELDS.filter((field) => before[field] !== undefined).map((field) => INPUTS[field]);
    return `whether ${names.join(' and ')} should be restored could not be read (${why})`;
  }
  const each = differing(service, before).map(
    (field) => `${INPUTS[field]} is still ${String(service[field])}, not ${String(before[field])}`,
  );
  return `${each.join(' and ')} (${why})`;
}
