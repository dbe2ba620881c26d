import { describe, expect, it } from '@jest/globals';
import { adviceOf, CAUSES, RESULTS, type Result } from '../../src/model/index.ts';
import { composeReport, endingOfService, isGreen, runFacts } from '../../src/report/report.ts';
import { endingOf, newRunRecord } from '../../src/report/run-record.ts';
import { Cancelled } from '../../src/runtime/cancellation.ts';
import { DeployError } from '../../src/runtime/error.ts';
import { expired } from '../fakes/aws-errors.ts';
import { serviceRunOf, outcomeOf, requestOf, revisionArn, snapshotOf } from '../fakes/literals.ts';
import { RECORDED, REGISTERED, reportOf } from './reports.ts';

describe('the result of several services', () => {
  /** The contract's order, worst first. */
  const WORST_FIRST: readonly Result[] = [
    'failed',
    'timed-out',
    'cancelled',
    'superseded',
    'rolled-back',
    'started',
    'planned',
    'succeeded',
    'unchanged',
  ];

  it('is the worst of all, by the order of the contract', () => {
    for (const [at, worse] of WORST_FIRST.entries()) {
      for (const better of WORST_FIRST.slice(at)) {
        const serviceRuns = [better, worse].map((result) =>
          serviceRunOf({ outcome: outcomeOf({ result, message: result }) }),
        );
        const differ = worse === 'rolled-back' && ['succeeded', 'unchanged'].includes(better);
        const message = differ
          ? `${worse}; the services are on different versions: backend is on the new one, backend is not.`
          : worse;
        expect(reportOf({ serviceRuns })).toMatchObject({ result: worse, message });
        expect(reportOf({ serviceRuns: serviceRuns.toReversed() }).result).toBe(worse);
      }
    }
  });

  it('knows every result', () => {
    expect([...RESULTS].sort()).toEqual([...WORST_FIRST, 'registered'].sort());
  });

  it('is what ended the run, where something did', () => {
    const ending = endingOf(new Cancelled('SIGINT'));
    expect(reportOf({ ending })).toMatchObject({ result: 'cancelled', cause: 'cancelled' });
  });

  it('tells of the services that were reached although the run ended early', () => {
    const report = reportOf({
      serviceRuns: [serviceRunOf(), serviceRunOf({ outcome: undefined })],
      ending: endingOf(new Cancelled('SIGINT')),
    });
    expect(report.services.map((service) => service.name)).toEqual(['backend']);
  });
});

describe('what to do', () => {
  it('is what its own hint says', () => {
    const outcome = outcomeOf({ result: 'failed', cause: 'app-crashed', hint: 'Look here.' });
    const report = reportOf({ serviceRuns: [serviceRunOf({ outcome })] });
    const advice =
      'Look here. The new revision is left in place: deploy a fix, or go back with mode: rollback.';
    expect(report.hint).toBe(advice);
    expect(report.services[0]?.hint).toBe(advice);
  });

  it.each(CAUSES)('is what the guide says where nothing better is known: %s', (cause) => {
    const outcome = outcomeOf({ result: 'failed', cause, hint: undefined });
    const report = reportOf({ serviceRuns: [serviceRunOf({ outcome })] });
    expect(report.hint).toBe(adviceOf(cause, endingOfService(serviceRunOf({ outcome }))));
    expect(report.services[0]?.hint).toBe(report.hint);
    const ending = endingOf(new DeployError(cause, 'It ended.'));
    expect(reportOf({ ending, serviceRuns: [] }).hint).toBe(adviceOf(cause, 'untouched'));
  });

  it('is nothing where nothing went wrong', () => {
    const outcome = outcomeOf({ result: 'succeeded', cause: undefined, hint: undefined });
    expect(reportOf({ serviceRuns: [serviceRunOf({ outcome })] }).hint).toBeUndefined();
  });
});

describe('a run without a service', () => {
  it.each([
    [true, 'Task definition backend:8 is registered; no service was named, so none was touched.'],
    [false, 'Task definition backend:8 is there already; no service was named, so none was touched.'],
  ])('is registered (again: %s)', (registered, message) => {
    const report = reportOf({ serviceRuns: [], definitions: [{ ...REGISTERED, registered }] });
    expect(report).toMatchObject({ result: 'registered', cause: undefined, message, changed: registered });
  });
});

