import type { Cause } from '../model/index.ts';

/**
 * How much one stopped task proves.
 *
 * - `conclusive`: no retry can help; one is enough, until a task of the same deployment has got past it.
 * - `counts`: may pass; conclusive once `failed-task-limit` tasks failed.
 * - `never`: shown, but not a failure of the new revision.
 */
export type Severity = 'conclusive' | 'counts' | 'ignored';

export interface StopReasonMeaning {
  readonly cause: Cause;
  readonly severity: Severity;
  /** What to do about it. */
  readonly hint: string;
  /** It passes by nature: a time-out, a reset, throttling. Many tasks that start at once provoke some of these. */
  readonly passes?: true;
}

export interface StopReason extends StopReasonMeaning {
  readonly pattern: RegExp;
  /** A text that matches, shortened, for the guide. */
  readonly says: string;
}

/**
 * Texts of `stoppedReason` and `containers[].reason`, most telling first (ECS Developer Guide, "Stopped tasks error
 * codes" and "CannotPullContainer task errors"; the wording of the ECS agent and of Fargate).
 */
export const STOP_REASONS: readonly StopReason[] = [
  {
    pattern: /no match for platform in manifest|does not contain descriptor matching platform/i,
    says: "image Manifest does not contain descriptor matching platform 'linux/amd64'",
    cause: 'image-wrong-platform',
    severity: 'conclusive',
    hint: "Build the image for the task definition's runtimePlatform (linux/amd64 unless it says otherwise).",
  },
  {
    pattern: /exec format error/i,
    says: 'OCI runtime create failed: exec: "/app": exec format error',
    cause: 'image-wrong-platform',
    severity: 'conclusive',
    hint: "The binary is for another CPU: build the image for the task definition's runtimePlatform.",
  },
  {
    pattern: /toomanyrequests|429 Too Many Requests|pull rate limit/i,
    says: '429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit',
    cause: 'registry-rate-limit',
    severity: 'counts',
    passes: true,
    hint: 'Copy the image to ECR, or use an ECR pull-through cache.',
  },
  {
    // ECR, Secrets Manager and SSM throttle whoever starts many tasks at once.
    pattern: /ThrottlingException|Rate exceeded|TooManyRequestsException|RequestLimitExceeded|\bSlowDown\b/i,
    says: 'unable to retrieve secret from asm: … ThrottlingException: Rate exceeded',
    cause: 'throttled',
    severity: 'counts',
    passes: true,
    hint: 'AWS throttled the tasks while they started: ECS tries again; many tasks that start at once need higher quotas.',
  },
  {
    // Docker says "pull access denied, repository does not exist or may require …": denied comes before missing.
    pattern:
      /CannotPull.*(403 Forbidden|status ?code:? 403|access ?denied|unauthorized|denied:|not authorized|no basic auth|has the permissions to pull)/is,
    says: 'CannotPullContainerError: … unexpected status from HEAD request to https://…: 403 Forbidden',
    cause: 'image-pull-denied',
    severity: 'conclusive',
    hint: 'Give the execution role AmazonECSTaskExecutionRolePolicy, and check the repository policy.',
  },
  {
    pattern: /CannotPull.*(manifest unknown|not found|does not exist)/is,
    says: 'CannotPullContainerError: … manifest unknown: Requested image not found',
    cause: 'image-not-found',
    severity: 'conclusive',
    hint: 'The tag or digest is not in the registry: check the image reference and lifecycle rules.',
  },
  {
    pattern: /no space left on device/i,
    says: 'write /var/lib/containerd/…: no space left on device',
    cause: 'storage',
    severity: 'conclusive',
    hint: 'Raise ephemeralStorage, or make the image smaller.',
  },
  {
    pattern:
      /CannotPull.*(time-?out|context canceled|request canceled|dial tcp|connection refused|connection reset|unexpected EOF|TLS handshake|deadline exceeded|connection issue|50[0234] )/is,
    says: 'CannotPullContainerError: … dial tcp 10.0.3.17:443: i/o timeout',
    cause: 'network-unreachable',
    severity: 'counts',
    passes: true,
    hint: 'The task cannot reach the registry: check NAT, public IP, VPC endpoints and security groups.',
  },
  {
    pattern: /CannotPull/i,
    says: 'CannotPullContainerError: … (anything else)',
    cause: 'image-not-found',
    severity: 'counts',
    hint: 'Check the image reference, the execution role and the network of the task.',
  },
  {
    pattern: /unable to retrieve ecr registry auth.*(AccessDenied|not authorized)/is,
    says: 'unable to retrieve ecr registry auth: … AccessDeniedException: … is not authorized to perform: ecr:GetAuthorizationToken',
    cause: 'image-pull-denied',
    severity: 'conclusive',
    hint: 'Give the execution role AmazonECSTaskExecutionRolePolicy (ecr:GetAuthorizationToken).',
  },
  {
    pattern: /unexpected ARN format with parameters/i,
    says: 'unable to retrieve secret from asm: unexpected ARN format with parameters when trying to retrieve ASM secret',
    cause: 'secret-unavailable',
    severity: 'conclusive',
    hint: 'The ARN of a secret stands alone, or with all of :json-key:version-stage:version-id behind it, empty parts included: write ARN:json-key::.',
  },
  {
    pattern:
      /(unable to|can.?t|cannot) (retrieve|pull) .*secret.*(AccessDenied|not authorized|ResourceNotFound|invalid parameters|can.?t find|did not contain|invalid character|secret exists)/is,
    says: "unable to retrieve secret from asm: … ResourceNotFoundException: Secrets Manager can't find the specified secret",
    cause: 'secret-unavailable',
    severity: 'conclusive',
    hint: 'Check that the secret or parameter exists and that the execution role may read (and decrypt) it.',
  },
  {
    pattern: /unable to retrieve ecr registry auth|unable to (retrieve|pull) secret/is,
    says: 'unable to retrieve ecr registry auth: … RequestError: send request failed',
    cause: 'network-unreachable',
    severity: 'counts',
    passes: true,
    hint: 'The task cannot reach ECR, Secrets Manager or SSM: check NAT, VPC endpoints, security groups and the execution role.',
  },
  {
    // The contract's list has one cause for what is wrong with a log group: missing, or closed to the task.
    pattern:
      /(failed to validate logger args|failed to initialize logging driver).*(AccessDenied|not authorized)/is,
    says: 'failed to validate logger args: … AccessDeniedException: … is not authorized to perform: logs:CreateLogStream',
    cause: 'log-group-missing',
    severity: 'conclusive',
    hint: 'The execution role lacks logs:CreateLogStream and logs:PutLogEvents on the log group (with awslogs-create-group also logs:CreateLogGroup).',
  },
  {
    // "The task cannot find the log group … There is a connection issue": the group may well be there.
    pattern:
      /failed to validate logger args.*(connection issue|RequestError|dial tcp|time-?out|deadline exceeded|signal: killed)/is,
    says: 'failed to validate logger args: … There is a connection issue between the task and Amazon CloudWatch',
    cause: 'network-unreachable',
    severity: 'counts',
    passes: true,
    hint: 'The task cannot reach CloudWatch Logs: check NAT, VPC endpoints and security groups.',
  },
  {
    pattern: /log group does not exist|failed to validate logger args/i,
    says: 'failed to validate logger args: … The specified log group does not exist',
    cause: 'log-group-missing',
    severity: 'conclusive',
    hint: 'Create the log group, or set awslogs-create-group with the permission to do so.',
  },
  {
    pattern: /failed to invoke EFS utils|failed to download env files|CannotCreateVolume/i,
    says: 'failed to invoke EFS utils commands to set up EFS volumes',
    cause: 'storage',
    severity: 'counts',
    hint: 'Check the file system or environment file, its policy and the security groups in between.',
  },
  {
    pattern: /OutOfMemory/i,
    says: 'OutOfMemoryError: Container killed due to memory usage',
    cause: 'out-of-memory',
    severity: 'counts',
    hint: 'Raise the memory of the task, or lower what the container uses at start.',
  },
  {
    pattern:
      /executable file not found|(CannotStartContainer|ContainerRuntimeError|runtime create failed).*(no such file or directory|permission denied)/is,
    says: 'CannotStartContainerError: … exec: "uvicron": executable file not found in $PATH',
    cause: 'bad-command',
    severity: 'conclusive',
    hint: "Check the command and entry point against the image's contents.",
  },
  {
    pattern: /failed ELB health checks/i,
    says: 'Task failed ELB health checks in (target-group …)',
    cause: 'target-health-check-failed',
    severity: 'counts',
    hint: 'Check the health-check path, port and matcher of the target group, the grace period, and the security groups between load balancer and tasks.',
  },
  {
    pattern: /failed container health checks/i,
    says: 'Task failed container health checks',
    cause: 'container-health-check-failed',
    severity: 'counts',
    hint: "Run the container's health-check command in the image, and check startPeriod.",
  },
  {
    pattern: /unable to assume the role/i,
    says: 'ECS was unable to assume the role … that was provided for this task',
    cause: 'unknown',
    severity: 'counts',
    hint: 'Check that the task and execution roles exist and trust ecs-tasks.amazonaws.com.',
  },
  {
    pattern:
      /Capacity is unavailable|unable to place a task|reached the limit on the number of|InsufficientFreeAddresses|\bRESOURCE:[A-Z]/,
    says: 'Capacity is unavailable at this time',
    cause: 'capacity',
    severity: 'ignored',
    hint: 'AWS has no room for the task now: try again, or another subnet or capacity provider.',
  },
  {
    pattern: /network interface provisioning/i,
    says: 'Timeout waiting for network interface provisioning to complete',
    cause: 'network-unreachable',
    severity: 'ignored',
    hint: 'ECS tries again by itself.',
  },
  {
    pattern: /EphemeralStorage provisioning/i,
    says: 'Timeout waiting for EphemeralStorage provisioning to complete',
    cause: 'storage',
    severity: 'ignored',
    hint: 'ECS tries again by itself.',
  },
  {
    pattern: /\bInternalError\b/,
    says: 'InternalError: The task failed to start due to an internal error',
    cause: 'unknown',
    severity: 'ignored',
    hint: 'AWS failed to start the task; ECS tries again by itself.',
  },
];

