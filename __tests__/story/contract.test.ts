/** What later steps and people's scripts hold on to: every key of report.json, every output, every step of the log. */
import { beforeAll, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { StepResult } from '../../runner/step.ts';
import { createService } from '../../simulator/engine/services.ts';
import type { Seed } from '../../simulator/scenario/seed.ts';
import { stubDocker } from '../e2e/stub-docker.ts';
import { inAWorld, step, tag } from './world.ts';

const HOST = '123456789012.dkr.ecr.us-east-1.amazonaws.com';

/** Runs that together show everything that is optional. */
async function runs(): Promise<StepResult[]> {
  const results: StepResult[] = [];
  const keep = async (result: Promise<StepResult>): Promise<void> => {
    results.push(await result);
  };
  await inAWorld({ alarms: { errors: 'OK' } }, async (sim) => {
    const url = sim.loadBalancers['web']?.url ?? '';
    await keep(
      step(sim, {
        ...tag('v2'),
        ...EVERYTHING,
        'health-check-url': `${url}/version`,
        'health-check-json': 'version=v2',
        alarms: 'errors',
        'bake-minutes': '1',
        'pre-deploy-command': 'true',
        'pre-deploy-container': 'backend',
      }),
    );
    await keep(step(sim, tag('crash-1')));
    await keep(step(sim, { ...tag('v3'), mode: 'plan' }));
    await keep(step(sim, { mode: 'rollback' }));
  });
  await inAWorld({ more: spot }, async (sim) => {
    await keep(step(sim, { ...tag('v2'), 'wait-for-minutes': 'x' }));
    const build = { 'ecr-repository': 'backend', context: '.' };
    const files = { Dockerfile: 'FROM scratch\n', 'task.json': JSON.stringify(definition) };
    await keep(step(sim, build, { files, env: { PATH: (await stubDocker()).path } }));
    await keep(step(sim, { ...build, ...EVERYTHING_OF_A_BUILD, mode: 'plan' }, { files }));
    await keep(
      step(
        sim,
        { ...build, 'buildkit-image': 'moby/buildkit:v0', 'task-definition': 'backend', mode: 'plan' },
        { files },
      ),
    );
    await keep(
      step(sim, { image: `${HOST}/backend:v3`, service: '', 'task-definition': 'task.json' }, { files }),
    );
    await keep(step(sim, { images: `backend=${HOST}/backend:v2`, mode: 'plan', service: 'spot' }));
    await keep(step(sim, { ...tag('v2'), 'task-definition': 'backend:1', mode: 'plan' }));
    await keep(step(sim, { mode: 'plan', service: 'agent', 'force-new-deployment': 'true' }));
    await keep(step(sim, { ...tag('v2'), service: 'worker' }));
    await keep(
      step(sim, {
        ...tag('v3'),
        'health-check-url': 'http://127.0.0.1:9/',
        'health-check-deadline-seconds': '10',
      }),
    );
    for (const sha of ['a', 'b'].map((letter) => letter.repeat(40))) {
      sim.operator.pushImage('backend', sha);
      await keep(step(sim, tag(sha), { env: { GITHUB_SHA: sha } }));
    }
  });
  await inAWorld({}, async (sim) => {
    const url = sim.loadBalancers['web']?.url ?? '';
    await keep(step(sim, { ...tag('error500-1'), 'health-check-url': `${url}/health` }));
  });
  await inAWorld({}, async (sim) => {
    sim.operator.setRequests('backend', 300);
    sim.operator.reportMetric('Shop', 'FailedOrders', 1);
    const metrics = 'p99-seconds < 2\nfailed-orders: SELECT SUM(FailedOrders) FROM Shop < 5';
    await keep(step(sim, { ...tag('v2'), metrics, 'bake-minutes': '5' }));
  });
  const lifecycleHooks = [{ targetType: 'PAUSE', lifecycleStages: ['POST_TEST_TRAFFIC_SHIFT'] }];
  await inAWorld({ blueGreen: { lifecycleHooks } }, async (sim) => {
    const url = sim.loadBalancers['bluegreen-test']?.url ?? '';
    const started = step(sim, { ...tag('v2'), service: 'bluegreen', promotion: 'manual' });
    await keep(started);
    const arn = (await started).outputs['service-deployment-arn'] ?? '';
    await keep(
      step(sim, {
        service: 'bluegreen',
        mode: 'promote',
        'service-deployment-arn': arn,
        'test-url': `${url}/health`,
      }),
    );
  });
  return results;
}

/** Inputs whose texts become keys of `request`, one of each kind. */
const EVERYTHING = {
  'container-name': 'backend',
  'environment-variables': 'LOG_LEVEL=debug',
  secrets: 'API_KEY=/backend/api-key',
  'docker-labels': 'a=b',
  'log-configuration-options': 'mode=non-blocking',
  'env-files': 'arn:aws:s3:::config/backend.env',
  command: 'serve',
  cpu: '512',
  memory: '1024',
  'desired-count': '3',
  'propagate-tags': 'SERVICE',
  'enable-ecs-managed-tags': 'true',
  'health-check-headers': 'X-A=b',
  'health-check-body': '/./',
  'pr-number': '7',
  'comment-key': 'here',
  'github-environment': 'production',
};

const EVERYTHING_OF_A_BUILD = {
  file: 'Dockerfile',
  target: 'app',
  builder: 'mine',
  'aws-region': 'us-east-1',
  'log-configuration-log-driver': 'awslogs',
  'task-role-arn': 'arn:aws:iam::123456789012:role/backend-task',
  'execution-role-arn': 'arn:aws:iam::123456789012:role/ecs-execution',
  'task-definition': 'running',
};

/** A service on Fargate Spot. */
const spot: Seed = (world) => {
  const { networkConfiguration } = world.cluster('demo').service('worker').settings;
  createService(world, world.cluster('demo'), 'spot', {
    taskDefinition: 'backend',
    capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }],
    desiredCount: 1,
    networkConfiguration,
  });
};

