import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Json, JsonObject } from '../../src/model/index.ts';
import { describeChange, diffDefinitions } from '../../src/task-definition/diff.ts';
import { normalise } from '../../src/task-definition/normalise.ts';
import { definitionOf } from '../fakes/literals.ts';
import { anyDefinition } from './definitions.ts';

/** A definition whose one container has these fields. */
function web(fields: JsonObject): ReturnType<typeof definitionOf> {
  return definitionOf([{ name: 'web', image: 'i', ...fields }]);
}

function environment(values: Readonly<Record<string, string>>): JsonObject {
  return { environment: Object.entries(values).map(([name, value]) => ({ name, value })) };
}

describe('two definitions are the same', () => {
  it.each<[string, JsonObject, JsonObject]>([
    ['whatever the order of the variables', environment({ A: '1', B: '2' }), environment({ B: '2', A: '1' })],
    ['with the defaults that ECS fills in', {}, { cpu: 0, essential: true, versionConsistency: 'enabled' }],
    ['with the empty lists that ECS fills in', {}, { environment: [], mountPoints: [], volumesFrom: [] }],
    [
      'with the defaults of a health check',
      { healthCheck: { command: ['CMD', 'x'] } },
      { healthCheck: { command: ['CMD', 'x'], interval: 30, timeout: 5, retries: 3 } },
    ],
    [
      'with tcp spelt out',
      { portMappings: [{ containerPort: 80 }] },
      { portMappings: [{ containerPort: 80, protocol: 'tcp', hostPort: 0 }] },
    ],
    ['with a null for a missing field', {}, { user: null }],
    ['with an empty command for none', {}, { command: [] }],
    [
      'with the pause of a restart policy spelt out',
      { restartPolicy: { enabled: true } },
      { restartPolicy: { enabled: true, restartAttemptPeriod: 300, ignoredExitCodes: [] } },
    ],
    [
      'with options of a log driver that are empty',
      { logConfiguration: { logDriver: 'awslogs' } },
      { logConfiguration: { logDriver: 'awslogs', options: {}, secretOptions: [] } },
    ],
    [
      'with read-write spelt out',
      { mountPoints: [{ containerPath: '/a', sourceVolume: 'v' }] },
      { mountPoints: [{ containerPath: '/a', sourceVolume: 'v', readOnly: false }] },
    ],
  ])('%s', (_rule, one, other) => {
    expect(diffDefinitions(web(one), web(other))).toEqual([]);
    expect(diffDefinitions(web(other), web(one))).toEqual([]);
  });

  it.each<[string, JsonObject, JsonObject]>([
    ['with sizes in words', { cpu: '1 vCPU', memory: '2 GB' }, { cpu: '1024', memory: '2048' }],
    [
      'with the platform spelt out',
      {},
      { runtimePlatform: { cpuArchitecture: 'X86_64', operatingSystemFamily: 'LINUX' } },
    ],
    [
      'whatever the order of what they are compatible with',
      { requiresCompatibilities: ['EC2', 'FARGATE'] },
      { requiresCompatibilities: ['FARGATE', 'EC2'] },
    ],
    ['without fault injection', {}, { enableFaultInjection: false }],
    ['with empty volumes and constraints', {}, { volumes: [], placementConstraints: [] }],
    ['with the network mode of ECS spelt out', {}, { networkMode: 'bridge' }],
    [
      'with the host of a volume that has none',
      { volumes: [{ name: 'v' }] },
      { volumes: [{ name: 'v', host: {} }] },
    ],
    [
      'with the defaults of a volume of Docker',
      { volumes: [{ name: 'v', dockerVolumeConfiguration: { scope: 'task', driver: 'local' } }] },
      {
        volumes: [
          {
            name: 'v',
            dockerVolumeConfiguration: {
              scope: 'task',
              driver: 'local',
              autoprovision: false,
              driverOpts: {},
              labels: {},
            },
          },
        ],
      },
    ],
    [
      'with a proxy of the one type',
      { proxyConfiguration: { containerName: 'web', properties: [] } },
      { proxyConfiguration: { containerName: 'web', type: 'APPMESH' } },
    ],
    [
      'with the root of a file system spelt out',
      { volumes: [{ name: 'v', efsVolumeConfiguration: { fileSystemId: 'fs-1' } }] },
      {
        volumes: [
          {
            name: 'v',
            efsVolumeConfiguration: {
              fileSystemId: 'fs-1',
              rootDirectory: '/',
              transitEncryption: 'DISABLED',
              authorizationConfig: { iam: 'DISABLED' },
            },
          },
        ],
      },
    ],
  ])('%s', (_rule, one, other) => {
    expect(diffDefinitions(definitionOf(['web'], one), definitionOf(['web'], other))).toEqual([]);
  });

  it.each(['awsvpc', 'host'])('in %s mode, where the host port is the container port', (networkMode) => {
    const port = (mapping: JsonObject) =>
      definitionOf([{ name: 'web', image: 'i', portMappings: [mapping] }], { networkMode });
    expect(diffDefinitions(port({ containerPort: 80 }), port({ containerPort: 80, hostPort: 80 }))).toEqual(
      [],
    );
  });

  it('but not a volume of Docker and one of the host', () => {
    const volume = (fields: JsonObject) => definitionOf(['web'], { volumes: [{ name: 'v', ...fields }] });
    const docker = volume({ dockerVolumeConfiguration: { scope: 'task' } });
    expect(diffDefinitions(volume({}), docker)).not.toEqual([]);
    expect(diffDefinitions(volume({ host: {} }), docker)).not.toEqual([]);
  });
});

