import { describe, expect, test } from '@jest/globals';
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
import { badUrl, digest, found, imageOf, onAMovedTag, REGISTRY, running, warned } from './image-world.ts';

describe('an image whose digest is not known', () => {
  test('is rolled out again, never unchanged', () =>
    inAWorld({}, async (sim) => {
      const inputs = { image: 'ghcr.io/acme/web:latest', service: 'worker' };
      expectGreen(await step(sim, inputs), 'succeeded');
      const again = await step(sim, inputs);
      expectGreen(again, 'succeeded');
      expect(again.outputs['changed']).toBe('true');
      expect(production(sim, 'worker')).toBe('worker:3 COMPLETED');
    }));

  test('of ECR without ecr:DescribeImages, too', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'DescribeImages', effect: { kind: 'denied' } });
      expectGreen(await step(sim, tag('v2')), 'succeeded');
      expectGreen(await step(sim, tag('v2')), 'succeeded');
      expect(production(sim)).toBe('backend:3 COMPLETED');
    }));

  test('does not take the proof of the others', () =>
    inAWorld({}, async (sim) => {
      const images = `web=${REGISTRY}/web:v2\nlog-router=public.ecr.aws/aws-observability/aws-for-fluent-bit:stable`;
      const result = await step(sim, { service: 'web', images });
      expectGreen(result, 'succeeded');
      expect(result.report.services[0]?.gates).toContainEqual({
        gate: 'digest',
        state: 'passed',
        detail: expect.stringMatching(/^web runs sha256:.*; not proven: the digest of public\.ecr\.aws/),
      });
    }));
});

describe('a rollback', () => {
  test('by update goes to the digests that ran, and proves them', () =>
    inAWorld({}, async (sim) => {
      const { old } = onAMovedTag(sim);
      const result = await step(sim, { ...tag('v2'), ...badUrl(sim) });
      expectRed(result, 'rolled-back', 'http-check-failed');
      expect(running(sim)).toEqual([old]);
      expect(imageOf(sim, 'backend:4')).toBe(`${REGISTRY}/backend@${old}`);
      expect(result.log).toContain(`after the rollback backend runs ${old}`);
    }));

  test('of a deployment under way is left to ECS, which keeps the digests', () =>
    inAWorld({}, async (sim) => {
      const { old } = onAMovedTag(sim);
      expectRed(await step(sim, tag('crash-1')), 'rolled-back', 'app-crashed');
      expect(running(sim)).toEqual([old]);
      expect(production(sim)).toBe('backend:2 COMPLETED');
    }));

  test('to an INACTIVE revision registers its content again', () =>
    inAWorld({}, async (sim) => {
      const first = sim.world.taskDefinitions.find('backend:1');
      if (first !== undefined) sim.world.taskDefinitions.deregister(first);
      const result = await step(sim, { ...tag('v2'), 'task-definition': 'running', ...badUrl(sim) });
      expectRed(result, 'rolled-back', 'http-check-failed');
      expect(running(sim)).toEqual([digest(sim, 'backend:v1')]);
      expect(production(sim)).toBe('backend:3 COMPLETED');
    }));
});

describe('a forced restart', () => {
  test('of a revision with a tag keeps the digest that runs, and has a way back', () =>
    inAWorld({}, async (sim) => {
      const { old } = onAMovedTag(sim);
      const force = { 'force-new-deployment': 'true' };
      expectGreen(await step(sim, { ...force, 'task-definition': 'running' }), 'succeeded');
      expect(running(sim)).toEqual([old]);
      expect(imageOf(sim, 'backend:3')).toBe(`${REGISTRY}/backend@${old}`);
      const named = await step(sim, { ...force, 'task-definition': 'backend:3' });
      expectGreen(named, 'succeeded');
      expect(running(sim)).toEqual([old]);
    }));

  test('of the very revision that is named does so, too', () =>
    inAWorld({}, async (sim) => {
      const { old } = onAMovedTag(sim);
      const inputs = { 'force-new-deployment': 'true', 'task-definition': 'backend:2' };
      expectRed(await step(sim, { ...inputs, ...badUrl(sim) }), 'rolled-back', 'http-check-failed');
      expect(running(sim)).toEqual([old]);
    }));
});

