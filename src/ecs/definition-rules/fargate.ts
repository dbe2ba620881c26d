/** What Fargate does not have. The rules count wherever requiresCompatibilities asks for it, beside others or alone. */
import { objectIn, objectsIn, textIn } from '../../runtime/json.ts';
import type { JsonObject } from '../../model/index.ts';
import {
  asksForFargate,
  containersOf,
  guide,
  isGiven,
  numberIn,
  observed,
  onEc2,
  onFargate,
  placed,
  textsIn,
  type Found,
  type PlacedContainer,
  type Rule,
} from './rule.ts';

const LEAST_STORAGE = 21;
const MOST_STORAGE = 200;
const LONGEST_STOP = 120;
const LOG_DRIVERS = ['awslogs', 'splunk', 'awsfirelens'];

/** Fields of a container's linuxParameters that Fargate does not take, with an example. */
const LINUX: readonly (readonly [field: string, rule: string, example: JsonObject])[] = [
  ['devices', 'pf-ecs-fargate-devices', { devices: [{ hostPath: '/dev/fuse' }] }],
  ['sharedMemorySize', 'pf-ecs-fargate-shared-memory-size', { sharedMemorySize: 64 }],
  ['maxSwap', 'pf-ecs-fargate-max-swap', { maxSwap: 64 }],
  ['swappiness', 'pf-ecs-fargate-max-swap', { swappiness: 10 }],
];

