/** What people bring: files and inputs as they are written, through the whole step. */
import { describe, expect, test } from '@jest/globals';
import { createService } from '../../simulator/engine/services.ts';
import { registerTaskDefinition } from '../../simulator/engine/task-definitions.ts';
import type { Seed } from '../../simulator/scenario/seed.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { accepted, expectGreen, expectRed, inAWorld, mutations, production, step, tag } from './world.ts';

const ROLE = 'arn:aws:iam::123456789012:role/worker-execution';

/** The base file of the faults: what a person has in the repository of the service `worker`. */
const BASE = {
  family: 'worker',
  networkMode: 'awsvpc',
  requiresCompatibilities: ['FARGATE'],
  cpu: '1024',
  memory: '2048',
};

/** A definition with one container. */
function file(container: object = {}, task: object = {}): string {
  return JSON.stringify({
    ...BASE,
    ...task,
    containerDefinitions: [
      { name: 'worker', image: 'public.ecr.aws/docker/library/busybox:1', ...container },
    ],
  });
}

/** One run with a file in the workspace. */
function withFile(
  sim: Simulator,
  text: string,
  inputs: Readonly<Record<string, string>> = {},
): ReturnType<typeof step> {
  return step(
    sim,
    {
      service: 'worker',
      'task-definition': 'td.json',
      'execution-role-arn': executionRole(sim),
      ...tag('v2'),
      ...inputs,
    },
    { files: { 'td.json': text } },
  );
}

/** A role that tasks of this world may start with. */
function executionRole(sim: Simulator): string {
  const body = sim.world.taskDefinitions.find('worker:1')?.body;
  return typeof body?.['executionRoleArn'] === 'string' ? body['executionRoleArn'] : ROLE;
}

function registered(sim: Simulator): Record<string, unknown> & { containerDefinitions: object[] } {
  return accepted(sim, 'RegisterTaskDefinition').at(-1)?.body as Record<string, unknown> & {
    containerDefinitions: object[];
  };
}

describe('null and empty are absent', () => {
  test.each<[string, object, object]>([
    ['a health check that is null', { healthCheck: null }, {}],
    ['lists that are empty', { command: [], portMappings: [], secrets: [] }, { tags: [], volumes: [] }],
    ['texts that are empty', { user: '', hostname: '' }, { pidMode: '', ipcMode: '', taskRoleArn: '' }],
  ])('%s', (_what, container, task) =>
    inAWorld({}, async (sim) => {
      expectGreen(await withFile(sim, file(container, task)), 'succeeded');
      const { containerDefinitions, ...rest } = registered(sim);
      expect(Object.keys(rest).sort()).toEqual(
        ['cpu', 'executionRoleArn', 'family', 'memory', 'networkMode', 'requiresCompatibilities'].sort(),
      );
      expect(Object.keys(containerDefinitions[0] ?? {}).sort()).toEqual(['image', 'name']);
    }),
  );
});

describe('types', () => {
  test.each<[string, object, object]>([
    ['a number as the value of a variable', { environment: [{ name: 'PORT', value: 8080 }] }, {}],
    ['a boolean as the value of a variable', { environment: [{ name: 'DEBUG', value: true }] }, {}],
    ['sizes as numbers', {}, { cpu: 256, memory: 512 }],
  ])('%s', (_what, container, task) =>
    inAWorld({}, async (sim) => {
      expectGreen(await withFile(sim, file(container, task)), 'succeeded');
    }),
  );

  test.each<[string, object, string]>([
    ['a command as text', { command: 'npm start' }, 'containerDefinitions[worker].command is text'],
    [
      'an object of variables',
      { environment: { PORT: '1' } },
      'containerDefinitions[worker].environment is an object',
    ],
    [
      'a port that is none',
      { portMappings: [{ containerPort: 'http' }] },
      'containerDefinitions[worker].portMappings[0].containerPort is text',
    ],
  ])('%s is refused with the path, before AWS is asked anything', (_what, container, words) =>
    inAWorld({}, async (sim) => {
      const before = sim.calls.length;
      const result = await withFile(sim, file(container), { mode: 'plan' });
      expectRed(result, 'failed', 'invalid-input');
      expect(result.outputs['message']).toContain('the file td.json is not a task definition');
      expect(result.outputs['message']).toContain(words);
      expect(sim.calls.slice(before)).toEqual([]);
    }),
  );
});

