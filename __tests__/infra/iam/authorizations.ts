/**
 * What IAM is asked when a call arrives: the action, the resource and the condition keys, as the Service Authorization
 * Reference has them for each call. Some calls ask for more than themselves: whoever registers a task definition hands
 * its roles to ECS.
 */
import type { JsonObject } from '../../../simulator/state/json.ts';
import { isObject } from '../../../simulator/state/json.ts';
import type { Authorization } from './evaluate.ts';

/** A call as a simulator wrote it down. */
export interface RecordedCall {
  readonly account: string;
  readonly partition: string;
  readonly region: string;
  /** Access key of the caller. */
  readonly caller: string;
  readonly service: string;
  readonly action: string;
  readonly body: JsonObject;
  readonly status: number;
  readonly error?: string;
}

/**
 * What Docker asks of ECR until an image is there: it looks for each layer, uploads those that are missing, and writes
 * the manifest last (ECR User Guide, "IAM permissions for pushing an image"). A cache in the registry is read as well.
 */
const DOCKER_PUSH = [
  ...['BatchCheckLayerAvailability', 'BatchGetImage', 'GetDownloadUrlForLayer'],
  ...['InitiateLayerUpload', 'UploadLayerPart', 'CompleteLayerUpload', 'PutImage'],
];

/** Throws for a call that is not known here: what it asks for has to be looked up first. */
export function authorizationsOf(call: RecordedCall): Authorization[] {
  const { service, action } = call;
  switch (service) {
    case 'ecs':
      return ofEcs(call);
    case 'ecr':
      return ofEcr(call);
    case 'logs':
      return ofLogs(call);
    case 'monitoring':
      return [
        one('cloudwatch', action, action === 'GetMetricData' ? '*' : arn(call, 'cloudwatch', 'alarm:*')),
      ];
    case 'iam':
      return [one('iam', action, roleArn(call, text(call.body, 'RoleName')))];
    case 'secretsmanager':
      return [one('secretsmanager', action, secretArn(call, text(call.body, 'SecretId')))];
    case 'codedeploy':
      return ofCodeDeploy(call);
    case 'elasticloadbalancing':
    case 'ssm':
    case 'application-autoscaling':
      return [one(service, action, '*')];
    default:
      throw unknown(call);
  }
}

function ofEcs(call: RecordedCall): Authorization[] {
  const { action, body } = call;
  const ask = (resource: string, context = {}): Authorization => one('ecs', action, resource, context);
  switch (action) {
    case 'DescribeServices':
      return texts(body, 'services').map((name) => ask(serviceArn(call, name)));
    case 'UpdateService':
      return [ask(serviceArn(call, text(body, 'service')), execution(body))];
    case 'ListServiceDeployments':
      return [ask(serviceArn(call, text(body, 'service')))];
    case 'DescribeServiceDeployments':
      return texts(body, 'serviceDeploymentArns').map((each) => ask(each));
    case 'DescribeServiceRevisions':
      return texts(body, 'serviceRevisionArns').map((each) => ask(each));
    case 'StopServiceDeployment':
    case 'ContinueServiceDeployment':
      return [ask(text(body, 'serviceDeploymentArn')), ask(serviceOf(text(body, 'serviceDeploymentArn')))];
    case 'DescribeContainerInstances':
      return texts(body, 'containerInstances').map((each) =>
        ask(
          each.startsWith('arn:')
            ? each
            : arn(call, 'ecs', `container-instance/${clusterName(call)}/${each}`),
        ),
      );
    case 'DescribeTasks':
      return texts(body, 'tasks').map((task) => ask(taskArn(call, task)));
    case 'StopTask':
      return [ask(taskArn(call, text(body, 'task')))];
    case 'ListTasks':
    case 'ListServices':
      return [ask('*', { 'ecs:cluster': clusterArn(call) })];
    case 'DescribeTaskDefinition':
    case 'DeregisterTaskDefinition':
    case 'ListClusters':
      return [ask('*')];
    case 'RegisterTaskDefinition': {
      const revision = arn(call, 'ecs', `task-definition/${text(body, 'family')}:1`);
      return [
        ask(revision, privileged(body)),
        ...passedRoles(call),
        ...tags(call, revision, Array.isArray(body['tags'])),
      ];
    }
    case 'RunTask': {
      const task = arn(call, 'ecs', `task/${clusterName(call)}/0123456789abcdef`);
      return [
        ask(definitionArn(call, text(body, 'taskDefinition')), {
          'ecs:cluster': clusterArn(call),
          ...execution(body),
        }),
        ...tags(call, task, body['propagateTags'] !== undefined || body['enableECSManagedTags'] === true),
      ];
    }
    case 'TagResource':
      return [ask(text(body, 'resourceArn'), requestTags(body))];
    default:
      throw unknown(call);
  }
}

