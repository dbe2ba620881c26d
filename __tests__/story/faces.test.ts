/** What people read of a run: the decisive line first, every mark true, nothing said twice, and all of it copied as it is. */
import { describe, expect, test } from '@jest/globals';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StepResult } from '../../runner/step.ts';
import { startGitHub } from '../../simulator/front/github/github.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { expectGreen, expectRed, inAWorld, signalAt, step, tag } from './world.ts';

const PAUSE = {
  targetType: 'PAUSE',
  lifecycleStages: ['POST_TEST_TRAFFIC_SHIFT'],
  timeoutConfiguration: { timeoutInMinutes: 60, action: 'ROLLBACK' },
};

const AFTER_TEST = { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 1, lifecycleHooks: [PAUSE] };

function urlOf(sim: Simulator, name = 'web'): string {
  return `${sim.loadBalancers[name]?.url ?? ''}/health`;
}

/** The summary without what is folded. */
function open({ summary }: StepResult): string {
  return summary.replace(/<details>[^]*?<\/details>/g, '');
}

function occurrences(text: string, part: string): number {
  return text.split(part).length - 1;
}

describe('an answer of a URL', () => {
  test('is shown whichever gate it failed, as it was, and its address can be copied', () =>
    inAWorld({ blueGreen: AFTER_TEST, tags: ['error500'] }, async (sim) => {
      const url = urlOf(sim, 'bluegreen-test');
      const result = await step(sim, { ...tag('error500'), service: 'bluegreen', 'test-url': url });
      expectRed(result, 'rolled-back', 'http-check-failed');
      expect(open(result)).toContain(
        `**What the URL answered**\n\n\`\`\`\nstatus 500 from ${url}\ncontent-type: application/json\n{"detail":"Internal Server Error"}\n\`\`\``,
      );
      expect(result.log).toContain(`What the URL answered:\n    status 500 from ${url}`);
      expect(result.summary).toContain(`\`${url}\``);
      expect(result.summary).not.toMatch(/[\u200b-\u200f]/);
    }));
});

describe('what to do', () => {
  test('says how to go back, where a failed deployment is left as asked', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('crash-1'), 'on-failure': 'leave' });
      expectRed(result, 'failed', 'app-crashed');
      expect(result.errors[0]).toMatch(/What to do: .*go back with mode: rollback\.$/);
      expect(result.summary).toContain('go back with `mode: rollback`.');
    }));

  test('is no fix of a healthy revision whose old tasks still drain', () =>
    inAWorld({ behaviours: { v1: { neverDrains: true } } }, async (sim) => {
      const result = await step(sim, { ...tag('v2'), 'wait-for-minutes': '5' });
      expectRed(result, 'timed-out', 'timeout');
      expect(result.summary).toMatch(/^## ⚠️ Live, not finished: backend in demo\n\n> \[!WARNING\]/);
      expect(result.errors[0]).toContain('What to do: Nothing speaks against the new revision');
      expect(result.errors[0]).not.toMatch(/deploy a fix|go back/);
    }));
});

describe('a rollback that AWS denies', () => {
  test.each([
    ['a crash', { ...tag('crash-1') }],
    ['an image that the registry limits', { ...tag('ratelimited-1'), 'fail-fast': 'true' }],
  ])('after %s has as first advice the statement that the role lacks', (_, inputs) =>
    inAWorld({ circuitBreaker: false }, async (sim) => {
      sim.inject({ action: 'StopServiceDeployment', effect: { kind: 'denied' } });
      sim.inject({ action: 'UpdateService', from: 2, effect: { kind: 'denied' } });
      const result = await step(sim, inputs);
      expectRed(result, 'failed', 'rollback-failed');
      expect(result.errors[0]).toMatch(
        /What to do: The role of this step lacks a permission\. Add the statement \{.*"ecs:UpdateService".*\} to its policy\. Nothing more is tried/,
      );
    }),
  );
});

