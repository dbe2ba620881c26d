import { describe, expect, test } from '@jest/globals';
import type { Evidence } from '../../src/model/index.ts';
import { renderComment } from '../../src/report/comment.ts';
import { decisiveLine, lastLines, mostTelling } from '../../src/report/last-lines.ts';
import type { Report } from '../../src/report/report.ts';
import { renderSummary } from '../../src/report/summary.ts';
import { outcomeOf, serviceRunOf } from '../fakes/literals.ts';
import { RUN } from './outcomes.ts';
import { reportOf } from './reports.ts';

describe('the most telling line of a container', () => {
  test.each<[string, string[], string]>([
    [
      'the last line of a traceback of Python',
      [
        'Traceback (most recent call last):',
        '  File "/app/main.py", line 7, in <module>',
        '    raise RuntimeError("DATABASE_URL is not set")',
        'RuntimeError: DATABASE_URL is not set',
        'sentry is attempting to send 2 pending events',
      ],
      'RuntimeError: DATABASE_URL is not set',
    ],
    [
      'the last of two tracebacks, with a module before its name',
      ['KeyError: 1', 'During handling of the above exception:', 'sqlalchemy.exc.OperationalError: no host'],
      'sqlalchemy.exc.OperationalError: no host',
    ],
    [
      'a panic of Go, not its stack',
      ['panic: no port', 'goroutine 1 [running]:', 'main.main()'],
      'panic: no port',
    ],
    [
      'the innermost cause of Java',
      [
        'Exception in thread "main" java.lang.IllegalStateException: start failed',
        '\tat com.example.Main.main(Main.java:7)',
        'Caused by: java.net.ConnectException: Connection refused',
        '\t... 12 more',
      ],
      'Caused by: java.net.ConnectException: Connection refused',
    ],
    [
      'the error of Node.js',
      [
        '/app/index.js:3',
        "throw new Error('x')",
        '^',
        '',
        'Error: x',
        '    at Object.<anonymous>',
        'Node.js v24',
      ],
      'Error: x',
    ],
    [
      'FATAL, with a time before it',
      ['2026-01-02T03:04:05Z FATAL: no role "app"', 'bye'],
      '2026-01-02T03:04:05Z FATAL: no role "app"',
    ],
    [
      'the level of a line of JSON',
      ['{"level":"fatal","msg":"no key"}', '{"level":"info"}'],
      '{"level":"fatal","msg":"no key"}',
    ],
    [
      'what a step of a build said, not that it failed',
      [
        '#8 [4/6] RUN pip',
        '#8 2.101 ERROR: No matching distribution',
        'ERROR: failed to solve: process "pip" did not complete',
      ],
      '#8 2.101 ERROR: No matching distribution',
    ],
    [
      'what a step of a build said, where BuildKit says twice that it failed',
      [
        '#7 [2/2] RUN make',
        '#7 0.345 cc: command not found',
        '#7 ERROR: process "/bin/sh -c make" did not complete successfully: exit code: 127',
        'ERROR: failed to solve: process "/bin/sh -c make" did not complete successfully: exit code: 127',
      ],
      '#7 0.345 cc: command not found',
    ],
    ['a plain error', ['ERROR could not bind', 'stopping', 'bye'], 'ERROR could not bind'],
    ['words of trouble', ['starting', 'database is not found', 'bye'], 'database is not found'],
    ['the last line that is not empty, where nothing says more', ['one', 'two', '', ' '], 'two'],
  ])('is %s', (_, lines, line) => {
    expect(mostTelling(lines)).toBe(line);
    expect(mostTelling(lines.map((each) => `web: ${each}`))).toBe(`web: ${line}`);
  });

  test.each<[string[]]>([
    [[]],
    [['The log of container "web" cannot be read (denied).']],
    [['Container "web" logs through splunk, so its lines are not shown here.']],
  ])('is none in %j', (lines) => {
    expect(mostTelling(lines)).toBeUndefined();
  });
});

function logs(...texts: string[]): Evidence[] {
  return texts.map((text) => ({ kind: 'log', text }));
}

function failed(
  evidence: readonly Evidence[],
  cause: 'app-crashed' | 'http-check-failed' = 'app-crashed',
): Report {
  const outcome = outcomeOf({ result: 'rolled-back', cause, message: 'It failed.', evidence });
  return { ...reportOf({ serviceRuns: [serviceRunOf({ outcome })] }), run: RUN };
}

const MANY = Array.from({ length: 40 }, (_, at) => `line ${at}`);

