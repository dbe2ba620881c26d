import { describe, expect, it } from '@jest/globals';
import { proveService, proveUrl, type GateTools } from '../../src/gate/gate.ts';
import type { Course, DeployedImage, Probe } from '../../src/model.ts';
import { denied, expired, throttled } from '../fakes/aws-errors.ts';
import { fakeClock } from '../fakes/clock.ts';
import { courseOf, digestOf, HTTP_CHECK, REPOSITORY, requestOf, rolloutOf } from '../fakes/literals.ts';
import { fakeLog } from '../fakes/log.ts';

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
function tools(world: {
  digest?: string;
  status?: string;
  error?: Error;
  probe?: Probe;
}): GateTools & { asked: () => number } {
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
  return {
    aws: { ecs, ecr, elb: {} },
    ask,
    clock: fakeClock(),
    log: fakeLog(),
    signal,
    asked: () => asked,
  } as unknown as GateTools & { asked: () => number };
}

function prove(world: Parameters<typeof tools>[0], course: Partial<Course> = {}): Promise<Course> {
  return proveService(tools(world), courseOf({ outcome: undefined, ...course }), { web: IMAGE }, requestOf());
}

describe('a service', () => {
  it('is proven by the digest that runs and by its tasks', async () => {
    const { gates, trouble } = await prove({});
    expect(trouble).toBeUndefined();
    expect(gates.map(({ gate, state }) => `${gate} ${state}`)).toEqual(['digest passed', 'tasks passed']);
  });

  it.each([
    ['another digest', { digest: 'b' }, 'digest-mismatch', ['digest']],
    ['a task that does not run', { status: 'PENDING' }, 'container-health-check-failed', ['digest', 'tasks']],
  ])('with %s is rolled back, and nothing more is asked', async (_what, world, cause, asked) => {
    const { gates, trouble } = await prove(world);
    expect(trouble).toMatchObject({ result: 'failed', cause, remedy: 'roll-back' });
    expect(gates.map(({ gate }) => gate)).toEqual(asked);
  });

  it('that was not touched is left where a gate fails', async () => {
    expect((await prove({ digest: 'b' }, { move: 'nothing' })).trouble).toMatchObject({ remedy: 'leave' });
  });

  it('is left alone where the credentials expire meanwhile', async () => {
    expect((await prove({ error: expired() })).trouble).toMatchObject({
      result: 'failed',
      cause: 'credentials-expired',
      remedy: 'leave',
    });
  });

  it('of which a proof cannot be had is warned of; of one that nobody expected a line will do', async () => {
    const saidOf = async (images: Readonly<Record<string, DeployedImage>>): Promise<readonly string[]> => {
      const world = tools({ error: denied() });
      await proveService(world, courseOf({ outcome: undefined }), images, requestOf());
      return (world.log as ReturnType<typeof fakeLog>).said.map((text) =>
        text.split(':').slice(0, 3).join(':'),
      );
    };
    expect(await saidOf({ web: IMAGE })).toEqual([
      'warning: backend: digest gate skipped',
      'warning: backend: tasks gate skipped',
    ]);
    expect((await saidOf({}))[0]).toMatch(/^backend: digest gate skipped/);
  });

  it('that passes is not warned of', async () => {
    const world = tools({});
    await proveService(world, courseOf({ outcome: undefined }), { web: IMAGE }, requestOf());
    expect((world.log as ReturnType<typeof fakeLog>).said.join()).not.toContain('warning: ');
  });

  it.each([
    ['nothing may be read', denied()],
    ['AWS gives no answer', throttled()],
  ])('is not accused where %s', async (_why, error) => {
    const { gates, trouble } = await prove({ error });
    expect(trouble).toBeUndefined();
    expect(gates.map(({ gate, state }) => `${gate} ${state}`)).toEqual(['digest skipped', 'tasks skipped']);
  });

  it.each<[string, Partial<Course>]>([
    ['wants no task', { desiredCount: 0 }],
    ['was refused its update', { rollout: undefined }],
  ])('that %s has nothing to prove', async (_why, more) => {
    const course = courseOf(more);
    expect(await proveService(tools({ error: new Error('never called') }), course, {}, requestOf())).toBe(
      course,
    );
  });
});

describe('the health-check URL', () => {
  const request = requestOf({
    gate: { ...requestOf().gate, http: { ...HTTP_CHECK, url: 'https://a.example/h?token=s3cret' } },
  });
  const names = (courses: readonly Course[]): string[] =>
    courses.map((course) => `${course.move}: ${course.trouble?.remedy ?? 'well'}`);

  it('counts against every service that this run changed, and against no other', async () => {
    const courses = [courseOf(), courseOf({ move: 'nothing' }), courseOf({ move: 'adopt' })];
    const judged = await proveUrl(tools({ probe: BAD }), courses, request, GOOD);
    expect(names(judged)).toEqual(['update: roll-back', 'nothing: well', 'adopt: roll-back']);
    expect(judged[0]?.trouble).toMatchObject({ result: 'failed', cause: 'http-check-failed' });
  });

  it('counts against all where nothing was changed, and leaves them', async () => {
    const judged = await proveUrl(tools({ probe: BAD }), [courseOf({ move: 'nothing' })], request, GOOD);
    expect(names(judged)).toEqual(['nothing: leave']);
  });

  it('that never answered this runner leaves production: the runner may be at fault', async () => {
    const [course] = await proveUrl(tools({ probe: NONE }), [courseOf()], request, NONE);
    expect(course?.trouble).toMatchObject({ remedy: 'leave', cause: 'http-check-failed' });
    expect(course?.trouble?.hint).toContain('did not answer before the deployment either');
  });

  it('is asked once for all services', async () => {
    const world = tools({});
    const judged = await proveUrl(world, [courseOf(), courseOf()], request, GOOD);
    expect(judged.map(({ gates }) => gates.map(({ state }) => state))).toEqual([['passed'], ['passed']]);
    expect(world.asked()).toBe(3);
  });

  it('shows no query anywhere: it may carry a token', async () => {
    const world = tools({ probe: BAD });
    const judged = await proveUrl(world, [courseOf()], request, GOOD);
    const { said } = world.log as ReturnType<typeof fakeLog>;
    expect(JSON.stringify([judged, said])).not.toContain('s3cret');
  });

  it.each<[string, Course[], boolean]>([
    ['none is given', [courseOf()], false],
    ['no service wants a task', [courseOf({ desiredCount: 0 })], true],
    [
      'no service is well',
      [
        courseOf({
          trouble: {
            result: 'failed',
            cause: 'unknown',
            reason: '',
            hint: undefined,
            evidence: [],
            remedy: 'leave',
          },
        }),
      ],
      true,
    ],
  ])('is not asked where %s', async (_why, courses, given) => {
    const world = tools({});
    expect(await proveUrl(world, courses, given ? request : requestOf(), GOOD)).toEqual(courses);
    expect(world.asked()).toBe(0);
  });
});
