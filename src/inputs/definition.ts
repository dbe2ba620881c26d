/** The task definition: where it starts from and what is rendered into it. */
import { isAbsolute, relative, resolve } from 'node:path';
import { parseArn } from '../aws/arn.ts';
import type { DefinitionBase, DefinitionRequest, PreDeployRequest } from '../model/index.ts';
import { changes, commaList, lineList } from './lists.ts';
import {
  containerName,
  cpu,
  ENVIRONMENT_NAME,
  environmentFile,
  environmentName,
  memory,
  role,
  taskDefinition,
  whereElse,
  wrongSecretSource,
} from './names.ts';
import type { InputReader } from './reader.ts';
import { amount, command, oneOf, quoted } from './values.ts';

/** The inputs that change what the base task definition says. */
export const RENDERING_INPUTS = [
  'container-name',
  'environment-variables',
  'secrets',
  'env-files',
  'docker-labels',
  'log-configuration-log-driver',
  'log-configuration-options',
  'command',
  'task-role-arn',
  'execution-role-arn',
  'cpu',
  'memory',
  'environment-mode',
] as const;

/** `workspace` is the folder that the path of a file is relative to; `here` the region of the run, where it is known. */
export function readDefinition(
  read: InputReader,
  workspace: string,
  here: string | undefined,
): DefinitionRequest {
  const base = read.optional('task-definition', taskDefinition) ?? { kind: 'latest-of-service' };
  const elsewhere = base.kind === 'revision' ? whereElse(parseArn(base.reference), here) : undefined;
  if (base.kind === 'revision' && elsewhere !== undefined) {
    read.problem('task-definition', `${quoted(base.reference)} ${elsewhere}`);
  }
  return {
    base: inWorkspace(base, workspace),
    containers: read.value('container-name', commaList(containerName)),
    environment: read.value('environment-variables', changes(ENVIRONMENT)),
    secrets: read.value('secrets', changes(SECRETS)),
    environmentMode: read.value('environment-mode', oneOf(['merge', 'replace']), 'merge'),
    envFiles: read.value('env-files', lineList(environmentFile)),
    dockerLabels: read.value('docker-labels', changes(LABELS)),
    logDriver: read.optional('log-configuration-log-driver', oneOf(LOG_DRIVERS)),
    logOptions: read.value('log-configuration-options', changes(LOG_OPTIONS)),
    command: read.optional('command', command),
    taskRoleArn: read.optional('task-role-arn', role),
    executionRoleArn: read.optional('execution-role-arn', role),
    cpu: read.optional('cpu', cpu),
    memory: read.optional('memory', memory),
    showEnvironmentValues: read.value('show-environment-values', commaList(environmentName)),
  };
}

/** The one-off task before the rollout; `undefined` where there is no command for it. */
export function readPreDeploy(read: InputReader): PreDeployRequest | undefined {
  const run = read.optional('pre-deploy-command', command);
  const container = read.optional('pre-deploy-container', containerName);
  const timeoutMinutes = read.value(
    'pre-deploy-timeout-minutes',
    amount('minutes', { above: 0, most: 1440 }, 15),
    '15',
  );
  return run === undefined ? undefined : { command: run, container, timeoutMinutes };
}

/** Files of the workspace are called by their paths in it, whatever folder of the machine it is. */
function inWorkspace(base: DefinitionBase, workspace: string): DefinitionBase {
  if (base.kind !== 'file') return base;
  const path = relative(workspace, resolve(workspace, base.path));
  return { kind: 'file', path: path.startsWith('..') || isAbsolute(path) ? base.path : path };
}

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LogConfiguration.html */
const LOG_DRIVERS = [
  'awslogs',
  'awsfirelens',
  'splunk',
  'fluentd',
  'gelf',
  'journald',
  'json-file',
  'syslog',
] as const;

const ENVIRONMENT = {
  example: 'NAME=value, or NAME- to remove it',
  name: ENVIRONMENT_NAME,
  confidential: true,
};

const SECRETS = {
  example: 'NAME=arn:aws:secretsmanager:..., or NAME- to remove it',
  name: ENVIRONMENT_NAME,
  wrongValue: wrongSecretSource,
  confidential: true,
};

const LABELS = { example: 'name=value, or name- to remove it', name: /^[^\s=]+$/, confidential: true };

const LOG_OPTIONS = {
  example: 'option=value, or option- to remove it',
  name: /^[^\s=]+$/,
  confidential: true,
};
