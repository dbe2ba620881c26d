/** Starts a simulator for a person: `node simulator/main.ts [--port N] [--speed N] [--scenario FILE]`. */
import { parseArgs } from 'node:util';
import { readScenario } from './scenario/scenario.ts';
import { startSimulator } from './simulator.ts';
import type { Simulator } from './simulator.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    speed: { type: 'string' },
    scenario: { type: 'string' },
  },
});

try {
  const scenario = values.scenario === undefined ? {} : readScenario(values.scenario);
  const port = wholeNumber('port', values.port);
  const speed = wholeNumber('speed', values.speed);
  const sim = await startSimulator({
    ...scenario,
    ...(port === undefined ? {} : { port }),
    ...(speed === undefined ? {} : { speed }),
  });
  const stop = (): void => {
    void sim.close();
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  process.stdout.write(introduction(sim));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

function wholeNumber(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^\d+$/.test(value)) throw new Error(`--${name} takes a whole number, not "${value}".`);
  return Number(value);
}

/** The lines to paste into a shell, and what is in the world. */
function introduction(sim: Simulator): string {
  const exports = Object.entries(sim.env).map(([name, value]) => `export ${name}=${value}`);
  const clusters = [...sim.world.clusters.values()].flatMap((cluster) => [
    `cluster ${cluster.name}`,
    ...[...cluster.services.values()].map(
      ({ name, status, desiredCount, controller }) =>
        `  service ${name}: ${status}, ${desiredCount} desired${controller === 'ECS' ? '' : `, ${controller}`}`,
    ),
  ]);
  const repositories = [...sim.world.registry.repositories.values()].map(
    ({ uri, images }) =>
      `repository ${uri}\n  tags: ${[...images.values()].flatMap(({ tags }) => [...tags]).join(' ')}`,
  );
  const balancers = Object.entries(sim.loadBalancers).map(
    ([name, { url }]) => `load balancer ${name}: ${url}`,
  );
  return [...exports, '', ...clusters, ...repositories, ...balancers, '', 'Ctrl-C stops it.', ''].join('\n');
}
