import { runInProcess } from '../runner/in-process.ts';
import type { StepResult } from '../runner/job.ts';
import { ManualClock } from '../simulator/clock.ts';
import { createService } from '../simulator/engine/services.ts';
import { seedWorld, type Seed } from '../simulator/scenario/seed.ts';
import { startSimulator, type Simulator } from '../simulator/simulator.ts';
import type { Row } from './row.ts';

/** A deployment of some size: so many services behind one load balancer, of so many tasks each. */
interface Size {
  readonly services: number;
  readonly tasks: number;
  /** AWS calls in a minute of the world while nothing happens. */
  readonly mostCallsAMinute: number;
}

const SIZES: readonly Size[] = [
  { services: 1, tasks: 2, mostCallsAMinute: 90 },
  { services: 10, tasks: 2, mostCallsAMinute: 100 },
  { services: 60, tasks: 2, mostCallsAMinute: 150 },
  { services: 1, tasks: 200, mostCallsAMinute: 100 },
  { services: 1, tasks: 2000, mostCallsAMinute: 150 },
];

/** New tasks that are healthy after so long: a stretch in which nothing happens. */
const HEALTHY_AFTER_SECONDS = 400;

/** The default pause between two looks, and a tenth more. */
const LONGEST_PAUSE_SECONDS = 5.5;

/** Calls a minute, throttled calls, and the lag from the end to the exit, by the size of a deployment. */
export function callRows(): (() => Promise<Row>)[] {
  return SIZES.map((size) => {
    const calls = (): Promise<Row> => callsAt(size);
    return calls;
  });
}

async function callsAt({ services, tasks, mostCallsAMinute }: Size): Promise<Row> {
  const names = Array.from({ length: services }, (_, at) => `bench-${at}`);
  const sim = await startSimulator({
    clock: new ManualClock(),
    throttling: true,
    world: withServices(names, tasks, HEALTHY_AFTER_SECONDS),
  });
  try {
    const inputs = {
      cluster: 'demo',
      service: names.join('\n'),
      'ecr-repository': 'backend',
      'image-tag': 'v2',
    };
    const result = await runInProcess(sim, { ...inputs, 'wait-for-minutes': '60' });
    const quiet = quietMinute(sim);
    const throttled = sim.calls.filter(({ error }) => error === 'ThrottlingException').length;
    const lag = lagOf(sim, result);
    return {
      name: `calls of ${services} service(s) of ${tasks} tasks`,
      limit: `${mostCallsAMinute} a quiet minute, none throttled, exit within a poll`,
      measured: `${quiet.count} a quiet minute (${quiet.names}), ${throttled} throttled, exit ${lag.toFixed(1)} s after the end, ${result.outputs['result'] ?? ''}`,
      isKept:
        quiet.count <= mostCallsAMinute &&
        throttled === 0 &&
        lag <= LONGEST_PAUSE_SECONDS &&
        result.exitCode === 0,
      figures: { callsAMinute: quiet.count, calls: sim.calls.length, throttled, exitSeconds: lag },
    };
  } finally {
    await sim.close();
  }
}

/** A world with further services behind its load balancer, whose new tasks are healthy after so many seconds. */
export function withServices(names: readonly string[], desiredCount: number, afterSeconds: number): Seed {
  return (world) => {
    seedWorld({
      behaviours: {
        'backend:v2': { targetHealth: { kind: 'healthy', afterSeconds } },
      },
    })(world);
    const cluster = world.cluster('demo');
    const like = cluster.service('backend');
    for (const name of names) {
      createService(world, cluster, name, {
        taskDefinition: 'backend',
        launchType: 'FARGATE',
        networkConfiguration: like.settings.networkConfiguration,
        loadBalancers: [...like.settings.loadBalancers],
        desiredCount,
        deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: true } },
      });
    }
    world.clock.skip(3_600);
  };
}

/** Between the start of the tasks and their health nothing happens but looks. */
function quietMinute(sim: Simulator): { count: number; names: string } {
  const started = Math.max(...timesOf(sim, 'UpdateService')) + 200_000;
  const calls = sim.calls.filter(({ time }) => time >= started && time < started + 60_000);
  const byName = Map.groupBy(calls, ({ action }) => action);
  const names = [...byName].map(([name, each]) => `${name} ${each.length}`).sort();
  return { count: calls.length, names: names.join(', ') };
}

function timesOf(sim: Simulator, action: string): number[] {
  return sim.calls.filter((call) => call.action === action).map(({ time }) => time);
}

/** Seconds from the moment when the last deployment was complete to the last call of the step. */
function lagOf(sim: Simulator, result: StepResult): number {
  const ends = [...sim.world.cluster('demo').services.values()].flatMap((service) =>
    service.name.startsWith('bench-') ? (service.serviceDeployments.at(0)?.finishedAt ?? 0) : [],
  );
  const last = sim.calls.at(-1)?.time ?? 0;
  return result.exitCode === 0 ? (last - Math.max(...ends)) / 1000 : 0;
}
