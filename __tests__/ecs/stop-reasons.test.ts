import { describe, expect, test } from '@jest/globals';
import type { Cause } from '../../src/model/index.ts';
import { STOP_REASONS, type Severity } from '../../src/ecs/stop-reasons.ts';
import { failureOf } from '../../src/ecs/task-failure.ts';
import { unstartedTask } from '../rollout/builders.ts';

type Row = readonly [text: string, cause: Cause, severity: Severity];

const ECR = '440312345678.dkr.ecr.us-east-1.amazonaws.com';
const SECRET = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-AbCdEf';
const AUTH = 'ResourceInitializationError: unable to pull secrets or registry auth:';
const EXECUTION = `${AUTH} execution resource retrieval failed:`;
const NOT_ALLOWED =
  'is not authorized to perform: ecr:BatchGetImage on resource: arn:aws:ecr:us-east-1:440312345678:repository/web because no identity-based policy allows the ecr:BatchGetImage action';
const ROLE =
  'User: arn:aws:sts::111122223333:assumed-role/ecsTaskExecutionRole/0123456789abcdef0123456789abcdef';

/** Texts as ECS writes them (Developer Guide, issues, the ECS agent's own tests). */
const TEXTS: Readonly<Record<string, readonly Row[]>> = {
  'an image for another platform': [
    [
      "CannotPullContainerError: pull image manifest has been retried 7 time(s): image Manifest does not contain descriptor matching platform 'linux/amd64'",
      'image-wrong-platform',
      'conclusive',
    ],
    [
      `CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref ${ECR}/web:8: no match for platform in manifest: not found`,
      'image-wrong-platform',
      'conclusive',
    ],
    [
      'CannotStartContainerError: Error response from daemon: failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "/app": exec format error: unknown',
      'image-wrong-platform',
      'conclusive',
    ],
  ],
  'a registry that limits pulls': [
    [
      'CannotPullContainerError: inspect image has been retried 5 time(s): httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/library/nginx/manifests/sha256:4034: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit',
      'registry-rate-limit',
      'counts',
    ],
    [
      'CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref docker.io/library/nginx:1: unexpected status from HEAD request to https://registry-1.docker.io/v2/library/nginx/manifests/1: 429 Too Many Requests',
      'registry-rate-limit',
      'counts',
    ],
  ],
  'an image that is not there': [
    [
      `CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to resolve ref ${ECR}/web:8: not found`,
      'image-not-found',
      'conclusive',
    ],
    [
      `CannotPullContainerError: Error response from daemon: manifest for ${ECR}/web:8 not found: manifest unknown: Requested image not found`,
      'image-not-found',
      'conclusive',
    ],
    [
      `CannotPullContainerError: API error (404): repository ${ECR}/web not found`,
      'image-not-found',
      'conclusive',
    ],
    [
      "CannotPullContainerError: Error response from daemon: name unknown: The repository with name 'web' does not exist in the registry with id '440312345678'",
      'image-not-found',
      'conclusive',
    ],
    [
      'CannotPullContainerError: The task can’t pull the image. Check whether the image exists. Error response from daemon: manifest unknown',
      'image-not-found',
      'conclusive',
    ],
    [
      `CannotPullImageManifestError: Error response from daemon: manifest for ${ECR}/web:8 not found: manifest unknown`,
      'image-not-found',
      'conclusive',
    ],
  ],
  'an image that the task may not pull': [
    [
      `CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref ${ECR}/web:8: unexpected status from HEAD request to https://${ECR}/v2/web/manifests/8: 403 Forbidden`,
      'image-pull-denied',
      'conclusive',
    ],
    [
      `CannotPullContainerError: ref pull has been retried 1 time(s): failed to pull and unpack image "${ECR}/web:8": failed to resolve reference: unexpected status code 403`,
      'image-pull-denied',
      'conclusive',
    ],
    [
      `CannotPullContainerError: Error response from daemon: pull access denied for ${ECR}/web, repository does not exist or may require 'docker login': denied: ${ROLE} ${NOT_ALLOWED}`,
      'image-pull-denied',
      'conclusive',
    ],
    [
      'CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref docker.io/acme/web:8: pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
      'image-pull-denied',
      'conclusive',
    ],
    [
      'CannotPullContainerError: The task can’t pull the image. Check that the role has the permissions to pull images from the registry.',
      'image-pull-denied',
      'conclusive',
    ],
    [
      `CannotPullECRContainerError: AccessDeniedException: ${ROLE} ${NOT_ALLOWED}`,
      'image-pull-denied',
      'conclusive',
    ],
    [
      `CannotPullContainerError: Error response from daemon: Get https://${ECR}/v2/web/manifests/8: no basic auth credentials`,
      'image-pull-denied',
      'conclusive',
    ],
    [
      `${EXECUTION} unable to retrieve ecr registry auth: service call has been retried 1 time(s): AccessDeniedException: ${ROLE} is not authorized to perform: ecr:GetAuthorizationToken on resource: * because no identity-based policy allows the ecr:GetAuthorizationToken action status code: 400, request id: 1`,
      'image-pull-denied',
      'conclusive',
    ],
  ],
  'a full disk': [
    [
      'CannotPullContainerError: write /var/lib/docker/tmp/GetImageBlob111111111: no space left on device',
      'storage',
      'conclusive',
    ],
    [
      'CannotPullContainerError: ref pull has been retried 1 time(s): failed to extract layer sha256:4031: write /var/lib/containerd/x: no space left on device: unknown',
      'storage',
      'conclusive',
    ],
    [
      'CannotCreateContainerError: API error (500): devmapper: no space left on device',
      'storage',
      'conclusive',
    ],
  ],
  'a registry out of reach': [
    [
      `CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref ${ECR}/web:8: failed to do request: Head "https://${ECR}/v2/web/manifests/8": dial tcp 10.0.3.17:443: i/o timeout`,
      'network-unreachable',
      'counts',
    ],
    [
      `CannotPullContainerError: Error response from daemon: Get https://${ECR}/v2/: net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)`,
      'network-unreachable',
      'counts',
    ],
    [
      `CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy: httpReadSeeker: failed open: failed to do request: Get "https://prod-us-east-1-starport-layer-bucket.s3.us-east-1.amazonaws.com/x": context canceled`,
      'network-unreachable',
      'counts',
    ],
    [
      `CannotPullContainerError: Error response from daemon: Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io on 10.0.0.2:53: no such host`,
      'network-unreachable',
      'counts',
    ],
    [
      `CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to do request: Head "https://${ECR}/v2/web/manifests/8": net/http: TLS handshake timeout`,
      'network-unreachable',
      'counts',
    ],
  ],
  'a pull that failed for a reason nobody knows': [
    [
      'CannotPullContainerError: pull command failed: panic: runtime error: invalid memory address',
      'image-not-found',
      'counts',
    ],
  ],
  'a secret that cannot be had': [
    [
      `${EXECUTION} unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret ${SECRET} from secrets manager: AccessDeniedException: ${ROLE} is not authorized to perform: secretsmanager:GetSecretValue on resource: ${SECRET} because no identity-based policy allows the secretsmanager:GetSecretValue action`,
      'secret-unavailable',
      'conclusive',
    ],
    [
      `${EXECUTION} unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret ${SECRET} from secrets manager: AccessDeniedException: Access to KMS is not allowed status code: 400`,
      'secret-unavailable',
      'conclusive',
    ],
    [
      `${EXECUTION} unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret ${SECRET} from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret.`,
      'secret-unavailable',
      'conclusive',
    ],
    [
      `${EXECUTION} unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid parameters: /prod/DB_PASSWORD`,
      'secret-unavailable',
      'conclusive',
    ],
    [
      `${EXECUTION} unable to retrieve secrets from ssm: service call has been retried 1 time(s): AccessDeniedException: ${ROLE} is not authorized to perform: ssm:GetParameters`,
      'secret-unavailable',
      'conclusive',
    ],
    [
      `${EXECUTION} unable to retrieve secret from asm: unexpected ARN format with parameters when trying to retrieve ASM secret`,
      'secret-unavailable',
      'conclusive',
    ],
    [
      `${EXECUTION} unable to retrieve secret from asm: service call has been retried 1 time(s): retrieved secret from Secrets Manager did not contain json key DB_PASSWORD`,
      'secret-unavailable',
      'conclusive',
    ],
    [
      `${EXECUTION} unable to retrieve secret from asm: service call has been retried 1 time(s): invalid character 'p' looking for beginning of value`,
      'secret-unavailable',
      'conclusive',
    ],
    [
      `ResourceNotFoundException: The task can't retrieve the secret with ARN '${SECRET}' from AWS Secrets Manager. Check whether the secret exists in the specified Region`,
      'secret-unavailable',
      'conclusive',
    ],
    [
      `${AUTH} unable to retrieve secret from asm: ResourceNotFoundException: The task can't retrieve the secret with ARN '${SECRET}' from AWS Secrets Manager. Check whether the secret exists in the specified Region.`,
      'secret-unavailable',
      'conclusive',
    ],
  ],
  'services of AWS out of reach': [
    [
      `${EXECUTION} unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send request failed caused by: Post "https://api.ecr.us-east-1.amazonaws.com/": dial tcp 52.46.138.9:443: i/o timeout. Please check your task network configuration.`,
      'network-unreachable',
      'counts',
    ],
    [
      `${AUTH} The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration. operation error ECR: GetAuthorizationToken, exceeded maximum number of attempts, 3, https response error StatusCode: 0, RequestID: , request send failed, Post "https://api.ecr.us-east-1.amazonaws.com/": dial tcp 44.213.79.104:443: i/o timeout`,
      'network-unreachable',
      'counts',
    ],
    [
      `${EXECUTION} unable to retrieve secret from asm: service call has been retried 5 time(s): failed to fetch secret ${SECRET} from secrets manager: RequestCanceled: request context canceled caused by: context deadline exceeded. Please check your task network configuration.`,
      'network-unreachable',
      'counts',
    ],
    [
      `${AUTH} unable to retrieve secret from asm: There is a connection issue between the task and AWS Secrets Manager. Check your task network configuration. failed to fetch secret ${SECRET} from secrets manager: operation error Secrets Manager: GetSecretValue, https response error StatusCode: 0, RequestID: , canceled, context deadline exceeded`,
      'network-unreachable',
      'counts',
    ],
    [
      'ResourceInitializationError: failed to validate logger args: The task cannot find the Amazon CloudWatch log group defined in the task definition. There is a connection issue between the task and Amazon CloudWatch. Check your network configuration. : signal: killed',
      'network-unreachable',
      'counts',
    ],
    [
      'ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: RequestError: send request failed caused by: Post "https://logs.us-east-1.amazonaws.com/": dial tcp 3.236.94.1:443: i/o timeout : exit status 1',
      'network-unreachable',
      'counts',
    ],
  ],
  'a log group that is missing': [
    [
      'ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit status 1',
      'log-group-missing',
      'conclusive',
    ],
    [
      'CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.',
      'log-group-missing',
      'conclusive',
    ],
    [
      `ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: AccessDeniedException: ${ROLE} is not authorized to perform: logs:CreateLogStream on resource: arn:aws:logs:us-east-1:111122223333:log-group:/ecs/web:log-stream:ecs/app/0123 because no identity-based policy allows the logs:CreateLogStream action : exit status 1`,
      'log-group-missing',
      'conclusive',
    ],
    [
      `CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed to create Cloudwatch log stream: AccessDeniedException: ${ROLE} is not authorized to perform: logs:PutLogEvents`,
      'log-group-missing',
      'conclusive',
    ],
    [
      `ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log group: AccessDeniedException: ${ROLE} is not authorized to perform: logs:CreateLogGroup : exit status 1`,
      'log-group-missing',
      'conclusive',
    ],
  ],
  'volumes and files that do not come': [
    [
      "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: b'mount.nfs4: mounting fs-01234567.efs.us-east-1.amazonaws.com:/data failed, reason given by server: No such file or directory' : unsuccessful EFS utils command execution; code: 32",
      'storage',
      'counts',
    ],
    [
      'ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: Failed to resolve "fs-01234567.efs.us-east-1.amazonaws.com" - check that your file system ID is correct.',
      'storage',
      'counts',
    ],
    [
      'ResourceInitializationError: failed to download env files: file download command: non empty error stream: service call has been retried 1 time(s): AccessDenied: Access Denied status code: 403',
      'storage',
      'counts',
    ],
    [
      'CannotCreateVolumeError: Post "http://%2Frun%2Fdocker%2Fplugins%2Fecs-volume.sock/VolumeDriver.Create": context deadline exceeded',
      'storage',
      'counts',
    ],
  ],
  'memory that ran out': [
    ['OutOfMemoryError: Container killed due to memory usage', 'out-of-memory', 'counts'],
  ],
  'a command that cannot run': [
    [
      'CannotStartContainerError: Error response from daemon: failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "uvicron": executable file not found in $PATH: unknown',
      'bad-command',
      'conclusive',
    ],
    [
      'CannotStartContainerError: Error response from daemon: OCI runtime create failed: container_linux.go:380: starting container process caused: exec: "/start.sh": stat /start.sh: no such file or directory: unknown',
      'bad-command',
      'conclusive',
    ],
    [
      'CannotStartContainerError: Error response from daemon: OCI runtime create failed: exec: "/start.sh": permission denied: unknown',
      'bad-command',
      'conclusive',
    ],
    [
      'ContainerRuntimeError: failed to create container runtime task: exec: "/start.sh": stat /start.sh: no such file or directory: unknown',
      'bad-command',
      'conclusive',
    ],
  ],
  'a role that nobody can assume': [
    [
      "ECS was unable to assume the role 'arn:aws:iam::111122223333:role/web' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.",
      'unknown',
      'counts',
    ],
  ],
  'capacity that AWS has not': [
    [
      'Capacity is unavailable at this time. Please try again later or in a different availability zone',
      'capacity',
      'ignored',
    ],
    ['RESOURCE:MEMORY', 'capacity', 'ignored'],
    [
      "Unexpected EC2 error while attempting to Create Network Interface with public IP assignment enabled in subnet 'subnet-0123': InsufficientFreeAddressesInSubnet",
      'capacity',
      'ignored',
    ],
  ],
  'no room in the account': [
    ["You've reached the limit on the number of vCPUs you can run concurrently", 'capacity', 'ignored'],
  ],
  'network interfaces that are late': [
    ['Timeout waiting for network interface provisioning to complete.', 'network-unreachable', 'ignored'],
  ],
  'trouble of AWS itself': [
    ['InternalError: The task failed to start due to an internal error', 'unknown', 'ignored'],
    ['Timeout waiting for EphemeralStorage provisioning to complete.', 'storage', 'ignored'],
  ],
  'reasons that this version does not know': [
    [
      'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 5 time(s): failed to fetch secret arn:aws:secretsmanager:eu-west-1:1:secret:db from secrets manager: ThrottlingException: Rate exceeded',
      'throttled',
      'counts',
    ],
    [
      'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 3 time(s): ThrottlingException: Rate exceeded status code: 400',
      'throttled',
      'counts',
    ],
    ['Something that ECS never said before', 'unknown', 'counts'],
    [
      'DockerTimeoutError: Could not transition to started; timed out after waiting 3m0s',
      'unknown',
      'counts',
    ],
    [
      'ResourceInitializationError: failed to initialize logging driver: dial unix /var/run/fluent.sock: connect: no such file or directory',
      'unknown',
      'counts',
    ],
    [
      'ResourceInitializationError: AccessDeniedException: User is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:us-east-1:111122223333:key/1',
      'unknown',
      'counts',
    ],
  ],
};

