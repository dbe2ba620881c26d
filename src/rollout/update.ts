import type { Service, UpdateServiceCommandInput, UpdateServiceCommandOutput } from '@aws-sdk/client-ecs';
import type { EcsReads, EcsWrites } from '../aws/clients.ts';
import { deployErrorOf, describeAwsError, isAwsError } from '../aws/errors.ts';
import { noting, retryRead, unanswered, writeOnce } from '../aws/writes.ts';
import type { RunContext } from '../context.ts';
import { describeService, primaryOf } from '../ecs/services.ts';
import type { Cause, RolloutRequest, ServiceSnapshot } from '../model/index.ts';
import { Cancelled } from '../runtime/cancellation.ts';
import { DeployError } from '../runtime/error.ts';
import { retry, withGracePeriod, type Deadline } from '../runtime/wait.ts';

export interface UpdateContext extends Pick<RunContext, 'clock' | 'signal'> {
  readonly aws: {
    readonly ecs: Pick<EcsReads, 'describeServices'>;
    readonly ecsWrites: Pick<EcsWrites, 'updateService'>;
  };
}

/** UpdateService was sent, and neither its answer nor its effect was seen: the service may have been touched. */
export class UpdateUnanswered extends DeployError {
  constructor(name: string, cause: Cause, detail: string) {
    super(cause, `AWS did not answer whether it took the update of service "${name}" (${detail})`, {
      hint: 'Look at the service in the console before you run again.',
    });
  }
}

/** Pure: only fields that the user set; a revision that failed before needs the force to be tried again. */
export function updateInput(
  snapshot: ServiceSnapshot,
  taskDefinitionArn: string,
  request: RolloutRequest,
): UpdateServiceCommandInput {
  const retriesFailed = snapshot.taskDefinitionArn === taskDefinitionArn && snapshot.rollout === 'failed';
  const force = retriesFailed ? true : request.forceNewDeployment;
  return {
    cluster: snapshot.address.cluster,
    service: snapshot.address.name,
    taskDefinition: taskDefinitionArn,
    ...(request.desiredCount === undefined ? {} : { desiredCount: request.desiredCount }),
    ...(force === undefined ? {} : { forceNewDeployment: force }),
    ...(request.enableEcsManagedTags === undefined
      ? {}
      : { enableECSManagedTags: request.enableEcsManagedTags }),
    ...(request.propagateTags === undefined ? {} : { propagateTags: request.propagateTags }),
  };
}

/** Pauses while the deployment of an accepted update becomes visible, in seconds. */
const PAUSES = [0.5, 1, 2, 4, 8];

/** How long an update that is sent is given for its answer. */
const SEND_LIMITS = { least: 1_000 };

/** How long a lost answer is looked after. */
const READ_LIMITS = { least: 5_000 };

/**
 * Sends UpdateService so that it takes effect at most once, and resolves to the service with its `deployments[]`.
 * Rejects where AWS refuses; production is untouched then. What has no answer by the deadline is looked for once more, and
 * rejects with `UpdateUnanswered`, since it may yet take effect.
 */
export async function updateOnce(
  ctx: UpdateContext,
  snapshot: ServiceSnapshot,
  input: UpdateServiceCommandInput,
  deadline: Deadline,
): Promise<Service> {
  const { aws, clock, signal } = ctx;
  const lost: unknown[] = [];
  const send = (): Promise<UpdateServiceCommandOutput> =>
    aws.ecsWrites.updateService(lost.length === 0 ? input : inputAgain(input, snapshot));
  try {
    const answer = await writeOnce(
      clock,
      noting(
        async () => (await deadline.within(SEND_LIMITS, send)).service ?? {},
        (error) => lost.push(error),
      ),
      async () => {
        const read = (): Promise<Service> =>
          describeService(aws.ecs, snapshot.address, snapshot.primarySince);
        const service = await deadline.within(READ_LIMITS, () => retryRead(clock, read));
        return tookEffect(service, snapshot, input) ? service : undefined;
      },
      signal,
      deadline,
    );
    if (primaryOf(answer) !== undefined) return answer;
    const see = (): Promise<Service> => deadline.within(READ_LIMITS, () => seeEffect(ctx, snapshot, input));
    return await withGracePeriod(clock, signal, 0, see, unanswered);
  } catch (error) {
    if (error instanceof Cancelled) throw error;
    const failure = refusalOf(error, snapshot.address.name);
    if (lost.length === 0 || !(failure instanceof DeployError)) throw failure;
    throw new UpdateUnanswered(snapshot.address.name, failure.conclusion.cause, describeAwsError(error));
  }
}