describe('two definitions differ', () => {
  it.each<[string, JsonObject, JsonObject, string[]]>([
    ['by an image', { image: 'a' }, { image: 'b' }, ['~ containerDefinitions[web].image: a -> b']],
    ['by a CPU of the container', {}, { cpu: 256 }, ['+ containerDefinitions[web].cpu: 256']],
    [
      'by a container that is not essential',
      {},
      { essential: false },
      ['+ containerDefinitions[web].essential: false'],
    ],
    [
      'by a variable that became empty',
      environment({ A: '1' }),
      environment({ A: '' }),
      ['~ containerDefinitions[web].environment[A]: changed'],
    ],
    [
      'by the order of a command',
      { command: ['a', 'b'] },
      { command: ['b', 'a'] },
      ['~ containerDefinitions[web].command: changed'],
    ],
    [
      'by a secret, which shows where it comes from',
      { secrets: [{ name: 'DB', valueFrom: 'arn:1' }] },
      { secrets: [{ name: 'DB', valueFrom: 'arn:2' }] },
      ['~ containerDefinitions[web].secrets[DB]: arn:1 -> arn:2'],
    ],
    [
      'by a secret whose source may be the secret itself',
      { secrets: [{ name: 'DB', valueFrom: 'arn:1' }] },
      { secrets: [{ name: 'DB', valueFrom: 'hunter2' }] },
      ['~ containerDefinitions[web].secrets[DB]: changed'],
    ],
    [
      'by a host port outside awsvpc',
      { portMappings: [{ containerPort: 80 }] },
      { portMappings: [{ containerPort: 80, hostPort: 8080 }] },
      [
        '- containerDefinitions[web].portMappings[80/tcp]: {}',
        '+ containerDefinitions[web].portMappings[80/tcp].hostPort: 8080',
      ],
    ],
    [
      'by a field that nobody knows yet',
      {},
      { fieldOfTomorrow: 1 },
      ['+ containerDefinitions[web].fieldOfTomorrow: 1'],
    ],
    [
      'by one of two addresses of one host name',
      {
        extraHosts: [
          { hostname: 'h', ipAddress: '1' },
          { hostname: 'h', ipAddress: '2' },
        ],
      },
      {
        extraHosts: [
          { hostname: 'h', ipAddress: '3' },
          { hostname: 'h', ipAddress: '2' },
        ],
      },
      [
        '~ containerDefinitions[web].extraHosts: [{"hostname":"h","ipAddress":"1"},{"hostname":"h","ipAddress":"2"}] -> [{"hostname":"h","ipAddress":"3"},{"hostname":"h","ipAddress":"2"}]',
      ],
    ],
    [
      'by the order of environment files, of which the first one wins',
      {
        environmentFiles: [
          { value: 'a', type: 's3' },
          { value: 'b', type: 's3' },
        ],
      },
      {
        environmentFiles: [
          { value: 'b', type: 's3' },
          { value: 'a', type: 's3' },
        ],
      },
      [
        '~ containerDefinitions[web].environmentFiles: [{"value":"a","type":"s3"},{"value":"b","type":"s3"}] -> [{"value":"b","type":"s3"},{"value":"a","type":"s3"}]',
      ],
    ],
  ])('%s', (_rule, one, other, lines) => {
    expect(diffDefinitions(web(one), web(other)).map(describeChange)).toEqual(lines);
  });

  it('by a container', () => {
    const changes = diffDefinitions(definitionOf(['web']), definitionOf(['web', 'proxy']));
    expect(changes).toMatchObject([{ path: 'containerDefinitions[proxy].image', kind: 'added' }]);
  });

  it('by tags', () => {
    const tagged = definitionOf(['web'], { tags: [{ key: 'team', value: 'a' }] });
    expect(diffDefinitions(tagged, definitionOf()).map(describeChange)).toEqual(['- tags[team]: a']);
  });
});

