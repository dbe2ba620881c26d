import { describe, expect, test } from '@jest/globals';
import { expectRed, inAWorld, mutations, production, step, tag } from './world.ts';

describe('what ends before production is touched', () => {
  test('a cluster that does not exist is named, with those that do', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('v2'), cluster: 'prod' });
      expectRed(result, 'failed', 'cluster-not-found');
      expect(result.outputs['message']).toBe(
        'Cluster "prod" was not found in us-east-1. Clusters there: demo.',
      );
      expect(mutations(sim)).toEqual([]);
    }));

  test('a service that does not exist is named, with those that do', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('v2'), service: 'backnd' });
      expectRed(result, 'failed', 'service-not-found');
      expect(result.outputs['message']).toMatch(
        /^Service "backnd" was not found in cluster "demo" \(us-east-1\)\. Services there: agent, backend, .*worker\.$/,
      );
      expect(mutations(sim)).toEqual([]);
    }));

  test('an inactive service', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('v2'), service: 'retired' });
      expectRed(result, 'failed', 'service-inactive');
      expect(mutations(sim)).toEqual([]);
    }));

  test('a service of an external controller', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('v2'), service: 'external' });
      expectRed(result, 'failed', 'unsupported-controller');
      expect(mutations(sim)).toEqual([]);
    }));

  test('a service of CodeDeploy without a deployment group', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, { ...tag('v2'), service: 'codedeploy' });
      expectRed(result, 'failed', 'invalid-input');
      expect(result.outputs['message']).toContain('codedeploy-application');
      expect(mutations(sim)).toEqual([]);
    }));

  test('a definition whose size Fargate does not have', () =>
    inAWorld({}, async (sim) => {
      const result = await step(
        sim,
        { ...tag('v2'), 'task-definition': 'task.json' },
        { files: { 'task.json': JSON.stringify(definition({ cpu: '1024', memory: '1024' })) } },
      );
      expectRed(result, 'failed', 'preflight-failed');
      expect(result.outputs['message']).toContain('task size');
      expect(mutations(sim)).toEqual([]);
      expect(production(sim)).toBe('backend:1 COMPLETED');
    }));

  test('a definition that AWS refuses to register, also where the checks only warn', () =>
    inAWorld({}, async (sim) => {
      const result = await step(
        sim,
        { ...tag('v2'), 'task-definition': 'task.json', preflight: 'warn' },
        { files: { 'task.json': JSON.stringify(definition({ cpu: '1024', memory: '1024' })) } },
      );
      expectRed(result, 'failed', 'register-refused');
      expect(result.outputs['message']).toContain('No Fargate configuration exists for given values');
      expect(mutations(sim)).toEqual([]);
      expect(production(sim)).toBe('backend:1 COMPLETED');
    }));

  test('an image that is not in ECR', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, tag('v99'));
      expectRed(result, 'failed', 'preflight-failed');
      expect(result.outputs['message']).toContain('backend:v99');
      expect(mutations(sim)).toEqual([]);
    }));

  test('bad input: every problem in one error, before AWS is called', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, {
        ...tag('v2'),
        'wait-for-minutes': '10x',
        'poll-interval-seconds': '0',
        'on-failure': 'explode',
        'health-check-url': 'ftp://example.com',
      });
      expectRed(result, 'failed', 'invalid-input');
      for (const name of ['wait-for-minutes', 'poll-interval-seconds', 'on-failure', 'health-check-url']) {
        expect(result.errors[0]).toContain(name);
      }
      expect(sim.calls).toEqual([]);
    }));

  test('no region: what to set is logged', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, tag('v2'), { env: { AWS_REGION: '', AWS_DEFAULT_REGION: '' } });
      expectRed(result, 'failed', 'invalid-input');
      expect(result.outputs['message']).toContain('aws-region');
    }));

  test('an UpdateService that is denied leaves no revision behind', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'UpdateService', effect: { kind: 'denied' } });
      const result = await step(sim, tag('v2'));
      expectRed(result, 'failed', 'access-denied');
      expect(mutations(sim)).toEqual(['RegisterTaskDefinition', 'DeregisterTaskDefinition']);
      expect(production(sim)).toBe('backend:1 COMPLETED');
    }));
});

function definition(size: { cpu: string; memory: string }): object {
  return {
    family: 'backend',
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    ...size,
    executionRoleArn: 'arn:aws:iam::123456789012:role/ecs-execution',
    containerDefinitions: [
      { name: 'backend', image: 'placeholder', portMappings: [{ containerPort: 8000 }] },
    ],
  };
}