describe('mode: rollback', () => {
  const BACK = { mode: 'rollback' };

  test('goes back to the digests that ran, of revisions that name one tag', () =>
    inAWorld({}, async (sim) => {
      const { old, now } = onAMovedTag(sim);
      sim.operator.deploy('backend', 'live');
      sim.world.clock.skip(1800);
      expect(running(sim)).toEqual([now]);
      const result = await step(sim, BACK);
      expectGreen(result, 'succeeded');
      expect(running(sim)).toEqual([old]);
      expect(result.outputs['message']).toContain('its image digest');
    }));

  test('passes over what does not differ, and is red where nothing is left', () =>
    inAWorld({}, async (sim) => {
      sim.operator.deploy('backend', 'v1');
      sim.world.clock.skip(1800);
      const result = await step(sim, BACK);
      expectRed(result, 'failed', 'no-rollback-target');
      expect(mutations(sim)).toEqual([]);
    }));

  test('passes over a revision that is marked as failed', () =>
    inAWorld({}, async (sim) => {
      for (const name of ['v2', 'v3']) {
        sim.operator.deploy('backend', name);
        sim.world.clock.skip(1800);
      }
      sim.world.taskDefinitions.find('backend:2')?.tags.push({ key: 'ecs-fargate-deploy', value: 'failed' });
      const result = await step(sim, BACK);
      expectGreen(result, 'succeeded');
      expect(result.log).toContain('Passed over: backend:2, which is marked as failed.');
      expect(running(sim)).toEqual([digest(sim, 'backend:v1')]);
    }));

  test('takes a rollback that has just ended for what was asked for', () =>
    inAWorld({}, async (sim) => {
      sim.operator.deploy('backend', 'v2');
      sim.world.clock.skip(1800);
      expectGreen(await step(sim, BACK), 'succeeded');
      const again = await step(sim, BACK);
      expectGreen(again, 'unchanged');
      warned(again, 'less than 15 minutes ago');
      expect(running(sim)).toEqual([digest(sim, 'backend:v1')]);
    }));

  test('follows a rollback that is under way', () =>
    inAWorld({}, async (sim) => {
      for (const name of ['v2', 'v3']) {
        sim.operator.deploy('backend', name);
        sim.world.clock.skip(1800);
      }
      sim.operator.updateService('backend', { taskDefinition: 'backend:2' });
      sim.world.clock.skip(10);
      const result = await step(sim, BACK);
      expectGreen(result, 'succeeded');
      warned(result, 'a rollback to backend:2 is under way');
      expect(production(sim)).toBe('backend:2 COMPLETED');
      expect(mutations(sim)).toEqual([]);
    }));
});

