import { describe, expect, test } from '@jest/globals';
import type { DeploymentStatus, GitHub } from '../../src/github/github.ts';
import { GitHubError } from '../../src/github/github.ts';
import { DeploymentRecorder, endKilled } from '../../src/report/deployment-record.ts';
import { Cancelled } from '../../src/runtime/cancellation.ts';
import { fakeClock, untilDone, type FakeClock } from '../fakes/clock.ts';
import { RUN } from './outcomes.ts';
import { reportOf } from './reports.ts';

const EVENT = { repository: { owner: 'octo-org', name: 'video' } } as const;
const SHA = 'a'.repeat(40);

interface Recorded {
  readonly recorder: DeploymentRecorder;
  readonly statuses: readonly DeploymentStatus[];
  readonly kept: readonly number[];
  readonly clock: FakeClock;
}

function recorded(token: string | undefined, fails?: GitHubError): Recorded {
  const statuses: DeploymentStatus[] = [];
  const kept: number[] = [];
  const clock = fakeClock();
  const github = {
    deployments: () => Promise.resolve([]),
    createDeployment: () =>
      fails === undefined
        ? Promise.resolve({ id: 7, sha: SHA, environment: 'demo', payload: {} })
        : Promise.reject(fails),
    createDeploymentStatus: (_: number, status: DeploymentStatus) => {
      statuses.push(status);
      return Promise.resolve();
    },
  } as unknown as GitHub;
  const recorder = new DeploymentRecorder(
    { environment: 'demo', token, mode: 'deploy', cluster: 'prod', services: ['backend'] },
    {
      event: EVENT,
      run: RUN,
      clock,
      signal: new AbortController().signal,
      connect: () => Promise.resolve(github),
      keep: (id) => kept.push(id),
    },
  );
  return { recorder, statuses, kept, clock };
}

const POINT = {
  service: 'backend',
  desired: 4,
  running: 4,
  healthy: 1,
  old: 0,
  draining: 0,
  failed: 0,
  stage: '',
};

describe('the recorder of GitHub deployments', () => {
  test('tells the share of all services, each state once, and no more often than every 15 s', async () => {
    const { recorder, statuses, kept, clock } = recorded('token');
    recorder.begin(SHA);
    recorder.progress(POINT);
    recorder.progress({ ...POINT, healthy: 2 });
    clock.advance(15_000);
    recorder.progress({ ...POINT, service: 'worker', healthy: undefined, running: 3 });
    clock.advance(15_000);
    recorder.progress({ ...POINT, healthy: 2 });
    await recorder.end(reportOf());
    expect(statuses.map(({ state, description }) => [state, description])).toEqual([
      ['in_progress', 'Deploying to backend in prod'],
      ['in_progress', '1 of 4 tasks healthy'],
      ['in_progress', '5 of 8 tasks healthy'],
      ['success', '✅ Deployed'],
    ]);
    expect(kept).toEqual([7]);
  });

  test.each<[string, string | undefined, GitHubError | undefined, string]>([
    ['without a token', '', undefined, 'github-token is empty'],
    [
      'that may not',
      'token',
      new GitHubError('denied', 'Resource not accessible'),
      'Resource not accessible). The job needs the permission deployments: write.',
    ],
    [
      'whose commit GitHub does not know',
      'token',
      new GitHubError('refused', 'No ref found'),
      'No ref found).',
    ],
  ])('%s warns once, at the end', async (_, token, fails, why) => {
    const { recorder, statuses } = recorded(token === '' ? undefined : token, fails);
    recorder.begin(SHA);
    recorder.progress(POINT);
    const end = await recorder.end(reportOf());
    expect(end).toMatchObject({ kind: 'warning', text: expect.stringContaining(why) });
    expect(statuses).toEqual([]);
  });

  test('of a cancelled job waits for a GitHub that hangs as long as there is time before the kill', async () => {
    const clock = fakeClock();
    const job = new AbortController();
    const recorder = new DeploymentRecorder(
      { environment: 'demo', token: 'token', mode: 'deploy', cluster: 'prod', services: ['backend'] },
      {
        event: EVENT,
        run: RUN,
        clock,
        signal: job.signal,
        connect: () => new Promise(() => undefined),
        keep: () => undefined,
      },
    );
    recorder.begin(SHA);
    job.abort(new Cancelled('SIGINT', -5_000));
    const end = recorder.end({ ...reportOf(), result: 'cancelled' });
    expect(await untilDone(clock, end)).toMatchObject({ kind: 'warning' });
    expect(clock.now()).toBe(4_500);
  });

  test('of a run that began no rollout says nothing', async () => {
    const { recorder } = recorded('token');
    expect(await recorder.end({ ...reportOf(), result: 'failed' })).toEqual({ kind: 'silent' });
  });
});

describe('the deployment of a run that was killed', () => {
  const ends = (token: string | undefined, github: Partial<GitHub>): ReturnType<typeof endKilled> =>
    endKilled(7, token, {
      event: EVENT,
      run: RUN,
      clock: fakeClock(),
      connect: () => Promise.resolve(github as GitHub),
    });

  test('ends as an error', async () => {
    const said: unknown[] = [];
    const createDeploymentStatus = (id: number, { state }: DeploymentStatus): Promise<void> => {
      said.push([id, state]);
      return Promise.resolve();
    };
    expect(await ends('token', { createDeploymentStatus })).toEqual({
      kind: 'line',
      text: 'GitHub deployment 7: error.',
    });
    expect(said).toEqual([[7, 'error']]);
  });

  test('is left where GitHub refuses, with a warning', async () => {
    const createDeploymentStatus = (): Promise<never> => Promise.reject(new GitHubError('denied', 'no'));
    expect(await ends('token', { createDeploymentStatus })).toEqual({
      kind: 'warning',
      text: 'GitHub deployment 7 could not be ended (no).',
    });
  });

  test('is left without a token', async () => {
    expect(await ends(undefined, {})).toEqual({ kind: 'silent' });
  });
});