/**
 * One that was lost may yet be taken up. Two of a new revision make one deployment, as long as neither forces another; that
 * of the revision that runs has to be forced.
 */
function inputAgain(input: UpdateServiceCommandInput, snapshot: ServiceSnapshot): UpdateServiceCommandInput {
  const { forceNewDeployment, ...unforced } = input;
  const runsAlready = input.taskDefinition === snapshot.taskDefinitionArn;
  return forceNewDeployment === true && !runsAlready ? unforced : input;
}

/** An accepted update whose answer names no deployment: the service is read until it shows one. */
async function seeEffect(
  { aws, clock }: UpdateContext,
  snapshot: ServiceSnapshot,
  input: UpdateServiceCommandInput,
): Promise<Service> {
  const { name } = snapshot.address;
  const why = 'the update was accepted, and no deployment of it appeared';
  return retry({ clock, pauses: PAUSES }, async () => {
    const service = await retryRead(clock, () =>
      describeService(aws.ecs, snapshot.address, snapshot.primarySince),
    );
    return primaryOf(service) !== undefined && tookEffect(service, snapshot, input)
      ? { kind: 'done', value: service }
      : { kind: 'failed', error: new UpdateUnanswered(name, 'unknown', why), retryable: true };
  });
}

function refusalOf(error: unknown, name: string): Error {
  if (isAwsError(error, 'ServiceNotActiveException')) {
    return new DeployError('service-inactive', `Service "${name}" is not ACTIVE any more.`, { cause: error });
  }
  const refusal = (words: string): DeployError =>
    new DeployError('update-refused', `AWS refused to update service "${name}": ${words}`, {
      hint: `${changeFor(words)} The service runs as before.`,
      cause: error,
    });
  return deployErrorOf(error, `updating service "${name}"`, 'unknown', refusal);
}

/** What to change, by AWS's sentence. */
const CHANGES: readonly (readonly [RegExp, string])[] = [
  [
    /Network Configuration must be provided/i,
    'Give the service a network configuration (subnets, security groups), or the definition the network mode that the service has.',
  ],
  [
    /Network Configuration is not valid/i,
    'Write the network mode awsvpc into the definition, as the service has a network configuration.',
  ],
  [
    /does not support launch_?type/i,
    'Write the launch type of the service into requiresCompatibilities of the definition.',
  ],
  [
    /does not exist in the task definition|did not have a container port/i,
    'Give the definition the container and the port that the load balancer of the service sends to.',
  ],
  [/daemon scheduling strategy/i, 'Leave desired-count out: a daemon service has one task on each instance.'],
  [/inactive/i, 'The revision was deregistered meanwhile: run again.'],
];

function changeFor(sentence: string): string {
  const known = CHANGES.find(([said]) => said.test(sentence))?.[1];
  return known ?? 'Change what AWS names, in the service or in the task definition.';
}

/**
 * After a lost answer: a new deployment, or where none was due, the desired settings. The new deployment may be
 * somebody's that replaced ours already; sending again would replace theirs.
 */
function tookEffect(service: Service, snapshot: ServiceSnapshot, input: UpdateServiceCommandInput): boolean {
  if (primaryOf(service)?.id !== snapshot.primaryId) return true;
  const noneDue = snapshot.taskDefinitionArn === input.taskDefinition && input.forceNewDeployment !== true;
  return (
    noneDue &&
    (input.desiredCount ?? service.desiredCount) === service.desiredCount &&
    (input.enableECSManagedTags ?? service.enableECSManagedTags) === service.enableECSManagedTags &&
    (input.propagateTags ?? service.propagateTags) === service.propagateTags
  );
}
