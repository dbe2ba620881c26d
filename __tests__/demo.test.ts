import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { render } from '../demo/job-log.ts';

test('the demonstration deploys a good release, rolls a broken one back, and says where the summaries are', () => {
  const run = spawnSync(process.execPath, ['demo/main.ts'], { encoding: 'utf8', timeout: 55_000 });
  expect([run.status, run.stderr]).toEqual([0, '']);
  expect(run.stdout).toContain('The step is green: result=succeeded');
  expect(run.stdout).toContain('The step is red: result=rolled-back cause=app-crashed');
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
