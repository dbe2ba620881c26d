import { revisionName } from '../aws/arn.ts';
import { ANY_AWS_ERROR, attempt, REFUSED } from '../aws/attempt.ts';
import type { Aws } from '../aws/clients.ts';
import { deployErrorOf, describeAwsError, mayHaveTakenEffect } from '../aws/errors.ts';
import { retryUnanswered, writeOnce } from '../aws/writes.ts';
import type { StepContext } from '../context.ts';
import { environmentValues } from '../ecs/environment-values.ts';
import { FAILED_MARK } from '../ecs/rollback-target.ts';
import { describeService, primaryOf, type Service } from '../ecs/services.ts';
import type { RegisteredDefinition, ServiceAddress, ServiceRun, TaskDefinition } from '../model/index.ts';
import { CancelledUnanswered } from '../runtime/cancellation.ts';
import type { Clock } from '../runtime/clock.ts';
import { DeployError } from '../runtime/error.ts';
import { Masks } from '../runtime/masks.ts';
import { withTimeout } from '../runtime/wait.ts';
import { diffDefinitions } from './diff.ts';
import { findRevision } from './load.ts';
import type { PreparedDefinition } from './prepare.ts';

type RegisterContext = StepContext & {
  readonly aws: Pick<Aws, 'taskDefinitions' | 'region' | 'ecs' | 'ecsWrites'>;
};

/** The revision to deploy: one that is there already, or a new one. */
export async function registerOrReuse(
  ctx: RegisterContext,
  prepared: Omit<PreparedDefinition, 'current' | 'heldByAws'>,
): Promise<RegisteredDefinition> {
  const { existingArn, definition, origin, changes, unasked = [] } = prepared;
  const arn = existingArn ?? (await registerTaskDefinition(ctx, definition));
  const registered = existingArn === undefined;
  ctx.log.line(`${revisionName(arn)} ${registered ? 'is registered' : 'holds this definition already'}.`);
  return { arn, origin, registered, deregistered: false, changes, unasked };
}

/** Registers the definition once and resolves to its ARN. Rejects with `register-refused` and AWS's own words. */
async function registerTaskDefinition(
  { aws, clock, signal, log }: RegisterContext,
  definition: TaskDefinition,
): Promise<string> {
  try {
    return await writeOnce(
      clock,
      () => aws.taskDefinitions.register(definition),
      () => findRegistered(aws, definition),
      signal,
    );
  } catch (error) {
    if (error instanceof CancelledUnanswered) {
      log.line(
        `ECS has not answered whether it registered a revision of ${definition.family}: one may be left behind.`,
      );
    }
    const refusal = (words: string): DeployError =>
      new DeployError(
        'register-refused',
        `AWS refused the task definition ${definition.family}: ${withoutValues(words, definition)}`,
        { hint: 'Correct the definition: the message says in the words of AWS what is wrong.', cause: error },
      );
    throw deployErrorOf(error, `registering ${definition.family}`, 'unknown', refusal);
  }
}

/** AWS quotes what it refuses, and that may be the value of a variable. */
function withoutValues(text: string, definition: TaskDefinition): string {
  return new Masks(environmentValues(definition)).mask(text);
}

/** After a lost answer: the latest revision of the family, if it is what was sent. */
async function findRegistered(
  aws: Pick<Aws, 'taskDefinitions' | 'region'>,
  sent: TaskDefinition,
): Promise<string | undefined> {
  const latest = await findRevision(aws, sent.family);
  return latest !== undefined && diffDefinitions(latest.definition, sent).length === 0
    ? latest.arn
    : undefined;
}

/** The verdict stands by then: a look at what the services run is waited for so long. */
const LOOK_MS = 10_000;

/**
 * Deregisters a revision of this run on which no service ended up, nor may yet: what failed must not become the base of
 * the next run. ECS lets a revision go that tasks and a rollback still use (ECS API, DeregisterTaskDefinition).
 */
export async function deregisterUnused(
  ctx: RegisterContext,
  definition: RegisteredDefinition,
  serviceRuns: readonly ServiceRun[],
): Promise<RegisteredDefinition> {
  const isDeployed = serviceRuns.some(
    ({ rollout, updateUnconfirmed, outcome }) =>
      updateUnconfirmed === true || (rollout !== undefined && outcome?.result !== 'rolled-back'),
  );
  if (serviceRuns.length === 0 || isDeployed) return definition;
  return deregister(
    ctx,
    definition,
    serviceRuns.map((serviceRun) => serviceRun.snapshot.address),
  );
}