describe('the last lines', () => {
  test('are at most fifteen, and those before them are kept apart', () => {
    const [lines] = lastLines(failed(logs(...MANY)));
    expect(lines).toEqual({
      title: 'Last log lines of the container that failed',
      open: MANY.slice(25),
      earlier: MANY.slice(0, 25),
    });
  });

  test('hold the most telling line, where others came long after it', () => {
    const [lines] = lastLines(failed(logs(...MANY.slice(0, 10), 'panic: no port', ...MANY.slice(10))));
    expect(lines?.open).toHaveLength(15);
    expect(lines?.open.slice(-5)).toEqual(['panic: no port', ...MANY.slice(10, 14)]);
    expect(lines?.earlier).toHaveLength(41);
  });

  test('of the URL are what it answered, and what the tasks wrote then', () => {
    const evidence: Evidence[] = [
      { kind: 'answer', text: 'status 500 from u' },
      { kind: 'answer', text: 'oops' },
      ...logs('web: listening'),
    ];
    const report = failed(evidence, 'http-check-failed');
    expect(lastLines(report)).toEqual([
      { title: 'What the URL answered', open: ['status 500 from u', 'oops'], earlier: [] },
      { title: 'Last log lines of the new tasks', open: ['web: listening'], earlier: [] },
    ]);
    // A program that runs on need not have written anything about it.
    expect(decisiveLine(report)).toBeUndefined();
  });

  test('after a rollback that failed are about what failed first', () => {
    const evidence: Evidence[] = [
      { kind: 'first-cause', text: 'http-check-failed: completed, but u failed' },
      ...logs('web: listening'),
    ];
    const report = { ...failed(evidence), cause: 'rollback-failed' } as Report;
    expect(decisiveLine(report)).toBeUndefined();
    expect(lastLines(report).map(({ title }) => title)).toEqual(['Last log lines of the new tasks']);
  });

  test('of a rollback that failed stand below those of what failed first, and the decisive one is theirs', () => {
    const ofRollback = logs('web: KeyError: old').map((each) => ({ ...each, of: 'rollback' as const }));
    const evidence: Evidence[] = [
      { kind: 'first-cause', text: 'app-crashed: it crashed' },
      ...logs('web: RuntimeError: new'),
      ...ofRollback,
    ];
    const report = { ...failed(evidence), cause: 'rollback-failed' } as Report;
    expect(lastLines(report).map(({ title, open }) => [title, ...open])).toEqual([
      ['Last log lines of the container that failed', 'web: RuntimeError: new'],
      ['Last log lines of the rollback', 'web: KeyError: old'],
    ]);
    expect(decisiveLine(report)).toBe('web: KeyError: old');
    // One that says nothing leaves it to the first.
    const silent = evidence.map((each) => (each.of === undefined ? each : { ...each, text: 'web: hello' }));
    expect(decisiveLine({ ...failed(silent), cause: 'rollback-failed' })).toBe('web: RuntimeError: new');
  });

  test('of tasks that ran before the run are not called new', () => {
    const outcome = outcomeOf({
      result: 'failed',
      cause: 'http-check-failed',
      evidence: logs('web: listening'),
    });
    const { taskDefinitionArn } = serviceRunOf().snapshot;
    const report = reportOf({ serviceRuns: [serviceRunOf({ outcome, change: 'none', taskDefinitionArn })] });
    expect(lastLines(report).map(({ title }) => title)).toEqual(['Last log lines of the tasks']);
  });

  test('of tasks that are all well, and wait for old ones to end, are none', () => {
    const healthy = {
      tag: undefined,
      commit: undefined,
      since: undefined,
      desired: 2,
      running: 2,
      healthy: 2,
    };
    const { taskDefinitionArn } = serviceRunOf();
    const revisions = [{ ...healthy, taskDefinitionArn, isPrimary: true, draining: false }];
    const ends = { result: 'timed-out', cause: 'timeout', evidence: logs('web: listening') } as const;
    const live = outcomeOf({ ...ends, state: { serving: 'yes', revisions } });
    const partly = outcomeOf({ ...ends, state: { serving: 'partly', revisions } });
    expect(lastLines(reportOf({ serviceRuns: [serviceRunOf({ outcome: live })] }))).toEqual([]);
    expect(lastLines(reportOf({ serviceRuns: [serviceRunOf({ outcome: partly })] }))).toHaveLength(1);
  });

  test('of services behind one URL have its answer once', () => {
    const outcome = outcomeOf({
      result: 'rolled-back',
      cause: 'http-check-failed',
      evidence: [{ kind: 'answer', text: 'status 500 from u' }],
    });
    const report = reportOf({ serviceRuns: [serviceRunOf({ outcome }), serviceRunOf({ outcome })] });
    expect(lastLines(report)).toHaveLength(1);
  });
});

/** What is seen without a click. */
function unfolded(markdown: string): string {
  return markdown.replace(/<details>[\s\S]*?<\/details>/g, '');
}

describe('where they stand', () => {
  const report = failed(logs(...MANY, 'web: RuntimeError: DATABASE_URL is not set'));

  test('in the summary the decisive one in the box, the last ones open, the others folded', () => {
    const summary = renderSummary(report);
    expect(summary).toContain(
      '> `app-crashed` It failed.\n> \n> `web: RuntimeError: DATABASE_URL is not set`',
    );
    expect(unfolded(summary)).toContain('line 39\nweb: RuntimeError');
    expect(unfolded(summary)).not.toContain('line 20\n');
    expect(summary).toContain('line 20\n');
  });

  test('in the comment no link to lines that only say that the program runs', () => {
    const runs = failed(logs('web: listening'), 'http-check-failed');
    expect(renderComment(runs, 'key', undefined)).not.toContain('**Look at:**');
    expect(renderSummary(runs)).toContain('web: listening');
    const says = failed(logs('web: ERROR: the queue is full', 'web: listening'), 'http-check-failed');
    expect(renderComment(says, 'key', undefined)).toContain('**Look at:** [last log lines of the new tasks]');
  });

  test('in the comment a link to them, and none of them', () => {
    const comment = renderComment(report, 'key', undefined);
    expect(comment).toContain(
      '**Look at:** [last log lines of the container that failed](https://github.com/octo-org/video/actions/runs/42',
    );
    expect(comment).not.toContain('DATABASE_URL');
  });
});