describe('what failed', () => {
  const BAD = { 'environment-variables': 'DB_HOST=wrong-host' };

  /** Whether the revision that runs has the bad setting. */
  function isBad(sim: Simulator): boolean {
    const { body } = service(sim).deployments[0]?.revision.definition ?? { body: {} };
    return JSON.stringify(body).includes('wrong-host');
  }

  test('is deregistered at once, while its tasks still stop', () =>
    inAWorld({ deregistrationDelaySeconds: 300 }, async (sim) => {
      expectRed(
        await step(sim, { ...tag('v2'), ...BAD, ...badUrl(sim) }),
        'rolled-back',
        'http-check-failed',
      );
      expect(sim.world.taskDefinitions.find('backend:2')?.status).toBe('INACTIVE');
      expectGreen(await step(sim, tag('v3')), 'succeeded');
      expect(isBad(sim)).toBe(false);
    }));

  test.each<[string, string, (sim: Simulator) => Record<string, string>]>([
    ['a crash', 'crash-1', () => ({})],
    ['a gate', 'v2', badUrl],
  ])('by %s is no base where it cannot be deregistered', (_what, image, more) =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'DeregisterTaskDefinition', effect: { kind: 'denied' } });
      const first = await step(sim, { ...tag(image), ...BAD, ...more(sim) });
      expect(first.outputs['result']).toBe('rolled-back');
      const second = await step(sim, tag('v3'));
      expectGreen(second, 'succeeded');
      expect(second.log).not.toContain('Base: backend:2');
      expect(isBad(sim)).toBe(false);
    }),
  );

  test('by a gate and may neither be deregistered nor marked is no base', () =>
    inAWorld({}, async (sim) => {
      for (const action of ['DeregisterTaskDefinition', 'TagResource']) {
        sim.inject({ action, effect: { kind: 'denied' } });
      }
      const first = await step(sim, { ...tag('v2'), ...BAD, ...badUrl(sim) });
      expectRed(first, 'rolled-back', 'http-check-failed');
      expect(first.log).toContain('backend:2 is not marked as failed');
      expectGreen(await step(sim, tag('v3')), 'succeeded');
      expect(isBad(sim)).toBe(false);
    }));

  test('by the breaker of ECS is no base, though the rollback of the run began at once and is not over', () =>
    inAWorld(
      {
        circuitBreaker: { enable: true, rollback: false },
        desiredCount: 3,
        deregistrationDelaySeconds: 300,
      },
      async (sim) => {
        const first = { ...tag('latecrash-1'), 'wait-for-minutes': '2' };
        expectRed(await step(sim, first), 'failed', 'rollback-failed');
        const next = await step(sim, tag('v2'));
        expectGreen(next, 'succeeded');
        expect(next.log).toContain('Base: backend:1');
      },
    ));

  test('and was left by on-failure: leave is marked, and is neither base nor rollback target', () =>
    inAWorld({}, async (sim) => {
      const first = await step(sim, { ...tag('v2'), ...BAD, ...badUrl(sim), 'on-failure': 'leave' });
      expectRed(first, 'failed', 'http-check-failed');
      expect(accepted(sim, 'TagResource')).toHaveLength(1);
      const second = await step(sim, { ...tag('v3'), ...badUrl(sim) });
      expectRed(second, 'rolled-back', 'http-check-failed');
      expect(running(sim)).toEqual([digest(sim, 'backend:v1')]);
      expect(isBad(sim)).toBe(false);
    }));

  test('by nothing but a URL that never answered this runner is not marked: the next run may build on it', () =>
    inAWorld({}, async (sim) => {
      const first = await step(sim, {
        ...tag('v2'),
        'health-check-url': 'http://127.0.0.1:9/health',
        'health-check-deadline-seconds': '1',
      });
      expectRed(first, 'failed', 'http-check-failed');
      expect(first.errors[0]).toContain('Nothing else speaks against the new revision');
      expect(accepted(sim, 'TagResource')).toEqual([]);
      expect(first.log).not.toContain('marked as failed');
      const second = await step(sim, tag('v2'));
      expectGreen(second, 'unchanged');
      expect(second.warnings).toEqual([]);
    }));

  test('and was left is no base of the next run, though its deployment is the last that ECS calls successful', () =>
    inAWorld({}, async (sim) => {
      const url = sim.loadBalancers['web']?.url ?? '';
      const gated = { 'health-check-url': `${url}/health`, 'on-failure': 'leave' };
      const bad = { ...tag('error500-1'), ...gated, 'environment-variables': 'ONLY_OF=the bad one' };
      expectRed(await step(sim, bad), 'failed', 'http-check-failed');
      const result = await step(sim, tag('v2'));
      expectGreen(result, 'succeeded');
      expect(result.log).toContain('Base: backend:1, the last good revision.');
      expect(result.log).toContain('Not the base: backend:2 is marked as failed.');
      const names = sim.world.taskDefinitions.find('backend:3')?.containers[0]?.environment ?? [];
      expect(JSON.stringify(names)).not.toContain('ONLY_OF');
    }));

  test('and runs still hands its mark to nothing that is rendered onto it', () =>
    inAWorld({}, async (sim) => {
      expectRed(
        await step(sim, { ...tag('v2'), ...badUrl(sim), 'on-failure': 'leave' }),
        'failed',
        'http-check-failed',
      );
      expectGreen(await step(sim, { ...tag('v3'), 'task-definition': 'running' }), 'succeeded');
      expect(sim.world.taskDefinitions.find('backend:2')?.tags).toHaveLength(1);
      expect(sim.world.taskDefinitions.find('backend:3')?.tags).toEqual([]);
    }));

  test('and runs still is said to be marked where a later run asks for just that', () =>
    inAWorld({}, async (sim) => {
      await step(sim, { ...tag('v2'), ...badUrl(sim), 'on-failure': 'leave' });
      const again = await step(sim, tag('v2'));
      expectGreen(again, 'unchanged');
      warned(again, 'backend:2, which runs and is what this run asks for, is marked as failed');
    }));

  test('is told apart from what was superseded', () =>
    inAWorld({}, async (sim) => {
      sim.operator.deploy('backend', 'v2');
      sim.world.clock.skip(5);
      sim.operator.deploy('backend', 'v3');
      sim.world.clock.skip(1800);
      const result = await step(sim, { 'environment-variables': 'A=1' });
      expectGreen(result, 'succeeded');
      expect(result.log).toContain('Base: backend:3, the latest revision of its family.');
    }));
});

