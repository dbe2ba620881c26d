/** Deployments that pause at lifecycle hooks: the gates answer, or a person does. */
import { describe, expect, test } from '@jest/globals';
import { createService } from '../../simulator/engine/services.ts';
import type { Seed } from '../../simulator/scenario/seed.ts';
import type { Task } from '../../simulator/state/model.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import {
  accepted,
  expectGreen,
  expectRed,
  inAWorld,
  mutations,
  production,
  service,
  step,
  tag,
} from './world.ts';

function pauseAt(...lifecycleStages: string[]): object {
  return {
    targetType: 'PAUSE',
    lifecycleStages,
    timeoutConfiguration: { timeoutInMinutes: 60, action: 'ROLLBACK' },
  };
}

const AFTER_TEST = {
  strategy: 'BLUE_GREEN',
  bakeTimeInMinutes: 1,
  lifecycleHooks: [pauseAt('POST_TEST_TRAFFIC_SHIFT')],
};

const AFTER_PRODUCTION = {
  strategy: 'BLUE_GREEN',
  bakeTimeInMinutes: 1,
  lifecycleHooks: [pauseAt('POST_PRODUCTION_TRAFFIC_SHIFT')],
};

const urlOf = (sim: Simulator): string => sim.loadBalancers['bluegreen']?.url ?? '';

const testUrlOf = (sim: Simulator): string => sim.loadBalancers['bluegreen-test']?.url ?? '';

const BLUEGREEN = { service: 'bluegreen' };

const answers = (sim: Simulator): unknown[] =>
  accepted(sim, 'ContinueServiceDeployment').map(({ body }) => body);

describe('promotion: auto', () => {
  test('a test URL that answers well lets ECS go on', () =>
    inAWorld({ blueGreen: AFTER_TEST as never }, async (sim) => {
      const result = await step(sim, { ...tag('v2'), ...BLUEGREEN, 'test-url': `${testUrlOf(sim)}/health` });
      expectGreen(result, 'succeeded');
      expect(answers(sim)).toHaveLength(1);
      expect(answers(sim)[0]).toMatchObject({ action: 'CONTINUE' });
      expect(result.outputs['message']).toContain('its test URL');
      expect(production(sim, 'bluegreen')).toBe('bluegreen:2 COMPLETED');
    }));

  test.each([
    ['OK', 'succeeded', 1],
    ['INSUFFICIENT_DATA', 'started', 0],
  ] as const)('two alarms of which one is %s end as %s', (latency, result, continued) =>
    inAWorld({ blueGreen: AFTER_PRODUCTION as never, alarms: { errors: 'OK', latency } }, async (sim) => {
      const ended = await step(sim, { ...tag('v2'), ...BLUEGREEN, alarms: 'errors\nlatency' });
      expectGreen(ended, result);
      expect(answers(sim)).toHaveLength(continued);
    }),
  );

  test('a test URL that answers badly rolls back before any user is reached', () =>
    inAWorld({ blueGreen: AFTER_TEST as never, tags: ['error500'] }, async (sim) => {
      const seen: number[] = [];
      const { balancing } = sim.world;
      sim.when(
        () => balancing.weightOf([balancing.targetGroups.get('green')?.arn ?? ''], 'production') > 0,
        () => seen.push(1),
      );
      const result = await step(sim, {
        ...tag('error500'),
        ...BLUEGREEN,
        'test-url': `${testUrlOf(sim)}/health`,
      });
      expectRed(result, 'rolled-back', 'http-check-failed');
      expect(result.outputs['message']).toContain(
        'does not pass the test-url gate while test traffic reaches it',
      );
      expect(seen).toEqual([]);
      expect(production(sim, 'bluegreen')).toBe('bluegreen:1 COMPLETED');
    }));

  test('without a gate that its traffic could answer the pause is left to a person, with a warning', () =>
    inAWorld({ blueGreen: AFTER_TEST as never }, async (sim) => {
      const result = await step(sim, {
        ...tag('v2'),
        ...BLUEGREEN,
        'health-check-url': `${urlOf(sim)}/health`,
      });
      expectGreen(result, 'started');
      expect(result.outputs).toMatchObject({ stage: 'POST_TEST_TRAFFIC_SHIFT' });
      expect(result.outputs['stage-expires']).toMatch(/^\d{4}-\d\d-\d\dT/);
      expect(result.warnings.join()).toContain('no gate is given that its traffic could answer');
      expect(answers(sim)).toEqual([]);
      expect(production(sim, 'bluegreen')).toBe('bluegreen:2 IN_PROGRESS');
    }));

  test('the URL answers a pause after the production shift', () =>
    inAWorld({ blueGreen: AFTER_PRODUCTION as never }, async (sim) => {
      const result = await step(sim, {
        ...tag('v2'),
        ...BLUEGREEN,
        'health-check-url': `${urlOf(sim)}/health`,
      });
      expectGreen(result, 'succeeded');
      expect(answers(sim)).toHaveLength(1);
    }));

  test('each step of a canary has its own pause, and a URL that tells the versions apart answers it', () =>
    inAWorld(
      {
        blueGreen: {
          strategy: 'CANARY',
          canaryConfiguration: { canaryPercent: 50, canaryBakeTimeInMinutes: 1 },
          bakeTimeInMinutes: 0,
          lifecycleHooks: [pauseAt('POST_PRODUCTION_TRAFFIC_SHIFT')],
        } as never,
      },
      async (sim) => {
        const result = await step(sim, {
          ...tag('v2'),
          ...BLUEGREEN,
          'health-check-url': `${urlOf(sim)}/version`,
          'health-check-json': 'version=v2',
        });
        expectGreen(result, 'succeeded');
        expect(answers(sim).length).toBeGreaterThanOrEqual(1);
      },
    ));

  test('a role that may not continue leaves the pause to a person', () =>
    inAWorld({ blueGreen: AFTER_TEST as never }, async (sim) => {
      sim.inject({ action: 'ContinueServiceDeployment', effect: { kind: 'denied' } });
      const result = await step(sim, { ...tag('v2'), ...BLUEGREEN, 'test-url': `${testUrlOf(sim)}/health` });
      expectGreen(result, 'started');
      expect(result.warnings.join()).toContain('AccessDenied');
    }));
});

