/** What people bring: inputs as they are written, and what they name, through the whole step. */
import { describe, expect, test } from '@jest/globals';
import { file, registered, withFile } from './brought.ts';
import { expectGreen, expectRed, inAWorld, mutations, step, tag } from './world.ts';

/** Inputs that action.yml does not have, as the runner hands them over. */
function unknown(inputs: Readonly<Record<string, string>>): { readonly env: Record<string, string> } {
  const entries = Object.entries(inputs).map(
    ([name, value]) => [`INPUT_${name.toUpperCase()}`, value] as const,
  );
  return { env: Object.fromEntries(entries) };
}

function deploymentOf(region: string, service: string): string {
  return `arn:aws:ecs:${region}:123456789012:service-deployment/demo/${service}/0a1b`;
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
      'a service of another region by an ARN without a cluster',
      { cluster: '', service: 'arn:aws:ecs:eu-west-1:123456789012:service/backend' },
      'is in eu-west-1, but this run is in us-east-1',
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
    [
      'a deployment of another region',
      { mode: 'promote', 'service-deployment-arn': deploymentOf('eu-west-1', 'backend') },
      'is in eu-west-1, but this run is in us-east-1',
    ],
    [
      'a deployment of another service',
      { mode: 'promote', 'service-deployment-arn': deploymentOf('us-east-1', 'worker') },
      'is of the service "worker", and service is "backend"',
    ],
    [
      'an image of a registry of another partition',
      { image: '123456789012.dkr.ecr.us-east-1.amazonaws.com.cn/backend:v2' },
      '.dkr.ecr.us-east-1.amazonaws.com/<name>',
    ],
    [
      'an image of a registry whose account has lost a digit',
      { image: '12345678901.dkr.ecr.us-east-1.amazonaws.com/backend:v2' },
      'has a host that is no registry of ECR. Give <account, 12 digits>.dkr.ecr.<region>.amazonaws.com/<name>',
    ],
    [
      'a repository of a region that is in another partition',
      { 'ecr-repository': '123456789012.dkr.ecr.cn-north-1.amazonaws.com/backend', 'image-tag': 'v2' },
      '.dkr.ecr.cn-north-1.amazonaws.com.cn/<name>',
    ],
  ])('%s is refused before anything is called', (_what, inputs, words) =>
    inAWorld({}, async (sim) => {
      const isWhole = inputs['ecr-repository'] !== undefined || inputs['image'] !== undefined;
      const result = await step(sim, {
        ...(isWhole || inputs['mode'] === 'promote' ? {} : tag('v2')),
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

  test.each(['key', 'key:', ':AWSCURRENT'])(
    'a secret whose ARN is followed by ":%s" is refused with the reference that ECS can read',
    (part) =>
      inAWorld({}, async (sim) => {
        const arn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:backend/database-AbCdEf';
        const inputs = { ...tag('v2'), secrets: `DB=${arn}:${part}` };
        const plan = await step(sim, { ...inputs, mode: 'plan' });
        expectRed(plan, 'failed', 'preflight-failed');
        const whole = `${arn}:${part}::`.split(':').slice(0, 10).join(':');
        expect(plan.outputs['message']).toContain(`(DB of backend) is followed by some of`);
        expect(plan.outputs['message']).toContain(`write ${whole}.`);
        const anyway = await step(sim, { ...inputs, preflight: 'warn' });
        expectRed(anyway, 'rolled-back', 'secret-unavailable');
        expect(anyway.errors[0]).toContain('write ARN:json-key::');
        expectGreen(await step(sim, { ...tag('v2'), secrets: `DB=${whole}` }), 'succeeded');
      }),
  );

  test.each([
    ['task-role-arn', 'arn:aws:iam::999999999999:role/app', 'is in account 999999999999'],
    ['execution-role-arn', 'arn:aws-us-gov:iam::123456789012:role/app', 'is in the partition aws-us-gov'],
  ])('%s of elsewhere is red in the plan, and AWS refuses it', (input, role, words) =>
    inAWorld({}, async (sim) => {
      const plan = await step(sim, { ...tag('v2'), [input]: role, mode: 'plan' });
      expectRed(plan, 'failed', 'preflight-failed');
      expect(plan.outputs['message']).toContain(words);
      expect(plan.outputs['message']).toContain('write');
      const anyway = await step(sim, { ...tag('v2'), [input]: role, preflight: 'off' });
      expectRed(anyway, 'failed', 'access-denied');
      expect(mutations(sim)).toEqual([]);
    }),
  );

  test('options of a log driver that no container has are refused with the input that is lacking', () =>
    inAWorld({}, async (sim) => {
      const options = 'log-configuration-options';
      const plan = { mode: 'plan', 'execution-role-arn': 'ecs-execution' };
      const given = await withFile(sim, file(), { ...plan, [options]: 'awslogs-group=/ecs/worker' });
      expectRed(given, 'failed', 'invalid-input');
      expect(given.outputs['message']).toBe(
        'log-configuration-options: "worker" of the task definition has no log driver for them. Give log-configuration-log-driver, such as awslogs.',
      );
      expectGreen(await withFile(sim, file(), { ...plan, [options]: 'mode-' }), 'planned');
    }));

  test('a URL in place of a file is called so', () =>
    inAWorld({}, async (sim) => {
      for (const url of ['https://example.com/td.json', 's3://bucket/td.json']) {
        const result = await step(sim, { ...tag('v2'), 'task-definition': url });
        expectRed(result, 'failed', 'invalid-input');
        expect(result.outputs['message']).toContain(
          'task-definition: it is a URL, and nothing is downloaded',
        );
      }
      expect(sim.calls).toEqual([]);
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

describe('where no revision is ACTIVE', () => {
  test.each([
    ['the family by its name', 'worker', 'Every revision of task definition "worker" is deregistered'],
    ['a family that never was', 'nobody', 'Task definition "nobody" was not found'],
    ['a revision that never was', 'worker:77', 'Task definition "worker:77" was not found'],
  ])('%s is told as what was given', (_what, given, words) =>
    inAWorld({}, async (sim) => {
      sim.world.taskDefinitions.deregister(sim.world.taskDefinitions.find('worker:1')!);
      const result = await step(sim, { service: 'worker', 'task-definition': given, ...tag('v2') });
      expectRed(result, 'failed', 'invalid-input');
      expect(result.outputs['message']).toContain(words);
    }),
  );
});

describe('an image by a name that ECR has as well', () => {
  test.each<[string, Record<string, string>]>([
    ['as the image', { image: 'backend:v2' }],
    ['for a container', { images: 'backend=backend:v2' }],
  ])('%s: a warning names the inputs that are meant', (_what, inputs) =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...inputs, mode: 'plan' });
      expectGreen(result, 'planned');
      expect(result.warnings.join()).toContain('did you mean ecr-repository: backend with image-tag: v2?');
    }),
  );

  test('a name with a namespace may be one of ECR as well', () =>
    inAWorld({}, async (sim) => {
      sim.world.registry.create('team/backend');
      sim.world.registry.push('team/backend', 'latest');
      const result = await step(sim, { image: 'team/backend', mode: 'plan' });
      expectGreen(result, 'planned');
      expect(result.warnings.join()).toContain(
        "team/backend is Docker Hub's team/backend, and ECR has team/backend:latest in this account: did you mean ecr-repository: team/backend with image-tag: latest?",
      );
    }));

  test.each([
    'nginx:1',
    'team/backend:v2',
    'backend:no-such-tag',
    'public.ecr.aws/docker/library/backend:v2',
  ])('%s is nothing of the kind', (image) =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { image, mode: 'plan' });
      expect(result.warnings.join()).not.toContain('did you mean ecr-repository');
    }),
  );
});

describe('values of several lines', () => {
  test.each<[string, Record<string, string>, object]>([
    [
      'a label',
      { 'docker-labels': 'note<<END\none\ntwo\nEND\nplain=x' },
      { dockerLabels: { note: 'one\ntwo', plain: 'x' } },
    ],
    [
      'an option of the log driver',
      {
        'log-configuration-log-driver': 'awslogs',
        'log-configuration-options': 'awslogs-multiline-pattern<<X\n^a\n=b\nX',
      },
      { logConfiguration: { options: { 'awslogs-multiline-pattern': '^a\n=b' } } },
    ],
    [
      'a key in PEM',
      {
        'environment-variables':
          'CERT<<EOF\n-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\nEOF',
      },
      {
        environment: expect.arrayContaining([
          { name: 'CERT', value: '-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----' },
        ]),
      },
    ],
  ])('%s', (_what, inputs, container) =>
    inAWorld({}, async (sim) => {
      expectGreen(await step(sim, { ...tag('v2'), ...inputs }), 'succeeded');
      expect(registered(sim).containerDefinitions[0]).toMatchObject(container);
    }),
  );

  test('one that is never closed is refused with its line', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('v2'), 'environment-variables': 'A=1\nB<<END\nx' });
      expectRed(result, 'failed', 'invalid-input');
      expect(result.log).toContain('line 2 opens B<<END, and no later line is END');
    }));
});

describe('an image that this run cannot know of', () => {
  test.each<[string, string]>([
    ['a pull-through cache', '123456789012.dkr.ecr.us-east-1.amazonaws.com/docker-hub/library/nginx:1'],
    ['another account', '999999999999.dkr.ecr.us-east-1.amazonaws.com/shared:1'],
  ])('in %s is never refused, and said to be unchecked', (_what, image) =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { image, mode: 'plan' });
      expectGreen(result, 'planned');
      expect(result.warnings.join()).toContain('it is deployed unchecked');
      expect(result.log).not.toContain('FAILED');
    }),
  );
});
