/** What makes a world rough: room for all tasks but some, success before the end, pauses before each step, faults by plan. */
import { describe, expect, test } from '@jest/globals';
import { ManualClock } from '../../simulator/clock.ts';
import { answerHook } from '../../simulator/engine/deployment-failures.ts';
import { parseScenario } from '../../simulator/scenario/scenario.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import { clientsOf } from './clients.ts';
import { bench } from './worlds.ts';

test('room for all tasks but one: that one is tried again and again', () => {
  const { clock, world, operator, tasksOf, news, finish } = bench({ desiredCount: 10, tasksWithoutPlace: 1 });
  operator.deploy('backend', 'v2');
  clock.skip(300);
  expect(tasksOf(2)).toHaveLength(9);
  expect(news().filter((event) => event.startsWith('was unable to place a task')).length).toBeGreaterThan(3);
  world.tasksWithoutPlace = 0;
  finish();
  expect(tasksOf(2)).toHaveLength(10);
});

describe('early success', () => {
  const early = (sourceServiceRevisionCleanup: string): object => ({
    minimumHealthyPercent: 75,
    earlySuccessCriteria: { enable: true, healthyPercent: 75, sourceServiceRevisionCleanup },
  });
  const four = (cleanup: string): object => ({
    desiredCount: 4,
    maximumPercent: 100,
    deploymentConfiguration: early(cleanup) as never,
  });

  test('DEFERRED: enough healthy tasks end the deployment; the old ones go, and the rest comes, afterwards', () => {
    const { operator, tasksOf, backend, clock, news, finish } = bench(four('DEFERRED'));
    operator.deploy('backend', 'v2');
    finish();
    const running = (revision: number): number =>
      tasksOf(revision).filter(({ lastStatus }) => lastStatus !== 'STOPPED').length;
    expect(backend.serviceDeployments[0]?.status).toBe('SUCCESSFUL');
    expect([running(1), running(2)]).toEqual([1, 3]);
    clock.skip(300);
    expect([running(1), running(2)]).toEqual([0, 4]);
    expect(news().at(-1)).toBe('has reached a steady state.');
  });

  test('BLOCKING: not before the old ones are gone', () => {
    const { operator, tasksOf, finish } = bench(four('BLOCKING'));
    operator.deploy('backend', 'v2');
    finish();
    expect(tasksOf(1).every(({ lastStatus }) => lastStatus === 'STOPPED')).toBe(true);
  });

  test.each([
    ['with a strategy that shifts', { strategy: 'BLUE_GREEN' }],
    ['below minimumHealthyPercent', { minimumHealthyPercent: 100 }],
  ])('%s is refused', (_name, more) => {
    const deploymentConfiguration = { ...early('DEFERRED'), ...more } as never;
    expect(() => bench({ deploymentConfiguration })).toThrow('earlySuccessCriteria');
  });
});

describe('a deployment that shifts traffic', () => {
  test('pauses before each step of it, with a hook of its own', async () => {
    const clock = new ManualClock();
    const blueGreen = {
      strategy: 'LINEAR',
      linearConfiguration: { stepPercent: 50, stepBakeTimeInMinutes: 1 },
      lifecycleHooks: [{ targetType: 'PAUSE', lifecycleStages: ['PRE_PRODUCTION_TRAFFIC_SHIFT'] }],
    };
    const options = parseScenario(JSON.stringify({ blueGreen }), 'a.json');
    const sim = await startSimulator({ ...options, clock });
    sim.operator.deploy('bluegreen', 'v2');
    const [deployment] = sim.world.cluster('demo').service('bluegreen').serviceDeployments;
    const waiting = (): string | undefined =>
      deployment?.lifecycle?.hooks.find(({ status }) => status === 'AWAITING_ACTION')?.id;
    const seen: [string, number][] = [];
    const green = sim.world.balancing.targetGroups.get('green')?.arn ?? '';
    for (let step = 0; step < 2; step += 1) {
      clock.skipUntil(() => waiting() !== undefined, 900);
      seen.push([waiting() ?? '', sim.world.balancing.weightOf([green], 'production')]);
      if (deployment !== undefined) answerHook(sim.world, deployment, waiting() ?? '', 'CONTINUE');
    }
    expect(seen.map(([, weight]) => weight)).toEqual([0, 50]);
    expect(new Set(seen.map(([id]) => id)).size).toBe(2);
    clock.skipUntil(() => deployment?.finishedAt !== undefined, 900);
    expect(deployment?.status).toBe('SUCCESSFUL');
    await sim.close();
  });

  test('is rolled back by its circuit breaker', async () => {
    const clock = new ManualClock();
    const blueGreen = { deploymentCircuitBreaker: { enable: true, rollback: true } };
    const sim = await startSimulator({ ...parseScenario(JSON.stringify({ blueGreen }), 'a.json'), clock });
    sim.operator.deploy('bluegreen', 'crash-1');
    const [deployment] = sim.world.cluster('demo').service('bluegreen').serviceDeployments;
    clock.skipUntil(() => deployment?.finishedAt !== undefined, 1800);
    expect(deployment).toMatchObject({ status: 'ROLLBACK_SUCCESSFUL', breaker: { status: 'TRIGGERED' } });
    await sim.close();
  });
});