describe.each(Object.entries(TEXTS))('%s', (_, rows) => {
  test.each(rows)('%s', (text, cause, severity) => {
    expect(failureOf(unstartedTask(text))).toMatchObject({ cause, severity });
  });

  test.each(rows)('says the same as the reason of a container: %s', (text, cause, severity) => {
    const task = unstartedTask('Task failed to start', { containers: [{ name: 'app', reason: text }] });
    expect(failureOf(task)).toMatchObject({ cause, severity, container: 'app' });
  });
});

test.each<Row>([
  [
    'Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/backend/0123456789abcdef)',
    'target-health-check-failed',
    'counts',
  ],
  ['Task failed container health checks', 'container-health-check-failed', 'counts'],
])('a task that the scheduler stops because it is unhealthy counts: %s', (text, cause, severity) => {
  const stopped = failureOf({
    ...unstartedTask(text, { stopCode: 'ServiceSchedulerInitiated' }),
    containers: [{ name: 'app', exitCode: 137 }],
  });
  expect(stopped).toMatchObject({ cause, severity });
});

test.each(['logs:CreateLogStream', 'logs:CreateLogGroup'])(
  'a log group that may not be written to is not said to be missing: %s',
  (action) => {
    const text = `ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: AccessDeniedException: ${ROLE} is not authorized to perform: ${action}`;
    expect(failureOf(unstartedTask(text))?.hint).toContain(`execution role lacks`);
    expect(failureOf(unstartedTask(text))?.hint).toContain(action);
  },
);

test('every row of the table is the first to match at least one of these texts', () => {
  const texts = [
    ...Object.values(TEXTS)
      .flat()
      .map(([text]) => text),
    'Task failed ELB health checks in (target-group x)',
    'Task failed container health checks',
  ];
  const unused = STOP_REASONS.filter(
    (row) => !texts.some((text) => STOP_REASONS.find((each) => each.pattern.test(text)) === row),
  );
  expect(unused.map((row) => String(row.pattern))).toEqual([]);
});

test('the text that the guide shows for a row matches that row first', () => {
  for (const row of STOP_REASONS) {
    expect(STOP_REASONS.find(({ pattern }) => pattern.test(row.says))).toBe(row);
  }
});

test('every row has a hint that is a sentence', () => {
  for (const { hint } of STOP_REASONS) expect(hint).toMatch(/^[A-Z].*\.$/);
});
