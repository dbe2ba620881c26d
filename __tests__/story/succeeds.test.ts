import { describe, expect, test } from '@jest/globals';
import { accepted, expectGreen, inAWorld, mutations, production, step, tag } from './world.ts';

describe('a deployment that succeeds', () => {
  test('of a tag in ECR is deployed by digest, watched, proven and reported', () =>
    inAWorld({}, async (sim) => {
      const url = sim.loadBalancers['web']?.url ?? '';
      const result = await step(sim, {
        ...tag('v2'),
        'health-check-url': `${url}/version`,
        'health-check-json': 'version=v2',
      });
      expectGreen(result, 'succeeded');
      expect(production(sim)).toBe('backend:2 COMPLETED');
      expect(mutations(sim)).toEqual(['RegisterTaskDefinition', 'UpdateService']);
      expect(result.outputs).toMatchObject({
        changed: 'true',
        image: expect.stringMatching(/\/backend@sha256:[0-9a-f]{64}$/),
        registry: '123456789012.dkr.ecr.us-east-1.amazonaws.com',
        'task-definition-arn': expect.stringMatching(/task-definition\/backend:2$/),
        'previous-task-definition-arn': expect.stringMatching(/task-definition\/backend:1$/),
        'service-deployment-arn': expect.stringContaining(':service-deployment/demo/backend/'),
        'deployment-id': expect.stringMatching(/^ecs-svc\/\d+$/),
        url,
      });
      expect(result.outputs['image']).toContain(result.outputs['image-digest']);
      expect(result.report.services[0]?.gates).toEqual([
        expect.objectContaining({ gate: 'digest', state: 'passed' }),
        expect.objectContaining({ gate: 'targets', state: 'passed' }),
        expect.objectContaining({ gate: 'http', state: 'passed' }),
      ]);
      expect(result.summary).toContain('proven healthy by its image digest, its targets and its URL');
    }));

  test('sends UpdateService once, with the revision and nothing that the user did not set', () =>
    inAWorld({}, async (sim) => {
      await step(sim, tag('v2'));
      const [update, ...more] = accepted(sim, 'UpdateService');
      expect(more).toEqual([]);
      expect(Object.keys(update?.body ?? {}).sort()).toEqual(['cluster', 'service', 'taskDefinition']);
    }));

  test('sends every field of the service that the user set', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, {
        ...tag('v2'),
        'desired-count': '3',
        'force-new-deployment': 'true',
        'enable-ecs-managed-tags': 'false',
        'propagate-tags': 'TASK_DEFINITION',
      });
      expectGreen(result, 'succeeded');
      expect(accepted(sim, 'UpdateService')[0]?.body).toMatchObject({
        desiredCount: 3,
        forceNewDeployment: true,
        enableECSManagedTags: false,
        propagateTags: 'TASK_DEFINITION',
      });
    }));

  test('of an image by its full reference resolves the tag to a digest', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, {
        image: '123456789012.dkr.ecr.us-east-1.amazonaws.com/backend:v3',
      });
      expectGreen(result, 'succeeded');
      expect(result.outputs['image']).toMatch(/backend@sha256:/);
    }));

  test('of a multi-platform image is proven by a manifest of its index', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, tag('multi-1'));
      expectGreen(result, 'succeeded');
      expect(result.report.services[0]?.gates[0]).toMatchObject({ gate: 'digest', state: 'passed' });
    }));

  test('of family:revision deploys that revision as it is and registers nothing', () =>
    inAWorld({}, async (sim) => {
      await step(sim, tag('v2'));
      const back = await step(sim, { 'task-definition': 'backend:1' });
      expectGreen(back, 'succeeded');
      expect(production(sim)).toBe('backend:1 COMPLETED');
      expect(mutations(sim)).toEqual(['RegisterTaskDefinition', 'UpdateService', 'UpdateService']);
    }));

  test('of a service without a load balancer is proven by its running tasks', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('v2'), service: 'worker' });
      expectGreen(result, 'succeeded');
      expect(result.report.services[0]?.gates).toContainEqual(
        expect.objectContaining({ gate: 'tasks', state: 'passed' }),
      );
    }));

  test('with a desired count of 0 is green and warns that nothing was proven', () =>
    inAWorld({ desiredCount: 0 }, async (sim) => {
      const result = await step(sim, tag('v2'));
      expectGreen(result, 'succeeded');
      expect(production(sim)).toBe('backend:2 COMPLETED');
      expect(result.warnings.join()).toContain('no task ran, nothing was proven');
    }));

  test('with a desired count of 0 has nothing to bake, and asks nobody', () =>
    inAWorld({ desiredCount: 0, alarms: { errors: 'OK' } }, async (sim) => {
      const result = await step(sim, { ...tag('v2'), 'bake-minutes': '30', alarms: 'errors' });
      expectGreen(result, 'succeeded');
      expect(result.report.services[0]?.gates).toEqual([]);
      expect(Number(result.outputs['duration-seconds'])).toBeLessThan(120);
    }));

  test('that nobody waits for is started, and says so', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('v2'), 'wait-for-service-stability': 'false' });
      expectGreen(result, 'started');
      expect(production(sim)).toBe('backend:2 IN_PROGRESS');
    }));

  test('without a service registers the definition and touches nothing else', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('v2'), service: '', 'task-definition': 'backend' });
      expectGreen(result, 'registered');
      expect(mutations(sim)).toEqual(['RegisterTaskDefinition']);
      expect(result.outputs['task-definition-arn']).toMatch(/backend:2$/);
      expect(production(sim)).toBe('backend:1 COMPLETED');
    }));

  test('of several services gives them one revision, side by side', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, {
        ...tag('v2'),
        service: 'backend, worker',
        'task-definition': 'backend',
      });
      expectGreen(result, 'succeeded');
      expect([production(sim), production(sim, 'worker')]).toEqual([
        'backend:2 COMPLETED',
        'backend:2 COMPLETED',
      ]);
      expect(mutations(sim)).toEqual(['RegisterTaskDefinition', 'UpdateService', 'UpdateService']);
    }));
});

