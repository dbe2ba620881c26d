/** Two runs on one AWS: the other one is somebody who registers, deploys and stops at a moment of this run. */
import { describe, expect, test } from '@jest/globals';
import type { Simulator } from '../../simulator/simulator.ts';
import { digest, found, REGISTRY, running, warned } from './image-world.ts';
import { expectGreen, expectRed, inAWorld, mutations, production, service, step, tag } from './world.ts';

/** The other run: an image of its own and a bad setting, one second after its UpdateService. */
function otherRunBegins(sim: Simulator, image: string): void {
  const [first = {}] = found(sim, 'backend:1').containers;
  const before = first['environment'] as { name: string; value: string }[];
  const definition = sim.operator.registerTaskDefinition({
    ...found(sim, 'backend:1').body,
    containerDefinitions: [
      {
        ...first,
        image: `${REGISTRY}/backend@${digest(sim, `backend:${image}`)}`,
        environment: [...before, { name: 'DB_HOST', value: 'wrong-host' }],
      },
    ],
  });
  sim.operator.updateService('backend', { taskDefinition: definition.arn });
  sim.world.clock.skip(1);
}

/** Whether what runs has the setting of the other run. */
function hasItsSetting(sim: Simulator): boolean {
  const { body } = service(sim).deployments[0]?.revision.definition ?? { body: {} };
  return JSON.stringify(body).includes('wrong-host');
}

const BAD = { 'environment-variables': 'DB_HOST=wrong-host' };
const LEFT_OUT =
  'differs from what runs in what this run did not ask for: containerDefinitions[backend].environment[DB_HOST]';

describe('a run that begins while another one is under way', () => {
  test('does not build on the revision that the other has not finished, and says what it leaves out', () =>
    inAWorld({}, async (sim) => {
      otherRunBegins(sim, 'crash-1');
      const result = await step(sim, tag('v3'));
      expectGreen(result, 'succeeded');
      expect(hasItsSetting(sim)).toBe(false);
      expect(result.log).toContain('Not the base: backend:2 is still being deployed here.');
      warned(result, LEFT_OUT);
    }));

  test('keeps the image of the other where it brings none', () =>
    inAWorld({}, async (sim) => {
      otherRunBegins(sim, 'v2');
      const result = await step(sim, { 'environment-variables': 'LOG_LEVEL=debug' });
      expectGreen(result, 'succeeded');
      expect(running(sim)).toEqual([digest(sim, 'backend:v2')]);
      warned(result, LEFT_OUT);
    }));

  test('and asks for the very same takes it up', () =>
    inAWorld({}, async (sim) => {
      otherRunBegins(sim, 'v2');
      expectGreen(await step(sim, { ...tag('v2'), ...BAD }), 'succeeded');
      expect(mutations(sim)).toEqual([]);
      expect(production(sim)).toBe('backend:2 COMPLETED');
    }));

  test('builds on what runs where it is asked to', () =>
    inAWorld({}, async (sim) => {
      otherRunBegins(sim, 'v2');
      expectGreen(await step(sim, { ...tag('v3'), 'task-definition': 'running' }), 'succeeded');
      expect(hasItsSetting(sim)).toBe(true);
    }));

  test('builds on a revision that was good before and is deployed once more', () =>
    inAWorld({}, async (sim) => {
      expectGreen(await step(sim, { ...tag('v2'), 'environment-variables': 'A=1' }), 'succeeded');
      sim.operator.updateService('backend', { forceNewDeployment: true });
      sim.world.clock.skip(1);
      const result = await step(sim, tag('v3'));
      expectGreen(result, 'succeeded');
      expect(result.log).toContain('Base: backend:2, the latest revision of its family.');
    }));

  test('is warned of the setting where no history can be read', () =>
    inAWorld({}, async (sim) => {
      sim.inject({ action: 'ListServiceDeployments', effect: { kind: 'denied' } });
      otherRunBegins(sim, 'v2');
      const result = await step(sim, tag('v3'));
      expectGreen(result, 'succeeded');
      warned(result, LEFT_OUT);
    }));
});

test('a run that was cancelled and left its deployment gives the next one no setting', () =>
  inAWorld({}, async (sim) => {
    const cancelled = await step(
      sim,
      { ...tag('v2'), ...BAD },
      {
        onOutput: (log, kill) => {
          if (log.includes('in progress')) kill('SIGINT');
        },
      },
    );
    expectRed(cancelled, 'cancelled', 'cancelled');
    expectGreen(await step(sim, tag('v3')), 'succeeded');
    expect(hasItsSetting(sim)).toBe(false);
  }));