describe('hooks before each step of the production traffic', () => {
  const STAGE = 'PRE_PRODUCTION_TRAFFIC_SHIFT';
  const BEFORE = { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 1, lifecycleHooks: [pauseAt(STAGE)] };
  const STEPS = {
    strategy: 'LINEAR',
    linearConfiguration: { stepPercent: 50, stepBakeTimeInMinutes: 2 },
    bakeTimeInMinutes: 1,
    lifecycleHooks: [pauseAt(STAGE)],
  };
  const functionAt = (...lifecycleStages: string[]): object => ({
    hookTargetArn: 'arn:aws:lambda:us-east-1:123456789012:function:check',
    roleArn: 'arn:aws:iam::123456789012:role/functions',
    lifecycleStages,
  });

  test('at weight 0 the test URL alone answers for it', () =>
    inAWorld({ blueGreen: BEFORE as never }, async (sim) => {
      const result = await step(sim, {
        ...tag('v2'),
        ...BLUEGREEN,
        'test-url': `${testUrlOf(sim)}/health`,
        'health-check-url': `${urlOf(sim)}/health`,
      });
      expectGreen(result, 'succeeded');
      expect(result.log).toContain(`bluegreen: going on from the stage ${STAGE}.`);
      expect(result.log).toContain('test-url gate passed: it answers well while test traffic reaches it');
      expect(answers(sim)).toHaveLength(1);
    }));

  test('a test URL that answers badly there rolls back, and no user was reached', () =>
    inAWorld({ blueGreen: BEFORE as never, tags: ['error500'] }, async (sim) => {
      const { balancing } = sim.world;
      const seen: number[] = [];
      sim.when(
        () => balancing.weightOf([balancing.targetGroups.get('green')?.arn ?? ''], 'production') > 0,
        () => seen.push(1),
      );
      const result = await step(sim, {
        ...tag('error500'),
        ...BLUEGREEN,
        'test-url': `${testUrlOf(sim)}/health`,
      });
      expectRed(result, 'rolled-back', 'http-check-failed');
      expect([seen, answers(sim)]).toEqual([[], []]);
    }));

  test('without a test URL it is left to a person, though the health-check URL answers well', () =>
    inAWorld({ blueGreen: BEFORE as never }, async (sim) => {
      const result = await step(sim, {
        ...tag('v2'),
        ...BLUEGREEN,
        'health-check-url': `${urlOf(sim)}/health`,
      });
      expectGreen(result, 'started');
      expect(result.outputs).toMatchObject({ stage: STAGE });
      expect(answers(sim)).toEqual([]);
    }));

  test('each step has a pause of its own: the first by the test URL, the next by what tells the versions apart', () =>
    inAWorld({ blueGreen: STEPS as never }, async (sim) => {
      const result = await step(sim, {
        ...tag('v2'),
        ...BLUEGREEN,
        'test-url': `${testUrlOf(sim)}/version`,
        'health-check-url': `${urlOf(sim)}/version`,
        'health-check-json': 'version=v2',
      });
      expectGreen(result, 'succeeded');
      const hooks = answers(sim).map((body) => (body as { hookId: string }).hookId);
      expect(new Set(hooks).size).toBe(2);
      expect(hooks).toHaveLength(2);
      expect(result.log).toContain('http gate passed: it answers well while 50 % of the traffic reaches it');
    }));

  const FEW = (canaryBakeTimeInMinutes: number): never =>
    ({
      strategy: 'CANARY',
      canaryConfiguration: { canaryPercent: 10, canaryBakeTimeInMinutes },
      bakeTimeInMinutes: 1,
      lifecycleHooks: [pauseAt(STAGE)],
    }) as never;

  test.each<[number, string, 'succeeded' | 'started']>([
    // Answers of the new version among those of the old one are enough.
    [5, '5', 'succeeded'],
    // Too few of them before the deadline of the gates are no failure: left to a person.
    [0, '5', 'started'],
  ])(
    'a canary of 10 %% that bakes %s minutes before its next pause, %s good answers wanted: %s',
    (minutes, successes, outcome) =>
      inAWorld({ blueGreen: FEW(minutes) }, async (sim) => {
        const result = await step(sim, {
          ...tag('v2'),
          ...BLUEGREEN,
          'test-url': `${testUrlOf(sim)}/version`,
          'health-check-url': `${urlOf(sim)}/version`,
          'health-check-json': 'version=v2',
          'health-check-successes': successes,
        });
        expectGreen(result, outcome);
        expect(accepted(sim, 'StopServiceDeployment')).toEqual([]);
        expect(answers(sim)).toHaveLength(outcome === 'succeeded' ? 2 : 1);
      }),
  );

  test('a URL that cannot tell them apart does not answer for the second step: that is left to a person', () =>
    inAWorld({ blueGreen: STEPS as never }, async (sim) => {
      const result = await step(sim, {
        ...tag('v2'),
        ...BLUEGREEN,
        'test-url': `${testUrlOf(sim)}/health`,
        'health-check-url': `${urlOf(sim)}/health`,
      });
      expectGreen(result, 'started');
      expect(result.outputs).toMatchObject({ stage: STAGE });
      expect(answers(sim)).toHaveLength(1);
    }));

  test('a Lambda hook that succeeds is ECS’s to wait for: nothing is answered', () =>
    inAWorld(
      {
        blueGreen: { ...BEFORE, lifecycleHooks: [functionAt(STAGE)] } as never,
        functions: { check: { ends: 'Succeeded', afterSeconds: 40 } },
      },
      async (sim) => {
        const result = await step(sim, {
          ...tag('v2'),
          ...BLUEGREEN,
          'test-url': `${testUrlOf(sim)}/health`,
        });
        expectGreen(result, 'succeeded');
        expect(result.log).toContain('in progress (pre production traffic shift)');
        expect(answers(sim)).toEqual([]);
      },
    ));

  test('a Lambda hook that fails rolls back, with its name', () =>
    inAWorld(
      {
        blueGreen: { ...BEFORE, lifecycleHooks: [functionAt(STAGE)] } as never,
        functions: { check: { ends: 'Failed' } },
      },
      async (sim) => {
        const result = await step(sim, { ...tag('v2'), ...BLUEGREEN });
        expectRed(result, 'rolled-back', 'lifecycle-hook-failed');
        expect(result.outputs['message']).toMatch(
          /PRE_PRODUCTION_TRAFFIC_SHIFT lifecycle hook\(s\) failed\. Lifecycle hook target \S*check returned FAILED/,
        );
        expect(production(sim, 'bluegreen')).toBe('bluegreen:1 COMPLETED');
      },
    ));

  test('a Lambda hook beside a pause: the pause is answered, the function is waited for', () =>
    inAWorld(
      {
        blueGreen: { ...BEFORE, lifecycleHooks: [functionAt(STAGE), pauseAt(STAGE)] } as never,
        functions: { check: { ends: 'Succeeded', afterSeconds: 90 } },
      },
      async (sim) => {
        const result = await step(sim, {
          ...tag('v2'),
          ...BLUEGREEN,
          'test-url': `${testUrlOf(sim)}/health`,
        });
        expectGreen(result, 'succeeded');
        expect(answers(sim)).toHaveLength(1);
      },
    ));
});