/** The id of a deployment does not tell of which group it is: it is taken for one of the suite's. */
function ofCodeDeploy(call: RecordedCall): Authorization[] {
  const { action, body } = call;
  const named = text(body, 'applicationName');
  const application = named === '' ? 'AppECS-demo-checkout' : named;
  const ofBody = text(body, 'deploymentGroupName');
  const group = ofBody === '' ? 'DgpECS-demo-checkout' : ofBody;
  const ask = (resource: string): Authorization => one('codedeploy', action, resource);
  const onGroup = arn(call, 'codedeploy', `deploymentgroup:${application}/${group}`);
  switch (action) {
    case 'GetDeploymentGroup':
    case 'GetDeployment':
    case 'BatchGetDeployments':
    case 'ListDeployments':
      return [ask(onGroup)];
    case 'CreateDeployment':
      return [
        ask(onGroup),
        one(
          'codedeploy',
          'RegisterApplicationRevision',
          arn(call, 'codedeploy', `application:${application}`),
        ),
      ];
    case 'GetApplicationRevision':
      return [ask(arn(call, 'codedeploy', `application:${application}`))];
    case 'GetDeploymentConfig':
      return [ask(arn(call, 'codedeploy', `deploymentconfig:${text(body, 'deploymentConfigName')}`))];
    case 'BatchGetDeploymentTargets':
    case 'ContinueDeployment':
    case 'StopDeployment':
      return [ask('*')];
    default:
      throw unknown(call);
  }
}

function ofEcr(call: RecordedCall): Authorization[] {
  const { action, body } = call;
  const names = [...texts(body, 'repositoryNames'), ...given(body, 'repositoryName')];
  switch (action) {
    case 'GetAuthorizationToken':
      return [one('ecr', action, '*')];
    case 'PutImage':
      return names.flatMap((name) =>
        DOCKER_PUSH.map((each) => one('ecr', each, arn(call, 'ecr', `repository/${name}`))),
      );
    case 'DescribeRepositories':
    case 'DescribeImages':
    case 'BatchGetImage':
    case 'GetDownloadUrlForLayer':
      return names.map((name) => one('ecr', action, arn(call, 'ecr', `repository/${name}`)));
    default:
      throw unknown(call);
  }
}

function ofLogs(call: RecordedCall): Authorization[] {
  const { action, body } = call;
  switch (action) {
    case 'DescribeLogGroups':
      return [one('logs', action, '*')];
    case 'GetLogEvents': {
      const stream = `log-group:${text(body, 'logGroupName')}:log-stream:${text(body, 'logStreamName')}`;
      return [one('logs', action, arn(call, 'logs', stream))];
    }
    default:
      throw unknown(call);
  }
}