describe('a base that differs from what runs', () => {
  test('is warned of with the fields, and they stand open in the summary', () =>
    inAWorld({}, async (sim) => {
      const { body } = found(sim, 'backend:1');
      sim.operator.registerTaskDefinition({ ...body, cpu: '4096', memory: '16384' });
      const result = await step(sim, tag('v2'));
      expectGreen(result, 'succeeded');
      warned(result, 'differs from what runs in what this run did not ask for: cpu, memory');
      expect(result.summary).toMatch(/<details open>\s*<summary>Task definition/);
    }));

  test('is no news where this run asked for it, and not where nothing differs', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('v2'), cpu: '2048', memory: '4096' });
      expectGreen(result, 'succeeded');
      expect(result.warnings.filter((each) => each.includes('did not ask'))).toEqual([]);
      expect(result.summary).not.toMatch(/<details open>\s*<summary>Task definition/);
    }));
});

describe('a container that gets no image from this run', () => {
  const file = (sim: Simulator, image: string, more: object = {}): Record<string, string> => {
    const { body, containers } = found(sim, 'backend:1');
    const [first] = containers;
    return { 'td.json': JSON.stringify({ ...body, ...more, containerDefinitions: [{ ...first, image }] }) };
  };
  const FROM_FILE = { 'task-definition': 'td.json' };

  test('ships the image that a file names, by digest', () =>
    inAWorld({}, async (sim) => {
      const files = file(sim, `${REGISTRY}/backend:v2`);
      const plan = await step(sim, { ...FROM_FILE, mode: 'plan' }, { files });
      expect(plan.outputs['changed']).toBe('true');
      expectGreen(await step(sim, FROM_FILE, { files }), 'succeeded');
      expect(running(sim)).toEqual([digest(sim, 'backend:v2')]);
      expectGreen(await step(sim, FROM_FILE, { files }), 'unchanged');
    }));

  test.each(['', '<IMAGE>', 'not a reference'])(
    'keeps what runs where the file has the placeholder %j',
    (image) =>
      inAWorld({}, async (sim) => {
        const files = file(sim, image, { cpu: '2048', memory: '4096' });
        expectGreen(await step(sim, FROM_FILE, { files }), 'succeeded');
        expect(running(sim)).toEqual([digest(sim, 'backend:v1')]);
      }),
  );

  test('keeps what runs where a revision names another image, and a warning says so', () =>
    inAWorld({}, async (sim) => {
      const { body, containers } = found(sim, 'backend:1');
      sim.operator.registerTaskDefinition({
        ...body,
        containerDefinitions: [{ ...containers[0], image: `${REGISTRY}/backend:v3` }],
      });
      const result = await step(sim, { 'environment-variables': 'LOG_LEVEL=debug' });
      expectGreen(result, 'succeeded');
      expect(running(sim)).toEqual([digest(sim, 'backend:v1')]);
      warned(result, 'Container "backend" keeps backend@');
    }));

  test('of a sidecar ships as the base writes it', () =>
    inAWorld({}, async (sim) => {
      const { body, containers } = found(sim, 'web:1');
      const [web = {}, router = {}] = containers;
      const image = 'public.ecr.aws/aws-observability/aws-for-fluent-bit:2.32';
      sim.operator.registerTaskDefinition({ ...body, containerDefinitions: [web, { ...router, image }] });
      const inputs = { service: 'web', 'ecr-repository': 'web', 'image-tag': 'v2', 'container-name': 'web' };
      expectGreen(await step(sim, inputs), 'succeeded');
      const [, now] = sim.world.taskDefinitions.find('web:3')?.containers ?? [];
      expect(now?.['image']).toBe(image);
      expectGreen(await step(sim, inputs), 'unchanged');
    }));

  test('takes the image of a release that is under way', () =>
    inAWorld({}, async (sim) => {
      sim.operator.deploy('backend', 'v2');
      sim.world.clock.skip(5);
      const result = await step(sim, { 'environment-variables': 'LOG_LEVEL=debug' });
      expectGreen(result, 'succeeded');
      expect(running(sim)).toEqual([digest(sim, 'backend:v2')]);
    }));

  test('keeps the digest that the tasks report where service revisions cannot be read', () =>
    inAWorld({}, async (sim) => {
      const { old } = onAMovedTag(sim);
      sim.inject({ action: 'DescribeServiceRevisions', effect: { kind: 'denied' } });
      const result = await step(sim, { 'environment-variables': 'LOG_LEVEL=debug' });
      expectGreen(result, 'succeeded');
      expect(running(sim)).toEqual([old]);
    }));
});

