import { describe, expect, test } from '@jest/globals';
import { createService } from '../../simulator/engine/services.ts';
import type { FaultEffect } from '../../simulator/scenario/faults.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import type { Cause } from '../../src/model/index.ts';
import {
  accepted,
  expectRed,
  inAWorld,
  mutations,
  onceUnderway,
  production,
  service,
  step,
  tag,
} from './world.ts';

/** A service whose first and only deployment never gets anywhere. */
function addNewborn(sim: Simulator): void {
  const image = `${sim.world.registry.host}/backend:crash-1`;
  const worker = sim.world.taskDefinitions.find('worker');
  sim.operator.registerTaskDefinition({
    ...worker?.body,
    family: 'newborn',
    containerDefinitions: [{ ...worker?.containers[0], name: 'newborn', image }],
  });
  createService(sim.world, sim.world.cluster('demo'), 'newborn', {
    taskDefinition: 'newborn',
    launchType: 'FARGATE',
    desiredCount: 1,
    networkConfiguration: service(sim, 'worker').settings.networkConfiguration,
  });
}

const PATIENT = { 'fail-fast': 'false' };

describe('a rollout that fails', () => {
  test('stops at the first conclusive evidence and is rolled back, with its cause', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, tag('crash-1'));
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(production(sim)).toBe('backend:1 COMPLETED');
      expect(mutations(sim)).toEqual([
        'RegisterTaskDefinition',
        'UpdateService',
        'StopServiceDeployment',
        'DeregisterTaskDefinition',
      ]);
      expect(result.outputs['changed']).toBe('false');
      expect(result.log).toContain('RuntimeError: DATABASE_URL is not set');
      expect(result.summary).toContain('app-crashed');
      // What a container wrote is for the people who look here, and travels no further.
      expect(result.summary).toContain('RuntimeError: DATABASE_URL is not set');
      expect(JSON.stringify(result.report)).not.toContain('DATABASE_URL is not set');
    }));

  test.each<[string, string, RegExp, Record<string, string>?]>([
    ['unhealthy-1', 'target-health-check-failed', /Health checks failed with these codes: \[502\]/],
    ['silent-1', 'target-health-check-failed', /Request timed out/],
    ['oom-1', 'out-of-memory', /exited with code 137: .*OutOfMemoryError/],
    ['badcommand-1', 'bad-command', /exited with code 127/],
    ['noexec-1', 'bad-command', /executable file not found/],
    ['execformat-1', 'image-wrong-platform', /exited with code 255/],
    ['denied-1', 'image-pull-denied', /403 Forbidden/],
    ['wrongplatform-1', 'image-wrong-platform', /platform 'linux\/amd64'/, { preflight: 'warn' }],
    ['secretless-1', 'secret-unavailable', /unable to retrieve secrets from ssm/],
    ['logless-1', 'log-group-missing', /log group does not exist/],
    ['unreachable-1', 'network-unreachable', /i\/o timeout/],
    ['ratelimited-1', 'registry-rate-limit', /toomanyrequests/],
    ['nospace-1', 'storage', /no space left on device/],
  ])('%s is rolled back for %s, and shows why', (name, cause, evidence, more = {}) =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag(name), ...more });
      expectRed(result, 'rolled-back', cause);
      expect(production(sim)).toBe('backend:1 COMPLETED');
      const shown = result.report.services[0]?.evidence.map(({ text }) => text).join('\n');
      expect(shown).toMatch(evidence);
      if (name === 'execformat-1') expect(result.summary).toMatch(/exec format error/);
      expect(result.outputs['message']).toMatch(/^The deployment of backend:2 to service "backend" failed: /);
    }),
  );

  test.each([
    ['unhealthy-1', 'Target.ResponseCodeMismatch: Health checks failed with these codes: [502]'],
    ['silent-1', 'Target.Timeout: Request timed out'],
  ])('%s: what the target group asks of its targets, and what they answered', (name, why) =>
    // A target that has failed is left for a while: nobody can see one that is gone between two looks.
    inAWorld({ healthCheckGracePeriodSeconds: 120 }, async (sim) => {
      const result = await step(sim, tag(name));
      expectRed(result, 'rolled-back', 'target-health-check-failed');
      const targets = result.report.services[0]?.evidence.filter(({ kind }) => kind === 'target');
      expect(targets?.map(({ text }) => text)).toEqual([
        'target group backend asks HTTP /health on port traffic-port and expects 200',
        expect.stringContaining(`unhealthy: ${why} (10.`),
      ]);
    }),
  );

  test('for its container health check is rolled back', () =>
    inAWorld({ containerHealthCheck: true }, async (sim) => {
      expectRed(await step(sim, tag('sick-1')), 'rolled-back', 'container-health-check-failed');
    }));

  test("is followed to the end of ECS's own rollback where the circuit breaker is quicker", () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('crash-1'), ...PATIENT });
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(accepted(sim, 'StopServiceDeployment')).toEqual([]);
      expect(accepted(sim, 'UpdateService')).toHaveLength(1);
      expect(production(sim)).toBe('backend:1 COMPLETED');
    }));

  test('is rolled back by us where the circuit breaker only gives up', () =>
    inAWorld({ circuitBreaker: { enable: true, rollback: false } }, async (sim) => {
      const result = await step(sim, { ...tag('crash-1'), ...PATIENT });
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(accepted(sim, 'UpdateService')).toHaveLength(2);
      // The good revision names a tag: its content is registered again with the digest that ran.
      expect(production(sim)).toBe('backend:3 COMPLETED');
    }));

  test('is left, and said to be, with on-failure: leave', () =>
    inAWorld({ circuitBreaker: { enable: true, rollback: false } }, async (sim) => {
      const result = await step(sim, { ...tag('crash-1'), ...PATIENT, 'on-failure': 'leave' });
      expectRed(result, 'failed', 'app-crashed');
      expect(production(sim)).toBe('backend:2 FAILED');
      expect(mutations(sim)).toEqual(['RegisterTaskDefinition', 'UpdateService']);
      expect(result.errors[0]).toContain('backend:2');
      expect(result.outputs['changed']).toBe('true');
    }));

  test.each([
    ['has given up', PATIENT, 'ECS will not roll it back by itself.'],
    ['only gives up', {}, 'ECS rolls it back by itself only where one of its alarms goes into ALARM.'],
  ])('left where alarms alone roll back, and the circuit breaker %s', (_, inputs, words) => {
    const deploymentConfiguration = { alarms: { alarmNames: ['errors'], enable: true, rollback: true } };
    return inAWorld(
      {
        circuitBreaker: { enable: true, rollback: false },
        deploymentConfiguration,
        alarms: { errors: 'OK' },
      },
      async (sim) => {
        const result = await step(sim, { ...tag('crash-1'), ...inputs, 'on-failure': 'leave' });
        expectRed(result, 'failed', 'app-crashed');
        expect(result.outputs['message']?.endsWith(`(on-failure: leave), and ${words}`)).toBe(true);
      },
    );
  });

  test('runs out of time and is rolled back', () =>
    inAWorld({ circuitBreaker: false }, async (sim) => {
      const result = await step(sim, { ...tag('silent-1'), ...PATIENT, 'wait-for-minutes': '2' });
      expectRed(result, 'rolled-back', 'timeout');
      expect(production(sim)).toBe('backend:1 COMPLETED');
    }));

  test('runs out of time and is left with on-failure: leave', () =>
    inAWorld({ circuitBreaker: false }, async (sim) => {
      const result = await step(sim, {
        ...tag('silent-1'),
        ...PATIENT,
        'wait-for-minutes': '2',
        'on-failure': 'leave',
      });
      expectRed(result, 'timed-out', 'timeout');
      expect(production(sim)).toBe('backend:2 IN_PROGRESS');
    }));

  test('for old tasks that never finish draining times out, and the healthy new ones are left', () =>
    inAWorld({ behaviours: { v1: { neverDrains: true } } }, async (sim) => {
      const result = await step(sim, { ...tag('v2'), 'wait-for-minutes': '3' });
      expectRed(result, 'timed-out', 'timeout');
      expect(result.outputs['message']).toContain('draining');
      expect(accepted(sim, 'StopServiceDeployment')).toEqual([]);
    }));

  test('of a service that never had a good deployment has nowhere to go back to', () =>
    inAWorld({}, async (sim) => {
      addNewborn(sim);
      const result = await step(sim, { ...tag('oom-1'), service: 'newborn' });
      expectRed(result, 'failed', 'out-of-memory');
      expect(result.outputs['message']).toContain('no deployment of this service ever succeeded');
      expect(result.errors[0]).toContain('there is no other good one to go back to: deploy a fix.');
      expect(result.errors[0]).not.toContain('mode: rollback');
      expect(accepted(sim, 'StopServiceDeployment')).toEqual([]);
    }));
});

