import { describe, expect, it } from '@jest/globals';
import { CAUSE_GUIDE, CAUSES, RESULTS, type Result } from '../../src/model.ts';
import { composeReport, isGreen } from '../../src/report/report.ts';
import { runFacts } from '../../src/report/run-facts.ts';
import { endingOf, newStory } from '../../src/report/story.ts';
import { Cancelled } from '../../src/runtime/cancellation.ts';
import { Failure } from '../../src/runtime/failure.ts';
import { expired } from '../fakes/aws-errors.ts';
import { courseOf, outcomeOf, requestOf, revisionArn, snapshotOf } from '../fakes/literals.ts';
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
        const courses = [better, worse].map((result) =>
          courseOf({ outcome: outcomeOf({ result, message: result }) }),
        );
        expect(reportOf({ courses })).toMatchObject({ result: worse, message: worse });
        expect(reportOf({ courses: courses.toReversed() }).result).toBe(worse);
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
      courses: [courseOf(), courseOf({ outcome: undefined })],
      ending: endingOf(new Cancelled('SIGINT')),
    });
    expect(report.services.map((service) => service.name)).toEqual(['backend']);
  });
});

describe('what to do', () => {
  it('is what its own hint says', () => {
    const outcome = outcomeOf({ result: 'failed', cause: 'app-crashed', hint: 'Look here.' });
    const report = reportOf({ courses: [courseOf({ outcome })] });
    expect(report.hint).toBe('Look here.');
    expect(report.services[0]?.hint).toBe('Look here.');
  });

  it.each(CAUSES)('is what the guide says where nothing better is known: %s', (cause) => {
    const outcome = outcomeOf({ result: 'failed', cause, hint: undefined });
    const report = reportOf({ courses: [courseOf({ outcome })] });
    expect(report.hint).toBe(CAUSE_GUIDE[cause].remedy);
    expect(report.services[0]?.hint).toBe(CAUSE_GUIDE[cause].remedy);
    const ending = endingOf(new Failure(cause, 'It ended.'));
    expect(reportOf({ ending }).hint).toBe(CAUSE_GUIDE[cause].remedy);
  });

  it('is nothing where nothing went wrong', () => {
    const outcome = outcomeOf({ result: 'succeeded', cause: undefined, hint: undefined });
    expect(reportOf({ courses: [courseOf({ outcome })] }).hint).toBeUndefined();
  });
});

describe('a run without a service', () => {
  it.each([
    [true, 'Task definition backend:8 is registered; no service was named, so none was touched.'],
    [false, 'Task definition backend:8 is there already; no service was named, so none was touched.'],
  ])('is registered (anew: %s)', (registered, message) => {
    const report = reportOf({ courses: [], definitions: [{ ...REGISTERED, registered }] });
    expect(report).toMatchObject({ result: 'registered', cause: undefined, message, changed: registered });
  });
});

describe('changed', () => {
  it.each([
    ['a service was updated', {}, true],
    [
      'everything was there already',
      { courses: [courseOf({ move: 'nothing' })], definitions: [{ ...REGISTERED, registered: false }] },
      false,
    ],
    [
      'another run was adopted',
      { courses: [courseOf({ move: 'adopt' })], definitions: [{ ...REGISTERED, registered: false }] },
      false,
    ],
    [
      'only the revision was registered',
      { courses: [courseOf({ rollout: undefined, move: 'update' })] },
      true,
    ],
    [
      'the revision was put away again',
      {
        courses: [courseOf({ rollout: undefined })],
        definitions: [{ ...REGISTERED, deregistered: true }],
      },
      false,
    ],
    ['nothing was reached', { courses: [], definitions: [] }, false],
  ])('where %s: %#', (_situation, story, changed) => {
    expect(reportOf(story).changed).toBe(changed);
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
    expect(reportOf({ courses: [courseOf({ snapshot })] }).services).toMatchObject([
      {
        previousTaskDefinitionArn: revisionArn('backend:5'),
        taskDefinitionArn: revisionArn('backend:8'),
        deploymentId: 'ecs-svc/2',
      },
    ]);
  });

  it('says nothing of a request that could not be read', () => {
    const story = { ...newStory(), ending: endingOf(new Failure('invalid-input', 'cluster: it is empty.')) };
    const report = composeReport(undefined, runFacts({}), story, RECORDED);
    expect(report).toMatchObject({
      request: undefined,
      services: [],
      result: 'failed',
      cause: 'invalid-input',
    });
  });

  it('survives being written as JSON', () => {
    const report = composeReport(requestOf(), runFacts({}), newStory(), RECORDED);
    expect(JSON.parse(JSON.stringify(report))).toMatchObject({ schema: 1, durationSeconds: 61.5 });
  });
});

describe('the end of a run that threw', () => {
  it.each([
    [new Failure('timeout', 'Too slow.', { hint: 'Wait.' }), 'failed', 'timeout', 'Too slow.'],
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