describe('a plan is red for what AWS is certain to refuse', () => {
  test.each<[string, object, object, RegExp]>([
    [
      'one name in environment and secrets',
      {
        environment: [{ name: 'KEY', value: 'x' }],
        secrets: [{ name: 'KEY', valueFrom: '/backend/api-key' }],
      },
      {},
      /containerDefinitions\[worker\]\.environment\[KEY\]: leave KEY out of environment or out of secrets/,
    ],
    [
      'a volume that is not there',
      { mountPoints: [{ sourceVolume: 'data', containerPath: '/data' }] },
      {},
      /mountPoints\[0\]\.sourceVolume: add data to the volumes of the task/,
    ],
    [
      'another host port',
      { portMappings: [{ containerPort: 80, hostPort: 8080 }] },
      {},
      /portMappings\[0\]\.hostPort: write 80, or leave hostPort out/,
    ],
    ['a mode with a slip', {}, { pidMode: 'tasks' }, /pidMode: write task, not tasks/],
    ['a privileged container', { privileged: true }, {}, /privileged: leave it out, or run on EC2/],
  ])('%s', (_what, container, task, words) =>
    inAWorld({}, async (sim) => {
      const planned = await withFile(sim, file(container, task), { mode: 'plan' });
      expectRed(planned, 'failed', 'preflight-failed');
      expect(planned.outputs['message']).toMatch(words);
      // The embedded AWS refuses the same in AWS's words.
      const deployed = await withFile(sim, file(container, task), { preflight: 'off' });
      expectRed(deployed, 'failed', 'register-refused');
      expect(mutations(sim)).toEqual([]);
    }),
  );

  test('a service without a network, and a definition that needs one', () =>
    inAWorld({}, async (sim) => {
      const worker = sim.world.cluster('demo').service('worker');
      worker.settings = { ...worker.settings, networkConfiguration: undefined };
      const planned = await step(sim, { service: 'worker', mode: 'plan', ...tag('v2') });
      expectRed(planned, 'failed', 'preflight-failed');
      expect(planned.outputs['message']).toContain('give the service a network configuration');
      const deployed = await step(sim, { service: 'worker', preflight: 'off', ...tag('v2') });
      expectRed(deployed, 'failed', 'update-refused');
      expect(deployed.outputs['message']).toContain('Network Configuration must be provided');
      expect(production(sim, 'worker')).toBe('worker:1 COMPLETED');
    }));

  test('containers without an image, where none runs', () =>
    inAWorld({}, async (sim) => {
      const two = JSON.parse(file()) as { containerDefinitions: object[] };
      two.containerDefinitions.push({ name: 'side', essential: false });
      const result = await withFile(sim, JSON.stringify(two), { mode: 'plan', 'container-name': 'worker' });
      expectRed(result, 'failed', 'invalid-input');
      expect(result.outputs['message']).toContain('"side" has no image');
    }));
});