describe('another hand on the service', () => {
  test('a newer deployment supersedes ours, which is not touched any more', () =>
    inAWorld({}, async (sim) => {
      onceUnderway(sim, () => {
        sim.operator.deploy('backend', 'v3');
      });
      const result = await step(sim, tag('v2'));
      expectRed(result, 'superseded', 'superseded');
      expect(mutations(sim)).toEqual(['RegisterTaskDefinition', 'UpdateService']);
      expect(result.outputs['message']).toContain('backend:3');
    }));

  test('an operator who rolls ours back', () =>
    inAWorld({}, async (sim) => {
      onceUnderway(sim, () => {
        sim.operator.stopServiceDeployment('backend', 'ROLLBACK');
      });
      const result = await step(sim, tag('v2'));
      expectRed(result, 'rolled-back', 'deployment-stopped');
      expect(production(sim)).toBe('backend:1 COMPLETED');
      expect(accepted(sim, 'StopServiceDeployment')).toEqual([]);
    }));

  test('an operator who stops ours for good', () =>
    inAWorld({}, async (sim) => {
      onceUnderway(sim, () => {
        sim.operator.stopServiceDeployment('backend', 'ABORT');
      });
      const result = await step(sim, tag('v2'));
      expectRed(result, 'failed', 'deployment-stopped');
      expect(mutations(sim)).toEqual(['RegisterTaskDefinition', 'UpdateService']);
    }));
});

