/** What keeps a task from starting, in the order in which Fargate meets it, and ECS's sentences for it. */
import type { ImageBehaviour, PullFailure } from '../state/image-behaviour.ts';
import { parseReference } from '../state/image-catalogue.ts';
import { objects, requiredText } from '../state/json.ts';
import type { Container, Task } from '../state/model.ts';
import { isWholeReference } from '../state/secrets.ts';
import { createsLogGroup, logStream } from './container-logs.ts';
import { architectureOf } from './tasks.ts';
import type { World } from './world.ts';

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
  const container = containers.find((each) => each.behaviour.startReason !== undefined);
  const { startReason: reason, startReasonTimes: times = Number.POSITIVE_INFINITY } =
    container?.behaviour ?? {};
  if (container === undefined || reason === undefined) return undefined;
  // What a command of its own makes of a container leaves its image the same.
  const image = container.found?.behaviour ?? container.behaviour;
  const before = hiccups.get(image) ?? 0;
  hiccups.set(image, before + 1);
  return before < times ? { reason, container: undefined } : undefined;
}

/** How many tasks have met the scripted reason of their image. */
const hiccups = new WeakMap<ImageBehaviour, number>();

function missingSecret(world: World, { containers }: Task): TaskStartFailure | undefined {
  const wanted = containers.flatMap(({ definition }) =>
    objects(definition, 'secrets').map((secret) => requiredText(secret, 'valueFrom')),
  );
  const scripted = containers.some(({ behaviour }) => behaviour.startFailure === 'secret-missing');
  const missing = scripted
    ? (wanted[0] ?? '/app/database-url')
    : wanted.find((secret) => !world.secrets.exists(secret));
  return missing === undefined ? undefined : { reason: missingSecretText(missing), container: undefined };
}

function failedPull(task: Task): TaskStartFailure | undefined {
  const architecture = architectureOf(task);
  const failureOf = ({ found, image }: Container): PullFailure | undefined => {
    // AWS brings it along.
    if (image === '') return undefined;
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

/**
 * The sentence that ECS leaves in `stoppedReason` and in the container's `reason` when an image cannot be pulled.
 * Wording: Amazon ECS Developer Guide, "CannotPullContainer task errors", and answers seen in public issues.
 */
function pullFailureText(failure: PullFailure, image: string, architecture = 'amd64'): string {
  const { registry, repository, tag, digest } = parseReference(image);
  const version = digest ?? tag ?? 'latest';
  const reference = `${registry}/${repository}${digest === undefined ? ':' : '@'}${version}`;
  const manifest = `https://${registry}/v2/${repository}/manifests/${version}`;
  const retried = 'CannotPullContainerError: pull image manifest has been retried';
  switch (failure) {
    case 'not-found':
      return `${retried} 1 time(s): failed to resolve ref ${reference}: ${reference}: not found`;
    case 'denied':
      return `${retried} 1 time(s): failed to resolve ref ${reference}: unexpected status from HEAD request to ${manifest}: 403 Forbidden`;
    case 'rate-limited':
      return `${retried} 5 time(s): httpReadSeeker: failed open: unexpected status code ${manifest}: 429 Too Many Requests - Server message: toomanyrequests: You have reached your unauthenticated pull rate limit.`;
    case 'unreachable':
      return `${retried} 5 time(s): failed to resolve ref ${reference}: failed to do request: Head "${manifest}": dial tcp 10.0.3.17:443: i/o timeout`;
    case 'wrong-platform':
      return `${retried} 7 time(s): image Manifest does not contain descriptor matching platform 'linux/${architecture}'`;
    case 'no-space':
      return `CannotPullContainerError: failed to extract layer ${version}: write /var/lib/containerd/tmpmounts: no space left on device`;
  }
}

/** Developer Guide, "ResourceInitializationError task errors". */
function missingSecretText(secret: string): string {
  if (!isWholeReference(secret)) {
    return 'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: unexpected ARN format with parameters when trying to retrieve ASM secret';
  }
  return secret.includes(':secretsmanager:')
    ? `ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret ${secret} from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret.`
    : `ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid parameters: ${secret}`;
}

/** Developer Guide, "ResourceInitializationError task errors". */
const missingLogGroupText =
  'ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit status 1';

/** Developer Guide, "CannotStartContainerError task errors". */
export function noExecutableText(command: string): string {
  return `CannotStartContainerError: ResourceInitializationError: failed to create new container runtime task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "${command}": executable file not found in $PATH: unknown`;
}

export const outOfMemoryText = 'OutOfMemoryError: Container killed due to memory usage';
