import { describe, expect, it } from '@jest/globals';
import type { GateContext } from '../../src/gates/prove.ts';
import { behindBalancers } from '../../src/gates/questions.ts';
import type { ServiceRun, DeployedImage, Probe } from '../../src/model/index.ts';
import { denied, expired, throttled } from '../fakes/aws-errors.ts';
import { tasksOf } from '../fakes/task-proofs.ts';
import { fakeClock } from '../fakes/clock.ts';
import { serviceRunOf, digestOf, HTTP_CHECK, REPOSITORY, rolloutOf, snapshotOf } from '../fakes/literals.ts';
import { fakeLog } from '../fakes/log.ts';
import { proveBy, WELL_TASKS } from './asking.ts';

const IMAGE: DeployedImage = {
  reference: `${REPOSITORY}@${digestOf('a')}`,
  digest: digestOf('a'),
  tag: undefined,
  registry: undefined,
};
const GOOD: Probe = { kind: 'answer', status: 200, body: '', url: '' };
const BAD: Probe = { kind: 'answer', status: 500, body: '', url: '' };
const NONE: Probe = { kind: 'unreachable', reason: 'the connection was refused' };

/** A service whose one task runs an image; `error`: what AWS says instead. */
function ctx(world: {
  digest?: string;
  status?: string;
  error?: Error;
  probe?: Probe;
}): GateContext & { asked: () => number } {
  const rollout = rolloutOf();
  let asked = 0;
  const answer = (value: object): Promise<object> =>
    world.error === undefined ? Promise.resolve(value) : Promise.reject(world.error);
  const task = {
    taskArn: 'arn:aws:ecs:x:1:task/prod/t1',
    startedBy: rollout.deploymentId,
    taskDefinitionArn: rollout.taskDefinitionArn,
    lastStatus: world.status ?? 'RUNNING',
    containers: [{ name: 'web', imageDigest: digestOf(world.digest ?? 'a') }],
  };
  const ecs = {
    describeServices: () => answer({ services: [{ desiredCount: 1 }] }),
    describeServiceDeployments: () => answer({ serviceDeployments: [] }),
    listTasks: ({ desiredStatus }: { desiredStatus: string }) =>
      answer({ taskArns: desiredStatus === 'RUNNING' ? ['t1'] : [] }),
    describeTasks: () => answer({ tasks: [task] }),
  };
  const ecr = () => ({ batchGetImage: () => answer({ images: [{ imageManifest: '{"schemaVersion":2}' }] }) });
  const ask = (): Promise<Probe> => {
    asked += 1;
    return Promise.resolve(world.probe ?? GOOD);
  };
  const signal = new AbortController().signal;
  const made = {
    aws: { ecs, ecr, elb: {} },
    ask,
    clock: fakeClock({ isPatient: true }),
    log: fakeLog(),
    signal,
    asked: () => asked,
    random: () => 0.5,
    tasks: tasksOf(() => made),
  } as unknown as GateContext & { asked: () => number };
  return made;
}

async function proveService(
  world: GateContext,
  serviceRun: ServiceRun,
  images: Readonly<Record<string, DeployedImage>>,
): Promise<ServiceRun> {
  const [end] = await proveBy(world, [serviceRun], {}, { imagesOf: () => images });
  if (end === undefined) throw new Error('There is no service.');
  return end;
}

function prove(world: Parameters<typeof ctx>[0], serviceRun: Partial<ServiceRun> = {}): Promise<ServiceRun> {
  return proveService(ctx(world), serviceRunOf({ outcome: undefined, ...serviceRun }), { web: IMAGE });
}

describe('a service', () => {
  it('is proven by the digest that runs and by its tasks', async () => {
    const { gates, problem } = await prove({});
    expect(problem).toBeUndefined();
    expect(gates.map(({ gate, state }) => `${gate} ${state}`)).toEqual(['digest passed', 'tasks passed']);
  });

  it.each([
    ['another digest', { digest: 'b' }, 'digest-mismatch', ['digest']],
    ['a task that does not run', { status: 'PENDING' }, 'container-health-check-failed', ['digest', 'tasks']],
  ])('with %s is rolled back, and nothing else is asked for it', async (_what, world, cause, asked) => {
    const { gates, problem } = await prove(world);
    expect(problem).toMatchObject({ result: 'failed', cause, recovery: 'roll-back' });
    expect(gates.map(({ gate }) => gate)).toEqual(asked);
  });

  it('that was not touched is left where a gate fails', async () => {
    expect((await prove({ digest: 'b' }, { change: 'none' })).problem).toMatchObject({ recovery: 'leave' });
  });

  it('is left alone where the credentials expire meanwhile', async () => {
    expect((await prove({ error: expired() })).problem).toMatchObject({
      result: 'failed',
      cause: 'credentials-expired',
      recovery: 'leave',
    });
  });

  it('of which a proof cannot be had is warned of; of one that nobody expected a line will do', async () => {
    const saidOf = async (images: Readonly<Record<string, DeployedImage>>): Promise<readonly string[]> => {
      const world = ctx({ error: denied() });
      await proveService(world, serviceRunOf({ outcome: undefined }), images);
      return (world.log as ReturnType<typeof fakeLog>).said.map((text) =>
        text.split(':').slice(0, 3).join(':'),
      );
    };
    // They are asked side by side.
    expect([...(await saidOf({ web: IMAGE }))].sort()).toEqual([
      'warning: backend: digest gate skipped',
      'warning: backend: tasks gate skipped',
    ]);
    expect(await saidOf({})).toContainEqual(expect.stringMatching(/^backend: digest gate skipped/));
  });

  it('that passes is warned of only where nothing checks the health of its tasks', async () => {
    const world = ctx({});
    await proveService(world, serviceRunOf({ outcome: undefined }), { web: IMAGE });
    const { said } = world.log as ReturnType<typeof fakeLog>;
    expect(said.filter((line) => line.startsWith('warning: '))).toEqual([
      expect.stringContaining('tasks run; nothing checks their health'),
    ]);
  });

  it.each([
    ['nothing may be read', denied()],
    ['AWS gives no answer', throttled()],
  ])('is not accused where %s', async (_why, error) => {
    const { gates, problem } = await prove({ error });
    expect(problem).toBeUndefined();
    expect(gates.map(({ gate, state }) => `${gate} ${state}`)).toEqual(['digest skipped', 'tasks skipped']);
  });

  it.each<[string, Partial<ServiceRun>]>([
    ['wants no task', { desiredCount: 0 }],
    ['was refused its update', { rollout: undefined }],
  ])('that %s has nothing to prove', async (_why, more) => {
    const serviceRun = serviceRunOf(more);
    expect(await proveService(ctx({ error: new Error('never called') }), serviceRun, {})).toBe(serviceRun);
  });
});

