/** Network modes, port mappings, links and the proxy. */
import { objectsIn, objectIn, textIn } from '../../runtime/json.ts';
import type { JsonObject } from '../../model/index.ts';
import {
  and,
  api,
  containersOf,
  isGiven,
  numberIn,
  observed,
  onEc2,
  onFargate,
  placed,
  repeated,
  textsIn,
  type Found,
  type PlacedContainer,
  type Rule,
} from './rule.ts';

const MOST_PORT = 65_535;
const PORT_NAME = /^[a-z0-9_][a-z0-9_-]{0,63}$/;

/** What awsvpc takes away from a container, with AWS's name for it. */
const NOT_IN_AWSVPC = [
  ['links', 'Links are not supported when networkMode=awsvpc.', 'pf-ecs-fargate-links'],
  ['hostname', 'hostname is not supported on container when networkMode=awsvpc.', 'pf-ecs-awsvpc-hostname'],
  [
    'extraHosts',
    'Extra hosts are not supported on container when networkMode=awsvpc.',
    'pf-ecs-awsvpc-extra-hosts',
  ],
  [
    'dnsServers',
    'DNS servers are not supported on container when networkMode=awsvpc.',
    'pf-ecs-fargate-dns-servers',
  ],
  [
    'dnsSearchDomains',
    'DNS search domains are not supported on container when networkMode=awsvpc.',
    'pf-ecs-fargate-dns-servers',
  ],
] as const;

const EXAMPLES: Readonly<Record<string, JsonObject>> = {
  links: { links: ['side'] },
  hostname: { hostname: 'web' },
  extraHosts: { extraHosts: [{ hostname: 'db', ipAddress: '10.0.0.1' }] },
  dnsServers: { dnsServers: ['10.0.0.2'] },
  dnsSearchDomains: { dnsSearchDomains: ['example.com'] },
};

