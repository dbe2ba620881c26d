/** The memory of the bundle in deployments of several sizes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jobVariables } from '../runner/job.ts';
import { inputVariables } from '../runner/step.ts';
import { startSimulator } from '../simulator/simulator.ts';
import { withServices } from './calls.ts';
import { openGate, use, type Use } from './program.ts';
import { median, spread, type Row } from './row.ts';
import { BUNDLE } from './start.ts';

const SIZES = [
  { services: 1, tasks: 2, mostMb: 95 },
  { services: 1, tasks: 200, mostMb: 120 },
  { services: 1, tasks: 2000, mostMb: 160 },
  { services: 10, tasks: 2, mostMb: 120 },
  { services: 60, tasks: 2, mostMb: 160 },
];

const SPEED = 30;

/** Simulated seconds until the new tasks are healthy: some looks come before. */
const HEALTHY_AFTER_SECONDS = 200;

export function memoryRows(rounds: number): (() => Promise<Row[]>)[] {
  return SIZES.map(({ services, tasks, mostMb }) => async () => {
    const runs: Use[] = [];
    for (let round = 0; round < rounds; round += 1) runs.push(await deployed(services, tasks));
    const rss = runs.map(({ rssMb }) => rssMb);
    const codes = [...new Set(runs.map(({ exitCode }) => exitCode))].join(' ');
    return [
      {
        name: `memory at ${services} service(s) of ${tasks} tasks`,
        limit: `${mostMb} MB`,
        measured: `${spread(rss)} MB, processor ${spread(runs.map(({ cpuMs }) => cpuMs))} ms, exit codes ${codes}`,
        isKept: median(rss) <= mostMb && codes === '0',
        figures: { rssMb: median(rss), cpuMs: median(runs.map(({ cpuMs }) => cpuMs)) },
      },
    ];
  });
}

async function deployed(services: number, tasks: number): Promise<Use> {
  const names = Array.from({ length: services }, (_, at) => `bench-${at}`);
  const folder = await mkdtemp(join(tmpdir(), 'bench-memory-'));
  const sim = await startSimulator({
    speed: SPEED,
    world: withServices(names, tasks, HEALTHY_AFTER_SECONDS),
  });
  const gate = await openGate(sim);
  try {
    const env = {
      ...(await jobVariables(folder, {}, gate.env, {})),
      ...(await inputVariables({
        cluster: 'demo',
        service: names.join('\n'),
        'ecr-repository': 'backend',
        'image-tag': 'v2',
        'pr-comment': 'false',
      })),
    };
    return await use({ script: BUNDLE, env, cwd: folder });
  } finally {
    await gate.close();
    await sim.close();
    await rm(folder, { recursive: true, force: true });
  }
}
