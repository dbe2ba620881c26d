/** What UpdateService, CreateService and RunTask refuse: a definition that does not fit the service that gets it. */
import { objectIn, objectsIn, textIn } from '../../runtime/json.ts';
import type { JsonObject } from '../../model/index.ts';
import {
  api,
  asksForFargate,
  containersOf,
  numberIn,
  observed,
  onEc2,
  onFargate,
  placed,
  textsIn,
  type Found,
  type Rule,
} from './rule.ts';

/** A definition, and the settings of what is to run it, in the fields of CreateService. */
export interface Placement {
  readonly definition: JsonObject;
  readonly settings: JsonObject;
}

const NETWORK = { awsvpcConfiguration: { subnets: ['subnet-1'] } };
const IN_A_NETWORK = { networkConfiguration: NETWORK };
const BALANCED = { loadBalancers: [{ containerName: 'web', containerPort: 80 }] };

/** In AWS's words, all of them InvalidParameterException. */
const REFUSALS: readonly Rule<Placement>[] = [
  {
    name: 'network configuration',
    words: "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
    source: api('UpdateService'),
    accepted: { definition: onFargate({}), settings: IN_A_NETWORK },
    refused: { definition: onFargate({}), settings: {} },
    find: ({ definition, settings }) =>
      definition['networkMode'] === 'awsvpc' && !hasNetwork(settings)
        ? [
            {
              path: 'networkMode',
              instead:
                'give the service a network configuration (subnets and security groups), or use the network mode that it has',
            },
          ]
        : [],
  },
  {
    name: 'network configuration without awsvpc',
    words: 'Network Configuration is not valid for the given networkMode of this task definition.',
    source: observed('pf-ecs-service-network-config-mode'),
    accepted: { definition: onEc2({}, { networkMode: 'bridge' }), settings: {} },
    refused: { definition: onEc2({}, { networkMode: 'bridge' }), settings: IN_A_NETWORK },
    find: ({ definition, settings }) =>
      definition['networkMode'] !== 'awsvpc' && hasNetwork(settings)
        ? [
            {
              path: 'networkMode',
              instead: 'write awsvpc, as the service has a network configuration',
            },
          ]
        : [],
  },
  {
    name: 'launch type',
    words: 'Task definition does not support launch_type {launchType}.',
    source: api('CreateService'),
    accepted: { definition: onFargate({}), settings: { ...IN_A_NETWORK, launchType: 'FARGATE' } },
    refused: {
      definition: onEc2({}, { networkMode: 'awsvpc', requiresCompatibilities: ['EC2'] }),
      settings: { ...IN_A_NETWORK, launchType: 'FARGATE' },
    },
    find: unfitForLaunchType,
  },
  {
    name: 'container of a load balancer',
    words: 'The container {container} does not exist in the task definition.',
    source: observed('pf-ecs-svc-lb-container-name-missing'),
    accepted: { definition: onEc2({ portMappings: [{ containerPort: 80 }] }), settings: BALANCED },
    refused: {
      definition: onEc2({ name: 'api', portMappings: [{ containerPort: 80 }] }),
      settings: BALANCED,
    },
    find: ({ definition, settings }) => {
      const names = containersOf(definition).map(({ name }) => name);
      return objectsIn(settings, 'loadBalancers').flatMap((balancer) => {
        const container = textIn(balancer, 'containerName');
        if (container === undefined || names.includes(container)) return [];
        const instead = `name a container ${container}, as the load balancer of the service does`;
        return [{ path: 'containerDefinitions', values: { container }, instead }];
      });
    },
  },
  {
    name: 'port of a load balancer',
    words: 'The container {container} did not have a container port {port} defined.',
    source: observed('pf-ecs-svc-lb-container-port-missing'),
    accepted: { definition: onEc2({ portMappings: [{ containerPort: 80 }] }), settings: BALANCED },
    refused: { definition: onEc2({ portMappings: [{ containerPort: 8080 }] }), settings: BALANCED },
    find: ({ definition, settings }) =>
      objectsIn(settings, 'loadBalancers').flatMap((balancer) => {
        const name = textIn(balancer, 'containerName');
        const port = numberIn(balancer, 'containerPort') ?? 0;
        const found = containersOf(definition).find((each) => each.name === name);
        if (found === undefined) return [];
        if (objectsIn(found.container, 'portMappings').some((each) => maps(each, port))) return [];
        return [
          {
            path: `${found.path}.portMappings`,
            container: found.name,
            values: { container: found.name, port },
            instead: `map container port ${port}, which the load balancer of the service sends to`,
          },
        ];
      }),
  },
  {
    name: 'port of Service Connect',
    words: 'portName({port}) does not refer to any named PortMapping in the container definitions.',
    source: observed('pf-ecs-svc-connect-port-name-missing'),
    accepted: {
      definition: onEc2({ portMappings: [{ containerPort: 80, name: 'http' }] }),
      settings: connected('http'),
    },
    refused: { definition: onEc2({ portMappings: [{ containerPort: 80 }] }), settings: connected('http') },
    find: ({ definition, settings }) => {
      const connect = objectIn(settings, 'serviceConnectConfiguration');
      if (connect['enabled'] === false) return [];
      const names = containersOf(definition).flatMap(({ container }) =>
        objectsIn(container, 'portMappings').flatMap((mapping) => textIn(mapping, 'name') ?? []),
      );
      return objectsIn(connect, 'services').flatMap((service) => {
        const port = textIn(service, 'portName');
        if (port === undefined || names.includes(port)) return [];
        const instead = `name a port mapping ${port}, as Service Connect of the service does`;
        return [{ path: 'containerDefinitions', values: { port }, instead }];
      });
    },
  },
  {
    name: 'volumes that the service configures',
    words:
      "The volume name '{volume}' in your request does not have a matching volume in your Task Definition.",
    source: observed('pf-ecs-svc-ebs-name-not-in-taskdef'),
    accepted: {
      definition: onEc2({}, { volumes: [{ name: 'data', configuredAtLaunch: true }] }),
      settings: { volumeConfigurations: [{ name: 'data' }] },
    },
    refused: { definition: onEc2({}), settings: { volumeConfigurations: [{ name: 'data' }] } },
    find: ({ definition, settings }) => {
      const known = objectsIn(definition, 'volumes').flatMap((volume) => textIn(volume, 'name') ?? []);
      return objectsIn(settings, 'volumeConfigurations').flatMap((configuration) => {
        const volume = textIn(configuration, 'name');
        if (volume === undefined || known.includes(volume)) return [];
        const instead = `add a volume ${volume} with configuredAtLaunch: true, as the service configures one`;
        return [{ path: 'volumes', values: { volume }, instead }];
      });
    },
  },
  {
    name: 'desired count of a daemon',
    words:
      'The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and try again.',
    source: observed('pf-ecs-service-daemon-desired-count'),
    accepted: { definition: onEc2({}), settings: { schedulingStrategy: 'DAEMON' } },
    refused: { definition: onEc2({}), settings: { schedulingStrategy: 'DAEMON', desiredCount: 2 } },
    find: ({ settings }) =>
      settings['schedulingStrategy'] === 'DAEMON' && numberIn(settings, 'desiredCount') !== undefined
        ? [
            {
              path: 'desired-count',
              instead: 'leave desired-count out: a daemon service has one task on each instance',
            },
          ]
        : [],
  },
];