describe('what says why', () => {
  test('is the code of the answers of targets that were never healthy', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, tag('unhealthy-1'));
      expectRed(result, 'rolled-back', 'target-health-check-failed');
      expect(result.errors[0]?.split('\n')[1]).toMatch(/unhealthy .*\[502\]/);
      expect(open(result)).toMatch(/> `.*unhealthy .*\[502\]/);
    }));

  test('begins with the task that crashed, where ECS itself rolled back', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('crash-1'), 'fail-fast': 'false' });
      expectRed(result, 'rolled-back', 'app-crashed');
      const kinds = result.report.evidence.map(({ kind }) => kind);
      expect(kinds[0]).toBe('stopped-task');
      expect(kinds.lastIndexOf('event')).toBeLessThan(kinds.indexOf('status'));
    }));

  test('is not said again as evidence, nor as the line of a log', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('error500-1'), 'health-check-url': urlOf(sim) });
      expectRed(result, 'rolled-back', 'http-check-failed');
      expect(occurrences(open(result), 'status 500, expected 200-299')).toBe(1);
    }));
});

/** The good revision runs, and starts no task any more. */
function goodStartsNoMore(sim: Simulator): void {
  const v1 = sim.world.registry.repositories.get('backend')?.find({ tag: 'v1', digest: undefined });
  sim.world.images.behaviours.set(v1?.digest ?? '', {
    exit: { afterSeconds: 2, code: 1 },
    logs: ['connecting', 'KeyError: the-old-database'],
  });
}

describe('a rollback that fails as well', () => {
  test('shows what its own tasks wrote, open in the summary, in the log and in the annotation', () =>
    inAWorld({}, async (sim) => {
      goodStartsNoMore(sim);
      const result = await step(sim, { ...tag('error500-1'), 'health-check-url': urlOf(sim) });
      expectRed(result, 'failed', 'rollback-failed');
      expect(open(result)).toContain(
        '**Last log lines of the rollback**\n\n```\nbackend: connecting\nbackend: KeyError: the-old-database\n```',
      );
      expect(result.log).toContain(
        'Last log lines of the rollback:\n    backend: connecting\n    backend: KeyError: the-old-database\n',
      );
      expect(result.errors[0]?.split('\n')[1]).toBe('backend: KeyError: the-old-database');
      expect(result.summary).toContain('[Log of the rollback](https://');
      expect(open(result)).toMatch(/^## 🚨 The rollback failed, and backend:2 runs[^\n]*\n\n> \[!CAUTION\]/);
      expect(JSON.stringify(result.report)).not.toContain('the-old-database');
    }));

  test('shows it where ECS itself rolled back', () =>
    inAWorld({}, async (sim) => {
      const service = sim.world.cluster('demo').service('backend');
      Object.assign(service.settings.deploymentConfiguration, {
        minimumHealthyPercent: 0,
        maximumPercent: 100,
      });
      goodStartsNoMore(sim);
      const result = await step(sim, { ...tag('crash-1'), 'fail-fast': 'false' });
      expectRed(result, 'failed', 'rollback-failed');
      expect(open(result)).toContain('backend: KeyError: the-old-database\n```');
      expect(open(result)).toContain('RuntimeError: DATABASE_URL is not set');
    }));

  test('shows none where no task of it failed', () =>
    inAWorld({}, async (sim) => {
      for (const action of ['StopServiceDeployment', 'UpdateService'])
        sim.inject({ action, from: action === 'UpdateService' ? 2 : 1, effect: { kind: 'denied' } });
      const result = await step(sim, { ...tag('error500-1'), 'health-check-url': urlOf(sim) });
      expectRed(result, 'failed', 'rollback-failed');
      expect(result.log).not.toContain('Last log lines of the rollback');
    }));
});

describe('a bar of progress', () => {
  test('counts the tasks that stay, where ECS rolls back', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, tag('crash-1'));
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(result.log).toMatch(/██████████ old 2\/2 running, .*rollback successful/);
      expect(result.log).not.toMatch(/new 0\/\d.*rollback/);
    }));

  test('names the revision that comes back by what it is', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('error500-1'), 'health-check-url': urlOf(sim) });
      expectRed(result, 'rolled-back', 'http-check-failed');
      expect(result.log).toContain('░░░░░░░░░░ last good 0/2 running, failed revision 2, pending');
      expect(result.log).toMatch(/██████████ last good 2\/2 running, 2 healthy, successful/);
      expect(result.summary).toContain('rollback - starting tasks :');
    }));
});