/** Roles that a new task definition names are handed to ECS tasks. */
function passedRoles(call: RecordedCall): Authorization[] {
  return ['taskRoleArn', 'executionRoleArn']
    .flatMap((field) => given(call.body, field))
    .map((role) => (role.startsWith('arn:') ? role : roleArn(call, role)))
    .map((role) => one('iam', 'PassRole', role, { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' }));
}

/** "Grant permission to tag resources on creation", ECS Developer Guide. */
function tags(call: RecordedCall, resource: string, tagged: boolean): Authorization[] {
  return tagged ? [one('ecs', 'TagResource', resource, { 'ecs:CreateAction': call.action })] : [];
}

/** Whether ECS Exec is switched on or off; a call that does not say it has no such key. */
function execution(body: JsonObject): Authorization['context'] {
  const enabled = body['enableExecuteCommand'];
  return typeof enabled === 'boolean' ? { 'ecs:enable-execute-command': String(enabled) } : {};
}

function privileged(body: JsonObject): Authorization['context'] {
  const containers = Array.isArray(body['containerDefinitions']) ? body['containerDefinitions'] : [];
  return { 'ecs:privileged': String(containers.filter(isObject).some((one) => one['privileged'] === true)) };
}

/** What a call that sets tags of something that exists says of them: each tag by a key of its own, and all their keys. */
function requestTags(body: JsonObject): Authorization['context'] {
  const all = (Array.isArray(body['tags']) ? body['tags'] : []).filter(isObject);
  return {
    'aws:TagKeys': all.map((tag) => text(tag, 'key')),
    ...Object.fromEntries(
      all.map((tag) => [`aws:RequestTag/${text(tag, 'key')}`, given(tag, 'value')[0] ?? '']),
    ),
  };
}

function one(service: string, action: string, resource: string, context = {}): Authorization {
  return { action: `${service}:${action}`, resource, context };
}

function arn({ partition, region, account }: RecordedCall, service: string, rest: string): string {
  return `arn:${partition}:${service}:${region}:${account}:${rest}`;
}

function roleArn({ partition, account }: RecordedCall, name: string): string {
  return `arn:${partition}:iam::${account}:role/${name}`;
}

/**
 * Secrets Manager asks for a secret by its whole ARN, which ends in six characters of its own, also where the call has
 * only a name or an ARN without them. Those of the tests' secrets are all the same.
 */
function secretArn(call: RecordedCall, id: string): string {
  const given = id.startsWith('arn:') ? id : arn(call, 'secretsmanager', `secret:${id}`);
  return given.endsWith('-AbCdEf') ? given : `${given}-AbCdEf`;
}

function clusterName({ body }: RecordedCall): string {
  return given(body, 'cluster')[0]?.replace(/^arn:.*cluster\//, '') ?? 'default';
}

function clusterArn(call: RecordedCall): string {
  return arn(call, 'ecs', `cluster/${clusterName(call)}`);
}

function serviceArn(call: RecordedCall, name: string): string {
  return name.startsWith('arn:') ? name : arn(call, 'ecs', `service/${clusterName(call)}/${name}`);
}

/** ECS asks for the service too where one of its deployments is stopped. */
function serviceOf(deploymentArn: string): string {
  return deploymentArn.replace(':service-deployment/', ':service/').replace(/\/[^/]+$/, '');
}

function taskArn(call: RecordedCall, task: string): string {
  return task.startsWith('arn:') ? task : arn(call, 'ecs', `task/${clusterName(call)}/${task}`);
}

function definitionArn(call: RecordedCall, definition: string): string {
  return definition.startsWith('arn:') ? definition : arn(call, 'ecs', `task-definition/${definition}`);
}

function given(body: JsonObject, field: string): string[] {
  const value = body[field];
  return typeof value === 'string' && value !== '' ? [value] : [];
}

function text(body: JsonObject, field: string): string {
  const [value] = given(body, field);
  if (value === undefined) throw new Error(`The call has no ${field}: ${JSON.stringify(body)}`);
  return value;
}

function texts(body: JsonObject, field: string): string[] {
  const value = body[field];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function unknown({ service, action }: RecordedCall): Error {
  return new Error(`What ${service}:${action} asks of IAM is not known: look it up and add it here.`);
}

/** Reads a line of a record. Throws where it is none. */
export function parseCall(line: string): RecordedCall {
  const call: unknown = JSON.parse(line);
  if (!isObject(call)) throw new Error(`Not a recorded call: ${line}`);
  return call as unknown as RecordedCall;
}