/** Exit codes that say more than "it crashed" (POSIX shells: 126, 127; 128 + SIGKILL). */
export const EXIT_CODES: Readonly<Record<number, StopReasonMeaning>> = {
  126: {
    cause: 'bad-command',
    severity: 'conclusive',
    hint: 'The command is not executable: check its permissions and its shebang line.',
  },
  127: {
    cause: 'bad-command',
    severity: 'conclusive',
    hint: "The command was not found: check it against the image's contents.",
  },
  137: {
    cause: 'out-of-memory',
    severity: 'counts',
    hint: 'The container was killed (exit code 137), most often for memory: raise the memory of the task.',
  },
};

export const CRASHED: StopReasonMeaning = {
  cause: 'app-crashed',
  severity: 'counts',
  hint: 'The program ended by itself: fix what its last log lines say.',
};

/** What a container's last lines say that its stop reason and exit code do not. */
export const LOG_SIGNS: readonly Pick<StopReason, 'pattern' | 'cause' | 'hint'>[] = [
  {
    // The kernel refuses the program, and the shell or the runtime says so in the container's own log.
    pattern: /exec format error/i,
    cause: 'image-wrong-platform',
    hint: "The program is for another CPU: build the image for the task definition's runtimePlatform.",
  },
];

/** Stop codes that are never the new revision's fault (ECS API, Task.stopCode). */
export const NOT_OUR_FAULT: readonly string[] = [
  'UserInitiated',
  'TerminationNotice',
  'InfrastructureHealth',
];

/** AWS took the capacity of a task back. */
export const TAKEN_AWAY: readonly string[] = ['SpotInterruption'];

/** ECS stops tasks that it no longer needs; that is how every rollout ends for the old ones. */
export const SCALED_IN = /Scaling activity initiated by/i;
