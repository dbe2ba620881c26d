import { revisionName } from '../aws/arn.ts';
import type { Aws, EcsReads } from '../aws/clients.ts';
import { awsErrorKind, deployErrorOf, describeAwsError } from '../aws/errors.ts';
import { writeOnce } from '../aws/writes.ts';
import { describeService } from '../ecs/services.ts';
import { describeTasks, listFamilyTasks } from '../ecs/tasks.ts';
import type { RegisteredDefinition, ServiceAddress, ServiceRun, TaskDefinition } from '../model/index.ts';
import { CancelledUnanswered } from '../runtime/cancellation.ts';
import type { Clock } from '../runtime/clock.ts';
import { DeployError } from '../runtime/error.ts';
import { isArray, isObject } from '../runtime/json.ts';
import type { Log } from '../runtime/log.ts';
import { Masks } from '../runtime/masks.ts';
import { withTimeout } from '../runtime/wait.ts';
import { diffDefinitions } from './diff.ts';
import { findRevision } from './load.ts';
import type { PreparedDefinition } from './prepare.ts';

interface RegisterContext {
  readonly aws: Pick<Aws, 'taskDefinitions' | 'region' | 'ecs' | 'ecsWrites'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** The revision to deploy: one that is there already, or a new one. */
export async function registerOrReuse(
  ctx: RegisterContext,
  prepared: Omit<PreparedDefinition, 'current' | 'heldByAws'>,
): Promise<RegisteredDefinition> {
  const { existingArn, definition, origin, changes } = prepared;
  const arn = existingArn ?? (await registerTaskDefinition(ctx, definition));
  const registered = existingArn === undefined;
  ctx.log.line(`${revisionName(arn)} ${registered ? 'is registered' : 'holds this definition already'}.`);
  return { arn, origin, registered, deregistered: false, changes };
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
    if (awsErrorKind(error) !== 'refused') throw deployErrorOf(error, `registering ${definition.family}`);
    throw new DeployError(
      'register-refused',
      `AWS refused the task definition ${definition.family}: ${withoutValues(describeAwsError(error), definition)}`,
      { hint: 'Nothing was deployed. Correct the definition and run again.', cause: error },
    );
  }
}

/** AWS quotes what it refuses, and that may be the value of a variable. */
function withoutValues(text: string, definition: TaskDefinition): string {
  const entries = definition.containerDefinitions.flatMap(({ environment }) =>
    isArray(environment) ? environment : [],
  );
  const values = entries.flatMap((entry) =>
    isObject(entry) && typeof entry['value'] === 'string' ? entry['value'] : [],
  );
  return new Masks(values).mask(text);
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

/** The outcome stands by then: a look at who uses a revision is waited for so long. */
const LOOK_MS = 10_000;

/** Pauses while the last tasks of a failed revision stop, in seconds. */
const PAUSES = [0, 2, 5, 10, 15, 30];

/** Takes a revision back (see below) if no service ended up on it, nor may yet. */
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
 * Deregisters the revision, if this run registered it, once no deployment and no task of the services uses it. An
 * orphan is untidy, not a failure: what stands in the way is a line in the log.
 */
export async function deregister(
  ctx: RegisterContext,
  definition: RegisteredDefinition,
  services: readonly ServiceAddress[],
): Promise<RegisteredDefinition> {
  if (!definition.registered) return definition;
  try {
    const deregistered = await deregisterIfUnused(ctx, definition.arn, services);
    ctx.log.line(
      deregistered
        ? `${revisionName(definition.arn)} is deregistered: nothing uses it.`
        : `${revisionName(definition.arn)} stays registered: its last tasks are still stopping.`,
    );
    return { ...definition, deregistered };
  } catch (error) {
    if (awsErrorKind(error) === 'not-aws') throw error;
    ctx.log.line(`${revisionName(definition.arn)} stays registered (${describeAwsError(error)}).`);
    return definition;
  }
}

async function deregisterIfUnused(
  { aws, clock, signal }: RegisterContext,
  taskDefinitionArn: string,
  services: readonly ServiceAddress[],
): Promise<boolean> {
  const look = (): Promise<boolean[]> =>
    Promise.all(services.map((service) => isUsed(aws.ecs, taskDefinitionArn, service)));
  for (const pause of PAUSES) {
    await clock.sleep(pause * 1000, signal);
    const uses = await withTimeout(clock, LOOK_MS, look);
    if (uses.includes(true)) continue;
    await aws.ecsWrites.deregisterTaskDefinition({ taskDefinition: taskDefinitionArn });
    return true;
  }
  return false;
}

/** By an entry of `deployments[]`, or by a task of the cluster that has not stopped, be it the service's or not. */
async function isUsed(
  ecs: Pick<EcsReads, 'describeServices' | 'listTasks' | 'describeTasks'>,
  taskDefinitionArn: string,
  service: ServiceAddress,
): Promise<boolean> {
  const { deployments = [] } = await describeService(ecs, service);
  if (deployments.some((each) => each.taskDefinition === taskDefinitionArn)) return true;
  const [family = ''] = revisionName(taskDefinitionArn).split(':');
  const [running, stopping] = await Promise.all([
    listFamilyTasks(ecs, service.cluster, family, 'RUNNING'),
    listFamilyTasks(ecs, service.cluster, family, 'STOPPED'),
  ]);
  const tasks = await describeTasks(ecs, service.cluster, [...running, ...stopping]);
  return tasks.some((task) => task.taskDefinitionArn === taskDefinitionArn && task.lastStatus !== 'STOPPED');
}