describe('gates', () => {
  test('a URL that answers badly after the rollout rolls it back', () =>
    inAWorld({}, async (sim) => {
      const url = sim.loadBalancers['web']?.url ?? '';
      const result = await step(sim, { ...tag('error500-1'), 'health-check-url': `${url}/health` });
      expectRed(result, 'rolled-back', 'http-check-failed');
      expect(production(sim)).toBe('backend:3 COMPLETED');
    }));

  test('a URL that goes on answering with the old version rolls it back at the deadline', () =>
    inAWorld({}, async (sim) => {
      const url = sim.loadBalancers['web']?.url ?? '';
      const result = await step(sim, {
        ...tag('stale-1'),
        'health-check-url': `${url}/version`,
        'health-check-json': 'version=stale-1',
        'health-check-deadline-seconds': '60',
      });
      expectRed(result, 'rolled-back', 'http-check-failed');
    }));

  test('a URL that never answered this runner leaves the new revision: the runner may be at fault', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, {
        ...tag('v2'),
        'health-check-url': 'http://127.0.0.1:9/health',
        'health-check-deadline-seconds': '30',
      });
      expectRed(result, 'failed', 'http-check-failed');
      expect(production(sim)).toBe('backend:2 COMPLETED');
    }));
});

describe('credentials and weather during the wait', () => {
  test('expired credentials end the watch at once; nothing is rolled back', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'DescribeServices', from: 4, effect: { kind: 'expired-token' } });
      const result = await step(sim, tag('v2'));
      expectRed(result, 'failed', 'credentials-expired');
      expect(accepted(sim, 'UpdateService', 'StopServiceDeployment')).toHaveLength(1);
      expect(result.summary).toContain('## ⚠️ Not followed to its end, ECS goes on: backend in demo');
      expect(result.log).toMatch(/ {2}⚠ Watch \(/);
    }));

  test('throttling, server errors and resets never fail a healthy rollout', () =>
    inAWorld({}, async (sim) => {
      for (const [from, effect] of [
        [3, { kind: 'throttle' }],
        [6, { kind: 'http-500' }],
        [9, { kind: 'reset', when: 'before' }],
      ] as const) {
        sim.inject({ action: 'DescribeServiceDeployments', from, times: 2, effect });
      }
      expect((await step(sim, tag('v2'))).outputs['result']).toBe('succeeded');
    }));

  test('a lost answer to UpdateService makes no second deployment', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'UpdateService', times: 1, effect: { kind: 'reset', when: 'after' } });
      const result = await step(sim, tag('v2'));
      expect(result.outputs['result']).toBe('succeeded');
      expect(sim.calls.filter((call) => call.action === 'UpdateService')).toHaveLength(1);
    }));

  test.each(['ListServiceDeployments', 'DescribeServiceDeployments'])(
    'where %s is denied, deployments[] decides',
    (action) =>
      inAWorld({}, async (sim) => {
        sim.inject({ action, effect: { kind: 'denied' } });
        expect((await step(sim, tag('v2'))).outputs['result']).toBe('succeeded');
        expectRed(await step(sim, { ...tag('crash-1'), ...PATIENT }), 'rolled-back', 'app-crashed');
      }),
  );
});