describe('slips and other files', () => {
  test.each<[string, string, string]>([
    [
      'a field of another list',
      file({ environment: [{ name: 'KEY', valueFrom: 'arn' }] }),
      'environment[KEY].valueFrom is not a field here: it belongs into an entry of secrets',
    ],
    [
      'an entry that lacks its value',
      file({ secrets: [{ name: 'KEY' }] }),
      'secrets[KEY].valueFrom is missing',
    ],
    ['a list of containers', '[{"name": "worker", "image": "i"}]', 'it is a list of containers'],
    ['JSON with comments', '{\n  // the task\n  "family": "worker"\n}', 'it is JSON with comments (line 2)'],
    ['an empty file', '', 'it is empty'],
    ['a template', 'family: worker\ncpu: {{ cpu }}\n', 'it is a template that nobody rendered'],
    [
      'a merge that was not finished',
      '<<<<<<< HEAD\nfamily: a\n>>>>>>> b\n',
      'the marks of a merge conflict',
    ],
    ['a manifest of Copilot', 'name: a\ntype: Worker Service\n', 'it is a manifest of AWS Copilot'],
    ['a name of Kubernetes', file({ env: [{ name: 'A', value: '1' }] }), 'did you mean environment?'],
    [
      'a name of tags',
      file({ environment: [{ key: 'A', value: '1' }] }),
      'environment[0].key is not a field: did you mean name?',
    ],
    [
      'a field of the service',
      file({}, { desiredCount: 2 }),
      'it belongs to the service (input desired-count)',
    ],
  ])('%s', (_what, text, words) =>
    inAWorld({}, async (sim) => {
      const result = await withFile(sim, text);
      expectRed(result, 'failed', 'invalid-input');
      expect(result.outputs['message']).toContain(words);
      expect(result.log).not.toContain('/td.json');
    }),
  );

  test('schemas and comments are left out with one line; a field of tomorrow goes to AWS with a warning', () =>
    inAWorld({}, async (sim) => {
      sim.world.taskDefinitions.fieldsOfTheFuture.add('quantumCores');
      const text = file({ _why: 'x' }, { $schema: 'https://…', 'x-team': 'a', quantumCores: 4 });
      const result = await withFile(sim, text);
      expectGreen(result, 'succeeded');
      expect(result.log).toContain(
        'left out, as comments: $schema, x-team, containerDefinitions[worker]._why',
      );
      expect(registered(sim)).toMatchObject({ quantumCores: 4 });
      expect(registered(sim)).not.toHaveProperty('$schema');
    }));
});

describe('the path of a file', () => {
  test.each<[string, string, string]>([
    ['in another case', 'TD.json', 'Did you mean td.json?'],
    ['with another ending', 'td.yaml', 'Did you mean td.json?'],
    ['of a folder', './', '. is a folder, not a file.'],
    ['in quotes', '"td.json"', 'stands in quotes. Leave them out.'],
    ['that is the definition itself', file(), 'it holds a definition itself'],
    [
      'that is the definition in YAML',
      'family: worker\ncontainerDefinitions: []',
      'it holds a definition itself',
    ],
  ])('%s', (_what, path, words) =>
    inAWorld({}, async (sim) => {
      const result = await withFile(sim, file(), { 'task-definition': path });
      expectRed(result, 'failed', 'invalid-input');
      expect(result.outputs['message']).toContain(words);
      expect(sim.calls).toEqual([]);
    }),
  );
});

test('an expression that GitHub does not evaluate is a warning with its place', () =>
  inAWorld({}, async (sim) => {
    const text = file({ environment: [{ name: 'A', value: '${{ secrets.A }}' }] });
    const result = await withFile(sim, text, { mode: 'plan' });
    expectGreen(result, 'planned');
    expect(result.warnings.join()).toContain(
      'an expression of GitHub Actions in containerDefinitions[worker].environment[A].value',
    );
  }));

describe('an image of a file that is no reference', () => {
  const without = { 'ecr-repository': '', 'image-tag': '' };
  test.each([
    'https://123456789012.dkr.ecr.us-east-1.amazonaws.com/backend:v2',
    '123456789012.dkr.ecr.us-east-1.amazonaws.com/Backend:v2',
    '123456789012.dkr.ecr.us-east-1.amazonaws.com/backend@sha256:abc',
  ])('%s keeps what runs, with a warning that names the container and the inputs', (image) =>
    inAWorld({}, async (sim) => {
      const result = await withFile(sim, file({ image }), without);
      expectGreen(result, 'succeeded');
      expect(result.warnings.join()).toContain('Container "worker" keeps backend@sha256:');
      expect(result.warnings.join()).toContain(`${JSON.stringify(image)}, is no reference`);
      expect(result.warnings.join()).toContain('images: worker=<reference>');
    }),
  );

  test.each(['<IMAGE1_NAME>', 'PLACEHOLDER', '${IMAGE}:${TAG}', ''])(
    '%j is a placeholder: no warning',
    (image) =>
      inAWorld({}, async (sim) => {
        const result = await withFile(sim, file({ image }), { ...without, mode: 'plan' });
        expectGreen(result, 'planned');
        expect(result.warnings.join()).not.toContain('is no reference');
      }),
  );

  test('with a line break after it ships', () =>
    inAWorld({}, async (sim) => {
      const image = `${sim.world.registry.host}/backend:v2`;
      expectGreen(await withFile(sim, file({ image: `${image}\n` }), without), 'succeeded');
      const digest = `${sim.world.registry.host}/backend@sha256:`;
      expect(registered(sim).containerDefinitions[0]).toMatchObject({
        image: expect.stringContaining(digest),
      });
    }));
});

