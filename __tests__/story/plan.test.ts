import { describe, expect, test } from '@jest/globals';
import type { Simulator } from '../../simulator/simulator.ts';
import { expectGreen, expectRed, inAWorld, mutations, production, step, tag } from './world.ts';

const PLAN = { mode: 'plan' };

/** Every action that was called, once each. */
function actions(sim: Simulator): string[] {
  return [...new Set(sim.calls.map(({ action }) => action))].sort();
}

/** Reads: what a role may do that can change nothing. */
const READS = /^(Describe|List|Get|BatchGet)/;

describe('a plan', () => {
  test('shows what a deployment would change, and changes nothing', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...PLAN, ...tag('v2'), 'environment-variables': 'LOG_LEVEL=debug' });
      expectGreen(result, 'planned');
      expect(result.outputs).toMatchObject({
        changed: 'true',
        'task-definition-arn': '',
        'previous-task-definition-arn': expect.stringMatching(/backend:1$/),
        message:
          'A deployment would register a new revision of backend and roll it out to service "backend".',
      });
      expect(result.summary).toContain('containerDefinitions[backend].image');
      expect(result.report.checks.length).toBeGreaterThan(5);
      expect(mutations(sim)).toEqual([]);
      expect(actions(sim).filter((action) => !READS.test(action))).toEqual([]);
      expect(production(sim)).toBe('backend:1 COMPLETED');
    }));

  test('says so where a deployment would change nothing', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...PLAN, ...tag('v1') });
      expectGreen(result, 'planned');
      expect(result.outputs).toMatchObject({
        changed: 'false',
        'task-definition-arn': expect.stringMatching(/backend:1$/),
        message: 'A deployment would change nothing: service "backend" already runs backend:1.',
      });
    }));

  test('of an existing revision names it', () =>
    inAWorld({}, async (sim) => {
      await step(sim, tag('v2'));
      const result = await step(sim, { ...PLAN, 'task-definition': 'backend:1' });
      expectGreen(result, 'planned');
      expect(result.outputs['message']).toBe('A deployment would roll backend:1 out to service "backend".');
    }));

  test('with a context builds nothing: the image counts as to be built', () =>
    inAWorld({}, async (sim) => {
      const inputs = { ...PLAN, 'ecr-repository': 'backend', context: '.' };
      const result = await step(sim, inputs, { files: { Dockerfile: 'FROM scratch\n' } });
      expectGreen(result, 'planned');
      expect(result.outputs).toMatchObject({ changed: 'true', image: '', 'image-digest': '' });
      expect(result.outputs['message']).toContain('would build an image, register a new revision');
      expect(result.log).toContain('-> backend (to be built)');
      expect(result.summary).toContain('+ containerDefinitions[backend].image: backend (to be built)');
      expect(result.log + result.summary).not.toContain('to-be-built');
      expect(actions(sim).filter((action) => !READS.test(action))).toEqual([]);
    }));

  test('of a build into a repository that does not exist fails', () =>
    inAWorld({}, async (sim) => {
      const inputs = { ...PLAN, 'ecr-repository': 'nowhere', context: '.' };
      const result = await step(sim, inputs, { files: { Dockerfile: 'FROM scratch\n' } });
      expectRed(result, 'failed', 'preflight-failed');
    }));

  test('of an image for another platform is red, as the deployment would be', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...PLAN, ...tag('wrongplatform-1') });
      expectRed(result, 'failed', 'preflight-failed');
      expect(result.errors[0]).toContain('it has linux/arm64');
    }));

  test('whose check fails is red', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...PLAN, ...tag('v2'), cpu: '256', memory: '8192' });
      expectRed(result, 'failed', 'preflight-failed');
      expect(mutations(sim)).toEqual([]);
    }));

  test('with preflight: warn only warns of it', () =>
    inAWorld({}, async (sim) => {
      const inputs = { ...PLAN, ...tag('v2'), cpu: '256', memory: '8192', preflight: 'warn' };
      const result = await step(sim, inputs);
      expectGreen(result, 'planned');
      expect(result.warnings.join()).toContain('(preflight: warn goes on in spite of it)');
    }));

  test('without a service says what would be registered', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, {
        ...PLAN,
        service: '',
        'task-definition': 'backend',
        cpu: '512',
        memory: '1024',
      });
      expectGreen(result, 'planned');
      expect(result.outputs['message']).toContain('A deployment would register a new revision of backend;');
      expect(mutations(sim)).toEqual([]);
    }));

  test('of several services tells of each', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, {
        ...PLAN,
        service: 'backend,worker',
        'task-definition': 'backend',
        ...tag('v2'),
      });
      expect(result.report.services.map(({ name, result: end }) => [name, end])).toEqual([
        ['backend', 'planned'],
        ['worker', 'planned'],
      ]);
    }));

  test('of another count changes the service though nothing of the definition differs', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...PLAN, ...tag('v1'), 'desired-count': '4' });
      expectGreen(result, 'planned');
      expect(result.outputs['changed']).toBe('true');
      expect(mutations(sim)).toEqual([]);
    }));

  test('looks where a deployment looks: secrets, parameters, alarms', () =>
    inAWorld({ alarms: { errors: 'OK' } }, async (sim) => {
      const result = await step(sim, {
        ...PLAN,
        ...tag('v2'),
        secrets: [
          'DATABASE=arn:aws:secretsmanager:us-east-1:123456789012:secret:backend/database-AbCdEf',
          'API_KEY=/backend/api-key',
        ].join('\n'),
        alarms: 'errors',
      });
      expectGreen(result, 'planned');
      expect(actions(sim)).toEqual(
        expect.arrayContaining(['DescribeSecret', 'DescribeParameters', 'DescribeAlarms']),
      );
      expect(actions(sim).filter((action) => !READS.test(action))).toEqual([]);
    }));

  test('names what is there where a name is misspelt', () =>
    inAWorld({}, async (sim) => {
      expectRed(await step(sim, { ...PLAN, service: 'backnd' }), 'failed', 'service-not-found');
      expectRed(await step(sim, { ...PLAN, cluster: 'prod' }), 'failed', 'cluster-not-found');
      expect(actions(sim)).toEqual(expect.arrayContaining(['ListServices', 'ListClusters']));
    }));
});
