/** An image is its digest: tags that move, digests that cannot be read, indexes, containers of one repository. */
import { describe, expect, test } from '@jest/globals';
import type { Simulator } from '../../simulator/simulator.ts';
import { badUrl, digest, found, onAMovedTag, REGISTRY, running, warned } from './image-world.ts';
import { expectGreen, expectRed, inAWorld, onceUnderway, step, tag } from './world.ts';

/** Registers a revision of the containers that are given and lets the service run it. */
function runs(sim: Simulator, containerDefinitions: readonly object[]): void {
  const { arn } = sim.operator.registerTaskDefinition({
    ...found(sim, 'backend:1').body,
    containerDefinitions: containerDefinitions as never,
  });
  sim.operator.updateService('backend', { taskDefinition: arn });
  sim.world.clock.skip(1800);
}

const SETTING = { 'environment-variables': 'LOG_LEVEL=debug' };

describe('a tag that moves', () => {
  test('while the run is under way changes nothing of what it deploys', () =>
    inAWorld({}, async (sim) => {
      const before = digest(sim, 'backend:v2');
      const act = (): void => {
        sim.world.registry.push('backend', 'v2', { behaviour: { version: 'other' } });
      };
      sim.inject({
        action: 'RegisterTaskDefinition',
        times: 1,
        effect: { kind: 'meanwhile', when: 'before', act },
      });
      expectGreen(await step(sim, tag('v2')), 'succeeded');
      expect(running(sim)).toEqual([before]);
    }));

  test('ships with no change of a setting, with any base', () =>
    inAWorld({}, async (sim) => {
      const { old } = onAMovedTag(sim);
      expectGreen(await step(sim, { ...SETTING, 'task-definition': 'running' }), 'succeeded');
      expect(running(sim)).toEqual([old]);
    }));

  test('is what runs where it means that digest still, and something else where it does not', () =>
    inAWorld({}, async (sim) => {
      const { old, now } = onAMovedTag(sim);
      expectGreen(await step(sim, {}), 'unchanged');
      expectGreen(await step(sim, { image: `${REGISTRY}/backend@${old}` }), 'unchanged');
      expectGreen(await step(sim, { image: `${REGISTRY}/backend:live` }), 'succeeded');
      expect(running(sim)).toEqual([now]);
    }));

  test('of a container whose versions ECS does not pin stays, and is gone back to, as its tasks report it', () =>
    inAWorld({}, async (sim) => {
      const [first] = found(sim, 'backend:1').containers;
      sim.world.registry.push('backend', 'live');
      const image = `${REGISTRY}/backend:live`;
      runs(sim, [{ ...first, image, versionConsistency: 'disabled' }]);
      const old = digest(sim, 'backend:live');
      sim.world.registry.push('backend', 'live', { behaviour: { version: 'other' } });
      expectGreen(await step(sim, SETTING), 'succeeded');
      expect(running(sim)).toEqual([old]);
      expectRed(await step(sim, { ...tag('v2'), ...badUrl(sim) }), 'rolled-back', 'http-check-failed');
      expect(running(sim)).toEqual([old]);
    }));
});

describe('a digest that is nowhere to be had', () => {
  const UNKNOWN = 'Container "backend" keeps backend:live, and which digest of it runs cannot be read';

  test('since neither revisions nor tasks can be read is warned of, and so is the way back', () =>
    inAWorld({}, async (sim) => {
      onAMovedTag(sim);
      for (const action of ['DescribeServiceRevisions', 'DescribeTasks']) {
        sim.inject({ action, effect: { kind: 'denied' } });
      }
      const result = await step(sim, { ...SETTING, mode: 'plan' });
      expectGreen(result, 'planned');
      warned(result, UNKNOWN);
      warned(result, 'which digest backend of backend:2 ran with is not known');
    }));

  test('since no task runs and revisions cannot be read is warned of', () =>
    inAWorld({}, async (sim) => {
      onAMovedTag(sim);
      sim.operator.setDesiredCount('backend', 0);
      sim.world.clock.skip(900);
      sim.inject({ action: 'DescribeServiceRevisions', effect: { kind: 'denied' } });
      warned(await step(sim, { ...SETTING, mode: 'plan' }), UNKNOWN);
    }));

  test('is no news where the revision names digests', () =>
    inAWorld({}, async (sim) => {
      expectGreen(await step(sim, tag('v2')), 'succeeded');
      for (const action of ['DescribeServiceRevisions', 'DescribeTasks']) {
        sim.inject({ action, effect: { kind: 'denied' } });
      }
      const result = await step(sim, { ...SETTING, mode: 'plan' });
      expect(result.warnings.filter((each) => each.includes('cannot be read: what starts'))).toEqual([]);
    }));
});

describe('an index of several platforms', () => {
  const platforms = ['amd64', 'arm64'] as const;

  test('is proven, unchanged and gone back to by its digest', () =>
    inAWorld({}, async (sim) => {
      sim.operator.pushImage('backend', 'multi', undefined, { platforms });
      expectGreen(await step(sim, tag('multi')), 'succeeded');
      expectGreen(await step(sim, tag('multi')), 'unchanged');
      expectRed(await step(sim, { ...tag('v2'), ...badUrl(sim) }), 'rolled-back', 'http-check-failed');
      expectGreen(await step(sim, tag('multi')), 'unchanged');
    }));

  test('under a tag that moved on is gone back to', () =>
    inAWorld({}, async (sim) => {
      sim.operator.pushImage('backend', 'live', undefined, { platforms });
      sim.operator.deploy('backend', 'live');
      sim.world.clock.skip(1800);
      const old = running(sim);
      sim.operator.pushImage('backend', 'live', undefined, { platforms });
      expectRed(await step(sim, { ...tag('v2'), ...badUrl(sim) }), 'rolled-back', 'http-check-failed');
      expect(running(sim)).toEqual(old);
    }));
});

test('two containers of one repository get what is named for each, and go back together', () =>
  inAWorld({}, async (sim) => {
    const [first] = found(sim, 'backend:1').containers;
    const image = `${REGISTRY}/backend:v1`;
    runs(sim, [
      { ...first, image },
      { name: 'queue', image, essential: false },
    ]);
    expectRed(await step(sim, tag('v2')), 'failed', 'invalid-input');
    expectGreen(await step(sim, { ...tag('v2'), 'container-name': 'backend, queue' }), 'succeeded');
    expect(running(sim)).toEqual([digest(sim, 'backend:v2')]);
    expectGreen(await step(sim, { ...tag('v3'), 'container-name': 'backend' }), 'succeeded');
    expect(running(sim)).toEqual([digest(sim, 'backend:v3'), digest(sim, 'backend:v2')]);
    expectGreen(await step(sim, { mode: 'rollback' }), 'succeeded');
    expect(running(sim)).toEqual([digest(sim, 'backend:v2')]);
  }));

test('a target that is deregistered while the rollout is under way is registered again', () =>
  inAWorld({}, async (sim) => {
    onceUnderway(sim, () => {
      sim.world.taskDefinitions.deregister(found(sim, 'backend:1'));
    });
    expectRed(await step(sim, { ...tag('v2'), ...badUrl(sim) }), 'rolled-back', 'http-check-failed');
    expect(running(sim)).toEqual([digest(sim, 'backend:v1')]);
  }));
