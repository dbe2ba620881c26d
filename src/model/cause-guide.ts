import type { Cause } from './outcome.ts';

/** What a cause means to the person who sees it. The texts are Markdown but for `hint`, which the log shows too. */
export interface CauseGuide {
  /** One sentence. */
  readonly meaning: string;
  /** What the log and the summary show. */
  readonly log: string;
  /** What to do, where nothing is known that fits the case better. */
  readonly hint: string;
  /** Where in a run it mostly comes up: before anything is touched, in the rollout, after it, or anywhere. */
  readonly phase: 'before' | 'rollout' | 'after' | 'any';
}

/**
 * Every cause of the contract. The report falls back on `hint` where an outcome has no hint of its own, and
 * docs/outcomes.md is generated from all of it.
 */
export const CAUSE_GUIDE: Readonly<Record<Cause, CauseGuide>> = {
  'invalid-input': {
    meaning: 'An input is missing, has a value that is not allowed, or excludes another one.',
    log: '`Invalid input: …`; where there are several, all of them at once. A task definition file that cannot be read or has unknown fields is shown with its path.',
    hint: 'Correct what the message names. Nothing was touched.',
    phase: 'before',
  },
  'no-credentials': {
    meaning: 'The job has no AWS credentials, or AWS does not know them.',
    log: '`This job has no AWS credentials …`, or `AWS does not know the credentials of this job …` and its answer.',
    hint: 'Run aws-actions/configure-aws-credentials in a step before this one; the job needs permissions: id-token: write for it.',
    phase: 'before',
  },
  'cluster-not-found': {
    meaning: 'There is no such cluster in this region and account.',
    log: '`Cluster "prod" was not found in us-east-1.` and the clusters that are there.',
    hint: 'Check the inputs cluster and aws-region, and the account of the credentials.',
    phase: 'before',
  },
  'service-not-found': {
    meaning: 'The cluster has no such service.',
    log: '`Service "web" was not found in cluster "prod" (us-east-1).` and the services that are there.',
    hint: 'Check the inputs service, cluster and aws-region, and the account of the credentials.',
    phase: 'before',
  },
  'service-inactive': {
    meaning: 'The service is being deleted, or was deleted.',
    log: '`Service "web" is INACTIVE, not ACTIVE.` (or `DRAINING`)',
    hint: 'A deleted service stays visible for a while. Create it again, then deploy.',
    phase: 'before',
  },
  'unsupported-controller': {
    meaning: 'An external controller deploys the service, and neither ECS nor CodeDeploy.',
    log: 'The name of the service and of its controller.',
    hint: 'Create the service again with the ECS controller; ECS has blue/green, linear and canary deployments of its own.',
    phase: 'before',
  },
  'register-refused': {
    meaning: 'ECS does not accept the task definition.',
    log: '`AWS refused the task definition …` and the reason in the words of AWS. Values of environment variables are hidden in it.',
    hint: 'Correct the task definition, or the inputs that are rendered into it. Nothing was deployed.',
    phase: 'before',
  },
  'update-refused': {
    meaning: 'ECS does not accept the update of the service: the definition and the service do not fit.',
    log: '`AWS refused to update service …` and the reason in the words of AWS.',
    hint: 'Change what AWS names, in the service or in the task definition. The service runs as before.',
    phase: 'before',
  },
  'preflight-failed': {
    meaning: 'A check found what would make the new revision fail, or the image is not there.',
    log: 'One line for each check, `OK`, `WARNING`, `FAILED` or `SKIPPED`; each failed one is evidence.',
    hint: 'Fix what the failed check names. Nothing was touched.',
    phase: 'before',
  },
  'build-failed': {
    meaning: 'The image could not be built.',
    log: 'The output of the build, and as evidence the lines of the step of the Dockerfile that failed.',
    hint: 'Run the same build on your machine: the failed step of the Dockerfile is in the log. Nothing was touched.',
    phase: 'before',
  },
  'push-failed': {
    meaning: 'The image was built, and ECR did not take it; or the login to ECR failed.',
    log: 'The answer of the registry.',
    hint: 'Check that the repository exists and that the role of this step may push to it. Nothing was touched.',
    phase: 'before',
  },
  'pre-deploy-task-failed': {
    meaning: 'The one-off task (`pre-deploy-command`) failed, could not start, or ran out of time.',
    log: 'The log of the task as it ran, its exit code, and why it stopped.',
    hint: 'No service was touched. Read the log of the task; what the command did before it failed is still done.',
    phase: 'before',
  },
  'image-not-found': {
    meaning: 'The registry does not have the image that the task definition names.',
    log: 'Stopped tasks with `CannotPullContainerError` and `not found` or `manifest unknown`.',
    hint: 'Check the image reference, and whether a lifecycle rule of the repository removed the image.',
    phase: 'rollout',
  },
  'image-pull-denied': {
    meaning: 'The registry refuses the image to the task.',
    log: 'Stopped tasks with `CannotPullContainerError` and `403 Forbidden` or `AccessDeniedException`.',
    hint: 'Give the execution role AmazonECSTaskExecutionRolePolicy; in another account, the repository policy must allow it as well.',
    phase: 'rollout',
  },
  'image-wrong-platform': {
    meaning: 'The image is for another CPU or operating system than the task.',
    log: 'Stopped tasks with `does not contain descriptor matching platform`, or `exec format error` in the log of the container.',
    hint: "Build the image for the runtimePlatform of the task definition, or change that to the image's.",
    phase: 'rollout',
  },
  'registry-rate-limit': {
    meaning: 'The registry, mostly Docker Hub, limits how often this network may pull.',
    log: 'Stopped tasks with `429 Too Many Requests` or `toomanyrequests`.',
    hint: 'Copy the image to ECR, or use an ECR pull-through cache.',
    phase: 'rollout',
  },
  'network-unreachable': {
    meaning: 'The task cannot reach the registry, or the service of AWS that holds its secrets or its log.',
    log: 'Stopped tasks with `i/o timeout`, `context deadline exceeded` or `connection issue`.',
    hint: 'Check the way out of the subnets: NAT, a public IP, or VPC endpoints for ECR, S3, CloudWatch Logs and Secrets Manager; and the security groups.',
    phase: 'rollout',
  },
  'secret-unavailable': {
    meaning: 'A secret or parameter of the task definition cannot be read.',
    log: 'Stopped tasks with `ResourceInitializationError: unable to pull secrets` and the name of the secret.',
    hint: 'Check that the secret or parameter exists and that the execution role may read (and decrypt) it.',
    phase: 'rollout',
  },
  'log-group-missing': {
    meaning: 'The log group of a container does not exist, or the execution role may not write to it.',
    log: 'Stopped tasks with `The specified log group does not exist`, or `failed to validate logger args` with an `AccessDeniedException`.',
    hint: 'Create the log group, or set awslogs-create-group with the permission to do so; the execution role needs logs:CreateLogStream and logs:PutLogEvents.',
    phase: 'rollout',
  },
  storage: {
    meaning: 'The disk of the task is full, or its file system or environment file cannot be had.',
    log: 'Stopped tasks with `no space left on device`, `failed to invoke EFS utils` or `failed to download env files`.',
    hint: 'Raise ephemeralStorage or make the image smaller; for a file system or environment file, check its policy and the security groups.',
    phase: 'rollout',
  },
  'out-of-memory': {
    meaning: 'A container was killed because it used more memory than it may.',
    log: 'Stopped tasks with `OutOfMemoryError`, or with exit code 137.',
    hint: 'Raise the memory of the task (input memory), or lower what the program uses at its start.',
    phase: 'rollout',
  },
  'app-crashed': {
    meaning: 'The program in the container ended by itself.',
    log: 'The exit code and the last lines of the log of the container.',
    hint: 'Read the last log lines of the container: most often a setting, a secret or a database is missing.',
    phase: 'rollout',
  },
  'bad-command': {
    meaning: 'The command or entry point cannot be run.',
    log: 'Stopped tasks with `executable file not found` or `permission denied`, or exit code 126 or 127.',
    hint: "Check the command and entry point against the image's contents, and that the file is executable.",
    phase: 'rollout',
  },
  'container-health-check-failed': {
    meaning: "The container's own health check says that it is not healthy.",
    log: 'Stopped tasks with `Task failed container health checks`, and the last lines of the log of the container.',
    hint: 'Run the health-check command in the image: what it needs must be there. A slow start needs a longer startPeriod.',
    phase: 'rollout',
  },
  'target-health-check-failed': {
    meaning: 'The load balancer does not find the tasks healthy.',
    log: 'What the target group asks (path, port, expected status), each unhealthy target with its reason, and `Task failed ELB health checks`.',
    hint: 'Check path, port and matcher of the target group against the program, the grace period against its start, and the security groups in between.',
    phase: 'rollout',
  },
  'digest-mismatch': {
    meaning: 'The running containers have another image than the one that was deployed.',
    log: 'Both digests and the name of the container.',
    hint: 'See who else writes the task definition or the tag: another deployment, or something that rewrites images. Then run again.',
    phase: 'after',
  },
  'http-check-failed': {
    meaning: 'The health-check URL does not answer as expected.',
    log: 'Each answer as it came: status, what was expected, or why there was none.',
    hint: 'Open the URL and compare it with the inputs health-check-status, health-check-body and health-check-json.',
    phase: 'after',
  },
  'metric-check-failed': {
    meaning:
      'A metric of the input `metrics` is not as it has to be, or too few requests came for it to say anything of the new tasks.',
    log: 'The value, what is allowed, the number of requests, and the value of the old tasks where they are compared.',
    hint: 'Compare the values in the summary with the limits of the input metrics, and read the log lines of the new tasks.',
    phase: 'after',
  },
  alarm: {
    meaning: 'A CloudWatch alarm went into ALARM: one of the input `alarms`, or one of the service itself.',
    log: "The name of the alarm and CloudWatch's reason.",
    hint: "Look at the alarm's metric from the start of the deployment on. If something else put it into ALARM, deploy again once it is OK.",
    phase: 'after',
  },
  capacity: {
    meaning: 'AWS has no room for the tasks, or a quota of the account is used up.',
    log: '`Capacity is unavailable`, `unable to place a task`, `reached the limit on the number of`, or `RESOURCE:…`.',
    hint: 'Try again later. If it lasts: more subnets in other zones, another capacity provider, or a higher quota of vCPUs.',
    phase: 'rollout',
  },
  'circuit-breaker': {
    meaning: 'ECS gave the deployment up, and nothing better is known.',
    log: "The circuit breaker's reason, and service events.",
    hint: 'Allow ecs:ListTasks and ecs:DescribeTasks, which tell why the tasks stopped; until then, look at the stopped tasks in the console.',
    phase: 'rollout',
  },
  'lifecycle-hook-failed': {
    meaning: 'A lifecycle hook of the service failed, ran out of time, or answered with a rollback.',
    log: "ECS's reason, which names the stage and the hook.",
    hint: 'Look at the hook: the log of its Lambda function, or who answered the pause, and its time limit.',
    phase: 'rollout',
  },
  'traffic-shift-failed': {
    meaning: 'ECS could not shift the traffic to the new revision.',
    log: "ECS's reason, such as `invalid networking configuration`.",
    hint: 'Both target groups have to be on the listener rules of the service, and the infrastructure role of ECS has to be allowed to change them.',
    phase: 'rollout',
  },
  'deployment-stopped': {
    meaning: 'Somebody stopped the deployment, or something else did that is not this step.',
    log: 'The status of the service deployment and the reason that ECS gives.',
    hint: 'Ask who stopped it: CloudTrail shows StopServiceDeployment. Then deploy again.',
    phase: 'rollout',
  },
  'rollback-failed': {
    meaning: 'The new revision failed, and so did the rollback.',
    log: 'As evidence first the cause of the failed deployment, then what became of the rollback.',
    hint: 'Nothing more is tried. See what runs now, fix the first cause, and deploy again; the last good revision may need an image, secret or role that is gone.',
    phase: 'after',
  },
  'no-rollback-target': {
    meaning: 'There is no good revision to go back to that differs from what runs.',
    log: 'The revisions of the history of the service that were passed over, each with why.',
    hint: 'Name the revision to go back to with the input task-definition, as family:revision. ECS keeps the history of a service for 90 days.',
    phase: 'before',
  },
  timeout: {
    meaning: 'The rollout did not end in time (`wait-for-minutes`).',
    log: 'How many of the new tasks were healthy, or the stage or hook that was waited for.',
    hint: 'See what it waited for: tasks that start slowly, old ones that drain (deregistration delay, stop timeout), or a hook. If that is as it should be, raise wait-for-minutes.',
    phase: 'rollout',
  },
  superseded: {
    meaning: 'Another deployment replaced this one while it ran.',
    log: 'The id of the other deployment. Nothing of it was touched.',
    hint: 'Look at the other deployment. To have only one at a time, give the workflows one concurrency group; run this one again if its commit should run.',
    phase: 'rollout',
  },
  'credentials-expired': {
    meaning: 'The AWS credentials expired during the run.',
    log: '`The AWS credentials expired while …`. ECS goes on; the step does not roll back.',
    hint: 'Give the role a longer session (role-duration-seconds of aws-actions/configure-aws-credentials), or lower wait-for-minutes.',
    phase: 'any',
  },
  'access-denied': {
    meaning: 'The credentials lack a permission that the step cannot do without.',
    log: '`AWS denied access while …`, with the action that IAM names.',
    hint: 'Add the action that the message names to the role of this step; docs/permissions.md of the action has the whole policy.',
    phase: 'any',
  },
  throttled: {
    meaning: 'AWS answered nothing but "too many requests" for a long time.',
    log: '`AWS kept throttling while …`',
    hint: 'Too many callers share the ECS API of this account: deploy fewer services side by side, or raise poll-interval-seconds. Then run again.',
    phase: 'any',
  },
  cancelled: {
    meaning: 'The job was cancelled.',
    log: 'What becomes of the service: by `on-cancel`, ECS goes on with the deployment or was asked to roll it back.',
    hint: 'Run it again to finish. If the deployment had begun, mode: rollback rolls it back; on-cancel: rollback does so by itself.',
    phase: 'any',
  },
  unknown: {
    meaning: 'Something went wrong that this version does not know.',
    log: 'The error or the stop reason in the words of AWS.',
    hint: 'Read the words of AWS in the message and the evidence: they are all that is known. Run again, in case it has passed.',
    phase: 'any',
  },
};
