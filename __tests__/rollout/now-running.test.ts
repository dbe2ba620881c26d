import type { Deployment, Task } from '@aws-sdk/client-ecs';
import { describe, expect, test } from '@jest/globals';
import {
  describeState,
  readNowRunning,
  type NowRunning,
  type NowRunningContext,
} from '../../src/rollout/now-running.ts';
import { fakeClock } from '../fakes/clock.ts';
import {
  blindAws,
  DENIED,
  healthyTask,
  OLD_ID,
  OLD_REVISION,
  OUR_ID,
  OUR_REVISION,
  RESET,
  rollout,
  snapshot,
  THROTTLED,
} from './builders.ts';

const { address } = snapshot();
const GROUP = {
  targetGroupArn: 'arn:web',
  alternateTargetGroupArn: undefined,
  containerName: 'web',
  containerPort: 80,
};
const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const DIGEST = `sha256:${'a'.repeat(64)}`;
const IMAGE = '123456789012.dkr.ecr.us-east-1.amazonaws.com/backend';

/** A running task at an address of its own. */
function task(at: string, startedBy: string, taskDefinitionArn: string, more: Partial<Task> = {}): Task {
  const details = [{ name: 'privateIPv4Address', value: at }];
  return {
    taskArn: `arn:aws:ecs:us-east-1:123456789012:task/prod/${at}`,
    lastStatus: 'RUNNING',
    desiredStatus: 'RUNNING',
    startedBy,
    taskDefinitionArn,
    attachments: [{ type: 'ElasticNetworkInterface', details }],
    ...more,
  };
}

interface World {
  readonly deployments: readonly Deployment[];
  readonly desired?: number;
  readonly tasks?: readonly Task[];
  /** Addresses of healthy targets. */
  readonly healthy?: readonly string[];
  /** Of the container `web`. */
  readonly image?: string;
  readonly tags?: readonly string[];
  readonly container?: object;
  readonly grouped?: boolean;
}

function read(world: World): Promise<NowRunning> {
  const { deployments, desired = 2, tasks = [], healthy = [], grouped = true } = world;
  const answer = <T extends object>(value: T): Promise<T> => Promise.resolve({ $metadata: {}, ...value });
  const aws = {
    ecs: {
      describeServices: () => answer({ services: [{ deployments, desiredCount: desired }] }),
      listTasks: () => answer({ taskArns: tasks.map(({ taskArn }) => taskArn) }),
      describeTasks: () => answer({ tasks }),
    },
    elb: {
      describeTargetHealth: () =>
        answer({
          TargetHealthDescriptions: healthy.map((Id) => ({
            Target: { Id, Port: 80 },
            TargetHealth: { State: 'healthy' },
          })),
        }),
    },
    ecr: () => ({ describeImages: () => answer({ imageDetails: [{ imageTags: world.tags ?? [] }] }) }),
    taskDefinitions: {
      describe: () =>
        Promise.resolve({
          taskDefinition: {
            family: 'backend',
            containerDefinitions: [{ name: 'web', image: world.image ?? 'nginx:1', ...world.container }],
          },
          tags: [],
        }),
    },
  } as unknown as NowRunningContext['aws'];
  return readNowRunning({ aws, clock: fakeClock() }, { address, targetGroups: grouped ? [GROUP] : [] });
}

const primary: Deployment = {
  id: OUR_ID,
  status: 'PRIMARY',
  taskDefinition: OUR_REVISION,
  desiredCount: 2,
  runningCount: 2,
};
const old: Deployment = {
  id: OLD_ID,
  status: 'ACTIVE',
  taskDefinition: OLD_REVISION,
  desiredCount: 0,
  runningCount: 2,
};
const OURS = [task('10.0.0.1', OUR_ID, OUR_REVISION), task('10.0.0.2', OUR_ID, OUR_REVISION)];
const OLD = [task('10.0.0.8', OLD_ID, OLD_REVISION), task('10.0.0.9', OLD_ID, OLD_REVISION)];

