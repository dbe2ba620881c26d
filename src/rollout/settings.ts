import type { UpdateServiceCommandInput } from '@aws-sdk/client-ecs';
import { revisionName } from '../aws/arn.ts';
import { ANY_AWS_ERROR, attempt, type Answer } from '../aws/attempt.ts';
import type { Aws } from '../aws/clients.ts';
import { describeAwsError } from '../aws/errors.ts';
import { retryRead } from '../aws/writes.ts';
import { describeService, primaryOf, type Service } from '../ecs/services.ts';
import type { Rollout, RolloutRequest, ServiceSnapshot } from '../model/index.ts';
import type { Log } from '../runtime/log.ts';
import { Deadline, retry, withTimeout, type Attempt } from '../runtime/wait.ts';
import { actsOf, type Act, type ActContext, type Action, type Actors } from './acts.ts';

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

export interface RestoreContext extends ActContext {
  readonly aws: ActContext['aws'] & Pick<Aws, 'ecs'>;
  readonly log: Log;
  readonly actors: Actors;
}

/** The revision is back by then: a read about the rest is waited for so long, and what is lost is sent again for so long. */
const READ_MS = 10_000;

const WRITE_MS = 30_000;

/** Pauses after a restoring update that had no answer, in seconds; after the last of them it is too late to send it again. */
const PAUSES = [1, 2, 4, 8, 8, 8];

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
  if (!changesSettings(request) || (rollout.adopted && rollout.hasUpdated !== true)) return undefined;
  const { clock, signal, log } = ctx;
  const actor = ctx.actors.of(rollout.snapshot);
  const deadline = Deadline.of(clock, WRITE_MS);
  let isSaid = false;
  const restore = async (): Promise<Attempt<string | undefined>> => {
    const acted = await actor.act(ctx, async () => {
      const seen = await attempt(() => readService(ctx, rollout), ANY_AWS_ERROR);
      const terms = { rollout, request, isLate: deadline.isOver() };
      const choice = chooseRestoring(seen, actor.acts, terms);
      if (choice.kind === 'act' && !isSaid) {
        isSaid = true;
        const names = choice.changes.map((field) => INPUTS[field]).join(', ');
        log.line(`${rollout.snapshot.address.name}: restoring ${names}.`);
      }
      return choice;
    });
    if (acted.kind === 'end') return { kind: 'done', value: acted.unrestored };
    const { choice, end } = acted;
    switch (end.kind) {
      case 'taken':
        return { kind: 'done', value: countLeft(choice.action.input, choice.service, rollout, request) };
      case 'unanswered':
        return { kind: 'failed', error: end.error as Error, retryable: true };
      case 'refused':
      case 'denied':
      case 'not-ours':
        return restore();
    }
  };
  return retry({ clock, signal, pauses: PAUSES }, restore);
}

/** What is to be done about the settings. */
export type Restoring =
  | {
      readonly kind: 'act';
      readonly action: Extract<Action, { kind: 'restore-settings' }>;
      /** As it was read. */
      readonly service: Service;
      readonly changes: readonly (keyof Settings)[];
    }
  | { readonly kind: 'end'; readonly unrestored: string | undefined };

/** Pure: by the service as it was read this moment, and by the acts so far. `isLate`: nothing is sent again. */
export function chooseRestoring(
  seen: Answer<Service>,
  acts: readonly Act[],
  {
    rollout,
    request,
    isLate,
  }: { readonly rollout: Rollout; readonly request: RolloutRequest; readonly isLate: boolean },
): Restoring {
  const { snapshot } = rollout;
  const before = settingsBefore(snapshot, request);
  const end = (unrestored: string | undefined): Restoring => ({ kind: 'end', unrestored });
  if (seen.kind !== 'answered') return end(stays(undefined, before, describeAwsError(seen.error)));
  const service = seen.value;
  if (differing(service, before).length === 0) return end(undefined);
  const last = actsOf(acts, 'restore-settings').at(-1)?.end;
  const isRefused = last?.kind === 'refused' || last?.kind === 'denied';
  const isLost = last?.kind === 'unanswered' && isLate;
  if (isRefused || isLost) return end(stays(service, before, describeAwsError(last.error)));
  const obstacle = obstacleTo(service, rollout, request);
  if (obstacle !== undefined) return end(stays(service, before, obstacle));
  const own = ownSettings(before, request, service.desiredCount);
  const changes = differing(service, own);
  if (changes.length === 0) return end(countOf(service, before));
  const { cluster, name } = snapshot.address;
  const input = { cluster, service: name, ...own };
  return { kind: 'act', action: { kind: 'restore-settings', input }, service, changes };
}

/** The count, where it was left out of what was sent. */
function countLeft(
  sent: UpdateServiceCommandInput,
  seen: Service,
  { snapshot }: Rollout,
  request: RolloutRequest,
): string | undefined {
  const before = settingsBefore(snapshot, request);
  return sent.desiredCount === before.desiredCount ? undefined : countOf(seen, before);
}

function countOf(service: Service, before: Settings): string {
  return `desired-count is ${service.desiredCount ?? 0}, not ${before.desiredCount ?? 0} (it was changed while this run deployed)`;
}

function readService(
  { aws, clock, signal }: RestoreContext,
  { snapshot, createdAt }: Rollout,
): Promise<Service> {
  const read = (): Promise<Service> => describeService(aws.ecs, snapshot.address, createdAt);
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