/** A service on EC2, without a load balancer. */
const onInstances: Seed = (world) => {
  registerTaskDefinition(world, {
    family: 'instances',
    containerDefinitions: [{ name: 'worker', image: `${world.registry.host}/backend:v1`, memory: 128 }],
  });
  createService(world, world.cluster('demo'), 'instances', {
    taskDefinition: 'instances',
    launchType: 'EC2',
    desiredCount: 1,
  });
};

/** Inputs that action.yml does not have, as the runner hands them over. */
function unknown(inputs: Readonly<Record<string, string>>): { readonly env: Record<string, string> } {
  const entries = Object.entries(inputs).map(
    ([name, value]) => [`INPUT_${name.toUpperCase()}`, value] as const,
  );
  return { env: Object.fromEntries(entries) };
}

describe('inputs', () => {
  test.each<[string, Record<string, string>, string]>([
    ['a slip', { 'healthcheck-url': 'https://x' }, 'Did you mean health-check-url?'],
    ['a former name', { 'image-tags': 'v1' }, 'Give push-tags.'],
    ['a name of another action', { 'role-to-assume': 'x' }, 'aws-actions/configure-aws-credentials'],
  ])('%s is refused: there is no such input', (_what, inputs, words) =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, tag('v2'), unknown(inputs));
      expectRed(result, 'failed', 'invalid-input');
      expect(result.log).toContain(words);
      expect(sim.calls).toEqual([]);
    }),
  );

  test.each<[string, Record<string, string>, string]>([
    ['a repository without an image', { 'ecr-repository': 'backend', 'image-tag': '' }, 'Give image-tag'],
    [
      'a service of another region',
      { service: 'arn:aws:ecs:eu-west-1:123456789012:service/demo/worker' },
      'is in eu-west-1, but this run is in us-east-1',
    ],
    [
      'a cluster of another region',
      { cluster: 'arn:aws:ecs:eu-west-1:123456789012:cluster/demo' },
      'is in eu-west-1, but this run is in us-east-1',
    ],
    [
      'a service of another partition',
      { service: 'arn:aws-cn:ecs:us-east-1:123456789012:service/demo/worker' },
      'is in the partition aws-cn, and us-east-1 is in aws',
    ],
    [
      'a registry in place of a repository',
      { 'ecr-repository': '123456789012.dkr.ecr.us-east-1.amazonaws.com', 'image-tag': 'v2' },
      'is a registry',
    ],
    [
      'a revision of another region',
      { 'task-definition': 'arn:aws:ecs:eu-west-1:123456789012:task-definition/worker:1' },
      'is in eu-west-1, but this run is in us-east-1',
    ],
  ])('%s is refused before anything is called', (_what, inputs, words) =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, {
        ...(inputs['ecr-repository'] === undefined ? tag('v2') : {}),
        ...inputs,
      });
      expectRed(result, 'failed', 'invalid-input');
      expect(result.log).toContain(words);
      expect(result.log).toContain('Nothing was called yet');
      expect(sim.calls).toEqual([]);
    }),
  );

  test.each<[string, Record<string, string>]>([
    ['a service', { service: 'arn:aws:ecs:us-east-1:999999999999:service/demo/worker' }],
    ['a cluster', { cluster: 'arn:aws:ecs:us-east-1:999999999999:cluster/demo' }],
    ['a revision', { 'task-definition': 'arn:aws:ecs:us-east-1:999999999999:task-definition/backend:1' }],
  ])('%s of another account is refused', (_what, inputs) =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('v2'), ...inputs });
      expectRed(result, 'failed', 'invalid-input');
      expect(result.outputs['message']).toContain('999999999999');
      expect(result.outputs['message']).toContain('123456789012');
      expect(result.log).not.toContain('Nothing was called yet');
      expect(mutations(sim)).toEqual([]);
    }),
  );

  test('a service that is given twice is one', () =>
    inAWorld({}, async (sim) => {
      const twice = 'backend, backend\narn:aws:ecs:us-east-1:123456789012:service/demo/backend';
      expectGreen(await step(sim, { ...tag('v2'), service: twice }), 'succeeded');
      expect(mutations(sim)).toEqual(['RegisterTaskDefinition', 'UpdateService']);
    }));

  test('a value of several lines', () =>
    inAWorld({}, async (sim) => {
      const variables = 'A=1\nKEY_ID<<END\nline one\n\n# line three = x\nEND\nB=2';
      expectGreen(await step(sim, { ...tag('v2'), 'environment-variables': variables }), 'succeeded');
      expect(registered(sim).containerDefinitions[0]).toMatchObject({
        environment: expect.arrayContaining([
          { name: 'A', value: '1' },
          { name: 'KEY_ID', value: 'line one\n\n# line three = x' },
          { name: 'B', value: '2' },
        ]),
      });
    }));

  test('what is hardly meant is a warning', () =>
    inAWorld({}, async (sim) => {
      const result = await step(
        sim,
        {
          ...tag('v2'),
          mode: 'plan',
          command: 'NODE_ENV=production node app.js',
          'environment-variables': 'DB_PASSWORD=hunter2',
        },
        unknown({ 'some-thing-else': 'x' }),
      );
      expectGreen(result, 'planned');
      expect(result.log).toContain('command: it begins with the assignment NODE_ENV=…');
      expect(result.log).toContain('environment-variables: DB_PASSWORD sounds like a credential');
      expect(result.log).toContain('"some-thing-else" is not an input of this action');
      expect(result.log).not.toContain('hunter2');
    }));

  test('a secret by its plain name gets its ARN told', () =>
    inAWorld({}, async (sim) => {
      const arn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:stripe-AbCdEf';
      sim.world.secrets.add(arn);
      const result = await step(sim, { ...tag('v2'), mode: 'plan', secrets: 'STRIPE=stripe' });
      expectRed(result, 'failed', 'preflight-failed');
      expect(result.outputs['message']).toContain(`which needs its ARN here: write ${arn}`);
      const by = await step(sim, { ...tag('v2'), secrets: `STRIPE=${arn.slice(0, -7)}:key::` });
      expectGreen(by, 'succeeded');
    }));
});

