import type { PullFailure } from '../state/image-behaviour.ts';
import { missingLogGroupText, missingSecretText, pullFailureText } from './start-failure-texts.ts';
import { objects, requiredText } from '../state/json.ts';
import { parameterName, parameterNames } from '../state/secrets.ts';
import type { World } from './world.ts';
import { createsLogGroup, logStream } from './container-logs.ts';
import type { Container, Task } from '../state/model.ts';
import { architectureOf } from './tasks.ts';

/** Why a task cannot start, in ECS's words. Failed pulls belong to a container, the others to the task. */
export interface TaskStartFailure {
  readonly reason: string;
  readonly container: Container | undefined;
}

/** The first thing that keeps a task from starting, in the order in which Fargate meets them. */
export function findStartFailure(world: World, task: Task): TaskStartFailure | undefined {
  return (
    scriptedReason(task) ?? missingSecret(world, task) ?? failedPull(task) ?? missingLogGroup(world, task)
  );
}

function scriptedReason({ containers }: Task): TaskStartFailure | undefined {
  const reason = containers.find(({ behaviour }) => behaviour.startReason !== undefined)?.behaviour
    .startReason;
  return reason === undefined ? undefined : { reason, container: undefined };
}

function missingSecret(world: World, { containers }: Task): TaskStartFailure | undefined {
  const wanted = containers.flatMap(({ definition }) =>
    objects(definition, 'secrets').map((secret) => requiredText(secret, 'valueFrom')),
  );
  const scripted = containers.some(({ behaviour }) => behaviour.startFailure === 'secret-missing');
  const missing = scripted
    ? (wanted[0] ?? '/app/database-url')
    : wanted.find((secret) => !secretExists(world, secret));
  return missing === undefined ? undefined : { reason: missingSecretText(missing), container: undefined };
}

/** A reference may go on after the secret's ARN: `:json-key:version-stage:version-id`. */
function secretExists(world: World, reference: string): boolean {
  return (
    [...world.secrets].some((secret) => reference === secret || reference.startsWith(`${secret}:`)) ||
    parameterNames(world).includes(parameterName(reference))
  );
}

function failedPull(task: Task): TaskStartFailure | undefined {
  const architecture = architectureOf(task);
  const failureOf = ({ found }: Container): PullFailure | undefined => {
    if (found === undefined) return 'not-found';
    const fits =
      found.platforms.length === 0 || found.platforms.some((one) => one.architecture === architecture);
    return fits ? found.behaviour.pullFailure : 'wrong-platform';
  };
  for (const container of task.containers) {
    const failure = failureOf(container);
    if (failure !== undefined)
      return { reason: pullFailureText(failure, container.image, architecture), container };
  }
  return undefined;
}

function missingLogGroup(world: World, task: Task): TaskStartFailure | undefined {
  const lacksGroup = (container: Container): boolean => {
    const stream = logStream(task, container);
    return stream !== undefined && !createsLogGroup(container) && !world.logs.groups.has(stream.group);
  };
  const scripted = task.containers.some(({ behaviour }) => behaviour.startFailure === 'log-group-missing');
  return scripted || task.containers.some(lacksGroup)
    ? { reason: missingLogGroupText, container: undefined }
    : undefined;
}
