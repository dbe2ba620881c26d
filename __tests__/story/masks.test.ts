/** What is hidden, and what a mask must not destroy. */
import { describe, expect, test } from '@jest/globals';
import type { Simulator } from '../../simulator/simulator.ts';
import { expectGreen, expectRed, inAWorld, step, tag } from './world.ts';

describe('a header whose value is a common word', () => {
  test.each([
    'X-Env: production',
    'X-Env: prod',
    'X-Tenant: service',
    'X-Kind: image',
    'X-Forwarded-Proto: https',
    'Authorization: production',
    'X-Api-Key: services',
  ])('%s hides nothing and ends nothing', (header) =>
    inAWorld({}, async (sim) => {
      const url = sim.loadBalancers['web']?.url ?? '';
      const result = await step(sim, {
        ...tag('v2'),
        'health-check-url': `${url}/health`,
        'health-check-headers': header,
      });
      expectGreen(result, 'succeeded');
      expect(result.outputs['message']).toContain('proven healthy by its image digest');
      expect(result.log).toContain('✅ Deployed — Service "backend" runs backend:2');
      expect(result.log).not.toContain(`::add-mask::${header.split(': ')[1] ?? ''}\n`);
      expect(result.summary).toContain('](https://us-east-1.console.aws.amazon.com/');
      expect(JSON.stringify(result.report)).not.toContain('***');
    }),
  );

  test('leaves a failed release its cause, its verdict and its annotation', () =>
    inAWorld({}, async (sim) => {
      const url = sim.loadBalancers['web']?.url ?? '';
      const result = await step(sim, {
        ...tag('crash-1'),
        'health-check-url': `${url}/health`,
        'health-check-headers': 'X-Env: production\nX-Tenant: service',
      });
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(result.log).toContain('Cause: app-crashed');
    }));
});

/** Registers backend again with a variable, as the service's latest revision. */
function withVariable(sim: Simulator, name: string, value: string): void {
  const latest = sim.world.taskDefinitions.find('backend');
  const [container] = latest?.containers ?? [];
  sim.operator.registerTaskDefinition({
    ...latest?.body,
    family: 'backend',
    containerDefinitions: [{ ...container, environment: [{ name, value }] }],
  });
}

const ADDRESS = 'postgres://app:c4nary-pass@db.internal/video';

describe('the value of a variable of the definition', () => {
  test.each([
    ['the whole value', `cannot connect to ${ADDRESS}`, 'cannot connect to ***'],
    ['its password alone', 'password "c4nary-pass" was refused', 'password "***" was refused'],
    ['a value that is no secret of the runner', 'level is verbose-7', 'level is verbose-7'],
  ])('is hidden in the lines of a container that crashes: %s', (_, line, shown) =>
    inAWorld({ behaviours: { v2: { exit: { afterSeconds: 3, code: 1 }, logs: [line] } } }, async (sim) => {
      withVariable(sim, 'DB_URL', ADDRESS);
      const result = await step(sim, tag('v2'));
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(result.log).toContain(shown);
      const all = result.log + result.summary + JSON.stringify(result.report);
      expect(all).not.toContain('c4nary-pass');
    }),
  );

  test('is hidden in the log of a pre-deploy task', () =>
    inAWorld({}, async (sim) => {
      withVariable(sim, 'DB_URL', ADDRESS);
      const command = JSON.stringify(['sh', '-c', `echo using ${ADDRESS}; exit 3`]);
      const result = await step(sim, { ...tag('v2'), 'pre-deploy-command': command });
      expectRed(result, 'failed', 'pre-deploy-task-failed');
      expect(result.log).toContain('using ***');
      expect(result.log + result.summary).not.toContain('c4nary-pass');
    }));
});