describe('nothing to deploy', () => {
  test('is unchanged: nothing is registered, nothing is updated, the gates pass', () =>
    inAWorld({}, async (sim) => {
      await step(sim, tag('v2'));
      const before = mutations(sim);
      const again = await step(sim, tag('v2'));
      expectGreen(again, 'unchanged');
      expect(again.outputs['changed']).toBe('false');
      expect(mutations(sim)).toEqual(before);
      expect(again.report.services[0]?.gates).toContainEqual(
        expect.objectContaining({ gate: 'targets', state: 'passed' }),
      );
    }));

  test('is unchanged too where the running revision names the same image by its tag', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, tag('v1'));
      expectGreen(result, 'unchanged');
      expect(mutations(sim)).toEqual([]);
    }));

  test('but a forced deployment rolls the running revision out again', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { 'force-new-deployment': 'true' });
      expectGreen(result, 'succeeded');
      // The revision names a tag: what runs is registered by digest.
      expect(mutations(sim)).toEqual(['RegisterTaskDefinition', 'UpdateService']);
      expect(production(sim)).toBe('backend:2 COMPLETED');
    }));

  test('is red, and left, where a gate fails', () =>
    inAWorld({}, async (sim) => {
      const url = sim.loadBalancers['web']?.url ?? '';
      const result = await step(sim, {
        ...tag('v1'),
        'health-check-url': `${url}/version`,
        'health-check-status': '204',
      });
      expect([result.outputs['result'], result.outputs['cause'], result.exitCode]).toEqual([
        'failed',
        'http-check-failed',
        1,
      ]);
      expect(mutations(sim)).toEqual([]);
    }));

  test('while that revision is still on its way, its deployment is watched as ours', () =>
    inAWorld({}, async (sim) => {
      await step(sim, { ...tag('v2'), 'wait-for-service-stability': 'false' });
      const adopted = await step(sim, tag('v2'));
      expectGreen(adopted, 'succeeded');
      expect(accepted(sim, 'UpdateService')).toHaveLength(1);
      expect(production(sim)).toBe('backend:2 COMPLETED');
      expect(adopted.summary).toMatch(
        /\| Revision \| \[backend:2\]\([^)]*\), whose deployment was under way already \|/,
      );
    }));
});