describe('somebody else', () => {
  const MIGRATION = { 'pre-deploy-command': 'migrate', 'pre-deploy-timeout-minutes': '5' };
  const ALARMS = { alarms: { alarmNames: ['errors'], enable: true, rollback: true } };

  /** Somebody acts right after a call of this action. */
  function after(sim: Simulator, action: string, act: () => void): void {
    sim.inject({ action, times: 1, effect: { kind: 'meanwhile', when: 'after', act } });
  }

  test.each([
    ['the checks', 'DescribeTargetGroups'],
    ['the registration', 'RegisterTaskDefinition'],
  ])('who moves the service to another task definition after %s is not overwritten', (_what, action) =>
    inAWorld({}, async (sim) => {
      after(sim, action, () => {
        sim.operator.deploy('backend', 'v3');
      });
      const result = await step(sim, tag('v2'));
      expectRed(result, 'superseded', 'superseded');
      expect(accepted(sim, 'UpdateService')).toEqual([]);
      expect(result.outputs['message']).toContain('another deployment');
    }),
  );

  test('who does so during a migration is not overwritten, and nothing says that the run goes on', () =>
    inAWorld({}, async (sim) => {
      after(sim, 'RunTask', () => {
        sim.operator.deploy('backend', 'v3');
      });
      const result = await step(sim, { ...tag('v2'), ...MIGRATION });
      expectRed(result, 'superseded', 'superseded');
      expect(accepted(sim, 'UpdateService')).toEqual([]);
      expect(result.log).not.toContain('goes on from there');
    }));

  test('nor is a rollback of ECS, which nobody asked for', () =>
    inAWorld(
      { circuitBreaker: false, deploymentConfiguration: ALARMS, alarms: { errors: 'OK' } },
      async (sim) => {
        sim.operator.deploy('backend', 'crash-1');
        after(sim, 'RunTask', () => {
          sim.operator.setAlarm('errors', 'ALARM');
        });
        const result = await step(sim, { ...tag('v2'), ...MIGRATION });
        expectRed(result, 'superseded', 'superseded');
        expect(result.outputs['message']).toMatch(
          /a rollback of ECS \(\S+\) has moved the service to backend:1/,
        );
      },
    ));

  test('who only deploys the same one again is gone on from', () =>
    inAWorld({}, async (sim) => {
      after(sim, 'RegisterTaskDefinition', () => {
        sim.operator.updateService('backend', { forceNewDeployment: true });
      });
      expectGreen(await step(sim, tag('v2')), 'succeeded');
      expect(production(sim)).toBe('backend:2 COMPLETED');
    }));

  test('who deregisters our revision before the update has it registered once more', () =>
    inAWorld({}, async (sim) => {
      after(sim, 'RegisterTaskDefinition', () => {
        sim.world.taskDefinitions.deregister(found(sim, 'backend:2'));
      });
      const result = await step(sim, tag('v2'));
      expectGreen(result, 'succeeded');
      expect(production(sim)).toBe('backend:3 COMPLETED');
      expect(result.outputs['task-definition-arn']).toMatch(/backend:3$/);
    }));
});

describe('a cancelled run', () => {
  test.each([
    ['rollback', 'INACTIVE'],
    ['leave', 'ACTIVE'],
  ])('with on-cancel: %s leaves its revision %s', (onCancel, status) =>
    inAWorld({}, async (sim) => {
      const result = await step(
        sim,
        { ...tag('v2'), 'on-cancel': onCancel },
        {
          onOutput: (log, kill) => {
            if (log.includes('in progress')) kill('SIGINT');
          },
        },
      );
      expectRed(result, 'cancelled', 'cancelled');
      expect(found(sim, 'backend:2').status).toBe(status);
    }),
  );

  test('before anything was updated leaves no revision behind', () =>
    inAWorld({}, async (sim) => {
      const inputs = { ...tag('v2'), 'pre-deploy-command': 'sleep' };
      const result = await step(sim, inputs, {
        onOutput: (log, kill) => {
          if (log.includes('Pre-deploy')) kill('SIGINT');
        },
      });
      expectRed(result, 'cancelled', 'cancelled');
      expect(found(sim, 'backend:2').status).toBe('INACTIVE');
    }));
});