describe('what runs now', () => {
  test('serves by the health of its tasks, where its URL says otherwise', () =>
    inAWorld({}, async (sim) => {
      const inputs = { 'health-check-url': urlOf(sim), 'on-failure': 'leave' };
      const result = await step(sim, { ...tag('error500-1'), ...inputs });
      expectRed(result, 'failed', 'http-check-failed');
      const words = 'Serving: yes by the health of its tasks, but its URL failed when it was last asked.';
      expect(open(result)).toContain(words);
      expect(result.errors[0]).toContain(words);
      expect(result.report.services[0]?.serving).toBe('yes');
    }));

  test('serves, once the last good revision answers the URL again', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('error500-1'), 'health-check-url': urlOf(sim) });
      expectRed(result, 'rolled-back', 'http-check-failed');
      expect(result.errors[0]).toContain('Serving: yes.');
      // The new number is none of the two that the run is about: both the heading and the table explain it.
      expect(open(result)).toContain('rolled back to backend:3, a copy of backend:1');
      expect(open(result)).toMatch(
        /backend:1.* → .*backend:2.*, back on .*backend:3.*, which is backend:1 again/,
      );
    }));

  test('is both revisions where a pause waits for a person, and until when', () =>
    inAWorld({ blueGreen: AFTER_TEST }, async (sim) => {
      const result = await step(sim, { ...tag('v2'), service: 'bluegreen', promotion: 'manual' });
      expectGreen(result, 'started');
      expect(result.outputs['message']).toMatch(
        /until \d{4}-\d\d-\d\d \d\d:\d\d UTC, when ECS rolls back by itself; users still reach bluegreen:1 alone\.$/,
      );
      expect(open(result)).toMatch(/\*\*What runs now:\*\* .*bluegreen:2 .*; bluegreen:1 .*Serving: yes\./);
      expect(result.outputs['stage-expires']).toMatch(/^\d{4}-.*Z$/);
    }));

  test('is said of a service that was scaled to zero, and once', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('v2'), 'desired-count': '0' });
      expectGreen(result, 'succeeded');
      expect(open(result)).toContain('no task is desired. Serving: no.');
      expect(occurrences(open(result), 'nothing was proven')).toBe(1);
    }));

  test('is what ran before, without credentials', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'DescribeServices', from: 1, effect: { kind: 'expired-token' } });
      const result = await step(sim, tag('v2'));
      expect(result.exitCode).toBe(1);
      expect(result.summary).toContain('**What runs now:** what ran before; no service was touched.');
      expect(result.errors[0]).toContain('\nNo service was touched.\n');
    }));

  test('is what ran before, where the job is cancelled while the pre-deploy task runs, and that goes on', () =>
    inAWorld({}, async (sim) => {
      const command = JSON.stringify(['sh', '-c', 'sleep 50']);
      const inputs = { ...tag('v2'), 'pre-deploy-command': command };
      const result = await step(sim, inputs, signalAt('::group::Pre-deploy', 'SIGINT', 'Running'));
      expectRed(result, 'cancelled', 'cancelled');
      expect(result.summary).toContain('## ⚪ Cancelled during the pre-deploy task: backend in demo');
      expect(result.summary).toContain('no service was touched');
    }));

  test('is what ran before, where the job is cancelled before the rollout', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, tag('v2'), signalAt('::group::Task definition', 'SIGINT'));
      expectRed(result, 'cancelled', 'cancelled');
      expect(result.summary).toContain('## ⚪ Cancelled before anything was touched: backend in demo');
      expect(result.summary).toContain('no service was touched');
    }));
});

describe('marks', () => {
  test('none is for a stage that did nothing', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, tag('v1'));
      expectGreen(result, 'unchanged');
      expect(result.log).not.toMatch(/::group::(?:Watch|Verify)/);
      expect(result.log).not.toMatch(/[✓✗⚠] (?:Watch|Verify)/);
    }));

  test('none is for the watch of an update that AWS refused', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'UpdateService', effect: { kind: 'denied' } });
      const result = await step(sim, tag('v2'));
      expectRed(result, 'failed', 'access-denied');
      expect(result.report.steps.map(({ name, mark }) => `${name} ${mark}`).slice(-2)).toEqual([
        'Roll out failed',
        'Conclude done',
      ]);
    }));

  test('none is for gates that have no task to ask', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('v2'), 'desired-count': '0' });
      expectGreen(result, 'succeeded');
      expect(result.report.steps.map(({ name }) => name)).not.toContain('Gate');
    }));

  test('is that of a rollback at a pause, which AWS refused', () =>
    inAWorld({ blueGreen: AFTER_TEST }, async (sim) => {
      const inputs = { service: 'bluegreen' };
      await step(sim, { ...inputs, ...tag('v2'), promotion: 'manual' });
      for (const action of ['ContinueServiceDeployment', 'StopServiceDeployment', 'UpdateService'])
        sim.inject({ action, effect: { kind: 'denied' } });
      const result = await step(sim, { ...inputs, mode: 'rollback' });
      expect(result.exitCode).toBe(1);
      expect(result.log).toMatch(/✗ Roll back/);
    }));

  test('a cancelled stage has not failed', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, tag('v2'), signalAt('in progress', 'SIGINT'));
      expectRed(result, 'cancelled', 'cancelled');
      expect(result.log).toMatch(/⚠ Watch/);
      expect(result.log).not.toMatch(/✗/);
    }));

  test('what runs now and could not be read is no success', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'DescribeServices', from: 4, effect: { kind: 'denied' } });
      const result = await step(sim, tag('v2'));
      expectRed(result, 'failed', 'access-denied');
      expect(result.log).toMatch(/⚠ Conclude/);
    }));
});

