import { describe, expect, test } from '@jest/globals';
import type { Simulator } from '../../simulator/simulator.ts';
import { accepted, expectGreen, expectRed, inAWorld, production, service, step, tag } from './world.ts';

type Container = Record<string, unknown> & { name: string; image: string };
type Registered = Record<string, unknown> & { containerDefinitions: Container[] };

function registered(sim: Simulator): Registered {
  return accepted(sim, 'RegisterTaskDefinition').at(-1)?.body as Registered;
}

function container(sim: Simulator, name: string): Container | undefined {
  return registered(sim).containerDefinitions.find((each) => each.name === name);
}

describe('what is rendered', () => {
  test('every definition input goes into the container and the task', () =>
    inAWorld({}, async (sim) => {
      const secret = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:backend/database-AbCdEf';
      const result = await step(sim, {
        ...tag('v2'),
        'environment-variables': 'LOG_LEVEL=debug\nURL=https://x/?a=b\nEMPTY=',
        secrets: `DATABASE_URL=${secret}`,
        'env-files': 'arn:aws:s3:::config/backend.env',
        'docker-labels': 'traefik.rule=Host=a=b',
        'log-configuration-options': 'mode=non-blocking',
        command: 'uvicorn "app.main:app" --port 8000',
        'task-role-arn': 'arn:aws:iam::123456789012:role/backend-other',
        cpu: '512',
        memory: '1024',
      });
      expectGreen(result, 'succeeded');
      expect(container(sim, 'backend')).toMatchObject({
        environment: [
          { name: 'LOG_LEVEL', value: 'debug' },
          { name: 'URL', value: 'https://x/?a=b' },
          { name: 'EMPTY', value: '' },
        ],
        secrets: [{ name: 'DATABASE_URL', valueFrom: secret }],
        environmentFiles: [{ value: 'arn:aws:s3:::config/backend.env', type: 's3' }],
        dockerLabels: { 'traefik.rule': 'Host=a=b' },
        logConfiguration: { options: expect.objectContaining({ mode: 'non-blocking' }) },
        command: ['uvicorn', 'app.main:app', '--port', '8000'],
      });
      expect(registered(sim)).toMatchObject({
        cpu: '512',
        memory: '1024',
        taskRoleArn: 'arn:aws:iam::123456789012:role/backend-other',
      });
    }));

  test('values of the environment are in no output, names are', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('v2'), 'environment-variables': 'API_KEY=canary-4711' });
      const everything = JSON.stringify([result.log, result.summary, result.outputs, result.report]);
      expect(everything).not.toContain('canary-4711');
      expect(everything).toContain('environment[API_KEY]');
    }));

  test('a changed variable ships and keeps the deployed image', () =>
    inAWorld({}, async (sim) => {
      await step(sim, tag('v2'));
      const image = container(sim, 'backend')?.image;
      const result = await step(sim, { 'environment-variables': 'LOG_LEVEL=debug' });
      expectGreen(result, 'succeeded');
      expect(container(sim, 'backend')?.image).toBe(image);
    }));

  test('environment-mode: replace leaves exactly what is given; a name alone with a minus goes', () =>
    inAWorld({}, async (sim) => {
      await step(sim, { ...tag('v2'), 'environment-variables': 'A=1\nB=2' });
      await step(sim, { 'environment-variables': 'A-' });
      const left = container(sim, 'backend')?.['environment'];
      expect(left).toHaveLength(2);
      expect(left).toEqual(
        expect.arrayContaining([
          { name: 'LOG_LEVEL', value: 'info' },
          { name: 'B', value: '2' },
        ]),
      );
      await step(sim, { 'environment-variables': 'C=3', 'environment-mode': 'replace' });
      expect(container(sim, 'backend')?.['environment']).toEqual([{ name: 'C', value: '3' }]);
    }));

  test('what Terraform registered since ships with the next deployment', () =>
    inAWorld({}, async (sim) => {
      const { body } = sim.world.taskDefinitions.find('backend') ?? { body: {} };
      sim.operator.registerTaskDefinition({ ...body, cpu: '2048', memory: '4096' });
      const result = await step(sim, tag('v2'));
      expectGreen(result, 'succeeded');
      expect(production(sim)).toBe('backend:3 COMPLETED');
      expect(registered(sim)).toMatchObject({ cpu: '2048', memory: '4096' });
      expect(result.log).toContain('differs from what runs in what this run did not ask for: cpu, memory');
    }));

  test('running starts from what runs, whatever was registered since', () =>
    inAWorld({}, async (sim) => {
      const { body } = sim.world.taskDefinitions.find('backend') ?? { body: {} };
      sim.operator.registerTaskDefinition({ ...body, cpu: '2048', memory: '4096' });
      await step(sim, { ...tag('v2'), 'task-definition': 'running' });
      expect(registered(sim)).toMatchObject({ cpu: '1024', memory: '2048' });
    }));

  test('a field that the published model does not know survives, values and all', () =>
    inAWorld({ fieldsOfTheFuture: ['quantumCores'] }, async (sim) => {
      const { body } = sim.world.taskDefinitions.find('backend') ?? { body: {} };
      sim.operator.registerTaskDefinition({ ...body, quantumCores: { count: 4 } });
      expectGreen(await step(sim, tag('v2')), 'succeeded');
      expect(registered(sim)['quantumCores']).toEqual({ count: 4 });
    }));
});