describe('the value of a secret in place of its name', () => {
  test.each<[string, string]>([
    ['a word', 'hunter2'],
    ['a key', 'sk_live_51H8abcdefghij'],
    ['a token', 'eyJhbGciOiJIUzI1NiJ9.e30.abc-def'],
  ])('%s is refused, and shown nowhere', (_what, secret) =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('v2'), secrets: `DB=${secret}` });
      expectRed(result, 'failed', 'preflight-failed');
      expect(result.outputs['message']).toContain(
        'what DB of backend names is neither a parameter nor a secret',
      );
      for (const text of [
        result.log,
        result.summary,
        JSON.stringify(result.report),
        JSON.stringify(result.outputs),
      ]) {
        expect(text).not.toContain(secret);
      }
    }),
  );

  test('a name that is nearly that of a parameter is shown with that', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('v2'), secrets: 'KEY=/backend/api-kye', mode: 'plan' });
      expectRed(result, 'failed', 'preflight-failed');
      expect(result.outputs['message']).toContain(
        '/backend/api-kye (KEY of backend) does not exist, but /backend/api-key does',
      );
    }));
});

describe('a plan sees what a deployment would meet', () => {
  const build = { 'ecr-repository': 'backend', mode: 'plan' };
  test.each<[string, Record<string, string>, string]>([
    ['a context that is not there', { context: 'app' }, 'the folder "app" does not exist'],
    ['a context without a Dockerfile', { context: 'empty' }, 'there is no Dockerfile in "empty"'],
    [
      'a Dockerfile that is a folder',
      { context: '.', file: 'empty' },
      '"empty" is a folder, not a Dockerfile',
    ],
    [
      'a further context that is not there',
      { context: '.', 'build-contexts': 'lib=./lib' },
      'build-contexts: the folder "./lib" does not exist',
    ],
    ['a stage that is not there', { context: '.', target: 'prod' }, 'the Dockerfile has no stage "prod"'],
    [
      'a secret file that is not there',
      { context: '.', 'build-secret-files': 'npm=.npmrc' },
      'the file of secret "npm" cannot be read',
    ],
    [
      'a secret variable that is not set',
      { context: '.', 'build-secret-envs': 'npm=NPM_TOKEN' },
      'the variable NPM_TOKEN of secret "npm" is not set',
    ],
  ])('%s', (_what, inputs, words) =>
    inAWorld({}, async (sim) => {
      const files = { Dockerfile: 'FROM scratch', 'empty/.keep': '' };
      const result = await step(sim, { ...build, ...inputs }, { files });
      expectRed(result, 'failed', 'invalid-input');
      expect(result.outputs['message']).toContain(words);
    }),
  );

  test('an image that is not there', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { image: `${sim.world.registry.host}/backend:none`, mode: 'plan' });
      expect(result.exitCode).toBe(1);
      expect(result.outputs['message']).toMatch(/backend:none|none/);
    }));
});