export const NETWORK_RULES: readonly Rule<JsonObject>[] = [
  {
    name: 'container port',
    words: "Invalid 'containerPort' setting for container '{name}'.",
    source: 'https://github.com/aws/aws-cli/issues/7288',
    accepted: onEc2({ portMappings: [{ containerPort: 80 }, { containerPortRange: '8000-8010' }] }),
    refused: onEc2({ portMappings: [{ hostPort: 80 }] }),
    find: (definition) =>
      eachPort(definition, ({ name }, mapping, path) => {
        const port = numberIn(mapping, 'containerPort');
        if (port === undefined && isGiven(mapping, 'containerPortRange')) return [];
        if (port !== undefined && isPort(port, 1)) return [];
        return [
          {
            path: `${path}.containerPort`,
            container: name,
            values: { name },
            instead: `write a port from 1 to ${MOST_PORT}`,
          },
        ];
      }),
  },
  {
    name: 'host port',
    words: "Invalid 'hostPort' setting for container '{name}'.",
    source: 'https://github.com/aws/amazon-ecs-agent/pull/3584',
    accepted: onEc2({ portMappings: [{ containerPort: 80, hostPort: 0 }] }),
    refused: onEc2({ portMappings: [{ containerPort: 80, hostPort: 70_000 }] }),
    find: (definition) =>
      eachPort(definition, ({ name }, mapping, path) => {
        const port = numberIn(mapping, 'hostPort') ?? 0;
        if (isPort(port, 0)) return [];
        const instead = `write a port up to ${MOST_PORT}, or leave hostPort out`;
        return [{ path: `${path}.hostPort`, container: name, values: { name }, instead }];
      }),
  },
  {
    name: 'host ports in awsvpc and host',
    words: 'When networkMode={mode}, the host ports and container ports in port mappings must match.',
    source: observed('pf-ecs-host-network-host-port-mismatch'),
    accepted: onFargate({ portMappings: [{ containerPort: 80, hostPort: 80 }] }),
    refused: onFargate({ portMappings: [{ containerPort: 80, hostPort: 8080 }] }),
    find: (definition: JsonObject): Found[] => {
      const mode = textIn(definition, 'networkMode') ?? '';
      if (mode !== 'awsvpc' && mode !== 'host') return [];
      return eachPort(definition, ({ name }, mapping, path) => {
        const port = numberIn(mapping, 'containerPort');
        const hostPort = numberIn(mapping, 'hostPort') ?? 0;
        if (hostPort === 0 || port === undefined || hostPort === port) return [];
        const instead = `write ${port}, or leave hostPort out`;
        return [{ path: `${path}.hostPort`, container: name, values: { mode }, instead }];
      });
    },
  },
  {
    name: 'host ports used once',
    words: "{protocol} host port '{port}' is mapped multiple times in task.",
    source: 'https://github.com/aws/amazon-ecs-agent/issues/1220',
    accepted: onEc2({
      portMappings: [
        { containerPort: 53, hostPort: 53, protocol: 'udp' },
        { containerPort: 53, hostPort: 53, protocol: 'tcp' },
      ],
    }),
    refused: and(onFargate({ portMappings: [{ containerPort: 80 }] }), {
      portMappings: [{ containerPort: 80 }],
    }),
    find: hostPortsUsedTwice,
  },
  {
    name: 'port or range',
    words: "Container '{name}' cannot specify both single port and port range.",
    source: observed('pf-ecs-port-range-with-host-port'),
    accepted: onEc2({ portMappings: [{ containerPortRange: '8000-8010' }] }),
    refused: onEc2({ portMappings: [{ containerPort: 80, containerPortRange: '8000-8010' }] }),
    find: (definition) =>
      eachPort(definition, ({ name }, mapping, path) => {
        const single = (['containerPort', 'hostPort'] as const).find((field) => isGiven(mapping, field));
        if (single === undefined || !isGiven(mapping, 'containerPortRange')) return [];
        return [
          {
            path: `${path}.containerPortRange`,
            container: name,
            values: { name },
            instead: `leave out it or ${single}`,
          },
        ];
      }),
  },
  {
    name: 'port range',
    words: "Invalid 'containerPortRange' setting for container '{name}'.",
    source: observed('pf-ecs-port-range-reversed'),
    accepted: onEc2({ portMappings: [{ containerPortRange: '8000-8010' }] }),
    refused: onEc2({ portMappings: [{ containerPortRange: '8010-8000' }] }),
    find: (definition) =>
      eachPort(definition, ({ name }, mapping, path) => {
        const written = textIn(mapping, 'containerPortRange');
        if (written === undefined || rangeOf(written) !== undefined) return [];
        return [
          {
            path: `${path}.containerPortRange`,
            container: name,
            values: { name },
            instead: 'write the lower port, a hyphen and the higher one, such as 8000-8010',
          },
        ];
      }),
  },
  {
    name: 'port ranges apart',
    words: "The container port range '{range}' is used multiple times in task.",
    source: observed('pf-ecs-port-range-overlap'),
    accepted: onEc2({
      portMappings: [{ containerPortRange: '8000-8010' }, { containerPortRange: '8011-8020' }],
    }),
    refused: onEc2({
      portMappings: [{ containerPortRange: '8000-8010' }, { containerPortRange: '8010-8020' }],
    }),
    find: (definition) =>
      containersOf(definition).flatMap(({ name, path, container }) => {
        const ranges = placed(container, 'portMappings', path).flatMap(({ path: at, entry }) => {
          const range = rangeOf(textIn(entry, 'containerPortRange') ?? '');
          return range === undefined ? [] : [{ at, range }];
        });
        return ranges.flatMap(({ at, range }, index): Found[] => {
          const [from, to] = range;
          const other = ranges.slice(0, index).find(({ range: [low, high] }) => from <= high && low <= to);
          if (other === undefined) return [];
          const instead = `it overlaps ${other.range.join('-')}: make the ranges disjoint`;
          return [
            {
              path: `${at}.containerPortRange`,
              container: name,
              values: { range: range.join('-') },
              instead,
            },
          ];
        });
      }),
  },
  {
    name: 'names of port mappings',
    words: "The port mapping name '{name}' is already used.",
    source: observed('pf-ecs-port-mapping-duplicate-name'),
    accepted: onEc2({
      portMappings: [
        { containerPort: 80, name: 'http' },
        { containerPort: 81, name: 'admin' },
      ],
    }),
    refused: onEc2({
      portMappings: [
        { containerPort: 80, name: 'http' },
        { containerPort: 81, name: 'http' },
      ],
    }),
    find: (definition: JsonObject): Found[] => {
      const all = containersOf(definition).flatMap(({ container }) =>
        objectsIn(container, 'portMappings').flatMap((each) => textIn(each, 'name') ?? []),
      );
      return repeated(all).map((name) => ({
        path: 'containerDefinitions',
        values: { name },
        instead: `give each port mapping of the task a name of its own; ${name} is there twice`,
      }));
    },
  },
  {
    name: 'letters of the name of a port mapping',
    words: "Invalid 'name' setting of a port mapping for container '{name}'.",
    source: api('PortMapping'),
    accepted: onEc2({ portMappings: [{ containerPort: 80, name: 'http_1' }] }),
    refused: onEc2({ portMappings: [{ containerPort: 80, name: 'Http' }] }),
    find: (definition) =>
      eachPort(definition, ({ name }, mapping, path) => {
        const written = textIn(mapping, 'name');
        if (written === undefined || PORT_NAME.test(written)) return [];
        return [
          {
            path: `${path}.name`,
            container: name,
            values: { name },
            instead:
              'write up to 64 lower-case letters, digits, underscores and hyphens, no hyphen at the front',
          },
        ];
      }),
  },
  {
    name: 'no ports without a network',
    words: 'Port mappings are not supported when networkMode=none.',
    source: api('RegisterTaskDefinition'),
    accepted: onEc2({}, { networkMode: 'none' }),
    refused: onEc2({ portMappings: [{ containerPort: 80 }] }, { networkMode: 'none' }),
    find: (definition) =>
      definition['networkMode'] === 'none'
        ? given(definition, 'portMappings', 'leave portMappings out, or use another network mode')
        : [],
  },
  ...NOT_IN_AWSVPC.map(([field, words, rule]): Rule<JsonObject> => ({
    name: `${field} in awsvpc`,
    words,
    source: observed(rule),
    accepted: and(onEc2(EXAMPLES[field] ?? {}), {}),
    refused: and(onFargate(EXAMPLES[field] ?? {}), {}),
    find: (definition) =>
      definition['networkMode'] === 'awsvpc'
        ? given(definition, field, `leave ${field} out, or use the network mode bridge`)
        : [],
  })),
  {
    name: 'disableNetworking in awsvpc',
    words: 'Disable Networking is not supported on container when networkMode=awsvpc.',
    source: observed('pf-ecs-fargate-disable-networking'),
    accepted: onEc2({ disableNetworking: true }),
    refused: onFargate({ disableNetworking: true }),
    find: (definition) =>
      definition['networkMode'] !== 'awsvpc'
        ? []
        : containersOf(definition).flatMap(({ name, path, container }) =>
            container['disableNetworking'] === true
              ? [
                  {
                    path: `${path}.disableNetworking`,
                    container: name,
                    instead: 'leave it out, or use the network mode bridge',
                  },
                ]
              : [],
          ),
  },
  {
    name: 'containers of links',
    words: "Container '{name}' links to '{link}', which is not in the task definition.",
    source: undefined,
    accepted: and(onEc2({ links: ['side:db'] }), {}),
    refused: onEc2({ links: ['db'] }),
    find: (definition: JsonObject): Found[] => {
      const known = new Set(containersOf(definition).map(({ name }) => name));
      return containersOf(definition).flatMap(({ name, path, container }) =>
        textsIn(container, 'links')
          .map((link) => link.split(':')[0] ?? link)
          .filter((link) => !known.has(link))
          .map((link) => ({
            path: `${path}.links`,
            container: name,
            values: { name, link },
            instead: `name one of ${[...known].join(', ')}`,
          })),
      );
    },
  },
  {
    name: 'network mode of the proxy',
    words: 'APPMESH proxy configuration is only supported in networkMode=awsvpc.',
    source: observed('pf-ecs-proxy-configuration-awsvpc-required'),
    accepted: onFargate({}, { proxyConfiguration: proxy('web') }),
    refused: onEc2({}, { networkMode: 'bridge', proxyConfiguration: proxy('web') }),
    find: (definition) =>
      isGiven(definition, 'proxyConfiguration') && definition['networkMode'] !== 'awsvpc'
        ? [{ path: 'proxyConfiguration', instead: 'leave it out, or use the network mode awsvpc' }]
        : [],
  },
  {
    name: 'container of the proxy',
    words: 'Proxy container [{name}] does not exist.',
    source: observed('pf-ecs-proxy-configuration-container-missing'),
    accepted: onFargate({}, { proxyConfiguration: proxy('web') }),
    refused: onFargate({}, { proxyConfiguration: proxy('envoy') }),
    find: (definition: JsonObject): Found[] => {
      const name = textIn(objectIn(definition, 'proxyConfiguration'), 'containerName');
      const names = containersOf(definition).map((each) => each.name);
      if (name === undefined || names.includes(name)) return [];
      return [
        {
          path: 'proxyConfiguration.containerName',
          values: { name },
          instead: `name one of ${names.join(', ')}`,
        },
      ];
    },
  },
];