describe('another deployment that comes after ours was complete', () => {
  test('while the URL is asked: superseded, never green', () =>
    inAWorld({}, async (sim) => {
      const url = sim.loadBalancers['web']?.url ?? '';
      let deployed = false;
      const result = await step(
        sim,
        { ...tag('v2'), 'health-check-url': `${url}/health`, 'health-check-successes': '8' },
        {
          onOutput: (log) => {
            if (deployed || !log.includes('1 of 8 good answers')) return;
            deployed = true;
            sim.operator.deploy('backend', 'v3');
          },
        },
      );
      expectRed(result, 'superseded', 'superseded');
      expect(mutations(sim)).toEqual(['RegisterTaskDefinition', 'UpdateService']);
    }));
});

/** The log below its last group, where GitHub folds nothing. */
function belowTheGroups(log: string): string {
  return log.slice(log.lastIndexOf('::endgroup::'));
}

/** What is seen of a summary without a click. */
function unfolded(summary: string): string {
  return summary.replace(/<details>[\s\S]*?<\/details>/g, '');
}

describe('the line that says why', () => {
  const CRASH = 'RuntimeError: DATABASE_URL is not set';

  test('stands open in the summary, below the last group, and in the annotation; the comment has a link', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, tag('crash-1'));
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(unfolded(result.summary)).toContain(CRASH);
      const below = belowTheGroups(result.log);
      expect(below.indexOf(CRASH)).toBeGreaterThan(0);
      expect(below.indexOf(CRASH)).toBeLessThan(below.indexOf('─'.repeat(40)));
      expect(result.errors[0]?.split('\n')[1]).toBe(`backend: ${CRASH}`);
    }));

  test('is in none of them where failure-log-lines is 0', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('crash-1'), 'failure-log-lines': '0' });
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(result.log + result.summary).not.toContain('DATABASE_URL');
    }));

  test('of fifty lines the last fifteen are open, the most telling one in the annotation', () =>
    inAWorld(
      {
        behaviours: {
          v2: {
            exit: { afterSeconds: 4, code: 1 },
            lastWords: [
              ...Array.from({ length: 40 }, (_, at) => `line ${at};`),
              'Traceback (most recent call last):\n  File "x"\nValueError: no port',
              'bye',
            ],
          },
        },
      },
      async (sim) => {
        const result = await step(sim, tag('v2'));
        expectRed(result, 'rolled-back', 'app-crashed');
        expect(result.errors[0]?.split('\n')[1]).toBe('backend: ValueError: no port');
        expect(unfolded(result.summary)).toContain('line 39;');
        expect(unfolded(result.summary)).not.toContain('line 28;');
        expect(result.summary).toContain('line 28;');
      },
    ));

  test('of a pre-deploy task stands there, too', () =>
    inAWorld({}, async (sim) => {
      const command = JSON.stringify(['sh', '-c', 'echo ERROR: relation users exists already; exit 3']);
      const result = await step(sim, { ...tag('v2'), 'pre-deploy-command': command });
      expectRed(result, 'failed', 'pre-deploy-task-failed');
      expect(result.errors[0]).toContain('relation users exists already');
      expect(unfolded(result.summary)).toContain('relation users exists already');
      expect(belowTheGroups(result.log)).toContain('relation users exists already');
    }));
});

