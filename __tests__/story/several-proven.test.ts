/** Several services whose gates are asked side by side: what one comes to judges, and delays, no other. */
import { describe, expect, test } from '@jest/globals';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Simulator } from '../../simulator/simulator.ts';
import type { StepResult } from '../../runner/step.ts';
import { accepted, expectRed, inAWorld, production, service, step, tag } from './world.ts';

const BOTH = {
  ...tag('v2'),
  service: 'backend,worker',
  'task-definition': 'backend',
  'bake-minutes': '10',
};

type UrlOf = (sim: Simulator) => number | 'reset';

/** A URL of somebody's own, which answers with these statuses. */
async function withUrl(sim: Simulator, of: UrlOf, test: (url: string) => Promise<void>): Promise<void> {
  const server = createServer((request, response) => {
    const status = of(sim);
    if (status === 'reset') request.socket.destroy();
    else response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await test(`http://127.0.0.1:${(server.address() as AddressInfo).port}/health`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** Both are rolled out, and have baked for so many seconds. */
function inTheBake(sim: Simulator, seconds: number, act: () => void): void {
  const isDone = (name: string): boolean => {
    const deployments = service(sim, name).serviceDeployments;
    return deployments.length > 1 && deployments[0]?.status === 'SUCCESSFUL';
  };
  sim.when(
    () => isDone('backend') && isDone('worker'),
    () => {
      sim.at(seconds, act);
    },
  );
}

/** Every task of its new revision ends, until it goes back. */
function crashOnAndOn(sim: Simulator, name: string): void {
  if (updatesOf(sim, name) > 1) return;
  const tasks = [...service(sim, name).cluster.tasks.values()].filter(
    (task) => task.service?.name === name && task.lastStatus === 'RUNNING',
  );
  for (const task of tasks) sim.operator.crashTask(task, 1);
  sim.at(5, () => {
    crashOnAndOn(sim, name);
  });
}

/** How often updates of a service were accepted. */
function updatesOf(sim: Simulator, name: string): number {
  return accepted(sim, 'UpdateService').filter(({ body }) =>
    ((body as { service?: string }).service ?? '').endsWith(name),
  ).length;
}

/** When it began to go back, in seconds of the run. */
function wentBackAt({ log }: StepResult, name: string): number {
  const [, minutes, seconds] = new RegExp(`^ +(\\d+):(\\d+) +${name}: going back to`, 'm').exec(log) ?? [];
  return Number(minutes) * 60 + Number(seconds);
}

function causesOf({ report }: StepResult): (string | undefined)[] {
  return report.services.map(({ cause }) => cause ?? undefined);
}

describe('one fails in the bake', () => {
  test('the URL, which may be that of the one that failed, judges the other no more', () =>
    inAWorld({}, (sim) =>
      withUrl(
        sim,
        () => (updatesOf(sim, 'backend') > 1 ? 500 : 200),
        async (url) => {
          inTheBake(sim, 60, () => {
            crashOnAndOn(sim, 'backend');
          });
          const result = await step(sim, { ...BOTH, 'health-check-url': url });
          expectRed(result, 'rolled-back', 'app-crashed');
          expect(causesOf(result)).toEqual(['app-crashed', undefined]);
          expect(production(sim, 'worker')).toBe('backend:2 COMPLETED');
          expect(result.warnings.join('\n')).toContain('http gate skipped: service "backend" failed');
          expect(accepted(sim, 'UpdateService')).toHaveLength(3);
        },
      ),
    ));

  test('the other one, which fails while it goes back, does not wait for that', () =>
    inAWorld(
      { behaviours: { v1: { targetHealth: { kind: 'healthy', afterSeconds: 400 } } } },
      async (sim) => {
        inTheBake(sim, 30, () => {
          crashOnAndOn(sim, 'backend');
        });
        inTheBake(sim, 120, () => {
          crashOnAndOn(sim, 'worker');
        });
        const result = await step(sim, BOTH);
        expectRed(result, 'rolled-back', 'app-crashed');
        expect(wentBackAt(result, 'worker') - wentBackAt(result, 'backend')).toBeLessThan(200);
      },
    ));
});

describe('rollback-all', () => {
  test('a URL that never answered, and takes nobody along, does not end the bake of the others', () =>
    inAWorld({}, (sim) =>
      withUrl(
        sim,
        () => 'reset',
        async (url) => {
          const result = await step(sim, {
            ...BOTH,
            'on-failure': 'rollback-all',
            'health-check-url': url,
            'health-check-deadline-seconds': '30',
          });
          expectRed(result, 'failed', 'http-check-failed');
          expect(Number(result.outputs['duration-seconds'])).toBeGreaterThan(600);
          expect(accepted(sim, 'UpdateService')).toHaveLength(2);
        },
      ),
    ));

  test('those that one takes along go back at once with it', () =>
    inAWorld(
      { behaviours: { v1: { targetHealth: { kind: 'healthy', afterSeconds: 400 } } } },
      async (sim) => {
        inTheBake(sim, 30, () => {
          crashOnAndOn(sim, 'backend');
        });
        const result = await step(sim, { ...BOTH, 'on-failure': 'rollback-all' });
        expectRed(result, 'rolled-back', 'app-crashed');
        expect(Math.abs(wentBackAt(result, 'worker') - wentBackAt(result, 'backend'))).toBeLessThan(10);
      },
    ));
});