describe('changed', () => {
  it.each([
    ['a service was updated', {}, true],
    [
      'everything was there already',
      {
        serviceRuns: [serviceRunOf({ change: 'none' })],
        definitions: [{ ...REGISTERED, registered: false }],
      },
      false,
    ],
    [
      'another run was adopted',
      {
        serviceRuns: [serviceRunOf({ change: 'adopt' })],
        definitions: [{ ...REGISTERED, registered: false }],
      },
      false,
    ],
    [
      'only the revision was registered',
      { serviceRuns: [serviceRunOf({ rollout: undefined, change: 'update' })] },
      true,
    ],
    [
      'the revision was put away again',
      {
        serviceRuns: [serviceRunOf({ rollout: undefined })],
        definitions: [{ ...REGISTERED, deregistered: true }],
      },
      false,
    ],
    ['nothing was reached', { serviceRuns: [], definitions: [] }, false],
  ])('where %s: %#', (_situation, record, changed) => {
    expect(reportOf(record).changed).toBe(changed);
  });
});

describe('a green step', () => {
  it.each([
    ['succeeded', true],
    ['unchanged', true],
    ['planned', true],
    ['registered', true],
    ['started', true],
    ['rolled-back', false],
    ['superseded', false],
    ['cancelled', false],
    ['timed-out', false],
    ['failed', false],
  ] as const)('%s: %s', (result, green) => {
    expect(isGreen(result)).toBe(green);
  });
});

describe('the report', () => {
  it('names what the service ran and what it was given', () => {
    const snapshot = snapshotOf({ taskDefinitionArn: revisionArn('backend:5') });
    expect(reportOf({ serviceRuns: [serviceRunOf({ snapshot })] }).services).toMatchObject([
      {
        previousTaskDefinitionArn: revisionArn('backend:5'),
        taskDefinitionArn: revisionArn('backend:8'),
        deploymentId: 'ecs-svc/2',
      },
    ]);
  });

  it('says nothing of a request that could not be read', () => {
    const record = {
      ...newRunRecord(),
      ending: endingOf(new DeployError('invalid-input', 'cluster: it is empty.')),
    };
    const report = composeReport(undefined, runFacts({}), record, RECORDED);
    expect(report).toMatchObject({
      request: undefined,
      services: [],
      result: 'failed',
      cause: 'invalid-input',
    });
  });

  it('survives being written as JSON', () => {
    const report = composeReport(requestOf(), runFacts({}), newRunRecord(), RECORDED);
    expect(JSON.parse(JSON.stringify(report))).toMatchObject({ schema: 1, durationSeconds: 61.5 });
  });
});

describe('the end of a run that threw', () => {
  it.each([
    [new DeployError('timeout', 'Too slow.', { hint: 'Wait.' }), 'failed', 'timeout', 'Too slow.'],
    [new Cancelled('SIGTERM'), 'cancelled', 'cancelled', 'The job was cancelled (SIGTERM).'],
    [
      new TypeError('x is undefined'),
      'failed',
      'unknown',
      'Something went wrong while deploying (TypeError: x is undefined).',
    ],
    [
      expired(),
      'failed',
      'credentials-expired',
      'The AWS credentials expired while deploying (ExpiredTokenException: The security token included in the request is expired).',
    ],
    ['a string', 'failed', 'unknown', 'Something went wrong while deploying (Error: a string).'],
  ] as readonly (readonly [unknown, string, string, string])[])('%s', (error, result, cause, message) => {
    expect(endingOf(error)).toMatchObject({ result, cause, message });
  });
});

describe('the facts of the run', () => {
  const env = {
    GITHUB_SERVER_URL: 'https://github.example',
    GITHUB_REPOSITORY: 'org/app',
    GITHUB_RUN_ID: '42',
    GITHUB_SHA: 'abc',
    GITHUB_REF: 'refs/heads/main',
    GITHUB_ACTOR: 'someone',
    GITHUB_EVENT_NAME: 'push',
    GITHUB_TOKEN: 'ghs_secret',
  };

  it('are the documented variables and the address of the run', () => {
    expect(runFacts(env)).toEqual({
      repository: 'org/app',
      sha: 'abc',
      commit: 'abc',
      serverUrl: 'https://github.example',
      runId: '42',
      id: '42///',
      ref: 'refs/heads/main',
      actor: 'someone',
      event: 'push',
      runUrl: 'https://github.example/org/app/actions/runs/42',
    });
  });

  it.each(['GITHUB_SERVER_URL', 'GITHUB_REPOSITORY', 'GITHUB_RUN_ID'])(
    'hold no half address without %s',
    (name) => {
      expect(runFacts({ ...env, [name]: undefined }).runUrl).toBeUndefined();
    },
  );
});
