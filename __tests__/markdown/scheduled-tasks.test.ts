/** The scripts of docs/scheduled-tasks.md, with an `aws` that answers as EventBridge does and keeps what it is told. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { codeBlocksOf } from '../../scripts/markdown.ts';

const NEW = 'arn:aws:ecs:eu-central-1:111122223333:task-definition/backend:8';
const OLD = NEW.replace(':8', ':7');
const OTHER = 'arn:aws:ecs:eu-central-1:111122223333:task-definition/backend-report:3';

const TARGETS = {
  Targets: [
    {
      Id: 'nightly',
      RoleArn: 'arn:role',
      Input: '{}',
      EcsParameters: { TaskDefinitionArn: OLD, TaskCount: 2 },
    },
    { Id: 'report', EcsParameters: { TaskDefinitionArn: OTHER } },
    { Id: 'queue', Arn: 'arn:sqs' },
  ],
};
const SCHEDULE = {
  Arn: 'arn:schedule',
  CreationDate: '2026-01-01',
  LastModificationDate: '2026-01-02',
  Name: 'backend-nightly',
  State: 'DISABLED',
  Target: { Arn: 'arn:cluster', EcsParameters: { TaskDefinitionArn: OLD, TaskCount: 2 } },
};

interface Step {
  readonly run?: string;
}

const scripts = codeBlocksOf(readFileSync('docs/scheduled-tasks.md', 'utf8'), 'yaml')
  .flatMap(({ code }) => parse(code) as Step[])
  .flatMap(({ run }) => run ?? []);

function runScript(
  script: string,
  answers: Readonly<Record<string, unknown>>,
): { status: number | null; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'schedule-'));
  for (const [verb, answer] of Object.entries(answers))
    writeFileSync(join(folder, `${verb}.json`), JSON.stringify(answer));
  writeFileSync(join(folder, 'aws'), `#!/bin/sh\ncat "$HOME/$2.json"\n`);
  chmodSync(join(folder, 'aws'), 0o755);
  const env = { PATH: `${folder}:/usr/bin:/bin`, HOME: folder, REVISION: NEW, RULE: 'r', SCHEDULE: 's' };
  const { status } = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script], {
    cwd: folder,
    env,
  });
  return { status, folder };
}

function left(folder: string, file: string): unknown {
  try {
    return JSON.parse(readFileSync(join(folder, file), 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('there is one for each kind of schedule', () => {
  expect(scripts).toHaveLength(2);
});

test('a rule: its targets of the family move, whole, and no other', () => {
  const { status, folder } = runScript(scripts[0] ?? '', {
    'list-targets-by-rule': TARGETS,
    'put-targets': { FailedEntryCount: 0 },
  });
  expect(status).toBe(0);
  const [nightly] = TARGETS.Targets;
  expect(left(folder, 'targets.json')).toEqual([
    { ...nightly, EcsParameters: { TaskDefinitionArn: NEW, TaskCount: 2 } },
  ]);
});

test.each([
  ['an entry failed', TARGETS, 1],
  ['no target is of the family', { Targets: TARGETS.Targets.slice(1) }, 0],
])('a rule: the step is red where %s', (_, targets, failed) => {
  const answers = { 'list-targets-by-rule': targets, 'put-targets': { FailedEntryCount: failed } };
  const { status, folder } = runScript(scripts[0] ?? '', answers);
  rmSync(folder, { recursive: true });
  expect(status).not.toBe(0);
});

test('a schedule: everything stays but the revision, its state too', () => {
  const { status, folder } = runScript(scripts[1] ?? '', { 'get-schedule': SCHEDULE, 'update-schedule': {} });
  expect(status).toBe(0);
  expect(left(folder, 'schedule.json')).toEqual({
    Name: 'backend-nightly',
    State: 'DISABLED',
    Target: { Arn: 'arn:cluster', EcsParameters: { TaskDefinitionArn: NEW, TaskCount: 2 } },
  });
});