/** What RunTask refuses besides. */
const RUN_TASK_REFUSALS: readonly Rule<Placement>[] = [
  {
    name: 'containers of overrides',
    words: 'Override for container named {container} is not a container in the TaskDefinition.',
    source: api('RunTask'),
    accepted: {
      definition: onEc2({}),
      settings: { overrides: { containerOverrides: [{ name: 'web', command: ['true'] }] } },
    },
    refused: {
      definition: onEc2({}),
      settings: { overrides: { containerOverrides: [{ name: 'api', command: ['true'] }] } },
    },
    find: ({ definition, settings }) => {
      const names = containersOf(definition).map(({ name }) => name);
      return placed(objectIn(settings, 'overrides'), 'containerOverrides').flatMap(({ path, entry }) => {
        const container = textIn(entry, 'name');
        if (container === undefined || names.includes(container)) return [];
        return [{ path, values: { container }, instead: `name one of ${names.join(', ')}` }];
      });
    },
  },
  {
    name: 'number of tasks',
    words: 'count must be between 1 and 10.',
    source: api('RunTask'),
    accepted: { definition: onEc2({}), settings: { count: 10 } },
    refused: { definition: onEc2({}), settings: { count: 11 } },
    find: ({ settings }) => {
      const count = numberIn(settings, 'count') ?? 1;
      return count >= 1 && count <= 10 ? [] : [{ path: 'count', instead: 'ask for 1 to 10 tasks' }];
    },
  },
];

const invalidParameter = (rule: Rule<Placement>): Rule<Placement> => ({
  ...rule,
  code: 'InvalidParameterException',
});

export const SERVICE_RULES: readonly Rule<Placement>[] = REFUSALS.map(invalidParameter);
const SHARED_WITH_TASKS = ['network configuration', 'network configuration without awsvpc', 'launch type'];
export const TASK_RULES: readonly Rule<Placement>[] = [
  ...SERVICE_RULES.filter(({ name }) => SHARED_WITH_TASKS.includes(name)),
  ...RUN_TASK_REFUSALS.map(invalidParameter),
];

function hasNetwork(settings: JsonObject): boolean {
  return (
    textsIn(objectIn(objectIn(settings, 'networkConfiguration'), 'awsvpcConfiguration'), 'subnets').length > 0
  );
}

function connected(portName: string): JsonObject {
  return { serviceConnectConfiguration: { enabled: true, services: [{ portName }] } };
}

function maps(mapping: JsonObject, port: number): boolean {
  if (numberIn(mapping, 'containerPort') === port) return true;
  const [, low = '', high = ''] = /^(\d+)-(\d+)$/.exec(textIn(mapping, 'containerPortRange') ?? '') ?? [];
  return low !== '' && port >= Number(low) && port <= Number(high);
}

/** Fargate runs what was registered for it, and what would have passed as such: awsvpc, with cpu and memory. */
function unfitForLaunchType({ definition, settings }: Placement): Found[] {
  const launchType = textIn(settings, 'launchType');
  if (launchType !== 'FARGATE') return [];
  const asked = textsIn(definition, 'requiresCompatibilities');
  const fits =
    definition['networkMode'] === 'awsvpc' &&
    (asksForFargate(definition) || asked.length === 0) &&
    textIn(definition, 'cpu') !== undefined &&
    textIn(definition, 'memory') !== undefined;
  return fits
    ? []
    : [
        {
          path: 'requiresCompatibilities',
          values: { launchType },
          instead:
            'write ["FARGATE"], the network mode awsvpc, and cpu and memory of the task, as the service runs on Fargate',
        },
      ];
}