describe('the values of the environment', () => {
  const before = web(environment({ PASSWORD: 'old-s3cret', LEVEL: 'info', GONE: 's3cret-gone' }));
  const after = web(environment({ PASSWORD: 'new-s3cret', LEVEL: 'debug', MORE: 's3cret-more' }));

  it('are not in the changes, which say only what happened', () => {
    const changes = diffDefinitions(before, after);
    expect(JSON.stringify(changes)).not.toMatch(/s3cret|info|debug/);
    expect(changes.map(describeChange)).toEqual([
      '- containerDefinitions[web].environment[GONE]',
      '~ containerDefinitions[web].environment[LEVEL]: changed',
      '+ containerDefinitions[web].environment[MORE]',
      '~ containerDefinitions[web].environment[PASSWORD]: changed',
    ]);
  });

  it('are shown where the user lists the name, and only there', () => {
    const changes = diffDefinitions(before, after, ['LEVEL']);
    expect(changes.map(describeChange)).toContain(
      '~ containerDefinitions[web].environment[LEVEL]: info -> debug',
    );
    expect(JSON.stringify(changes)).not.toContain('s3cret');
  });

  it.each<[string, Json]>([
    ['as a map', { PASSWORD: 's3cret' }],
    ['as lines', ['PASSWORD=s3cret']],
    ['as one text', 'PASSWORD=s3cret'],
    [
      'with a name twice',
      [
        { name: 'A', value: 's3cret' },
        { name: 'A', value: 's3cret2' },
      ],
    ],
    ['without a name', [{ value: 's3cret' }]],
    ['with a field more', [{ name: 'A', value: 's3cret', more: 's3cret' }]],
  ])('are hidden also where somebody wrote them %s', (_form, written) => {
    const changes = diffDefinitions(web({}), web({ environment: written }), ['B']);
    expect(changes.length).toBeGreaterThan(0);
    expect(JSON.stringify(changes)).not.toContain('s3cret');
  });

  it.each<[string, JsonObject]>([
    ['a command', { command: ['sh', '-c', 'login s3cret'] }],
    ['an entry point', { entryPoint: ['s3cret'] }],
    ['a health check', { healthCheck: { command: ['CMD', 'curl', '-H', 's3cret'] } }],
    ['a label that sounds like a credential', { dockerLabels: { 'traefik.auth.users': 's3cret' } }],
  ])('are not alone hidden: %s may hold one, too', (_what, container) => {
    const changes = diffDefinitions(web({}), web(container));
    expect(changes).toMatchObject([{ kind: 'added' }]);
    expect(JSON.stringify(changes)).not.toContain('s3cret');
  });

  it('are hidden in containers that share a name', () => {
    const twins = definitionOf(
      ['a', 's3cret'].map((value) => ({ name: 'web', image: 'x', ...environment({ A: value }) })),
    );
    expect(JSON.stringify(diffDefinitions(web({}), twins))).not.toContain('s3cret');
  });

  it('do not hide a label that does not', () => {
    const changes = diffDefinitions(web({}), web({ dockerLabels: { version: '1.4' } }));
    expect(changes.map(describeChange)).toEqual(['+ containerDefinitions[web].dockerLabels.version: 1.4']);
  });

  it.each(['splunk-token', 'HTTP_Passwd', 'dd.api.key', 'Header', 'secret_key'])(
    'and the log option %s, which carries a credential, are hidden alike',
    (option) => {
      const changes = diffDefinitions(
        web({ logConfiguration: { logDriver: 'awsfirelens', options: { [option]: 'old-s3cret' } } }),
        web({ logConfiguration: { logDriver: 'awsfirelens', options: { [option]: 'new-s3cret' } } }),
      );
      expect(changes).toMatchObject([{ kind: 'changed' }]);
      expect(JSON.stringify(changes)).not.toContain('s3cret');
    },
  );
});

describe('any definition', () => {
  it('does not differ from itself', () => {
    fc.assert(
      fc.property(anyDefinition, (definition) => {
        expect(diffDefinitions(definition, structuredClone(definition))).toEqual([]);
      }),
    );
  });

  it('does not differ from its one form, which is its own one form', () => {
    fc.assert(
      fc.property(anyDefinition, (definition) => {
        const once = normalise(definition);
        expect(normalise(once)).toEqual(once);
        expect(diffDefinitions(definition, once)).toEqual([]);
      }),
    );
  });

  it('differs one way as it differs the other way', () => {
    fc.assert(
      fc.property(anyDefinition, anyDefinition, (one, other) => {
        const there = diffDefinitions(one, other).map((change) => change.path);
        expect(diffDefinitions(other, one).map((change) => change.path)).toEqual(there);
      }),
    );
  });
});
