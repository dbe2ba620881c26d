/** One run for each row of the outcome table, in its order. */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StepOptions } from '../runner/step.ts';
import { createService } from '../simulator/engine/services.ts';
import { primaryOf } from '../simulator/engine/service-deployments.ts';
import type { SeedOptions } from '../simulator/scenario/seed.ts';
import { hasDeploymentUnderway, type Simulator } from '../simulator/simulator.ts';
import type { JsonObject } from '../simulator/state/json.ts';

export interface Scene {
  readonly title: string;
  /** `result cause exit`, as the outcome table has it; a run that ends otherwise is an error. */
  readonly ends: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly world?: SeedOptions;
  /** Simulated seconds a real one. */
  readonly speed?: number;
  /**
   * The run is that of the sources, in this process, and the world's time is its own: for what takes its times from AWS,
   * as metrics do, which the bundle would ask for in the minutes of a real clock.
   */
  readonly onWorldTime?: boolean;
  /** Runs of the same world that come before. */
  readonly earlier?: readonly Readonly<Record<string, string>>[];
  /** Makes the world what the row asks for; may add to the inputs. */
  readonly prepare?: (sim: Simulator) => Readonly<Record<string, string>>;
  readonly options?: (folder: string) => Promise<StepOptions>;
  /** What is shown is what the post step wrote. */
  readonly isPost?: boolean;
}

export const COMMIT = '0123456789abcdef0123456789abcdef01234567';
export const EARLIER_COMMIT = 'fedcba9876543210fedcba9876543210fedcba98';

const tag = (name: string): Record<string, string> => ({ 'ecr-repository': 'backend', 'image-tag': name });
const PATIENT = { 'fail-fast': 'false' };
const BUILD = { 'ecr-repository': 'backend', context: '.', 'reuse-image': 'false' };

function url(sim: Simulator, path = '/health', name = 'web'): string {
  return `${sim.loadBalancers[name]?.url ?? ''}${path}`;
}

function service(
  sim: Simulator,
  name = 'backend',
): ReturnType<ReturnType<Simulator['world']['cluster']>['service']> {
  return sim.world.cluster('demo').service(name);
}

/** Does something once the deployment of a service is under way, and adds no input. */
function once(act: (sim: Simulator) => void): (sim: Simulator) => Record<string, never> {
  return (sim) => {
    sim.when(
      () => hasDeploymentUnderway(service(sim)),
      () => {
        act(sim);
      },
    );
    return {};
  };
}

/** Sends a signal as soon as the log shows a text. */
function signalAt(text: string, signal: NodeJS.Signals): NonNullable<Scene['options']> {
  let isSent = false;
  return () =>
    Promise.resolve({
      onOutput: (log, kill) => {
        if (isSent || !log.includes(text)) return;
        isSent = true;
        kill(signal);
      },
    });
}

/** A `docker` whose builds fail with these words; the real ones are tested elsewhere. */
function dockerThatSays(...lines: readonly string[]): NonNullable<Scene['options']> {
  return async (folder) => {
    const path = join(folder, 'docker');
    const said = lines.map((line) => `echo '${line}' >&2`).join('\n');
    await writeFile(
      path,
      `#!/bin/sh\ncase "$*" in\n*login*) cat >/dev/null;;\n*"buildx build"*)\n${said}\nexit 1;;\nesac\n`,
    );
    await chmod(path, 0o755);
    return {
      files: { Dockerfile: 'FROM scratch\n' },
      env: { PATH: `${folder}:/usr/bin:/bin` },
    };
  };
}

function addNewborn(sim: Simulator): Record<string, never> {
  const worker = sim.world.taskDefinitions.find('worker');
  const image = `${sim.world.registry.host}/backend:crash-1`;
  sim.operator.registerTaskDefinition({
    ...worker?.body,
    family: 'newborn',
    containerDefinitions: [{ ...worker?.containers[0], name: 'newborn', image }],
  });
  createService(sim.world, sim.world.cluster('demo'), 'newborn', {
    taskDefinition: 'newborn',
    launchType: 'FARGATE',
    desiredCount: 1,
    networkConfiguration: service(sim, 'worker').settings.networkConfiguration,
  });
  return {};
}

