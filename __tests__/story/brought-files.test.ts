/** What people bring: definition files as they are written, through the whole step. */
import { describe, expect, test } from '@jest/globals';
import { file, registered, withFile } from './brought.ts';
import { expectGreen, expectRed, inAWorld, mutations, production, step, tag } from './world.ts';

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

test('a health check that Docker reads as none does not make a healthy release roll back', () =>
  inAWorld({}, async (sim) => {
    const result = await withFile(sim, file({ healthCheck: { command: ['NONE'] } }));
    expectGreen(result, 'succeeded');
    expect(result.outputs['message']).toContain('nothing checks their health');
  }));

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

  test.each<[string, object, string]>([
    [
      'of another network mode',
      { networkMode: 'bridge' },
      'write awsvpc, as the service has a network configuration',
    ],
    ['of instances alone', { requiresCompatibilities: ['EC2'] }, 'as the service runs on Fargate'],
  ])('a definition %s than the service needs', (_what, task, words) =>
    inAWorld({}, async (sim) => {
      const planned = await withFile(sim, file({ memory: 128 }, task), { mode: 'plan' });
      expectRed(planned, 'failed', 'preflight-failed');
      expect(planned.errors[0]).toContain(words);
      expect(mutations(sim)).toEqual([]);
    }),
  );

  test.each<[string, object, string]>([
    ['an image that is null', { name: 'side', image: null }, '"side" has no image'],
    ['an image that is empty', { name: 'side', image: '' }, '"side" has no image'],
    ['no name', { image: 'busybox:1' }, 'containerDefinitions[1].name is missing'],
    ['nothing', {}, 'containerDefinitions[1].name is missing'],
    ['a placeholder', { name: 'side', image: '<SIDE>' }, 'has a placeholder as its image (<SIDE>)'],
  ])('a second container with %s', (_what, side, words) =>
    inAWorld({}, async (sim) => {
      const two = JSON.parse(file()) as { containerDefinitions: object[] };
      two.containerDefinitions.push(side);
      const result = await withFile(sim, JSON.stringify(two), { mode: 'plan', 'container-name': 'worker' });
      expectRed(result, 'failed', 'invalid-input');
      expect(result.outputs['message']).toContain(words);
    }),
  );

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
    [
      'JSON with a comment in a block',
      '/* the task */ {"family": "worker"}',
      'it is JSON with comments (line 1)',
    ],
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