describe('a task that could not start', () => {
  test('says why once, where ECS says it of the task and of its container', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, tag('ratelimited-1'));
      expectRed(result, 'rolled-back', 'registry-rate-limit');
      expect(occurrences(open(result), 'toomanyrequests')).toBe(1);
      expect(occurrences(result.errors[0] ?? '', 'toomanyrequests')).toBe(1);
    }));
});

describe('GitHub that is none', () => {
  test.each(['<html>proxy</html>', '{}', 'null'])('answers %s, and that is said in words', (body) =>
    inAWorld({}, async (sim) => {
      const proxy = createServer((_, response) => {
        response.writeHead(200, { 'content-type': body.startsWith('<') ? 'text/html' : 'application/json' });
        response.end(body);
      });
      await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
      try {
        const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
        const inputs = { ...tag('v2'), 'github-environment': 'demo', 'pr-comment': 'true' };
        const result = await step(sim, inputs, { env: { GITHUB_API_URL: url } });
        expectGreen(result, 'succeeded');
        expect(result.warnings.length).toBeGreaterThan(0);
        for (const warning of result.warnings)
          expect(warning).toContain('what answered does not speak as its API does');
      } finally {
        proxy.close();
      }
    }),
  );
});

describe('checks', () => {
  test('that had nothing to look at are not counted as OK', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, tag('v2'));
      expectGreen(result, 'succeeded');
      const { checks } = result.report;
      expect(checks.map(({ check }) => check)).not.toContain('parameter');
      expect(result.summary).toContain(`Preflight checks: ${checks.length} of ${checks.length} OK`);
      expect(result.log).toMatch(/Nothing to check: .*parameter \(the definition names no parameter/);
    }));
});