describe('a service of which no task is desired', () => {
  const NOBODY = { desiredCount: 0 };
  const asking = (sim: Simulator): Record<string, string> => ({
    ...tag('v2'),
    ...BLUEGREEN,
    'test-url': `${testUrlOf(sim)}/health`,
    'health-check-url': `${urlOf(sim)}/health`,
  });

  test('is asked nothing while ECS shifts: nobody is there to answer, and that is no fault', () =>
    inAWorld({ ...NOBODY, blueGreen: { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 2 } }, async (sim) => {
      const result = await step(sim, asking(sim));
      expectGreen(result, 'succeeded');
      expect(result.outputs['message']).toContain('no task ran, nothing was proven');
      expect(result.report.services[0]?.gates).toEqual([]);
      expect(production(sim, 'bluegreen')).toBe('bluegreen:2 COMPLETED');
    }));

  test('leaves its pause to a person', () =>
    inAWorld({ ...NOBODY, blueGreen: AFTER_TEST as never }, async (sim) => {
      const result = await step(sim, asking(sim));
      expectGreen(result, 'started');
      expect(result.warnings.join()).toContain('the gates do not answer for it: no task is desired');
      expect(answers(sim)).toEqual([]);
    }));

  test('is asked as soon as somebody wants tasks', () =>
    inAWorld({ ...NOBODY, blueGreen: AFTER_PRODUCTION as never, tags: ['error500'] }, async (sim) => {
      sim.when(
        () => service(sim, 'bluegreen').serviceDeployments[0]?.lifecycle?.stage === 'SCALE_UP',
        () => {
          sim.operator.setDesiredCount('bluegreen', 2);
        },
      );
      const result = await step(sim, { ...asking(sim), ...tag('error500') });
      expectRed(result, 'rolled-back', 'http-check-failed');
    }));
});