/**
 * Deregisters the revision, if this run registered it, as soon as the PRIMARY of each service is another one, read right
 * before. Nobody waits for tasks to stop. An orphan is untidy, not a failure: what stands in the way is a line in the log.
 */
export async function deregister(
  ctx: RegisterContext,
  definition: RegisteredDefinition,
  services: readonly ServiceAddress[],
): Promise<RegisteredDefinition> {
  if (!definition.registered) return definition;
  const name = revisionName(definition.arn);
  let isSent = false;
  const onSend = (): void => {
    isSent = true;
  };
  const deregisterInTime = (): Promise<boolean> =>
    withTimeout(ctx.clock, LOOK_MS, () => deregisterIfReplaced(ctx, definition.arn, services, onSend));
  const answer = await attempt(deregisterInTime, ANY_AWS_ERROR);
  if (answer.kind !== 'answered') {
    ctx.log.line(notDeregistered(name, answer.error, isSent));
    return definition;
  }
  ctx.log.line(
    answer.value
      ? `${name} is deregistered: no service is on it, and it is no base for the next run.`
      : `${name} stays registered: a service is still on it.`,
  );
  return { ...definition, deregistered: answer.value };
}

/** Pure: a line of the log. What was sent, and not answered, may have been done. */
export function notDeregistered(name: string, error: unknown, isSent: boolean): string {
  const stays = isSent && mayHaveTakenEffect(error) ? 'may stay' : 'stays';
  return `${name} ${stays} registered (${describeAwsError(error)}).`;
}

/** Pauses before a request without an answer is sent again, in seconds: the second one finds what the first did. */
const PAUSES = [1, 2, 4];

/** Resolves to whether the revision was deregistered: not while a service is on it. */
export async function deregisterIfReplaced(
  { aws, clock }: { readonly aws: Pick<Aws, 'ecs' | 'ecsWrites'>; readonly clock: Clock },
  taskDefinitionArn: string,
  services: readonly ServiceAddress[],
  onSend: () => void = () => undefined,
): Promise<boolean> {
  const used = await Promise.all(
    services.map(async (service) => revisionsInUse(await describeService(aws.ecs, service))),
  );
  if (used.flat().includes(taskDefinitionArn)) return false;
  onSend();
  await retryUnanswered({ clock, pauses: PAUSES }, () => deregisterOnce(aws, taskDefinitionArn));
  return true;
}

/** One that is INACTIVE is what it is to be: this run has done it, and did not hear of it, or somebody else. */
async function deregisterOnce({ ecsWrites }: Pick<Aws, 'ecsWrites'>, arn: string): Promise<void> {
  const send = (): Promise<unknown> => ecsWrites.deregisterTaskDefinition({ taskDefinition: arn });
  const answer = await attempt(send, REFUSED);
  if (answer.kind !== 'answered' && !/\binactive\b/i.test(describeAwsError(answer.error))) throw answer.error;
}

/** ECS moves a service by its PRIMARY; the task set that CodeDeploy is about to shift to is none yet. */
function revisionsInUse(service: Service): readonly (string | undefined)[] {
  if (service.deploymentController?.type !== 'CODE_DEPLOY') return [primaryOf(service)?.taskDefinition];
  const kept = (service.deployments ?? []).filter(({ status }) => status !== 'DRAINING');
  return kept.map(({ taskDefinition }) => taskDefinition);
}

/**
 * Marks a revision that gates condemned after ECS had called its deployment successful: ECS's own history calls it good.
 * Never rejects for what AWS answers: a line in the log says that it is not marked, and what that means.
 */
export async function markAsFailed(
  { aws, log }: Pick<RegisterContext, 'aws' | 'log'>,
  { arn }: Pick<RegisteredDefinition, 'arn'>,
): Promise<void> {
  const name = revisionName(arn);
  const mark = (): Promise<unknown> => aws.ecsWrites.tagResource({ resourceArn: arn, tags: [FAILED_MARK] });
  const answer = await attempt(mark, ANY_AWS_ERROR);
  log.line(
    answer.kind === 'answered'
      ? `${name} is marked as failed (tag ${FAILED_MARK.key}): no run takes it for a good one.`
      : `${name} is not marked as failed (${describeAwsError(answer.error)}): a later run may take it for a good one (ecs:TagResource).`,
  );
}