test('a URL that answers badly is shown with its answer, and with what the tasks wrote by then', () =>
  inAWorld(
    {
      behaviours: { v2: { http: { healthStatus: 500 }, logs: ['ERROR no database'] } },
    },
    async (sim) => {
      const url = sim.loadBalancers['web']?.url ?? '';
      const result = await step(sim, { ...tag('v2'), 'health-check-url': `${url}/health` });
      expectRed(result, 'rolled-back', 'http-check-failed');
      for (const shown of [unfolded(result.summary), belowTheGroups(result.log)]) {
        expect(shown).toContain(`status 500 from ${url}/health`);
        expect(shown).toContain('content-type: application/json');
        expect(shown).toContain('{"detail":"Internal Server Error"}');
        expect(shown).toContain('backend: ERROR no database');
      }
      // What a program answered travels no further than what it logged.
      expect(JSON.stringify(result.report)).not.toMatch(/no database|Internal Server Error/);
    },
  ));

describe('what is said of it', () => {
  test('no step is marked as done that failed, and the heading says what the service is back on', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, tag('crash-1'));
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(result.log).toMatch(/✗ Watch \(/);
      expect(result.log).toMatch(/✓ Roll back \(/);
      expect(result.summary).toMatch(/^## ↩️ Failed and rolled back to backend:1 — backend in demo\n/);
      expect(result.summary).toContain('❌ Watch');
      const [service] = result.report.services;
      const { production: now = '', serving, running } = service ?? {};
      expect(now).toMatch(
        /^Service "backend" now runs backend:1 \(v1, since \d{4}-\d\d-\d\d \d\d:\d\d UTC\): 2 of 2 tasks healthy/,
      );
      expect(now).toMatch(/Serving: yes\.$/);
      expect(serving).toBe('yes');
      expect(running?.[0]).toMatchObject({ isPrimary: true, healthy: 2, desired: 2, tag: 'v1' });
    }));

  test.each<[string, Cause, FaultEffect]>([
    ['credentials that expired', 'credentials-expired', { kind: 'expired-token' }],
    ['a permission that was taken away', 'access-denied', { kind: 'denied' }],
    [
      'credentials that were revoked',
      'no-credentials',
      {
        kind: 'error',
        code: 'UnrecognizedClientException',
        message: 'The security token included in the request is invalid.',
      },
    ],
  ])('after %s: that ECS goes on, that nobody rolls back, and what takes it up', (_what, cause, effect) =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'DescribeServices', from: 4, effect });
      const result = await step(sim, tag('v2'));
      expectRed(result, 'failed', cause);
      expect(accepted(sim, 'UpdateService', 'StopServiceDeployment')).toHaveLength(1);
      expect(result.outputs['message']).toContain(
        'ECS goes on with it, and nobody rolls it back: run this job again and it takes the deployment up.',
      );
      expect(result.summary).toMatch(/^## ⚠️ Not followed to its end, ECS goes on/);
      expect(result.log).toMatch(/⚠ Watch \(/);
    }),
  );

  test('a release whose tasks never get healthy is not called serving by its count', () =>
    inAWorld({ circuitBreaker: false }, async (sim) => {
      const patient = { 'fail-fast': 'false', 'wait-for-minutes': '5', 'on-failure': 'leave' };
      const result = await step(sim, { ...tag('silent-1'), ...patient });
      expectRed(result, 'timed-out', 'timeout');
      expect(result.report.services[0]?.production).toMatch(
        /backend:2 \(silent-1, .*\): 0 of 2 tasks healthy/,
      );
      expect(result.summary).not.toContain('Live');
    }));
});