const SHARED = JSON.stringify({
  family: 'shared',
  networkMode: 'awsvpc',
  requiresCompatibilities: ['FARGATE'],
  cpu: '512',
  memory: '1024',
  executionRoleArn: 'arn:aws:iam::123456789012:role/ecs-execution',
  containerDefinitions: [{ name: 'backend', image: 'placeholder', portMappings: [{ containerPort: 8000 }] }],
});

const TOO_SMALL = JSON.stringify({
  ...(JSON.parse(SHARED) as object),
  family: 'backend',
  cpu: '1024',
  memory: '1024',
});

/** Pauses of a blue/green or canary service, which ECS ends by itself after an hour. */
function pausesAt(...lifecycleStages: string[]): { lifecycleHooks: JsonObject[] } {
  const timeoutConfiguration = { timeoutInMinutes: 60, action: 'ROLLBACK' };
  return { lifecycleHooks: [{ targetType: 'PAUSE', lifecycleStages, timeoutConfiguration }] };
}

const AFTER_TEST = { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 1, ...pausesAt('POST_TEST_TRAFFIC_SHIFT') };

const CANARY = {
  strategy: 'CANARY',
  canaryConfiguration: { canaryPercent: 20, canaryBakeTimeInMinutes: 5 },
  bakeTimeInMinutes: 1,
  ...pausesAt('POST_PRODUCTION_TRAFFIC_SHIFT'),
};

/** Half of the traffic for two minutes, then all of it; nobody is asked. */
const LINEAR = {
  strategy: 'LINEAR',
  linearConfiguration: { stepPercent: 50, stepBakeTimeInMinutes: 2 },
  bakeTimeInMinutes: 2,
};

/** A fifth of the traffic for ten minutes, then all of it: enough for metrics, which come by the minute. */
const MEASURED = {
  strategy: 'CANARY',
  canaryConfiguration: { canaryPercent: 20, canaryBakeTimeInMinutes: 10 },
  bakeTimeInMinutes: 5,
};

/** Users come all the time. */
function requested(sim: Simulator): Record<string, never> {
  sim.operator.setRequests('bluegreen', 600);
  return {};
}

const CHECKOUT = { ...tag('v2'), service: 'checkout' };

const BLUEGREEN = { ...tag('v2'), service: 'bluegreen' };

