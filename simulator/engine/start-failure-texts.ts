import type { PullFailure } from '../state/image-behaviour.ts';
import { parseReference } from '../state/references.ts';

/**
 * The sentence that ECS leaves in `stoppedReason` and in the container's `reason` when an image cannot be pulled.
 * Wording: Amazon ECS Developer Guide, "CannotPullContainer task errors", and answers seen in public issues.
 */
export function pullFailureText(failure: PullFailure, image: string, architecture = 'amd64'): string {
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
export function missingSecretText(secret: string): string {
  return secret.includes(':secretsmanager:')
    ? `ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret ${secret} from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret.`
    : `ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid parameters: ${secret}`;
}

/** Developer Guide, "ResourceInitializationError task errors". */
export const missingLogGroupText =
  'ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit status 1';

/** Developer Guide, "CannotStartContainerError task errors". */
export function noExecutableText(command: string): string {
  return `CannotStartContainerError: ResourceInitializationError: failed to create new container runtime task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "${command}": executable file not found in $PATH: unknown`;
}

export const outOfMemoryText = 'OutOfMemoryError: Container killed due to memory usage';
