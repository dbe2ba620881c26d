/**
 * Puts the service of `backend/` under load on loopback, on one core, and prints what it did as a table.
 *
 *   npm run load:backend                          the service as it is: about three minutes
 *   npm run load:backend -- --before FOLDER       beside it, the backend/ of another checkout
 *   npm run load:backend -- --only stalled,stop   some of the scenarios
 *
 * Uploads and health checks are sent by autocannon. What it does not do (half a request, a client that hangs up) is sent
 * by sockets. Every scenario is bounded in requests and in seconds. Needs Linux, Python and ffmpeg.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { makeClips, type Clips } from './load-backend/clips.ts';
import { SCENARIOS, type Figure, type Scenario } from './load-backend/scenarios.ts';
import { table } from './load-backend/table.ts';
import { bringFfmpeg, prepare } from './test-backend.ts';

const BACKEND = fileURLToPath(new URL('../backend', import.meta.url));

async function measure(
  backend: string,
  python: string,
  clips: Clips,
  scenarios: readonly Scenario[],
): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { name, run } of scenarios) {
    process.stderr.write(`${backend}: ${name}\n`);
    figures.push(...(await run({ backend, python, clips })));
  }
  return figures;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { before: { type: 'string' }, only: { type: 'string' } } });
  const names = values.only?.split(',') ?? SCENARIOS.map(({ name }) => name);
  const scenarios = names.map((name) => {
    const found = SCENARIOS.find((scenario) => scenario.name === name);
    if (found === undefined) throw new Error(`There is no scenario ${name}.`);
    return found;
  });
  const python = prepare();
  bringFfmpeg();
  const folder = mkdtempSync(join(tmpdir(), 'load-backend-'));
  try {
    const clips = makeClips(folder);
    const before =
      values.before === undefined
        ? undefined
        : await measure(resolve(values.before), python, clips, scenarios);
    const now = await measure(BACKEND, python, clips, scenarios);
    process.stdout.write(`${table(now, before)}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) await main();