describe('faults of a scenario', () => {
  test('befall calls from their time on, for so long', async () => {
    const clock = new ManualClock();
    const content = `
faults:
  - { action: ListClusters, afterSeconds: 60, forSeconds: 30, effect: { kind: denied } }
`;
    const sim = await startSimulator({ ...parseScenario(content, 'a.yml'), clock });
    const clients = clientsOf(sim);
    const { ListClustersCommand } = await import('@aws-sdk/client-ecs');
    const ask = (): Promise<string> =>
      clients.ecs.send(new ListClustersCommand({})).then(
        () => 'answered',
        (error: unknown) => (error as Error).name,
      );
    const seen = [await ask()];
    clock.skip(61);
    seen.push(await ask());
    clock.skip(31);
    seen.push(await ask());
    expect(seen).toEqual(['answered', 'AccessDeniedException', 'answered']);
    clients.close();
    await sim.close();
  });

  test('that cannot be are all named', () => {
    const content = `
faults:
  - { acton: X, effect: { kind: explode } }
  - { action: X, effect: { kind: delay } }
`;
    expect(() => parseScenario(content, 'a.yml')).toThrow(
      /faults\[0\]\.acton is not a key.*faults\[0\]\.effect\.kind must be one of.*faults\[1\]\.effect\.milliseconds is missing/s,
    );
  });
});

describe('what a scenario takes back, or adds', () => {
  test('Spot capacity of new tasks, again and again, as often as is said', async () => {
    const clock = new ManualClock();
    const content = 'spotInterruptions: { everySeconds: 30, tasks: 1, times: 2 }';
    const sim = await startSimulator({ ...parseScenario(content, 'a.yml'), clock });
    sim.operator.deploy('backend', 'slow-1');
    clock.skip(120);
    const stopped = [...sim.world.cluster('demo').tasks.values()].filter(
      ({ stopCode }) => stopCode === 'SpotInterruption',
    );
    expect(stopped).toHaveLength(2);
    expect(new Set(stopped.map(({ definition }) => definition.revision))).toEqual(new Set([2]));
    await sim.close();
  });

  test('containers that no definition names', async () => {
    const clock = new ManualClock();
    const content = `
images:
  v2: { addedContainers: [{ name: ecs-service-connect-x4Ab9, exit: { afterSeconds: 5, code: 1 } }] }
`;
    const sim = await startSimulator({ ...parseScenario(content, 'a.yml'), clock });
    sim.operator.deploy('backend', 'v2');
    clock.skip(60);
    const [stopped] = [...sim.world.cluster('demo').tasks.values()].filter(
      ({ stopCode }) => stopCode === 'EssentialContainerExited',
    );
    expect(stopped?.containers.map(({ name, exitCode }) => [name, exitCode])).toEqual([
      ['backend', 143],
      ['ecs-service-connect-x4Ab9', 1],
    ]);
    await sim.close();
  });
});

test.each([
  ['stale', '{ kind: stale, seconds: 0 }', 2],
  ['missing', '{ kind: missing }', undefined],
])('a scenario can make one answer %s', async (_, effect, desiredCount) => {
  const content = `faults: [{ action: DescribeServices, from: 2, times: 1, effect: ${effect} }]`;
  const clock = new ManualClock();
  const sim = await startSimulator({ ...parseScenario(content, 'a.yml'), clock });
  clock.skip(1);
  const clients = clientsOf(sim);
  const { DescribeServicesCommand } = await import('@aws-sdk/client-ecs');
  const ask = async (): Promise<number | undefined> => {
    const command = new DescribeServicesCommand({ cluster: 'demo', services: ['backend'] });
    const { services = [], failures = [] } = await clients.ecs.send(command);
    if (services.length === 0) expect(failures).toMatchObject([{ reason: 'MISSING' }]);
    return services[0]?.desiredCount;
  };
  const seen = [await ask()];
  sim.operator.setDesiredCount('backend', 5);
  seen.push(await ask(), await ask());
  expect(seen).toEqual([2, desiredCount, 5]);
  await sim.close();
});