describe('two containers', () => {
  const web = { service: 'web', 'ecr-repository': 'web', 'image-tag': 'v2' };

  test('the image goes where the repository is; the sidecar ships as the base writes it', () =>
    inAWorld({}, async (sim) => {
      expectGreen(await step(sim, web), 'succeeded');
      expect(container(sim, 'web')?.image).toMatch(/\/web@sha256:/);
      expect(container(sim, 'log-router')?.image).toMatch(/aws-for-fluent-bit:stable$/);
    }));

  test('each container gets its own image by name', () =>
    inAWorld({}, async (sim) => {
      const host = '123456789012.dkr.ecr.us-east-1.amazonaws.com';
      const result = await step(sim, {
        service: 'web',
        images: `web=${host}/web:v2\nlog-router=public.ecr.aws/other/router:2`,
      });
      expectGreen(result, 'succeeded');
      expect(container(sim, 'web')?.image).toMatch(/\/web@sha256:/);
      expect(container(sim, 'log-router')?.image).toBe('public.ecr.aws/other/router:2');
    }));

  test('an unknown container is refused, with the names that there are', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...web, 'container-name': 'app' });
      expectRed(result, 'failed', 'invalid-input');
      expect(result.outputs['message']).toContain('"web", "log-router"');
    }));
});

describe('names and the rest of the inputs', () => {
  test('region, cluster and service may be given in full', () =>
    inAWorld({}, async (sim) => {
      const arn = 'arn:aws:ecs:us-east-1:123456789012';
      const result = await step(
        sim,
        {
          ...tag('v2'),
          'aws-region': 'us-east-1',
          cluster: `${arn}:cluster/demo`,
          service: `${arn}:service/demo/backend`,
        },
        { env: { AWS_REGION: '', AWS_DEFAULT_REGION: '' } },
      );
      expectGreen(result, 'succeeded');
      expect(production(sim)).toBe('backend:2 COMPLETED');
    }));

  test('container-name says which containers get the image and the fields', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, {
        service: 'web',
        'ecr-repository': 'web',
        'image-tag': 'v2',
        'container-name': 'web, log-router',
        'environment-variables': 'BOTH=1',
      });
      expectGreen(result, 'succeeded');
      for (const name of ['web', 'log-router']) {
        expect(container(sim, name)?.image).toMatch(/\/web@sha256:/);
        expect(container(sim, name)?.['environment']).toContainEqual({ name: 'BOTH', value: '1' });
      }
    }));

  test('another log driver takes its own options along; another execution role is set', () =>
    inAWorld({}, async (sim) => {
      const role = 'arn:aws:iam::123456789012:role/ecs-execution';
      const result = await step(sim, {
        ...tag('v2'),
        'log-configuration-log-driver': 'splunk',
        'log-configuration-options': 'splunk-url=https://splunk.example\nsplunk-token=canary-0815',
        'execution-role-arn': role,
      });
      expectGreen(result, 'succeeded');
      expect(container(sim, 'backend')?.['logConfiguration']).toEqual({
        logDriver: 'splunk',
        options: { 'splunk-url': 'https://splunk.example', 'splunk-token': 'canary-0815' },
      });
      expect(registered(sim)['executionRoleArn']).toBe(role);
      expect(JSON.stringify([result.log, result.summary, result.report])).not.toContain('canary-0815');
    }));

  test('values of listed names are shown in the diff', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, {
        ...tag('v2'),
        'environment-variables': 'LOG_LEVEL=debug\nAPI_KEY=canary-4712',
        'show-environment-values': 'LOG_LEVEL',
      });
      expect(result.log).toContain('environment[LOG_LEVEL]: info -> debug');
      expect(result.log).not.toContain('canary-4712');
    }));

  test('failed-task-limit: 1 stops at the first crash', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('crash-1'), 'failed-task-limit': '1' });
      expectRed(result, 'rolled-back', 'app-crashed');
    }));
});

describe('a definition in a file', () => {
  const yaml = [
    'family: backend',
    'networkMode: awsvpc',
    'requiresCompatibilities: [FARGATE]',
    'cpu: "512"',
    'memory: 1 GB',
    'executionRoleArn: arn:aws:iam::123456789012:role/ecs-execution',
    'containerDefinitions:',
    '  - name: backend',
    '    image: placeholder',
    '    portMappings: [{ containerPort: 8000 }]',
  ].join('\n');

  test('may be YAML', () =>
    inAWorld({}, async (sim) => {
      const files = { 'task.yaml': yaml };
      const result = await step(sim, { ...tag('v2'), 'task-definition': 'task.yaml' }, { files });
      expectGreen(result, 'succeeded');
      expect(service(sim).desiredCount).toBe(2);
      const again = await step(sim, { ...tag('v2'), 'task-definition': 'task.yaml' }, { files });
      expectGreen(again, 'unchanged');
    }));

  test('a misspelt field is an error that names the field that was meant', () =>
    inAWorld({}, async (sim) => {
      const files = { 'task.yaml': yaml.replace('networkMode', 'networkmode') };
      const result = await step(sim, { ...tag('v2'), 'task-definition': 'task.yaml' }, { files });
      expectRed(result, 'failed', 'invalid-input');
      expect(result.outputs['message']).toContain('networkmode is not a field: did you mean networkMode?');
    }));

  test('is never executed, and says so when it is no definition', () =>
    inAWorld({}, async (sim) => {
      const files = { 'task.js': 'process.exit(0)' };
      const result = await step(sim, { ...tag('v2'), 'task-definition': 'task.js' }, { files });
      expectRed(result, 'failed', 'invalid-input');
    }));

  test('that does not exist is named', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('v2'), 'task-definition': 'infra/task.json' });
      expectRed(result, 'failed', 'invalid-input');
      expect(result.outputs['message']).toContain('infra/task.json');
    }));
});
