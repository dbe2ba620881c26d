import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { JobLog, render } from '../demo/job-log.ts';

test('the demonstration deploys a good release, rolls a broken one back, and says where the summaries are', () => {
  const run = spawnSync(process.execPath, ['demo/main.ts'], { encoding: 'utf8', timeout: 55_000 });
  expect([run.status, run.stderr]).toEqual([0, '']);
  expect(run.stdout).toContain('The step is green: result=succeeded');
  expect(run.stdout).toContain('The step is red: result=rolled-back cause=app-crashed');
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
  log.show('  0:01  OK       image: there\n  0:01  OK       role: there\n  0:01  WARNING  breaker: off\n::group::2 ev');
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