const isOfNewRevision = ({ lastStatus, definition }: Task): boolean =>
  lastStatus === 'RUNNING' && definition.family === 'bluegreen' && definition.revision === 2;

describe('promotion: manual', () => {
  const MANUAL = { ...tag('v2'), ...BLUEGREEN, promotion: 'manual' };

  test('ends at the pause, says how to go on, and mode: promote goes on', () =>
    inAWorld({ blueGreen: AFTER_TEST as never }, async (sim) => {
      const first = await step(sim, { ...MANUAL, 'test-url': `${testUrlOf(sim)}/health` });
      expectGreen(first, 'started');
      expect(first.outputs['message']).toContain(
        'waits in the stage POST_TEST_TRAFFIC_SHIFT for an answer until',
      );
      const arn = first.outputs['service-deployment-arn'] ?? '';
      expect(first.log).toContain(
        `To go on, run with mode: promote; to go back, with mode: rollback (service-deployment-arn: ${arn}).`,
      );
      const second = await step(sim, { ...BLUEGREEN, mode: 'promote', 'service-deployment-arn': arn });
      expectGreen(second, 'succeeded');
      expect(answers(sim)).toHaveLength(1);
      expect(production(sim, 'bluegreen')).toBe('bluegreen:2 COMPLETED');
    }));

  test('mode: promote asks its gates first: a bad one rolls back', () =>
    inAWorld({ blueGreen: AFTER_TEST as never, tags: ['error500'] }, async (sim) => {
      expectGreen(await step(sim, { ...MANUAL, 'image-tag': 'error500' }), 'started');
      const second = await step(sim, {
        ...BLUEGREEN,
        mode: 'promote',
        'test-url': `${testUrlOf(sim)}/health`,
      });
      expectRed(second, 'rolled-back', 'http-check-failed');
      expect(answers(sim)).toEqual([]);
    }));

  test('mode: rollback takes back what waits, at once, and that is a good end', () =>
    inAWorld({ blueGreen: AFTER_TEST as never }, async (sim) => {
      const first = await step(sim, MANUAL);
      const arn = first.outputs['service-deployment-arn'] ?? '';
      const second = await step(sim, { ...BLUEGREEN, mode: 'rollback', 'service-deployment-arn': arn });
      expectGreen(second, 'succeeded');
      expect(second.outputs['message']).toContain('is back on bluegreen:1: the deployment of bluegreen:2');
      expect(accepted(sim, 'UpdateService')).toHaveLength(1);
      expect(production(sim, 'bluegreen')).toBe('bluegreen:1 COMPLETED');
      const again = await step(sim, { ...BLUEGREEN, mode: 'rollback', 'service-deployment-arn': arn });
      expectRed(again, 'superseded', 'superseded');
    }));

  test('mode: rollback takes it back, though an old answer shows what was PRIMARY before it', () =>
    inAWorld({ blueGreen: AFTER_TEST as never }, async (sim) => {
      const began = sim.world.clock.now();
      expectGreen(await step(sim, MANUAL), 'started');
      const seconds = (sim.world.clock.now() - began) / 1000;
      let isOld = false;
      const back = await step(
        sim,
        { ...BLUEGREEN, mode: 'rollback' },
        {
          onOutput: (log) => {
            if (isOld || !log.includes('::group::Roll back')) return;
            isOld = true;
            sim.inject({ action: 'DescribeServices', times: 1, effect: { kind: 'stale', seconds } });
          },
        },
      );
      expectGreen(back, 'succeeded');
      expect(production(sim, 'bluegreen')).toBe('bluegreen:1 COMPLETED');
    }));

  test.each([
    ['while it bakes', 'BAKE_TIME', { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 20 }],
    [
      'at a step',
      'PRODUCTION_TRAFFIC_SHIFT',
      { strategy: 'CANARY', canaryConfiguration: { canaryPercent: 10, canaryBakeTimeInMinutes: 20 } },
    ],
    ['before any traffic', 'SCALE_UP', { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 20 }],
  ])(
    'mode: rollback %s is a matter of weights, too: no deployment goes through the strategy again',
    (_, stage, blueGreen) =>
      inAWorld({ blueGreen }, async (sim) => {
        const first = await step(sim, { ...tag('v2'), ...BLUEGREEN, 'wait-for-service-stability': 'false' });
        const now = (): string | undefined =>
          service(sim, 'bluegreen').serviceDeployments[0]?.lifecycle?.stage;
        while (now() !== stage) sim.world.clock.skip(1);
        const arn = first.outputs['service-deployment-arn'] ?? '';
        const back = await step(sim, { ...BLUEGREEN, mode: 'rollback', 'service-deployment-arn': arn });
        expectGreen(back, 'succeeded');
        expect(back.outputs['message']).toContain(
          'is back on bluegreen:1: the deployment of bluegreen:2, which was under way, was rolled back',
        );
        expect(accepted(sim, 'UpdateService')).toHaveLength(1);
        expect(accepted(sim, 'StopServiceDeployment')).toHaveLength(1);
        expect(production(sim, 'bluegreen')).toBe('bluegreen:1 COMPLETED');
        expect(Number(back.outputs['duration-seconds'])).toBeLessThan(120);
      }),
  );

  test('mode: rollback of several services: what waits goes back by its weight, the others by a deployment', () =>
    inAWorld({ blueGreen: AFTER_TEST as never }, async (sim) => {
      expectGreen(await step(sim, tag('v2')), 'succeeded');
      expectGreen(await step(sim, MANUAL), 'started');
      const before = accepted(sim, 'UpdateService').length;
      const back = await step(sim, { service: 'worker, bluegreen, backend', mode: 'rollback' });
      // Nothing is below the only revision of the worker: all or none.
      expectRed(back, 'failed', 'no-rollback-target');
      expect(production(sim, 'bluegreen')).toBe('bluegreen:2 IN_PROGRESS');
      const both = await step(sim, { service: 'bluegreen, backend', mode: 'rollback' });
      expectGreen(both, 'succeeded');
      expect(both.log).toContain('Service "bluegreen" is back on bluegreen:1: the deployment of bluegreen:2');
      expect(production(sim, 'bluegreen')).toBe('bluegreen:1 COMPLETED');
      expect(production(sim)).toBe('backend:3 COMPLETED');
      // The result stands below the name: a column of its own pushes the last one off a narrow screen.
      expect(both.summary).toContain('| Service | Revision | Proven by |');
      expect(both.summary).toMatch(/\[bluegreen\]\([^)]*\)<br>succeeded \| .* \| ✅ targets \|/);
      const updated = accepted(sim, 'UpdateService').slice(before);
      expect(updated.map(({ body }) => body)).toEqual([expect.objectContaining({ service: 'backend' })]);
      expect(accepted(sim, 'StopServiceDeployment')).toHaveLength(1);
    }));

  test.each([
    // The last good one: its traffic has never been away.
    ['bluegreen:2', 'bluegreen:2 COMPLETED', 2],
    // An older one is brought by a deployment, whose pauses wait for nobody: it was good.
    ['bluegreen:1', 'bluegreen:4 COMPLETED', 3],
  ])('mode: rollback to %s goes there and nowhere else: %s', (revision, runs, updates) =>
    inAWorld({ blueGreen: AFTER_TEST as never }, async (sim) => {
      const testUrl = `${testUrlOf(sim)}/health`;
      expectGreen(await step(sim, { ...tag('v2'), ...BLUEGREEN, 'test-url': testUrl }), 'succeeded');
      expectGreen(await step(sim, { ...MANUAL, 'image-tag': 'v3' }), 'started');
      const back = { ...BLUEGREEN, mode: 'rollback', 'task-definition': revision };
      expect((await step(sim, back)).exitCode).toBe(0);
      expect(production(sim, 'bluegreen')).toBe(runs);
      expect(accepted(sim, 'UpdateService')).toHaveLength(updates);
    }),
  );

  describe('mode: rollback once the deployment has succeeded', () => {
    /** The second revision is complete, and so long that nobody means the way back from the first. */
    const withTwo = (run: (sim: Simulator) => Promise<void>): Promise<void> =>
      inAWorld({ blueGreen: AFTER_TEST as never }, async (sim) => {
        const deployed = { ...tag('v2'), ...BLUEGREEN, 'test-url': testUrlOf(sim) };
        expectGreen(await step(sim, deployed), 'succeeded');
        sim.world.clock.skip(1800);
        await run(sim);
      });

    test('answers its own pauses: what it leads to was approved before', () =>
      withTwo(async (sim) => {
        const back = await step(sim, { ...BLUEGREEN, mode: 'rollback' });
        expectGreen(back, 'succeeded');
        expect(back.log).toContain(
          'bluegreen: no gate answers for this pause, and none has to: bluegreen:3 ran well before',
        );
        expect(answers(sim)).toHaveLength(2);
        expect(production(sim, 'bluegreen')).toBe('bluegreen:3 COMPLETED');
      }));

    test('leaves them to a person with promotion: manual, and where the revision never ran well here', () =>
      withTwo(async (sim) => {
        const manual = await step(sim, { ...BLUEGREEN, mode: 'rollback', promotion: 'manual' });
        expectGreen(manual, 'started');
        sim.operator.stopServiceDeployment('bluegreen', 'ROLLBACK');
        sim.world.clock.skip(1800);
        const other = service(sim, 'bluegreen').serviceDeployments[0]?.target.definition;
        const untried = sim.operator.registerTaskDefinition({ ...other?.body, cpu: '512' });
        const named = `bluegreen:${untried.revision}`;
        const result = await step(sim, { ...BLUEGREEN, mode: 'rollback', 'task-definition': named });
        expectGreen(result, 'started');
        expect(result.warnings.join()).toContain(`no good deployment of ${named} is among`);
        expect(answers(sim)).toHaveLength(1);
      }));
  });

  /** Tasks of the new revision crash one after another while it waits, and ECS starts others in their place. */
  const crashWhileItWaits = (sim: Simulator, times: number): void => {
    for (let crashed = 0; crashed < times; crashed += 1) {
      const ours = [...service(sim, 'bluegreen').cluster.tasks.values()].find(isOfNewRevision);
      if (ours === undefined) throw new Error('No task of the new revision runs.');
      sim.operator.crashTask(ours, 3);
      sim.world.clock.skip(60);
    }
  };

  test('mode: promote without gates goes back where tasks have crashed meanwhile, by the rule of failed tasks', () =>
    inAWorld({ blueGreen: AFTER_TEST as never }, async (sim) => {
      expectGreen(await step(sim, MANUAL), 'started');
      crashWhileItWaits(sim, 3);
      const result = await step(sim, { ...BLUEGREEN, mode: 'promote' });
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(answers(sim)).toEqual([]);
      expect(production(sim, 'bluegreen')).toBe('bluegreen:1 COMPLETED');
    }));

  test('mode: promote says which tasks have crashed, where they are too few to go back for', () =>
    inAWorld({ blueGreen: AFTER_TEST as never }, async (sim) => {
      expectGreen(await step(sim, MANUAL), 'started');
      crashWhileItWaits(sim, 1);
      const result = await step(sim, { ...BLUEGREEN, mode: 'promote' });
      expectGreen(result, 'succeeded');
      expect(result.warnings.join()).toContain(
        'bluegreen: 1 task of bluegreen:2 failed before this run, and it goes on (fewer than the 3 that roll it back): container "bluegreen" exited with code 3',
      );
      expect(answers(sim)).toHaveLength(1);
    }));

  test('mode: promote where nothing waits is invalid-input, and touches nothing', () =>
    inAWorld({ blueGreen: AFTER_TEST as never }, async (sim) => {
      const result = await step(sim, { ...BLUEGREEN, mode: 'promote' });
      expectRed(result, 'failed', 'invalid-input');
      expect(mutations(sim)).toEqual([]);
    }));

  test('mode: promote of a deployment that has ended, or is another, is superseded', () =>
    inAWorld({ blueGreen: AFTER_TEST as never }, async (sim) => {
      const [now] = service(sim, 'bluegreen').serviceDeployments;
      const arn = now?.arn ?? '';
      const ended = await step(sim, { ...BLUEGREEN, mode: 'promote', 'service-deployment-arn': arn });
      expectRed(ended, 'superseded', 'superseded');
      const another = arn.replace(/[^/]+$/, 'AAAAAAAAAAAAAAAAAAAAA');
      const other = await step(sim, { ...BLUEGREEN, mode: 'promote', 'service-deployment-arn': another });
      expectRed(other, 'superseded', 'superseded');
      expect(mutations(sim)).toEqual([]);
    }));
});