describe('the health-check URL', () => {
  const CHECK = { ...HTTP_CHECK, url: 'https://a.example/h?token=s3cret' };
  const proveUrl = (
    world: GateContext,
    serviceRuns: readonly ServiceRun[],
    answer: Probe,
    gate: { readonly http?: typeof CHECK } = { http: CHECK },
  ): Promise<readonly ServiceRun[]> =>
    proveBy({ ...world, tasks: WELL_TASKS }, serviceRuns, gate, { before: { answer, alarms: [] } });
  const names = (serviceRuns: readonly ServiceRun[]): string[] =>
    serviceRuns.map((serviceRun) => `${serviceRun.change}: ${serviceRun.problem?.recovery ?? 'well'}`);

  it('counts against every service that this run changed, and against no other', async () => {
    const serviceRuns = [serviceRunOf(), serviceRunOf({ change: 'none' }), serviceRunOf({ change: 'adopt' })];
    const evaluated = await proveUrl(ctx({ probe: BAD }), serviceRuns, GOOD);
    expect(names(evaluated)).toEqual(['update: roll-back', 'none: well', 'adopt: roll-back']);
    expect(evaluated[0]?.problem).toMatchObject({ result: 'failed', cause: 'http-check-failed' });
  });

  it('counts against all where nothing was changed, and leaves them', async () => {
    const evaluated = await proveUrl(ctx({ probe: BAD }), [serviceRunOf({ change: 'none' })], GOOD);
    expect(names(evaluated)).toEqual(['none: leave']);
  });

  it('that never answered this runner leaves production: the runner may be at fault', async () => {
    const [serviceRun] = await proveUrl(ctx({ probe: NONE }), [serviceRunOf()], NONE);
    expect(serviceRun?.problem).toMatchObject({ recovery: 'leave', cause: 'http-check-failed' });
    expect(serviceRun?.problem?.hint).toContain('did not answer before the deployment either');
  });

  it('is asked once for all services', async () => {
    const world = ctx({});
    const evaluated = await proveUrl(world, [serviceRunOf(), serviceRunOf()], GOOD);
    const states = evaluated.map(({ gates }) => gates.find(({ gate }) => gate === 'http')?.state);
    expect(states).toEqual(['passed', 'passed']);
    expect(world.asked()).toBe(3);
  });

  it('that answers well each time is a line, and no warning', async () => {
    const world = ctx({ probe: GOOD });
    await proveUrl(world, [serviceRunOf()], GOOD);
    const { said } = world.log as ReturnType<typeof fakeLog>;
    expect(said.join()).toContain('http gate passed');
    expect(said.filter((line) => line.startsWith('warning: '))).toEqual([]);
  });

  it('shows no query anywhere: it may carry a token', async () => {
    const world = ctx({ probe: BAD });
    const evaluated = await proveUrl(world, [serviceRunOf()], GOOD);
    const { said } = world.log as ReturnType<typeof fakeLog>;
    expect(JSON.stringify([evaluated, said])).not.toContain('s3cret');
  });

  it.each<[string, ServiceRun[], boolean]>([
    ['none is given', [serviceRunOf()], false],
    ['no service wants a task', [serviceRunOf({ desiredCount: 0 })], true],
    [
      'no service is well',
      [
        serviceRunOf({
          problem: {
            result: 'failed',
            cause: 'unknown',
            reason: '',
            hint: undefined,
            evidence: [],
            recovery: 'leave',
          },
        }),
      ],
      true,
    ],
  ])('is not asked where %s', async (_why, serviceRuns, given) => {
    const world = ctx({});
    await proveUrl(world, serviceRuns, GOOD, given ? { http: CHECK } : {});
    expect(world.asked()).toBe(0);
  });
});

it('a URL is that of the services with a load balancer, and of all where none has one', () => {
  const [behind, without] = [['group'], []].map((arns) =>
    serviceRunOf({
      snapshot: snapshotOf({
        targetGroups: arns.map((targetGroupArn) => ({
          targetGroupArn,
          alternateTargetGroupArn: undefined,
          containerName: 'web',
          containerPort: 80,
        })),
      }),
    }),
  );
  expect(behindBalancers([without!, behind!])).toEqual([behind]);
  expect(behindBalancers([without!])).toEqual([without]);
});
