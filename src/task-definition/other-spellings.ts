/** Names that other tools have for what a task definition calls otherwise. Pure tables, by the structure of the model. */
import { UpdateServiceRequest$ } from '@aws-sdk/client-ecs';
import { NormalizedSchema } from '@smithy/core/schema';

/** From files of Compose, Kubernetes, Copilot and CloudFormation, and from what people write by heart. */
const OTHER_NAMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  RegisterTaskDefinitionRequest: {
    containers: 'containerDefinitions',
    name: 'family',
    executionRole: 'executionRoleArn',
    taskRole: 'taskRoleArn',
    launchType: 'requiresCompatibilities',
    platform: 'runtimePlatform',
    ephemeral: 'ephemeralStorage',
  },
  ContainerDefinition: {
    args: 'command',
    cmd: 'command',
    env: 'environment',
    environmentVariables: 'environment',
    env_file: 'environmentFiles',
    labels: 'dockerLabels',
    logging: 'logConfiguration',
    mounts: 'mountPoints',
    ports: 'portMappings',
    restart: 'restartPolicy',
    variables: 'environment',
    volumeMounts: 'mountPoints',
    workdir: 'workingDirectory',
    working_dir: 'workingDirectory',
  },
  KeyValuePair: { key: 'name', variable: 'name', val: 'value' },
  Secret: { key: 'name', variable: 'name', arn: 'valueFrom', from: 'valueFrom', secretArn: 'valueFrom' },
  PortMapping: { port: 'containerPort', target: 'containerPort', published: 'hostPort' },
  HealthCheck: { test: 'command', cmd: 'command', start_period: 'startPeriod' },
  LogConfiguration: { driver: 'logDriver', type: 'logDriver' },
  MountPoint: {
    source: 'sourceVolume',
    volume: 'sourceVolume',
    name: 'sourceVolume',
    path: 'containerPath',
    target: 'containerPath',
    mountPath: 'containerPath',
  },
  ContainerDependency: { container: 'containerName', name: 'containerName' },
  Tag: { name: 'key' },
};

/** What a structure of the model calls a field that is written in another tool's way. */
export function otherName(structure: string | undefined, field: string): string | undefined {
  const names = structure === undefined ? undefined : OTHER_NAMES[structure];
  return names !== undefined && Object.hasOwn(names, field) ? names[field] : undefined;
}

/** Fields of a service that have an input here. */
const INPUTS: Readonly<Record<string, string>> = {
  cluster: 'cluster',
  desiredCount: 'desired-count',
  enableECSManagedTags: 'enable-ecs-managed-tags',
  forceNewDeployment: 'force-new-deployment',
  propagateTags: 'propagate-tags',
  service: 'service',
  serviceName: 'service',
};

const OF_SERVICES: ReadonlySet<string> = new Set([
  ...[...NormalizedSchema.of(UpdateServiceRequest$).structIterator()].map(([name]) => name),
  ...['serviceName', 'schedulingStrategy', 'deploymentController'],
]);

/** Where a field of the service belongs that stands at the top of a definition; undefined where it is none. */
export function homeInService(field: string): string | undefined {
  if (!OF_SERVICES.has(field)) return undefined;
  const input = INPUTS[field];
  return `it belongs to the service${input === undefined ? '' : ` (input ${input})`}`;
}