describe('a rollback on purpose', () => {
  test('says which revision it is again', () =>
    inAWorld({}, async (sim) => {
      await step(sim, tag('v2'));
      const result = await step(sim, { mode: 'rollback' });
      expectGreen(result, 'succeeded');
      expect(result.summary).toMatch(
        /\| Revision \| \[backend:2\]\S+ → \[backend:3\]\S+, which is backend:1 again \|/,
      );
      expect(result.summary).toMatch(/^## ↩️ Rolled back on purpose to backend:3 — backend in demo/);
    }));
});

describe('a rollback on purpose that fails', () => {
  test('is not told to go back by a rollback on purpose', () =>
    inAWorld({}, async (sim) => {
      expectGreen(await step(sim, tag('v2')), 'succeeded');
      goodStartsNoMore(sim);
      const result = await step(sim, { mode: 'rollback' });
      expectRed(result, 'failed', 'app-crashed');
      expect(result.errors[0]).toMatch(
        /deploy a fix, or go back to another good revision: mode: rollback with task-definition: family:revision\.$/,
      );
    }));

  test('at a pause says from which revision to which it went, where it succeeds', () =>
    inAWorld({ blueGreen: AFTER_TEST }, async (sim) => {
      await step(sim, { ...tag('v2'), service: 'bluegreen', promotion: 'manual' });
      const result = await step(sim, { service: 'bluegreen', mode: 'rollback' });
      expectGreen(result, 'succeeded');
      expect(result.summary).toMatch(/\| Revision \| \[bluegreen:2\]\S+ → \[bluegreen:1\]\S+ \|/);
    }));
});

describe('a container that writes what it likes', () => {
  const HOSTILE = [
    '::error::pwned',
    '::set-output name=result::succeeded',
    '::add-mask::backend',
    '##[error]pwned',
    '```',
    '</details><h1>pwned</h1>',
    '| a | b |',
    '@octocat fixes #1 https://evil.example/x',
    'FATAL: db | postgres://u:p@h | `gone` <b>now</b>',
  ];

  test('commands nothing, breaks nothing open, and is shown as it is', () =>
    inAWorld(
      { behaviours: { v2: { exit: { afterSeconds: 3, code: 1 }, logs: [HOSTILE.join('\n')] } } },
      async (sim) => {
        const result = await step(sim, tag('v2'));
        expectRed(result, 'rolled-back', 'app-crashed');
        expect(result.log).not.toMatch(/^::(?:set-output|add-mask::backend)/m);
        expect(result.log).not.toContain('##[');
        expect(result.log.match(/^::error/gm)).toHaveLength(1);
        // The lines of the container, with its name before each, so that none closes the block.
        const [block = ''] = /^```\nbackend: [^]*?^```$/m.exec(result.summary) ?? [];
        expect(block.split('\n')).toHaveLength(HOSTILE.length + 2);
        expect(result.summary.replace(block, '')).not.toContain('pwned');
        // The decisive line, outside of a table, with its pipes and without a backslash that nobody wrote.
        expect(result.summary).toContain('> <code>backend&#58; FATAL&#58; db &#124; postgres');
        expect(result.errors[0]).toContain('FATAL: db | postgres://u:p@h | `gone` <b>now</b>');
      },
    ));
});

describe('several services with mixed ends', () => {
  test('are all named, with what each runs and that they differ', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'UpdateService', from: 2, effect: { kind: 'denied' } });
      const inputs = {
        'task-definition': 'backend',
        service: 'backend, worker',
        'force-new-deployment': 'true',
      };
      const result = await step(sim, { ...tag('v2'), ...inputs });
      expect(result.exitCode).toBe(1);
      const names = result.report.services.map(({ name }) => name);
      expect(names).toEqual(['backend', 'worker']);
      for (const name of names) {
        expect(result.errors[0]).toContain(`"${name}"`);
        expect(open(result)).toMatch(new RegExp(`\\*\\*What runs now\\*\\*[^]*- .*"${name}"`));
      }
    }));

  test('are said to differ in the message, too, and the other one is told once', () =>
    inAWorld({}, async (sim) => {
      const inputs = {
        'task-definition': 'backend',
        service: 'backend, worker',
        'health-check-url': urlOf(sim),
      };
      const result = await step(sim, { ...tag('error500-1'), ...inputs, 'force-new-deployment': 'true' });
      expectRed(result, 'rolled-back', 'http-check-failed');
      expect(result.outputs['message']).toMatch(
        /; it was rolled back; the services are on different versions: worker is on the new one, backend is not\.$/,
      );
      expect(occurrences(open(result), 'Service "worker" runs backend:2')).toBe(1);
      expect(occurrences(open(result), 'The deployment of backend:2 to service "backend"')).toBe(1);
    }));

  test('that were undone together, since one could not start, are not said to go on', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'UpdateService', from: 2, times: 1, effect: { kind: 'denied' } });
      const inputs = {
        'task-definition': 'backend',
        service: 'backend, worker',
        'on-failure': 'rollback-all',
      };
      const result = await step(sim, { ...tag('v2'), ...inputs, 'force-new-deployment': 'true' });
      expectRed(result, 'failed', 'access-denied');
      expect(result.summary).not.toContain('ECS goes on');
      expect(result.summary).toMatch(/^## ❌ Failed, and what ran before still serves: worker in demo/);
    }));
});

describe('GitHub that fails at each call', () => {
  test.each(['GET', 'POST', 'PATCH'])('%s: verdict, outputs and summary are what they were', (method) =>
    inAWorld({}, async (sim) => {
      const github = await startGitHub({ pullRequests: [{ number: 7 }] });
      github.fault = (called) => (called === method ? { status: 500, body: { message: 'down' } } : undefined);
      try {
        const env = { GITHUB_API_URL: github.url };
        const inputs = { ...tag('crash-1'), 'pr-comment': 'true', 'pr-number': '7' };
        for (const runId of ['41', '42']) {
          const result = await step(
            sim,
            { ...inputs, 'github-environment': 'demo' },
            {
              env: { ...env, GITHUB_RUN_ID: runId },
            },
          );
          expectRed(result, 'rolled-back', 'app-crashed');
          expect(result.summary).toMatch(/^## ↩️ Failed and rolled back to backend:1/);
          expect(result.report.result).toBe('rolled-back');
        }
      } finally {
        await github.close();
      }
    }),
  );
});