describe('beside a service that is updated by rolling', () => {
  const rolling: Seed = (world) => {
    createService(world, world.cluster('demo'), 'jobs', {
      ...{ taskDefinition: 'bluegreen', launchType: 'FARGATE', desiredCount: 2 },
      networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0a1b2c3d4e5f60001'] } },
    });
  };
  const BOTH = { ...tag('v2'), service: 'bluegreen\njobs' };

  test('which has no test traffic, and of which the test URL says nothing', () =>
    inAWorld({ blueGreen: AFTER_TEST as never, more: rolling }, async (sim) => {
      const result = await step(sim, { ...BOTH, 'test-url': `${testUrlOf(sim)}/health` });
      expectGreen(result, 'succeeded');
      const gates = result.report.services.map((each) => each.gates.map(({ gate }) => gate));
      expect(gates).toEqual([
        ['digest', 'targets', 'test-url'],
        ['digest', 'tasks'],
      ]);
      expect(result.warnings.join()).not.toContain('test-url');
    }));

  test('whose failure takes back what waits for a person: it waits no more, and no output says so', () =>
    inAWorld({ blueGreen: AFTER_TEST as never, more: rolling, alarms: { errors: 'OK' } }, async (sim) => {
      const isWaiting = (): boolean =>
        (service(sim, 'bluegreen').serviceDeployments[0]?.lifecycle?.hooks ?? []).length > 0;
      sim.when(isWaiting, () => {
        sim.at(60, () => {
          sim.operator.setAlarm('errors', 'ALARM');
        });
      });
      const watching = { alarms: 'errors', 'bake-minutes': '3', 'on-failure': 'rollback-all' };
      const result = await step(sim, { ...BOTH, ...watching, promotion: 'manual' });
      expectRed(result, 'rolled-back', 'alarm');
      expect(production(sim, 'bluegreen')).toBe('bluegreen:1 COMPLETED');
      expect(result.outputs).toMatchObject({ stage: '', 'stage-expires': '' });
    }));
});

