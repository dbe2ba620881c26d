import { describe, expect, test } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { JobLog, render } from '../demo/job-log.ts';

test('the demonstration deploys a good release, rolls a broken one back, and says where the summaries are', () => {
  const run = spawnSync(process.execPath, ['demo/main.ts'], { encoding: 'utf8', timeout: 55_000 });
  expect([run.status, run.stderr]).toEqual([0, '']);
  expect(run.stdout).toContain('The step is green: succeeded.');
  expect(run.stdout).toContain('The step is red: rolled-back, because of app-crashed.');
  expect(run.stdout).toMatch(/\n {8}OK {7}\d+ checks that found nothing wrong\n/);
  expect(run.stdout).not.toMatch(/^ *[\d:]+ {2}OK /m);
  expect(run.stdout).toContain('▸ ');
  expect(run.stdout).toContain('You have just seen one step');
  expect(run.stdout).toContain('npm run gallery');
  // Colours are for a terminal.
  expect(run.stdout).not.toContain('\u001b[');
  const summaries = run.stdout.match(/\S+-release\.md/g) ?? [];
  expect(summaries.map((path) => existsSync(path))).toEqual([true, true]);
});

describe('the real build leaves nothing in the engine', () => {
  const CLEANED = [
    'rm --force --volumes container-1',
    'image rm --force ecs-fargate-deploy-demo:latest',
  ] as const;

  test('once the container has answered', async () => {
    const server = createServer((_, response) => response.end('{}')).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { status, calls } = await build((server.address() as AddressInfo).port, () => undefined);
    server.close();
    expect(status).toBe(0);
    expect(calls.slice(-2)).toEqual(CLEANED);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('after %s while it waits for the container', async (signal) => {
    const { status, output, calls } = await build(1, (line, kill) => {
      if (line.includes('$ docker run')) kill(signal);
    });
    expect([status === 0, output]).toEqual([false, expect.stringContaining(`interrupted (${signal})`)]);
    expect(calls.slice(-2)).toEqual(CLEANED);
  });
});

/** Builds with a `docker` that writes down what it is called with; the container answers at `port`. */
async function build(
  port: number,
  onLine: (line: string, kill: (signal: NodeJS.Signals) => void) => void,
): Promise<{ status: number | null; output: string; calls: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'docker-'));
  const log = join(folder, 'calls');
  writeFileSync(
    join(folder, 'docker'),
    `#!/bin/sh
echo "$*" >> ${log}
case "$1" in
  run) echo container-1 ;;
  port) echo 127.0.0.1:${port} ;;
esac
`,
  );
  chmodSync(join(folder, 'docker'), 0o755);
  const program = `import { buildForReal } from './demo/real-build.ts'; await buildForReal(console.log);`;
  const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '--eval', program], {
    env: { ...process.env, PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}` },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      onLine(text, (signal) => child.kill(signal));
    });
  }
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const calls = readFileSync(log, 'utf8').trimEnd().split('\n');
  rmSync(folder, { recursive: true });
  return { status, output, calls };
}

test.each([
  ['::group::Survey', '▾ Survey'],
  ['::endgroup::', undefined],
  ['::add-mask::secret', undefined],
  ['::error::one%0Atwo 100%25', 'Error: one\n  two 100%'],
  ['::warning::careful', 'Warning: careful'],
  ['  0:01  a line', '  0:01  a line'],
])('a job log shows %j as on GitHub', (line, shown) => {
  expect(render(line)).toBe(shown);
});

test.each([
  ['::error::no', '\u001b[31mError: no\u001b[0m'],
  ['  0:01  ✗ Watch (1 s)', '\u001b[31m  0:01  ✗ Watch (1 s)\u001b[0m'],
  ['  0:01  ✓ Watch (1 s)', '\u001b[32m  0:01  ✓ Watch (1 s)\u001b[0m'],
  ['✅ Deployed — x', '\u001b[32m✅ Deployed — x\u001b[0m'],
  ['  0:01  a line', '  0:01  a line'],
])('a terminal shows %j in colour', (line, shown) => {
  expect(render(line, true)).toBe(shown);
});

test('a job log shows the checks that found nothing wrong, and what GitHub folds, in one line each', () => {
  const said: string[] = [];
  const log = new JobLog((line) => said.push(line), false);
  log.show(
    '  0:01  OK       image: there\n  0:01  OK       role: there\n  0:01  WARNING  breaker: off\n::group::2 ev',
  );
  log.show(
    '  0:01  OK       image: there\n  0:01  OK       role: there\n  0:01  WARNING  breaker: off\n::group::2 events of ECS meanwhile\n  0:02  one\n::endgroup::\nafter\n',
  );
  expect(said).toEqual([
    '        OK       2 checks that found nothing wrong',
    '  0:01  WARNING  breaker: off',
    '▸ 2 events of ECS meanwhile',
    'after',
  ]);
});
