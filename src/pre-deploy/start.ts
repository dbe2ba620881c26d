import type { RunTaskCommandInput, RunTaskCommandOutput } from '@aws-sdk/client-ecs';
import type { EcsWrites } from '../aws/clients.ts';
import { deployErrorOf, describeAwsError, mayHaveTakenEffect } from '../aws/errors.ts';
import { writeWithToken } from '../aws/writes.ts';
import type { StepContext } from '../context.ts';
import { STARTED_BY } from '../ecs/tasks.ts';
import type { ServiceSnapshot, TaskDefinition } from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';
import type { Deadline } from '../runtime/wait.ts';

export type StartContext = StepContext & {
  readonly aws: { readonly ecsWrites: Pick<EcsWrites, 'runTask'> };
};

/**
 * Pure: one task of the revision, beside those of the service: in its network, on its launch type or capacity
 * providers, with the tags that the service's own tasks get (ECS API, RunTask).
 */
export function runTaskInput(
  { address, placement, enableEcsManagedTags, propagateTags }: ServiceSnapshot,
  revisionArn: string,
  container: string,
  command: readonly string[],
): RunTaskCommandInput {
  const { networkConfiguration, launchType, capacityProviderStrategy = [], platformVersion } = placement;
  const capacity =
    capacityProviderStrategy.length > 0 ? { capacityProviderStrategy } : launchType && { launchType };
  return {
    cluster: address.cluster,
    taskDefinition: revisionArn,
    count: 1,
    startedBy: STARTED_BY,
    ...capacity,
    ...(platformVersion && { platformVersion }),
    ...(networkConfiguration && { networkConfiguration }),
    ...(enableEcsManagedTags === undefined ? {} : { enableECSManagedTags: enableEcsManagedTags }),
    // RunTask refuses SERVICE: this task has none.
    ...(propagateTags === 'TASK_DEFINITION' ? { propagateTags } : {}),
    overrides: { containerOverrides: [{ name: container, command: [...command] }] },
  };
}

/**
 * Starts the task, once, and resolves to its ARN. Rejects with `pre-deploy-task-failed` where ECS refuses it or has no
 * place for it, with AWS's own words, or where it does not answer by `deadline`.
 */
export async function startTask(
  ctx: StartContext,
  input: RunTaskCommandInput,
  deadline: Deadline,
): Promise<string> {
  const answer = await send(ctx, input, deadline).catch((error: unknown) => {
    const isUnknown = mayHaveTakenEffect(error);
    if (ctx.signal.aborted || isUnknown) ctx.log.line(NOT_KNOWN);
    if (isUnknown) throw notAnswered(error);
    throw deployErrorOf(error, 'starting the pre-deploy task', 'pre-deploy-task-failed', (words) =>
      refused(words, error),
    );
  });
  const arn = answer.tasks?.[0]?.taskArn;
  if (arn !== undefined) return arn;
  const reasons = (answer.failures ?? []).map(({ reason = 'no reason', detail }) =>
    detail === undefined ? reason : `${reason}: ${detail}`,
  );
  throw refused(reasons.join('; ') || 'it gave no reason');
}

/** How long RunTask has. */
const LIMITS = { least: 1_000 };

/** At the deadline nothing is sent any more, and nobody waits for what was. */
async function send(
  { aws, clock, signal }: StartContext,
  input: RunTaskCommandInput,
  deadline: Deadline,
): Promise<RunTaskCommandOutput> {
  const over = new AbortController();
  const runTask = (): Promise<RunTaskCommandOutput> =>
    writeWithToken(
      clock,
      (clientToken) => aws.ecsWrites.runTask({ ...input, clientToken }),
      AbortSignal.any([signal, over.signal]),
    );
  try {
    return await deadline.within(LIMITS, runTask);
  } finally {
    over.abort(new Error('The time to start the task is over.'));
  }
}

const NOT_KNOWN = `ECS did not answer whether the pre-deploy task was started; it would be started by "${STARTED_BY}".`;

function notAnswered(error: unknown): DeployError {
  return new DeployError(
    'pre-deploy-task-failed',
    `AWS did not answer while starting the pre-deploy task (${describeAwsError(error)}).`,
    {
      hint: `The task may be running all the same: look in the cluster for one that was started by "${STARTED_BY}".`,
      cause: error,
    },
  );
}

function refused(why: string, cause?: unknown): DeployError {
  return new DeployError('pre-deploy-task-failed', `ECS did not start the pre-deploy task (${why}).`, {
    hint: 'AWS says in the message why: check the network, the role and the quotas that the task needs.',
    evidence: [{ kind: 'error', text: why }],
    cause,
  });
}

/**
 * The container that runs the command: the one that was named; else the first that gets an image from this run; else
 * the only one. Throws `invalid-input` otherwise, with the names.
 */
export function chooseContainer(
  named: string | undefined,
  definition: TaskDefinition,
  withImage: readonly string[],
): string {
  const names = definition.containerDefinitions.map((container) => container.name);
  const known = names.map((name) => `"${name}"`).join(', ');
  if (named !== undefined) {
    if (names.includes(named)) return named;
    throw new DeployError(
      'invalid-input',
      `pre-deploy-container: the task definition ${definition.family} has no container "${named}". Its containers: ${known}.`,
    );
  }
  const [first] = names.filter((name) => withImage.includes(name));
  if (first !== undefined) return first;
  const [only, ...others] = names;
  if (only !== undefined && others.length === 0) return only;
  throw new DeployError(
    'invalid-input',
    `pre-deploy-container: the task definition ${definition.family} has ${names.length} containers, and none of them gets an image from this run. Name the one that runs the command: ${known}.`,
  );
}