const definition = {
  family: 'backend',
  networkMode: 'awsvpc',
  requiresCompatibilities: ['FARGATE'],
  cpu: '512',
  memory: '1024',
  executionRoleArn: 'arn:aws:iam::123456789012:role/ecs-execution',
  containerDefinitions: [{ name: 'backend', image: 'placeholder', portMappings: [{ containerPort: 8000 }] }],
};

/** The path of every key, `[]` for the entries of a list. */
function keysOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((each) => keysOf(each, `${path}[]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, each]) => {
    const own = path === '' ? name : `${path}.${name}`;
    return [own, ...keysOf(each, own)];
  });
}

let results: StepResult[];
beforeAll(async () => {
  results = await runs();
});

test('the keys of report.json', () => {
  const keys = new Set(results.flatMap(({ report }) => keysOf(report)));
  expect([...keys].sort()).toEqual(KEYS);
});

test('the steps', () => {
  const names = results.flatMap(({ report }) => report.steps.map(({ name }) => name));
  expect([...new Set(names)].sort()).toEqual(STEPS);
});

test('the outputs, of every run and of action.yml', () => {
  for (const { outputs } of results) expect(Object.keys(outputs)).toEqual(OUTPUTS);
  const action = parse(readFileSync('action.yml', 'utf8')) as { outputs: object };
  expect(Object.keys(action.outputs)).toEqual(OUTPUTS);
});

/** In the order of action.yml. */
const OUTPUTS = [
  'result',
  'cause',
  'message',
  'changed',
  'image',
  'image-digest',
  'registry',
  'task-definition-arn',
  'previous-task-definition-arn',
  'service-deployment-arn',
  'deployment-id',
  'codedeploy-deployment-id',
  'stage',
  'stage-expires',
  'url',
  'console-url',
  'duration-seconds',
  'report',
];

/** As the log names them. */
const STEPS = [
  'Check before build',
  'Conclude',
  'Gate',
  'Image',
  'Pre-deploy',
  'Promote',
  'Register',
  'Roll back',
  'Roll out',
  'Survey',
  'Task definition',
  'Verify',
  'Watch',
];

/** Sorted. Those below `request` are what the report says of the inputs. */
const KEYS = [
  'build',
  'build.digest',
  'build.platforms',
  'build.reused',
  'build.seconds',
  'build.sizeBytes',
  'build.steps',
  'build.steps.cached',
  'build.steps.total',
  'build.tags',
  'cause',
  'changed',
  'checks',
  'checks[].check',
  'checks[].denied',
  'checks[].detail',
  'checks[].state',
  'commits',
  'commits.deployed',
  'commits.previous',
  'costs',
  'costs[].after',
  'costs[].after.architecture',
  'costs[].after.asOf',
  'costs[].after.dollars',
  'costs[].after.gigabytes',
  'costs[].after.kind',
  'costs[].after.storageGigabytes',
  'costs[].after.tasks',
  'costs[].after.vcpu',
  'costs[].after.why',
  'costs[].before',
  'costs[].before.architecture',
  'costs[].before.asOf',
  'costs[].before.dollars',
  'costs[].before.gigabytes',
  'costs[].before.kind',
  'costs[].before.storageGigabytes',
  'costs[].before.tasks',
  'costs[].before.vcpu',
  'costs[].before.why',
  'costs[].note',
  'costs[].region',
  'costs[].service',
  'definition',
  'definition.arn',
  'definition.changes',
  'definition.changes[].after',
  'definition.changes[].before',
  'definition.changes[].kind',
  'definition.changes[].path',
  'definition.deregistered',
  'definition.origin',
  'definition.registered',
  'definition.unasked',
  'durationSeconds',
  'evidence',
  'evidence[].kind',
  'evidence[].text',
  'hint',
  'image',
  'image.digest',
  'image.reference',
  'image.registry',
  'image.tag',
  'image.toBeBuilt',
  'message',
  'mode',
  'notes',
  'observations',
  'observations[].at',
  'observations[].text',
  'request',
  'request.build',
  'request.build.buildArgs',
  'request.build.buildContexts',
  'request.build.builder',
  'request.build.buildkitImage',
  'request.build.buildxArgs',
  'request.build.cache',
  'request.build.cacheFrom',
  'request.build.cacheTo',
  'request.build.file',
  'request.build.labels',
  'request.build.noCache',
  'request.build.platforms',
  'request.build.provenance',
  'request.build.pull',
  'request.build.reuseImage',
  'request.build.sbom',
  'request.build.secretEnvs',
  'request.build.secretFiles',
  'request.build.secrets',
  'request.build.tags',
  'request.build.target',
  'request.cluster',
  'request.definition',
  'request.definition.base',
  'request.definition.base.family',
  'request.definition.base.kind',
  'request.definition.base.path',
  'request.definition.base.reference',
  'request.definition.command',
  'request.definition.containers',
  'request.definition.cpu',
  'request.definition.dockerLabels',
  'request.definition.dockerLabels.remove',
  'request.definition.dockerLabels.set',
  'request.definition.envFiles',
  'request.definition.environment',
  'request.definition.environment.remove',
  'request.definition.environment.set',
  'request.definition.environmentMode',
  'request.definition.executionRoleArn',
  'request.definition.logDriver',
  'request.definition.logOptions',
  'request.definition.logOptions.remove',
  'request.definition.logOptions.set',
  'request.definition.memory',
  'request.definition.secrets',
  'request.definition.secrets.remove',
  'request.definition.secrets.set',
  'request.definition.showEnvironmentValues',
  'request.definition.taskRoleArn',
  'request.ecrRepository',
  'request.gate',
  'request.gate.alarms',
  'request.gate.bakeMinutes',
  'request.gate.deadlineSeconds',
  'request.gate.http',
  'request.gate.http.body',
  'request.gate.http.body.flags',
  'request.gate.http.body.kind',
  'request.gate.http.body.source',
  'request.gate.http.failures',
  'request.gate.http.headers',
  'request.gate.http.intervalSeconds',
  'request.gate.http.json',
  'request.gate.http.json.version',
  'request.gate.http.statuses',
  'request.gate.http.statuses[].from',
  'request.gate.http.statuses[].to',
  'request.gate.http.successes',
  'request.gate.http.timeoutSeconds',
  'request.gate.http.url',
  'request.gate.metrics',
  'request.gate.metrics[].bound',
  'request.gate.metrics[].expression',
  'request.gate.metrics[].isRelative',
  'request.gate.metrics[].name',
  'request.gate.metrics[].operator',
  'request.gate.metrics[].text',
  'request.gate.promotion',
  'request.gate.testUrl',
  'request.gate.testUrl.failures',
  'request.gate.testUrl.headers',
  'request.gate.testUrl.intervalSeconds',
  'request.gate.testUrl.json',
  'request.gate.testUrl.statuses',
  'request.gate.testUrl.statuses[].from',
  'request.gate.testUrl.statuses[].to',
  'request.gate.testUrl.successes',
  'request.gate.testUrl.timeoutSeconds',
  'request.gate.testUrl.url',
  'request.image',
  'request.image.context',
  'request.image.kind',
  'request.image.reference',
  'request.image.references',
  'request.image.references.backend',
  'request.image.repository',
  'request.image.tag',
  'request.mode',
  'request.preDeploy',
  'request.preDeploy.command',
  'request.preDeploy.container',
  'request.preDeploy.timeoutMinutes',
  'request.region',
  'request.registries',
  'request.report',
  'request.report.commentKey',
  'request.report.failureLogLines',
  'request.report.githubEnvironment',
  'request.report.githubToken',
  'request.report.prComment',
  'request.report.prNumber',
  'request.report.summary',
  'request.rollout',
  'request.rollout.desiredCount',
  'request.rollout.enableEcsManagedTags',
  'request.rollout.failFast',
  'request.rollout.failedTaskLimit',
  'request.rollout.forceNewDeployment',
  'request.rollout.isPollSet',
  'request.rollout.isWaitSet',
  'request.rollout.onCancel',
  'request.rollout.onFailure',
  'request.rollout.pollSeconds',
  'request.rollout.preflight',
  'request.rollout.propagateTags',
  'request.rollout.wait',
  'request.rollout.waitMinutes',
  'request.serviceDeploymentArn',
  'request.services',
  'result',
  'rollout',
  'rollout[].at',
  'rollout[].back',
  'rollout[].desired',
  'rollout[].draining',
  'rollout[].failed',
  'rollout[].healthy',
  'rollout[].old',
  'rollout[].running',
  'rollout[].service',
  'rollout[].stage',
  'rollout[].weight',
  'run',
  'run.actor',
  'run.commit',
  'run.event',
  'run.id',
  'run.ref',
  'run.repository',
  'run.runId',
  'run.runUrl',
  'run.serverUrl',
  'run.sha',
  'schema',
  'services',
  'services[].arn',
  'services[].cause',
  'services[].cluster',
  'services[].deploymentId',
  'services[].desiredCount',
  'services[].evidence',
  'services[].evidence[].kind',
  'services[].evidence[].text',
  'services[].gates',
  'services[].gatesAfterRollback',
  'services[].gatesAfterRollback[].detail',
  'services[].gatesAfterRollback[].gate',
  'services[].gatesAfterRollback[].state',
  'services[].gates[].detail',
  'services[].gates[].gate',
  'services[].gates[].state',
  'services[].gates[].unchecked',
  'services[].gates[].values',
  'services[].gates[].values[].condition',
  'services[].gates[].values[].limit',
  'services[].gates[].values[].metric',
  'services[].gates[].values[].requests',
  'services[].gates[].values[].state',
  'services[].gates[].values[].value',
  'services[].hint',
  'services[].logGroups',
  'services[].logGroups[].name',
  'services[].logGroups[].region',
  'services[].message',
  'services[].name',
  'services[].partition',
  'services[].previousTaskDefinitionArn',
  'services[].production',
  'services[].region',
  'services[].result',
  'services[].rolledBackTo',
  'services[].rolledBackTo.copyOf',
  'services[].rolledBackTo.taskDefinitionArn',
  'services[].running',
  'services[].running[].commit',
  'services[].running[].desired',
  'services[].running[].draining',
  'services[].running[].healthy',
  'services[].running[].isPrimary',
  'services[].running[].running',
  'services[].running[].since',
  'services[].running[].tag',
  'services[].running[].taskDefinitionArn',
  'services[].running[].unchecked',
  'services[].serviceDeploymentArn',
  'services[].serving',
  'services[].stage',
  'services[].stageExpires',
  'services[].strategy',
  'services[].taskDefinitionArn',
  'startedAt',
  'steps',
  'steps[].from',
  'steps[].mark',
  'steps[].name',
  'steps[].ok',
  'steps[].seconds',
  'target',
  'target.cluster',
  'target.services',
  'url',
  'warnings',
];