export const FARGATE_RULES: readonly Rule<JsonObject>[] = [
  ...LINUX.map(([field, rule, example]): Rule<JsonObject> => ({
    name: `${field} on Fargate`,
    words: `Fargate compatible task definitions do not support ${field}.`,
    source: observed(rule),
    accepted: onEc2({ linuxParameters: example }),
    refused: onFargate({ linuxParameters: example }),
    find: onFargateContainers(({ name, path, container }) =>
      isGiven(objectIn(container, 'linuxParameters'), field)
        ? [
            {
              path: `${path}.linuxParameters.${field}`,
              container: name,
              instead: 'leave it out, or run on EC2',
            },
          ]
        : [],
    ),
  })),
  {
    name: 'dockerSecurityOptions on Fargate',
    words: 'Fargate compatible task definitions do not support dockerSecurityOptions.',
    source: observed('pf-ecs-fargate-docker-security-options'),
    accepted: onEc2({ dockerSecurityOptions: ['no-new-privileges'] }),
    refused: onFargate({ dockerSecurityOptions: ['no-new-privileges'] }),
    find: onFargateContainers(({ name, path, container }) =>
      isGiven(container, 'dockerSecurityOptions')
        ? [{ path: `${path}.dockerSecurityOptions`, container: name, instead: 'leave it out, or run on EC2' }]
        : [],
    ),
  },
  {
    name: 'privileged on Fargate',
    words: "Fargate requires that the 'privileged' setting be 'false'.",
    source: observed('pf-ecs-fargate-privileged'),
    accepted: onFargate({ privileged: false }),
    refused: onFargate({ privileged: true }),
    find: onFargateContainers(({ name, path, container }) =>
      container['privileged'] === true
        ? [{ path: `${path}.privileged`, container: name, instead: 'leave it out, or run on EC2' }]
        : [],
    ),
  },
  {
    name: 'capabilities on Fargate',
    words: '{capability} is not allowed on Fargate.',
    source: observed('pf-ecs-fargate-capabilities-add'),
    accepted: onFargate({ linuxParameters: { capabilities: { add: ['SYS_PTRACE'], drop: ['ALL'] } } }),
    refused: onFargate({ linuxParameters: { capabilities: { add: ['NET_ADMIN'] } } }),
    find: onFargateContainers(({ name, path, container }) =>
      textsIn(objectIn(objectIn(container, 'linuxParameters'), 'capabilities'), 'add')
        .filter((capability) => capability !== 'SYS_PTRACE')
        .map((capability) => ({
          path: `${path}.linuxParameters.capabilities.add`,
          container: name,
          values: { capability },
          instead: `leave out ${capability}; Fargate adds SYS_PTRACE alone`,
        })),
    ),
  },
  {
    name: 'GPU on Fargate',
    words: 'Tasks using the Fargate launch type do not support GPU resource requirements.',
    source: observed('pf-ecs-fargate-gpu-resource'),
    accepted: onEc2({ resourceRequirements: [{ type: 'GPU', value: '1' }] }),
    refused: onFargate({ resourceRequirements: [{ type: 'GPU', value: '1' }] }),
    find: onFargateContainers(({ name, path, container }) =>
      objectsIn(container, 'resourceRequirements').some((each) => each['type'] === 'GPU')
        ? [
            {
              path: `${path}.resourceRequirements`,
              container: name,
              instead: 'leave the GPU out, or run on EC2',
            },
          ]
        : [],
    ),
  },
  {
    name: 'log driver on Fargate',
    words: '{driver} is not a valid log driver. Must be one of [awslogs, splunk, awsfirelens]',
    source: observed('pf-ecs-fargate-log-driver-unsupported'),
    accepted: onFargate({
      logConfiguration: { logDriver: 'splunk', options: { 'splunk-url': 'https://s' } },
    }),
    refused: onFargate({ logConfiguration: { logDriver: 'json-file' } }),
    find: onFargateContainers(({ name, path, container }) => {
      const driver = textIn(objectIn(container, 'logConfiguration'), 'logDriver');
      if (driver === undefined || LOG_DRIVERS.includes(driver)) return [];
      return [
        {
          path: `${path}.logConfiguration.logDriver`,
          container: name,
          values: { driver },
          instead: `write ${LOG_DRIVERS.join(', ')}`,
        },
      ];
    }),
  },
  {
    name: 'stream prefix on Fargate',
    words:
      'Fargate requires log configuration options to include awslogs-stream-prefix to support log driver awslogs.',
    source: observed('pf-ecs-awslogs-fargate-missing-stream-prefix'),
    accepted: onFargate({ logConfiguration: awslogs({ 'awslogs-stream-prefix': 'web' }) }),
    refused: onFargate({ logConfiguration: awslogs({}) }),
    find: onFargateContainers(({ name, path, container }) => {
      const logging = objectIn(container, 'logConfiguration');
      if (logging['logDriver'] !== 'awslogs') return [];
      if (isGiven(objectIn(logging, 'options'), 'awslogs-stream-prefix')) return [];
      return [
        {
          path: `${path}.logConfiguration.options`,
          container: name,
          instead: `add awslogs-stream-prefix, such as ${name}`,
        },
      ];
    }),
  },
  {
    name: 'FireLens configuration from S3 on Fargate',
    words: "Fargate launch type does not support FirelensConfiguration config file from 's3'",
    source: guide('firelens-taskdef-customconfig'),
    accepted: onFargate({
      firelensConfiguration: {
        type: 'fluentbit',
        options: { 'config-file-type': 'file', 'config-file-value': '/c' },
      },
    }),
    refused: onFargate({
      firelensConfiguration: {
        type: 'fluentbit',
        options: { 'config-file-type': 's3', 'config-file-value': 'arn:aws:s3:::bucket/c' },
      },
    }),
    find: onFargateContainers(({ name, path, container }) =>
      objectIn(objectIn(container, 'firelensConfiguration'), 'options')['config-file-type'] === 's3'
        ? [
            {
              path: `${path}.firelensConfiguration.options`,
              container: name,
              instead: 'put the file into the image and write config-file-type file',
            },
          ]
        : [],
    ),
  },
  {
    name: 'stop timeout on Fargate',
    words: 'Tasks using the Fargate launch type must have a container stop timeout of less than 120 seconds.',
    source: guide('task_definition_parameters'),
    accepted: onFargate({ stopTimeout: 120 }),
    refused: onFargate({ stopTimeout: 300 }),
    find: onFargateContainers(({ name, path, container }) =>
      (numberIn(container, 'stopTimeout') ?? 0) > LONGEST_STOP
        ? [{ path: `${path}.stopTimeout`, container: name, instead: `write ${LONGEST_STOP} or less` }]
        : [],
    ),
  },
  {
    name: 'ipcMode on Fargate',
    words: 'Fargate compatible task definitions do not support ipcMode.',
    source: observed('pf-ecs-fargate-ipc-mode'),
    accepted: onEc2({}, { ipcMode: 'host' }),
    refused: onFargate({}, { ipcMode: 'task' }),
    find: (definition) =>
      asksForFargate(definition) && (textIn(definition, 'ipcMode') ?? '') !== ''
        ? [{ path: 'ipcMode', instead: 'leave it out, or run on EC2' }]
        : [],
  },
  {
    name: 'pidMode on Fargate',
    words: "Tasks using the Fargate launch type do not support pidMode 'host'.",
    source: observed('pf-ecs-fargate-pid-mode-host'),
    accepted: onFargate({}, { pidMode: 'task' }),
    refused: onFargate({}, { pidMode: 'host' }),
    find: (definition) =>
      asksForFargate(definition) && definition['pidMode'] === 'host'
        ? [{ path: 'pidMode', instead: 'write task, or leave it out' }]
        : [],
  },
  {
    name: 'placement constraints on Fargate',
    words: 'Fargate compatible task definitions do not support constraints.',
    source: observed('pf-ecs-fargate-placement-constraints'),
    accepted: onFargate({}, { placementConstraints: [] }),
    refused: onFargate({}, { placementConstraints: [{ type: 'memberOf', expression: 'attribute:a' }] }),
    find: (definition) =>
      asksForFargate(definition) && isGiven(definition, 'placementConstraints')
        ? [{ path: 'placementConstraints', instead: 'leave them out, or run on EC2' }]
        : [],
  },
  {
    name: 'Docker volumes on Fargate',
    words: 'Fargate compatible task definitions do not support dockerVolumeConfiguration.',
    source: observed('pf-ecs-fargate-docker-volume'),
    accepted: onEc2({}, { volumes: [{ name: 'data', dockerVolumeConfiguration: { scope: 'task' } }] }),
    refused: onFargate({}, { volumes: [{ name: 'data', dockerVolumeConfiguration: { scope: 'task' } }] }),
    find: onFargateVolumes('dockerVolumeConfiguration', (volume) =>
      isGiven(volume, 'dockerVolumeConfiguration'),
    ),
  },
  {
    name: 'host paths on Fargate',
    words: 'Fargate compatible task definitions do not support sourcePath.',
    source: observed('pf-ecs-fargate-host-source-path'),
    accepted: onFargate({}, { volumes: [{ name: 'data', host: {} }] }),
    refused: onFargate({}, { volumes: [{ name: 'data', host: { sourcePath: '/data' } }] }),
    find: onFargateVolumes('host.sourcePath', (volume) => isGiven(objectIn(volume, 'host'), 'sourcePath')),
  },
  {
    name: 'ephemeral storage',
    words: 'EphemeralStorage size should be at {bound}.',
    source: guide('fargate-task-storage'),
    accepted: onFargate({}, { ephemeralStorage: { sizeInGiB: 21 } }),
    refused: onFargate({}, { ephemeralStorage: { sizeInGiB: 20 } }),
    find: (definition: JsonObject): Found[] => {
      const size = numberIn(objectIn(definition, 'ephemeralStorage'), 'sizeInGiB');
      if (size === undefined || (size >= LEAST_STORAGE && size <= MOST_STORAGE)) return [];
      const bound = size < LEAST_STORAGE ? `least ${LEAST_STORAGE}` : `most ${MOST_STORAGE}`;
      return [
        {
          path: 'ephemeralStorage.sizeInGiB',
          values: { bound },
          instead: `write ${LEAST_STORAGE} to ${MOST_STORAGE}; without ephemeralStorage a task has 20 GiB`,
        },
      ];
    },
  },
  {
    name: 'ephemeral storage without Fargate',
    words: 'Tasks using the EC2 launch type do not support EphemeralStorage.',
    source: observed('pf-ecs-fargate-ephemeral-storage-ec2'),
    accepted: onFargate({}, { ephemeralStorage: { sizeInGiB: 30 } }),
    refused: onEc2({}, { requiresCompatibilities: ['EC2'], ephemeralStorage: { sizeInGiB: 30 } }),
    find: (definition: JsonObject): Found[] => {
      const asked = textsIn(definition, 'requiresCompatibilities');
      // What Managed Instances take is not documented.
      const onEc2Alone = asked.length > 0 && asked.every((each) => each === 'EC2' || each === 'EXTERNAL');
      return onEc2Alone && isGiven(definition, 'ephemeralStorage')
        ? [{ path: 'ephemeralStorage', instead: 'leave it out, or add FARGATE to requiresCompatibilities' }]
        : [];
    },
  },
  {
    name: 'inference accelerators',
    words: "Unsupported field 'inferenceAccelerators'.",
    source: observed('pf-ecs-fargate-inference-accelerator'),
    accepted: onEc2({}),
    refused: onEc2({}, { inferenceAccelerators: [{ deviceName: 'd', deviceType: 'eia2.medium' }] }),
    find: (definition) =>
      isGiven(definition, 'inferenceAccelerators')
        ? [{ path: 'inferenceAccelerators', instead: 'leave them out: Elastic Inference has ended' }]
        : [],
  },
];

function awslogs(more: JsonObject): JsonObject {
  return {
    logDriver: 'awslogs',
    options: { 'awslogs-group': '/ecs/web', 'awslogs-region': 'us-east-1', ...more },
  };
}

function onFargateContainers(
  find: (container: PlacedContainer) => readonly Found[],
): (definition: JsonObject) => readonly Found[] {
  return (definition) => (asksForFargate(definition) ? containersOf(definition).flatMap(find) : []);
}

function onFargateVolumes(
  field: string,
  breaks: (volume: JsonObject) => boolean,
): (definition: JsonObject) => readonly Found[] {
  return (definition) =>
    asksForFargate(definition)
      ? placed(definition, 'volumes')
          .filter(({ entry }) => breaks(entry))
          .map(({ path }) => ({ path: `${path}.${field}`, instead: 'use an EFS volume, or run on EC2' }))
      : [];
}
