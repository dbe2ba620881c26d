import { describe, expect, test } from '@jest/globals';
import type { StepOptions } from '../../runner/step.ts';
import { accepted, expectRed, inAWorld, mutations, onceUnderway, production, step, tag } from './world.ts';

/** No answer ever comes: without a limit of its own, each of these would last until the SDK gives the calls up. */
const NEVER = { kind: 'hang', when: 'before' } as const;

function interruptAt(text: string): StepOptions {
  let sent = false;
  return {
    onOutput: (log, kill) => {
      if (sent || !log.includes(text)) return;
      sent = true;
      kill('SIGINT');
    },
  };
}

describe('an AWS that does not answer', () => {
  test('never outlasts wait-for-minutes', () =>
    inAWorld({}, async (sim) => {
      onceUnderway(sim, () => {
        sim.inject({ action: 'DescribeServiceDeployments', effect: NEVER });
        sim.inject({ action: 'DescribeServices', effect: NEVER });
      });
      const inputs = { ...tag('v2'), 'wait-for-minutes': '0.05', 'on-failure': 'leave' };
      const result = await step(sim, inputs);
      expectRed(result, 'timed-out', 'timeout');
      expect(mutations(sim)).toEqual(['RegisterTaskDefinition', 'UpdateService']);
    }));

  test('about the pre-deploy task does not outlast its time-out: it is stopped', () =>
    inAWorld({}, async (sim) => {
      const inputs = {
        ...tag('v2'),
        'pre-deploy-command': '["sh", "-c", "sleep 600"]',
        'pre-deploy-timeout-minutes': '2',
      };
      sim.inject({ action: 'DescribeTasks', effect: NEVER });
      const result = await step(sim, inputs);
      expectRed(result, 'failed', 'pre-deploy-task-failed');
      expect(result.outputs['message']).toContain('did not end within 2 minutes and was stopped');
      expect(accepted(sim, 'StopTask')).toHaveLength(1);
      expect(result.report.durationSeconds).toBeLessThan(180);
    }));

  test('about targets does not outlast the gate: the proof is skipped, with a warning', () =>
    inAWorld({}, async (sim) => {
      onceUnderway(sim, () => {
        sim.inject({ action: 'DescribeTargetHealth', effect: NEVER });
      });
      const result = await step(sim, { ...tag('v2'), 'health-check-deadline-seconds': '60' });
      expect(result.outputs['result']).toBe('succeeded');
      expect(result.warnings).toEqual([expect.stringContaining('targets gate skipped: no answer from AWS')]);
    }));

  test('about the config of the image holds nothing up: the platform is not checked', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'GetDownloadUrlForLayer', effect: NEVER });
      const result = await step(sim, tag('v2'));
      expect(result.outputs['result']).toBe('succeeded');
      expect(result.warnings).toEqual([]);
      expect(result.report.steps.find(({ name }) => name === 'Verify')?.seconds).toBeLessThan(20);
    }));

  test('about log lines does not hold the rollback up', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'GetLogEvents', effect: NEVER });
      expectRed(await step(sim, tag('crash-1')), 'rolled-back', 'app-crashed');
      expect(production(sim)).toMatch(/^backend:1 /);
    }));
});

describe('a job that is cancelled while AWS does not answer', () => {
  test('UpdateService that had no effect: the post step says that the service was not touched', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'UpdateService', times: 1, effect: NEVER });
      const result = await step(sim, tag('v2'), interruptAt('rolling out backend:2'));
      expectRed(result, 'cancelled', 'cancelled');
      expect(result.post.summary).toContain('was not touched');
      expect(production(sim)).toBe('backend:1 COMPLETED');
    }));

  test('RegisterTaskDefinition: it ends in time, and says what may be left behind', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'RegisterTaskDefinition', times: 1, effect: NEVER });
      const result = await step(sim, tag('v2'), interruptAt('::group::Register'));
      expectRed(result, 'cancelled', 'cancelled');
      expect(result.log).toContain('ECS has not answered whether it registered a revision of backend');
      expect(mutations(sim)).toEqual([]);
    }));
});