test('a family whose revisions are all deregistered says so', () =>
  inAWorld({}, async (sim) => {
    const worker = sim.world.taskDefinitions.find('worker:1')!;
    sim.world.taskDefinitions.deregister(worker);
    const result = await step(sim, { service: 'worker', ...tag('v2') });
    expectRed(result, 'failed', 'invalid-input');
    expect(result.outputs['message']).toContain('Every revision of task definition "worker" is deregistered');
    expect(result.log).toContain('task-definition: running');
    expectGreen(
      await step(sim, { service: 'worker', 'task-definition': 'running', ...tag('v2') }),
      'succeeded',
    );
  }));

describe('a file that was deployed is unchanged when it is deployed again', () => {
  test.each<[string, object, object]>([
    ['nothing but what it must have', {}, {}],
    ['sizes in words', {}, { cpu: '1 vCPU', memory: '2GB' }],
    ['a port', { portMappings: [{ containerPort: 80 }] }, {}],
    ['a health check', { healthCheck: { command: ['CMD', 'true'] } }, {}],
    [
      'variables in an order',
      {
        environment: [
          { name: 'B', value: '2' },
          { name: 'A', value: '1' },
          { name: 'C', value: '' },
        ],
      },
      {},
    ],
    [
      'volumes',
      { mountPoints: [{ sourceVolume: 'scratch', containerPath: '/scratch' }] },
      {
        volumes: [
          { name: 'scratch' },
          { name: 'shared', efsVolumeConfiguration: { fileSystemId: 'fs-12345678' } },
        ],
      },
    ],
    ['a restart policy', { restartPolicy: { enabled: true } }, {}],
    ['a platform that is named in part', {}, { runtimePlatform: { operatingSystemFamily: 'LINUX' } }],
    [
      'nulls and empty values',
      { command: null, user: '', dockerLabels: {}, logConfiguration: null },
      { pidMode: '', tags: [], volumes: null },
    ],
  ])('%s', (_what, container, task) =>
    inAWorld({}, async (sim) => {
      expectGreen(await withFile(sim, file(container, task)), 'succeeded');
      const before = mutations(sim).length;
      expectGreen(await withFile(sim, file(container, task)), 'unchanged');
      expect(mutations(sim)).toHaveLength(before);
    }),
  );

  test.each<[string, string, object]>([
    ['a volume of Docker', 'bridge', { scope: 'task', driver: 'local' }],
    ['a volume of Docker, all of it left to ECS', 'bridge', {}],
    ['ports of the host', 'host', { scope: 'shared', autoprovision: true }],
  ])('on instances: %s', (_what, networkMode, dockerVolumeConfiguration) =>
    inAWorld({ more: onInstances }, async (sim) => {
      const text = file(
        { memory: 128, portMappings: [{ containerPort: 8000 }] },
        {
          family: 'instances',
          networkMode,
          requiresCompatibilities: ['EC2'],
          volumes: [{ name: 'v', dockerVolumeConfiguration }],
        },
      );
      expectGreen(await withFile(sim, text, { service: 'instances' }), 'succeeded');
      expectGreen(await withFile(sim, text, { service: 'instances' }), 'unchanged');
    }),
  );
});