describe('what runs now, by the health of the tasks', () => {
  test.each<[string, World, string]>([
    [
      'all healthy',
      { deployments: [primary], tasks: OURS, healthy: ['10.0.0.1', '10.0.0.2'] },
      'Service "web" now runs backend:8 (1): 2 of 2 tasks healthy. Serving: yes.',
    ],
    [
      'half of them',
      { deployments: [primary], tasks: OURS, healthy: ['10.0.0.1'] },
      'Service "web" now runs backend:8 (1): 1 of 2 tasks healthy. Serving: partly.',
    ],
    [
      'running, and none healthy: that is no service',
      { deployments: [primary], tasks: OURS },
      'Service "web" now runs backend:8 (1): 0 of 2 tasks healthy. Serving: no.',
    ],
    [
      'the new ones fail beside old ones that serve',
      {
        deployments: [primary, { ...old, desiredCount: 2 }],
        tasks: [...OURS, ...OLD],
        healthy: ['10.0.0.8', '10.0.0.9'],
      },
      'Service "web" now runs backend:8 (1): 0 of 2 tasks healthy; backend:7 (1): 2 of 2 tasks healthy. Serving: yes.',
    ],
    [
      'the old ones are draining',
      { deployments: [primary, old], tasks: OURS, healthy: ['10.0.0.1', '10.0.0.2'] },
      'Service "web" now runs backend:8 (1): 2 of 2 tasks healthy; backend:7 (1): 2 tasks draining. Serving: yes.',
    ],
    [
      'tasks that an older deployment of the revision started',
      {
        deployments: [{ ...primary, taskDefinition: OLD_REVISION }],
        tasks: OLD,
        healthy: ['10.0.0.8', '10.0.0.9'],
      },
      'Service "web" now runs backend:7 (1): 2 of 2 tasks healthy. Serving: yes.',
    ],
    [
      'nothing says whether they are healthy',
      { deployments: [primary], tasks: OURS, grouped: false },
      'Service "web" now runs backend:8: 2 of 2 tasks running. Serving: yes.',
    ],
    [
      'a check of the container says so',
      {
        deployments: [primary],
        tasks: OURS.map((each) => ({ ...each, healthStatus: 'UNHEALTHY' })),
        grouped: false,
        container: { healthCheck: { command: ['CMD', 'true'] } },
      },
      'Service "web" now runs backend:8: 0 of 2 tasks healthy. Serving: no.',
    ],
    [
      'commit, tag and since when',
      {
        deployments: [{ ...primary, createdAt: new Date('2026-11-26T14:02:03Z') }],
        tasks: OURS,
        healthy: ['10.0.0.1', '10.0.0.2'],
        image: `${IMAGE}@${DIGEST}`,
        tags: [COMMIT, '1.4.2'],
      },
      'Service "web" now runs backend:8 (1.4.2, commit 0123456, since 2026-11-26 14:02 UTC): 2 of 2 tasks healthy. Serving: yes.',
    ],
    ['nothing at all', { deployments: [], desired: 0 }, 'Service "web" now runs nothing. Serving: no.'],
  ])('%s', async (_, world, sentence) => {
    expect(describeState('web', (await read(world)).state)).toBe(sentence);
  });

  test("or ECS's own counts, where the tasks may not be read; it is not said then whether it serves", async () => {
    const ecs = {
      describeServices: () => Promise.resolve({ $metadata: {}, services: [{ deployments: [primary, old] }] }),
    };
    const { state } = await readNowRunning(
      { aws: blindAws(ecs), clock: fakeClock() },
      { address, targetGroups: [GROUP] },
    );
    expect(describeState('web', state)).toBe(
      'Service "web" now runs backend:8: 2 of 2 tasks running; backend:7: 2 tasks draining.',
    );
    expect(state?.serving).toBeUndefined();
  });

  test.each([DENIED(), THROTTLED(), RESET()])('or that it could not be read: %s', async (error) => {
    const ecs = { describeServices: () => Promise.reject(error) };
    const { state } = await readNowRunning(
      { aws: blindAws(ecs), clock: fakeClock() },
      { address, targetGroups: [] },
    );
    expect(describeState('web', state)).toBe('What service "web" runs now could not be read.');
    expect(state).toBeUndefined();
  });
});

test('of a deployment that is all that runs, and whose tasks the run saw well, none is read again', async () => {
  const deployments = [primary];
  const refuse = (): Promise<never> => Promise.reject(new Error('They are known.'));
  const aws = {
    ecs: {
      describeServices: () => Promise.resolve({ services: [{ deployments, desiredCount: 2 }] }),
      listTasks: refuse,
      describeTasks: refuse,
    },
    elb: { describeTargetHealth: refuse },
  } as unknown as NowRunningContext['aws'];
  const tasks = [healthyTask('a'), healthyTask('b')];
  const { state } = await readNowRunning(
    { aws, clock: fakeClock() },
    { address, targetGroups: [GROUP] },
    { known: { rollout: rollout({ deploymentId: OUR_ID, taskDefinitionArn: OUR_REVISION }), tasks } },
  );
  expect(describeState('web', state)).toContain('2 of 2 tasks healthy. Serving: yes.');
});

test.each([
  ['is asked again for the moment', 1, OUR_REVISION, OUR_ID],
  ['is told where it stays, and replaces nothing', 9, OLD_REVISION, undefined],
])('an answer that is older than the rollout %s', async (_, times, taskDefinition, id) => {
  const [before, since] = [new Date('2026-04-01T09:00:00Z'), new Date('2026-04-02T09:00:00Z')];
  const old = { deployments: [{ ...primary, id: OLD_ID, taskDefinition: OLD_REVISION, createdAt: before }] };
  const now = { deployments: [{ ...primary, createdAt: since }] };
  let asked = 0;
  const ecs = {
    describeServices: () => Promise.resolve({ $metadata: {}, services: [asked++ < times ? old : now] }),
  };
  const { state, primaryId } = await readNowRunning(
    { aws: blindAws(ecs), clock: fakeClock() },
    { address, targetGroups: [] },
    { since: since.getTime() },
  );
  expect(state?.revisions[0]?.taskDefinitionArn).toBe(taskDefinition);
  expect(primaryId).toBe(id);
});