export const SCENES: readonly Scene[] = [
  {
    title: 'Proven healthy',
    ends: 'succeeded 0',
    speed: 10,
    world: { tags: [COMMIT, EARLIER_COMMIT] },
    earlier: [tag(EARLIER_COMMIT)],
    inputs: { ...tag(COMMIT), 'environment-variables': 'LOG_LEVEL=debug', cpu: '512', memory: '1024' },
    prepare: (sim: Simulator): Record<string, string> => ({ 'health-check-url': url(sim) }),
  },
  {
    title: 'Proven healthy, blue/green',
    ends: 'succeeded 0',
    speed: 40,
    inputs: { ...tag('v2'), service: 'bluegreen' },
  },
  {
    title: 'Proven healthy, blue/green: the test URL answered the pause',
    ends: 'succeeded 0',
    speed: 40,
    world: { blueGreen: AFTER_TEST },
    inputs: BLUEGREEN,
    prepare: (sim: Simulator): Record<string, string> => ({
      'test-url': url(sim, '/health', 'bluegreen-test'),
    }),
  },
  {
    title: 'Started: a pause waits for a person',
    ends: 'started 0',
    speed: 40,
    world: { blueGreen: AFTER_TEST },
    inputs: { ...BLUEGREEN, promotion: 'manual' },
  },
  {
    title: 'Promoted: a person has let it go on',
    ends: 'succeeded 0',
    speed: 40,
    world: { blueGreen: AFTER_TEST },
    earlier: [{ ...BLUEGREEN, promotion: 'manual' }],
    inputs: { service: 'bluegreen', mode: 'promote' },
  },
  {
    title: 'Rolled back at test traffic, before any user was reached',
    ends: 'rolled-back http-check-failed 1',
    speed: 40,
    world: { blueGreen: AFTER_TEST, tags: ['error500-1'] },
    inputs: { ...BLUEGREEN, 'image-tag': 'error500-1', 'health-check-deadline-seconds': '2' },
    prepare: (sim: Simulator): Record<string, string> => ({
      'test-url': url(sim, '/health', 'bluegreen-test'),
    }),
  },
  {
    title: 'Rolled back at a step of a canary',
    ends: 'rolled-back http-check-failed 1',
    speed: 40,
    world: { blueGreen: CANARY, tags: ['error500-1'] },
    inputs: { ...BLUEGREEN, 'image-tag': 'error500-1' },
    prepare: (sim: Simulator): Record<string, string> => ({
      'health-check-url': url(sim, '/health', 'bluegreen'),
    }),
  },
  {
    title: 'Proven healthy, by metrics beside those of the old tasks',
    ends: 'succeeded 0',
    onWorldTime: true,
    world: { blueGreen: MEASURED },
    inputs: { ...BLUEGREEN, metrics: '5xx-percent < 1\np99-seconds <= 1.5x\nrequests >= 100' },
    prepare: requested,
  },
  {
    title: 'Rolled back at a step of a canary: a metric',
    ends: 'rolled-back metric-check-failed 1',
    onWorldTime: true,
    world: { blueGreen: MEASURED, behaviours: { v2: { http: { errorPercent: 10 } } } },
    inputs: { ...BLUEGREEN, metrics: '5xx-percent < 1\np99-seconds <= 1.5x' },
    prepare: requested,
  },
  {
    title: 'Proven healthy, in steps of half the traffic',
    ends: 'succeeded 0',
    speed: 40,
    world: { blueGreen: LINEAR },
    inputs: BLUEGREEN,
    prepare: (sim: Simulator): Record<string, string> => ({
      'health-check-url': url(sim, '/version', 'bluegreen'),
      'health-check-json': 'version=v2',
    }),
  },
  {
    title: 'Rolled back in the bake of ECS: an alarm',
    ends: 'rolled-back alarm 1',
    speed: 40,
    world: { blueGreen: { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 20 }, alarms: { errors: 'OK' } },
    inputs: { ...BLUEGREEN, alarms: 'errors' },
    prepare: (sim: Simulator): Record<string, string> => {
      sim.when(
        () => service(sim, 'bluegreen').serviceDeployments[0]?.lifecycle?.stage === 'BAKE_TIME',
        () => {
          sim.at(40, () => {
            sim.operator.setAlarm('errors', 'ALARM');
          });
        },
      );
      return {};
    },
  },
  {
    title: 'Proven healthy, by CodeDeploy: the old tasks are kept for an hour',
    ends: 'succeeded 0',
    speed: 40,
    world: { codeDeploy: { readyMinutes: 60, terminationMinutes: 60 } },
    inputs: CHECKOUT,
    prepare: (sim: Simulator): Record<string, string> => ({
      'test-url': url(sim, '/health', 'checkout-test'),
      'health-check-url': url(sim, '/health', 'checkout'),
    }),
  },
  {
    title: 'Rolled back by CodeDeploy at the test URL',
    ends: 'rolled-back http-check-failed 1',
    speed: 40,
    world: { codeDeploy: { readyMinutes: 60 }, tags: ['error500-1'] },
    inputs: { ...CHECKOUT, 'image-tag': 'error500-1', 'health-check-deadline-seconds': '2' },
    prepare: (sim: Simulator): Record<string, string> => ({
      'test-url': url(sim, '/health', 'checkout-test'),
    }),
  },
  {
    title: 'Started: CodeDeploy waits for a person',
    ends: 'started 0',
    speed: 40,
    world: { codeDeploy: { readyMinutes: 60 } },
    inputs: { ...CHECKOUT, promotion: 'manual' },
  },
  {
    title: 'Proven healthy, on a base that differs from what ran',
    ends: 'succeeded 0',
    inputs: tag('v2'),
    prepare: (sim: Simulator): Record<string, string> => {
      const backend = sim.world.taskDefinitions.find('backend');
      sim.operator.registerTaskDefinition({ ...backend?.body, cpu: '512', memory: '1024' });
      return {};
    },
  },
  {
    title: 'Failed and rolled back by digest: the last good revision names a tag that has moved',
    ends: 'rolled-back http-check-failed 1',
    inputs: tag('error500-1'),
    prepare: (sim: Simulator): Record<string, string> => {
      sim.world.registry.push('backend', 'live');
      sim.operator.deploy('backend', 'live');
      sim.world.clock.skip(1800);
      sim.world.registry.push('backend', 'live');
      return { 'health-check-url': url(sim) };
    },
  },
  {
    title: 'Nothing differs',
    ends: 'unchanged 0',
    inputs: tag('v1'),
    prepare: (sim: Simulator): Record<string, string> => ({ 'health-check-url': url(sim) }),
  },
  {
    title: 'Under way already: adopted and evaluated',
    ends: 'succeeded 0',
    speed: 8,
    inputs: { 'task-definition': 'backend' },
    prepare: (sim: Simulator): Record<string, string> => {
      sim.operator.deploy('backend', 'v2');
      return {};
    },
  },
  {
    title: 'Planned',
    ends: 'planned 0',
    world: { tags: [COMMIT] },
    inputs: {
      mode: 'plan',
      ...tag(COMMIT),
      cpu: '512',
      memory: '1024',
      'environment-variables': 'LOG_LEVEL=debug\nOLD-',
    },
  },
  {
    title: 'Planned, with an image to be built',
    ends: 'planned 0',
    inputs: { mode: 'plan', ...BUILD },
    options: () => Promise.resolve({ files: { Dockerfile: 'FROM scratch\n' } }),
  },
  {
    title: 'Registered, without a service',
    ends: 'registered 0',
    inputs: { service: '', 'task-definition': 'backend', ...tag('v2') },
  },
  {
    title: 'Started, nobody waits',
    ends: 'started 0',
    inputs: { ...tag('v2'), 'wait-for-service-stability': 'false' },
  },
  {
    title: 'No task desired, so nothing proven',
    ends: 'succeeded 0',
    inputs: { ...tag('v2'), 'desired-count': '0' },
  },
  {
    title: 'Rolled back on purpose',
    ends: 'succeeded 0',
    earlier: [tag('v2')],
    inputs: { mode: 'rollback' },
  },
  {
    title: 'Rolled back on purpose: one at its pause, one by a deployment',
    ends: 'succeeded 0',
    speed: 40,
    world: { blueGreen: AFTER_TEST },
    earlier: [tag('v2'), { ...BLUEGREEN, promotion: 'manual' }],
    inputs: { service: 'bluegreen, backend', mode: 'rollback' },
  },
  {
    title: 'Bad input',
    ends: 'failed invalid-input 1',
    inputs: {
      ...tag('v2'),
      'wait-for-minutes': '10x',
      'on-failure': 'explode',
      'health-check-url': 'ftp://example.com',
    },
  },
  { title: 'No such cluster', ends: 'failed cluster-not-found 1', inputs: { ...tag('v2'), cluster: 'prod' } },
  {
    title: 'No such service',
    ends: 'failed service-not-found 1',
    inputs: { ...tag('v2'), service: 'backnd' },
  },
  {
    title: 'Inactive service',
    ends: 'failed service-inactive 1',
    inputs: { ...tag('v2'), service: 'retired' },
  },
  {
    title: 'Another deployment controller',
    ends: 'failed unsupported-controller 1',
    inputs: { ...tag('v2'), service: 'external' },
  },
  {
    title: 'Registration refused',
    ends: 'failed register-refused 1',
    inputs: { ...tag('v2'), 'task-definition': 'task.json', preflight: 'warn' },
    options: () => Promise.resolve({ files: { 'task.json': TOO_SMALL } }),
  },
  {
    title: 'A check failed',
    ends: 'failed preflight-failed 1',
    inputs: {
      ...tag('arm-1'),
      cpu: '256',
      memory: '8192',
      secrets: 'API_KEY=arn:aws:ssm:us-east-1:123456789012:parameter/gone',
    },
  },
  {
    title: 'The build failed',
    ends: 'failed build-failed 1',
    inputs: BUILD,
    options: dockerThatSays(
      '#8 [4/6] RUN pip install -r requirements.txt',
      '#8 2.101 ERROR: No matching distribution found for fastapi==9.9.9',
      'ERROR: failed to solve: process "/bin/sh -c pip install -r requirements.txt" did not complete successfully: exit code: 1',
    ),
  },
  {
    title: 'The push failed',
    ends: 'failed push-failed 1',
    inputs: BUILD,
    options: dockerThatSays(
      '#12 pushing layers',
      'ERROR: failed to push 123456789012.dkr.ecr.us-east-1.amazonaws.com/backend:latest: unexpected status from POST request: 403 Forbidden',
    ),
  },
  {
    title: 'The pre-deploy task failed',
    ends: 'failed pre-deploy-task-failed 1',
    inputs: {
      ...tag('v2'),
      'pre-deploy-command': '["sh", "-c", "echo relation users exists already; exit 3"]',
    },
  },
  {
    title: 'Failed and rolled back: the program crashes',
    ends: 'rolled-back app-crashed 1',
    speed: 10,
    world: { tags: [EARLIER_COMMIT] },
    earlier: [tag(EARLIER_COMMIT)],
    inputs: tag('crash-1'),
  },
  {
    title: 'Failed and rolled back: targets never healthy',
    ends: 'rolled-back target-health-check-failed 1',
    inputs: tag('unhealthy-1'),
  },
  {
    title: 'Failed and rolled back by ECS',
    ends: 'rolled-back app-crashed 1',
    inputs: { ...tag('crash-1'), ...PATIENT },
  },
  {
    title: 'Failed and rolled back: the URL answers badly',
    ends: 'rolled-back http-check-failed 1',
    inputs: tag('error500-1'),
    prepare: (sim: Simulator): Record<string, string> => ({ 'health-check-url': url(sim) }),
  },
  {
    title: 'Failed and rolled back: an alarm while baking',
    ends: 'rolled-back alarm 1',
    world: { alarms: { errors: 'OK' } },
    inputs: { ...tag('v2'), alarms: 'errors', 'bake-minutes': '0.02' },
    prepare: (sim: Simulator): Record<string, string> => {
      sim.when(
        () =>
          primaryOf(service(sim))?.revision.definition.revision === 2 && !hasDeploymentUnderway(service(sim)),
        () => {
          sim.operator.setAlarm('errors', 'ALARM');
        },
      );
      return {};
    },
  },
  {
    title: 'Failed and left, as asked',
    ends: 'failed app-crashed 1',
    world: { circuitBreaker: { enable: true, rollback: false } },
    inputs: { ...tag('crash-1'), ...PATIENT, 'on-failure': 'leave' },
  },
  {
    title: 'Failed, with nowhere to go back to',
    ends: 'failed out-of-memory 1',
    inputs: { ...tag('oom-1'), service: 'newborn' },
    prepare: addNewborn,
  },
  {
    title: 'The rollback failed as well',
    ends: 'failed rollback-failed 1',
    inputs: tag('error500-1'),
    prepare: (sim: Simulator): Record<string, string> => {
      const v1 = sim.world.registry.repositories.get('backend')?.find({ tag: 'v1', digest: undefined });
      sim.world.images.behaviours.set(v1?.digest ?? '', {
        exit: { afterSeconds: 2, code: 1 },
        logs: ['Traceback (most recent call last):', 'ConnectionError: db-old.internal does not resolve'],
      });
      return { 'health-check-url': url(sim) };
    },
  },
  {
    title: 'Out of time, only old tasks still draining',
    ends: 'timed-out timeout 1',
    world: { behaviours: { v1: { neverDrains: true } } },
    inputs: { ...tag('v2'), 'wait-for-minutes': '0.05' },
  },
  {
    title: 'Out of time and rolled back',
    ends: 'rolled-back timeout 1',
    world: { circuitBreaker: false },
    inputs: { ...tag('silent-1'), ...PATIENT, 'wait-for-minutes': '0.02' },
  },
  {
    title: 'Out of time and left, as asked',
    ends: 'timed-out timeout 1',
    world: { circuitBreaker: false },
    inputs: { ...tag('silent-1'), ...PATIENT, 'wait-for-minutes': '0.02', 'on-failure': 'leave' },
  },
  {
    title: 'Superseded by another deployment',
    ends: 'superseded superseded 1',
    inputs: tag('v2'),
    prepare: once((sim) => {
      sim.operator.deploy('backend', 'v3');
    }),
  },
  {
    title: 'Stopped by an operator',
    ends: 'rolled-back deployment-stopped 1',
    inputs: tag('v2'),
    prepare: once((sim) => {
      sim.operator.stopServiceDeployment('backend', 'ROLLBACK');
    }),
  },
  {
    title: 'Credentials expired during the wait',
    ends: 'failed credentials-expired 1',
    inputs: tag('v2'),
    prepare: (sim: Simulator): Record<string, string> => {
      sim.inject({ action: 'DescribeServices', from: 4, effect: { kind: 'expired-token' } });
      return {};
    },
  },
  {
    title: 'Access denied during the wait',
    ends: 'failed access-denied 1',
    inputs: tag('v2'),
    prepare: (sim: Simulator): Record<string, string> => {
      sim.inject({ action: 'DescribeServices', from: 4, effect: { kind: 'denied' } });
      return {};
    },
  },
  {
    title: 'Cancelled, ECS goes on',
    ends: 'cancelled cancelled 1',
    speed: 2,
    inputs: tag('v2'),
    options: signalAt('::group::Watch', 'SIGINT'),
  },
  {
    title: 'Cancelled and rolled back',
    ends: 'cancelled cancelled 1',
    speed: 2,
    inputs: { ...tag('v2'), 'on-cancel': 'rollback' },
    options: signalAt('::group::Watch', 'SIGINT'),
  },
  {
    title: 'Killed: the post step reports it',
    ends: 'killed',
    speed: 2,
    inputs: { ...tag('v2'), 'on-cancel': 'rollback' },
    options: signalAt('in progress', 'SIGKILL'),
    isPost: true,
  },
  {
    title: 'The URL never answered this runner',
    ends: 'failed http-check-failed 1',
    inputs: {
      ...tag('v2'),
      'health-check-url': 'http://127.0.0.1:9/health',
      'health-check-deadline-seconds': '0.5',
    },
  },
  {
    title: 'Nothing differs, but a gate fails',
    ends: 'failed http-check-failed 1',
    inputs: tag('v1'),
    prepare: (sim: Simulator): Record<string, string> => ({
      'health-check-url': url(sim),
      'health-check-json': 'version=v9',
      'health-check-deadline-seconds': '1',
    }),
  },
  {
    title: 'Two services, one of which fails',
    ends: 'rolled-back target-health-check-failed 1',
    world: { behaviours: { v2: { targetHealth: { kind: 'status-mismatch', status: 503 } } } },
    inputs: { ...tag('v2'), service: 'backend, worker', 'task-definition': 'shared.json' },
    options: () => Promise.resolve({ files: { 'shared.json': SHARED } }),
  },
];
