import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import type { CheckResult } from '../../src/model/index.ts';
import { Cancelled } from '../../src/runtime/cancellation.ts';
import { CHECKS, refusalOf, runChecks } from '../../src/preflight/index.ts';
import {
  failed,
  ok,
  resultOf,
  skipped,
  warning,
  type Check,
  type Finding,
} from '../../src/preflight/check.ts';
import { expired, throttled, unanswered } from '../fakes/aws-errors.ts';
import { definitionOf, requestOf, snapshotOf } from '../fakes/literals.ts';
import { fakeLog } from '../fakes/log.ts';
import { awsWith, ecrWith, meansWith, subjectOf } from './candidates.ts';

const SIZED = definitionOf(['web'], {
  requiresCompatibilities: ['FARGATE'],
  networkMode: 'awsvpc',
  executionRoleArn: 'web',
  cpu: '1024',
  memory: '1024',
  taskRoleArn: 'web',
});

const IN_A_NETWORK = snapshotOf({
  placement: { networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'] } } },
});

function preflight(mode: 'fail' | 'warn' | 'off'): ReturnType<typeof requestOf> {
  return requestOf({ rollout: { ...requestOf().rollout, preflight: mode } });
}

describe('the list of checks', () => {
  test('names each once, and holds every check of the room', () => {
    expect(new Set(CHECKS.map(({ name }) => name)).size).toBe(CHECKS.length);
    const texts = readdirSync('src/preflight').map((file) => readFileSync(`src/preflight/${file}`, 'utf8'));
    const declared = texts.flatMap((text) => text.match(/^export const \w+: Check = /gm) ?? []);
    expect(CHECKS).toHaveLength(declared.length);
  });
});

describe('the findings of a check', () => {
  const closed: Finding = { state: 'SKIPPED', detail: 'role a may not be looked at', lacks: 'iam:GetRole' };
  const check = { name: 'role', nothing: 'no role', look: () => [] };

  test.each<[readonly Finding[], Omit<CheckResult, 'check'>]>([
    [[], { state: 'OK', detail: 'no role', denied: false }],
    [[ok('a'), ok('b'), ok('a')], { state: 'OK', detail: 'a; b', denied: false }],
    [[ok('a'), skipped('b')], { state: 'SKIPPED', detail: 'b', denied: false }],
    [[ok('a'), closed, closed], { state: 'SKIPPED', detail: 'iam:GetRole', denied: true }],
    [[skipped('b'), closed], { state: 'SKIPPED', detail: 'b; role a may not be looked at', denied: false }],
    [[warning('c'), closed], { state: 'WARNING', detail: 'c; role a may not be looked at', denied: false }],
    [[warning('c'), failed('d'), ok('a')], { state: 'FAILED', detail: 'c; d', denied: false }],
  ])('%j', (findings, result) => {
    expect(resultOf(check, findings)).toEqual({ check: 'role', ...result });
  });
});

describe('verify', () => {
  test('tells one line a check, warns of warnings, and folds what may not be looked at or has no subject', async () => {
    const log = fakeLog();
    const results = await runChecks(
      { ...meansWith(), aws: awsWith(), log },
      subjectOf({ definition: SIZED, services: [IN_A_NETWORK] }),
    );
    expect(results.map(({ check }) => check)).toEqual([
      'image',
      'task definition',
      'task size',
      'service settings',
      'deployment percents',
      'role',
      'other deployment',
      'rollback target',
      'circuit breaker',
      'definition size',
    ]);
    expect(log.said).toEqual([
      'OK      task definition: it breaks no rule of RegisterTaskDefinition that is known',
      'FAILED  task size: Fargate has no cpu 1024 and memory 1024; with cpu 1024, memory can be 2048 to 8192 MiB in steps of 1024',
      'OK      service settings: the definition fits backend',
      'OK      deployment percents: backend keeps 2 to 4 of 2 tasks (100/200 %)',
      'OK      other deployment: none is under way that this run would replace',
      'warning: rollback target: backend has no good revision to go back to: a failed rollout would be left as it is',
      'OK      circuit breaker: backend has one, which rolls back',
      expect.stringMatching(/^OK {6}definition size: 0\.\d of 64 KiB$/),
      'Not checked, access denied: image (ecr:BatchGetImage), role (iam:GetRole)',
      'Nothing to check: load balancer (no target group), target type (no target group), secret (the definition names no secret of Secrets Manager), parameter (the definition names no parameter of Systems Manager), log group (no container needs one), rollback image (no good revision is known), alarms (none watches the deployment), scaling range (the desired count is not set by this run)',
    ]);
  });

  test('warns of what FAILED where it is not to stop the deployment', async () => {
    const log = fakeLog();
    await runChecks(
      { ...meansWith(), aws: awsWith(), log },
      subjectOf({ definition: SIZED, request: preflight('warn') }),
    );
    expect(log.said).toContainEqual(
      expect.stringMatching(/^warning: task size: .*\(preflight: warn goes on in spite of it\)$/),
    );
  });

  test('looks at nothing where it is off', async () => {
    const log = fakeLog();
    const candidate = subjectOf({ definition: SIZED, request: preflight('off') });
    expect(await runChecks({ ...meansWith(), aws: awsWith(), log }, candidate)).toEqual([]);
    expect(log.said).toEqual(['The preflight checks are off.']);
  });

  test('works without a service, where a revision is only registered', async () => {
    const results = await runChecks(
      { ...meansWith(), aws: awsWith(), log: fakeLog() },
      subjectOf({ services: [], definition: definitionOf(['web'], { memory: '512' }) }),
    );
    expect(results.filter(({ state }) => state !== 'OK').map(({ check }) => check)).toEqual(['image']);
  });

  test.each([
    ['throttled', throttled()],
    ['unanswered', unanswered()],
    ['expired', expired()],
    ['behind a proxy of its own mind', Object.assign(new Error('no'), { code: 'CERT_HAS_EXPIRED' })],
  ])('is stopped by no error of AWS: %s', async (_what, error) => {
    const getRole = (): Promise<never> => Promise.reject(error);
    const log = fakeLog();
    const aws = awsWith({ roles: { getRole } });
    const results = await runChecks({ ...meansWith(), aws, log }, subjectOf({ definition: SIZED }));
    expect(results.find(({ check }) => check === 'role')).toMatchObject({ state: 'SKIPPED', denied: false });
    expect(log.said).toContainEqual(
      expect.stringMatching(
        /^SKIPPED role: web \(taskRoleArn and executionRoleArn\) could not be looked at \(/,
      ),
    );
  });

  test('says no word twice: what a finding is about stands before it', async () => {
    const look = (): Promise<readonly Finding[]> =>
      Promise.resolve([
        { state: 'FAILED', detail: 'log group /a does not exist' },
        { state: 'FAILED', detail: 'log group /b does not exist' },
      ]);
    const log = fakeLog();
    const check: Check = { name: 'log group', nothing: 'none', look };
    const results = await runChecks({ ...meansWith(), aws: awsWith(), log }, subjectOf({}), [check]);
    const said = 'log group: /a does not exist; /b does not exist';
    expect(log.said).toEqual([`FAILED  ${said}`]);
    expect(refusalOf(results, 'fail')?.conclusion.evidence).toEqual([{ kind: 'status', text: said }]);
  });

  test('ends where the job was cancelled', async () => {
    const cancelled = new Cancelled('SIGINT');
    const aws = awsWith({ roles: { getRole: () => Promise.reject(cancelled) } });
    await expect(
      runChecks({ ...meansWith(), aws, log: fakeLog() }, subjectOf({ definition: SIZED })),
    ).rejects.toBe(cancelled);
  });

  test('runs its checks side by side', async () => {
    const waiting: (() => void)[] = [];
    const meet = (): Promise<never> =>
      new Promise((_resolve, reject) => {
        waiting.push(() => {
          reject(throttled());
        });
        if (waiting.length === 2) for (const each of waiting) each();
      });
    const aws = awsWith({ roles: { getRole: meet }, ecr: () => ecrWith({ batchGetImage: meet }) });
    const candidate = subjectOf({ definition: SIZED, services: [snapshotOf()] });
    const results = await runChecks({ ...meansWith(), aws, log: fakeLog() }, candidate);
    expect(results.map(({ check }) => check)).toEqual(expect.arrayContaining(['image', 'role']));
  });
});

describe('refusalOf', () => {
  const result = (check: string, state: CheckResult['state']): CheckResult => ({
    check,
    state,
    detail: `the ${check} is ${state}`,
    denied: false,
  });
  const good = [result('image', 'OK'), result('rollback target', 'WARNING'), result('secret', 'SKIPPED')];
  const bad = [...good, result('role', 'FAILED')];

  function refusal(results: readonly CheckResult[], mode: 'fail' | 'warn' | 'off'): unknown {
    const error = refusalOf(results, mode);
    if (error === undefined) return undefined;
    const { cause, message, evidence } = error.conclusion;
    return [cause, message, ...evidence.map(({ text }) => text)];
  }

  test('passes warnings and what was skipped', () => {
    expect(refusal(good, 'fail')).toBeUndefined();
  });

  test.each(['warn', 'off'] as const)('passes everything where preflight is %s', (mode) => {
    expect(refusal(bad, mode)).toBeUndefined();
  });

  test('names the one that failed with what it found', () => {
    expect(refusal(bad, 'fail')).toEqual([
      'preflight-failed',
      'The preflight check "role" failed: the role is FAILED.',
      'role: the role is FAILED',
    ]);
  });

  test('names all that failed in one sentence, and each in a line of evidence', () => {
    expect(refusal([...bad, result('log group', 'FAILED')], 'fail')).toEqual([
      'preflight-failed',
      '2 preflight checks failed: role, log group.',
      'role: the role is FAILED',
      'log group: the log group is FAILED',
    ]);
  });
});