describe('what the strategy of a service means for the run', () => {
  test('a plan says what will happen: steps, bake, hooks, and how long it takes at least', () =>
    inAWorld(
      {
        blueGreen: {
          strategy: 'CANARY',
          canaryConfiguration: { canaryPercent: 10, canaryBakeTimeInMinutes: 5 },
          bakeTimeInMinutes: 10,
          lifecycleHooks: [pauseAt('POST_TEST_TRAFFIC_SHIFT')],
        } as never,
      },
      async (sim) => {
        const result = await step(sim, { ...tag('v2'), ...BLUEGREEN, mode: 'plan' });
        expectGreen(result, 'planned');
        const words =
          'CANARY: 10 % of the traffic for 5 minutes, then all; bakes for 10 minutes; pauses at POST_TEST_TRAFFIC_SHIFT; at least 15 minutes';
        expect(result.log).toContain(`bluegreen: ${words}.`);
        expect(result.summary.replaceAll('\\', '')).toContain(`| Strategy | ${words} |`);
      },
    ));

  test('it gets the time of its bakes where none is set', () =>
    inAWorld({ blueGreen: { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 40 } }, async (sim) => {
      expectGreen(await step(sim, { ...tag('v2'), ...BLUEGREEN }), 'succeeded');
    }));

  test('a time that is set and would not do is refused before anything is touched', () =>
    inAWorld({ blueGreen: { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 40 } }, async (sim) => {
      const result = await step(sim, { ...tag('v2'), ...BLUEGREEN, 'wait-for-minutes': '35' });
      expectRed(result, 'failed', 'invalid-input');
      expect(result.outputs['message']).toContain('bakes and shifts (BLUE_GREEN) for 40 minutes by itself');
      expect(mutations(sim)).toEqual([]);
    }));

  test('one that takes longer than any run waits is refused before anything is touched', () =>
    inAWorld(
      {
        blueGreen: {
          strategy: 'LINEAR',
          linearConfiguration: { stepPercent: 3, stepBakeTimeInMinutes: 12 },
          bakeTimeInMinutes: 1,
        },
      },
      async (sim) => {
        const result = await step(sim, { ...tag('v2'), ...BLUEGREEN });
        expectRed(result, 'failed', 'invalid-input');
        expect(result.outputs['message']).toContain(
          'for 397 minutes by itself, and no run waits for more than 360',
        );
        expect(mutations(sim)).toEqual([]);
        const nobody = { ...tag('v2'), ...BLUEGREEN, 'wait-for-service-stability': 'false' };
        expectGreen(await step(sim, nobody), 'started');
      },
    ));

  test('a test URL of a service that has no test traffic is refused', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('v2'), 'test-url': 'http://127.0.0.1:9/' });
      expectRed(result, 'failed', 'invalid-input');
      expect(mutations(sim)).toEqual([]);
    }));

  test('without a pause test traffic may be over in seconds: a test URL is skipped then, with a warning', () =>
    inAWorld({ blueGreen: { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 1 } }, async (sim) => {
      const result = await step(sim, {
        ...tag('v2'),
        ...BLUEGREEN,
        'test-url': `${testUrlOf(sim)}/health`,
        'health-check-successes': '9',
      });
      expectGreen(result, 'succeeded');
      expect(result.warnings.join()).toContain('test-url gate skipped');
      expect(result.outputs['message']).not.toContain('test URL');
    }));
});
