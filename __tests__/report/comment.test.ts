import { describe, expect, it } from '@jest/globals';
import {
  markerOf,
  renderComment,
  mentions,
  readHistory,
  withDeployment,
  writeHistory,
  type PastDeployment,
} from '../../src/report/comment.ts';
import { defaultKey } from '../../src/report/comment-request.ts';
import type { Report } from '../../src/report/report.ts';
import { OUTCOMES, RUN } from './outcomes.ts';

const GOOD = OUTCOMES['proven healthy']!;
const PLAN = OUTCOMES['planned']!;

function byRun(report: Report, runId: string, startedAt: string): Report {
  return { ...report, startedAt, run: { ...RUN, runId, id: runId } };
}

const PAST: PastDeployment = {
  id: '1',
  at: '2026-01-01T00:00:00Z',
  result: 'succeeded',
  revision: 'backend:1',
  commit: 'a'.repeat(40),
  actor: 'octocat',
  runId: '1',
};

describe('the history of a comment', () => {
  it('is read as it was written', () => {
    expect(readHistory(`text\n${writeHistory([PAST])}\n`)).toEqual([PAST]);
  });

  it.each([
    ['no history', 'text'],
    ['no base64', '<!-- history:%%% -->'],
    ['no JSON', `<!-- history:${Buffer.from('{').toString('base64')} -->`],
    ['no list', writeHistory(PAST as unknown as PastDeployment[])],
    ['another result', writeHistory([{ ...PAST, result: 'owned' as 'succeeded' }])],
    ['a commit that is none', writeHistory([{ ...PAST, commit: ') [x](https://evil.example' }])],
    ['a run that is none', writeHistory([{ ...PAST, runId: '../../evil' }])],
    ['a missing field', writeHistory([{ ...PAST, actor: undefined as unknown as string }])],
  ])('that somebody changed by hand to %s is forgotten', (_what, body) => {
    expect(readHistory(body)).toEqual([]);
  });

  it('keeps the last ten, newest first, and each run once', () => {
    const all = Array.from({ length: 12 }, (_, at) => ({
      ...PAST,
      id: String(at),
      at: `2026-01-${String(at + 10)}`,
    }));
    const history = all.reduce<PastDeployment[]>(withDeployment, []);
    expect(history.map(({ id }) => id)).toEqual(['11', '10', '9', '8', '7', '6', '5', '4', '3', '2']);
    const again = withDeployment(history, { ...all[11]!, result: 'failed' });
    expect(again.filter(({ id }) => id === '11')).toMatchObject([{ result: 'failed' }]);
  });
});

describe('the comment', () => {
  it('has no history to show the first time, and shows one from the second on', () => {
    const first = renderComment(byRun(GOOD, '41', '2026-01-01T10:00:00Z'), 'k', undefined);
    expect(first).not.toContain('Last deployments from this pull request');
    const second = renderComment(byRun(OUTCOMES['rolled back']!, '42', '2026-01-02T10:00:00Z'), 'k', first);
    expect(second).toContain('### ↩️ Failed and rolled back to backend:7');
    expect(second).toMatch(
      /\/actions\/runs\/42\) \| ↩️ Failed and rolled back.*\n.*\/actions\/runs\/41\) \| ✅ Deployed/,
    );
  });

  it('of a plan shows the deployments before it, and is none of them', () => {
    const deployed = renderComment(byRun(GOOD, '41', '2026-01-01T10:00:00Z'), 'k', undefined);
    const planned = renderComment(byRun(PLAN, '42', '2026-01-02T10:00:00Z'), 'k', deployed);
    expect(readHistory(planned).map(({ runId }) => runId)).toEqual(['41']);
    expect(planned).toContain('Last deployments from this pull request');
  });

  it('tells of a run in its history too, and of a plan in any case', () => {
    const mine = byRun(GOOD, '41', '2026-01-01T10:00:00Z');
    const after = renderComment(
      byRun(GOOD, '42', '2026-01-02T10:00:00Z'),
      'k',
      renderComment(mine, 'k', undefined),
    );
    expect(mentions(mine, after)).toBe(true);
    expect(mentions(byRun(GOOD, '43', ''), after)).toBe(false);
    expect(mentions(byRun(PLAN, '43', ''), after)).toBe(true);
  });

  it('never holds the log of a container', () => {
    expect(renderComment(OUTCOMES['rolled back']!, 'k', undefined)).not.toContain('DATABASE_URL');
  });
});

describe('the key of a comment', () => {
  it.each([
    ['prod', ['backend'], 'prod/backend'],
    ['arn:aws:ecs:x:1:cluster/prod', ['arn:aws:ecs:x:1:service/prod/web', 'worker'], 'prod/web,worker'],
    ['prod', [], 'prod/(no service)'],
  ])('of %s and %j is %s', (cluster, services, key) => {
    expect(defaultKey(cluster, services)).toBe(key);
  });

  it('cannot end the hidden text that holds it', () => {
    expect(markerOf('a-->b --!> 100%')).toBe('<!-- ecs-fargate-deploy:a--%3Eb --!%3E 100%25 -->');
  });
});