function proxy(containerName: string): JsonObject {
  const properties = ['ProxyIngressPort', 'ProxyEgressPort', 'AppPorts', 'EgressIgnoredIPs'];
  return { type: 'APPMESH', containerName, properties: properties.map((name) => ({ name, value: '1' })) };
}

function isPort(port: number, least: number): boolean {
  return Number.isInteger(port) && port >= least && port <= MOST_PORT;
}

function rangeOf(written: string): readonly [number, number] | undefined {
  const [, low = '', high = ''] = /^(\d{1,5})-(\d{1,5})$/.exec(written) ?? [];
  if (low === '') return undefined;
  const [from, to] = [Number(low), Number(high)];
  return isPort(from, 1) && isPort(to, 1) && from < to ? [from, to] : undefined;
}

function eachPort(
  definition: JsonObject,
  find: (container: PlacedContainer, mapping: JsonObject, path: string) => readonly Found[],
): Found[] {
  return containersOf(definition).flatMap((container) =>
    placed(container.container, 'portMappings', container.path).flatMap(({ path, entry }) =>
      find(container, entry, path),
    ),
  );
}

function given(definition: JsonObject, field: string, instead: string): Found[] {
  return containersOf(definition).flatMap(({ name, path, container }) =>
    isGiven(container, field) && container[field] !== ''
      ? [{ path: `${path}.${field}`, container: name, instead }]
      : [],
  );
}

/** In awsvpc and host a container port is a host port too. */
function hostPortsUsedTwice(definition: JsonObject): Found[] {
  const mode = textIn(definition, 'networkMode');
  const shared = mode === 'awsvpc' || mode === 'host';
  const seen = new Set<string>();
  return eachPort(definition, ({ name }, mapping, path) => {
    const hostPort = numberIn(mapping, 'hostPort') ?? 0;
    const port = hostPort !== 0 ? hostPort : shared ? (numberIn(mapping, 'containerPort') ?? 0) : 0;
    if (port === 0) return [];
    const protocol = (textIn(mapping, 'protocol') ?? 'tcp').toUpperCase();
    const key = `${protocol} ${port}`;
    if (!seen.has(key)) {
      seen.add(key);
      return [];
    }
    const instead = `use another port than ${port}, which another mapping of the task has`;
    return [{ path, container: name, values: { protocol, port }, instead }];
  });
}
