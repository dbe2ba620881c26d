/** Answers that break the schema of their call, as a proxy or an emulator gives them. */
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

/** From the `from`th answer of a call on, `times` of them have this value at a place. */
function rewrite(
  sim: Simulator,
  action: string,
  place: readonly (string | number)[],
  value: unknown,
  { from = 1, times }: { readonly from?: number; readonly times?: number } = {},
): void {
  const changed = (body: string): string => {
    const answer = { body: JSON.parse(body) as unknown };
    const way = ['body', ...place];
    let holder: unknown = answer;
    for (const key of way.slice(0, -1)) holder = (holder as Record<string | number, unknown>)[key];
    (holder as Record<string | number, unknown>)[way.at(-1)!] = value;
    return JSON.stringify(answer.body);
  };
  sim.inject({
    action,
    from,
    ...(times === undefined ? {} : { times }),
    effect: { kind: 'rewrite', rewrite: changed },
  });
}

describe('an answer that breaks its schema ends the step, and its call is named', () => {
  test.each<[string, readonly (string | number)[], unknown, string]>([
    ['DescribeServices', ['services'], { a: 1 }, 'services is an object, not a list'],
    ['DescribeServices', ['services'], [null], 'services[0] is null, not an object'],
    [
      'DescribeServices',
      ['services', 0, 'deployments'],
      {},
      'services[0].deployments is an object, not a list',
    ],
    [
      'DescribeServices',
      ['services', 0, 'deployments', 0, 'status'],
      7,
      'services[0].deployments[0].status is a number, not text',
    ],
    [
      'DescribeServices',
      ['services', 0, 'desiredCount'],
      '2',
      'services[0].desiredCount is text, not a number of its range',
    ],
    [
      'DescribeServices',
      ['services', 0, 'createdAt'],
      {},
      'DescribeServices in a form that its API does not have',
    ],
    [
      'DescribeTaskDefinition',
      ['taskDefinition', 'containerDefinitions'],
      'none',
      'taskDefinition.containerDefinitions is text, not a list',
    ],
    [
      'DescribeTaskDefinition',
      ['taskDefinition', 'containerDefinitions', 0, 'dockerLabels'],
      { a: null },
      'taskDefinition.containerDefinitions[0].dockerLabels.a is null, not text',
    ],
    ['DescribeTaskDefinition', [], null, 'there is no revision in it'],
    ['DescribeTaskDefinition', ['taskDefinition'], {}, 'the revision has no ARN'],
    [
      'DescribeTaskDefinition',
      ['taskDefinition', 'containerDefinitions'],
      [],
      'the revision has no containers',
    ],
    [
      'DescribeTaskDefinition',
      ['taskDefinition', 'containerDefinitions'],
      [{ name: 'a' }],
      'a container has no image',
    ],
    ['DescribeImages', ['imageDetails'], 'x', 'imageDetails is text, not a list'],
    [
      'ListServiceDeployments',
      ['serviceDeployments'],
      [3],
      'serviceDeployments[0] is a number, not an object',
    ],
  ])('%s %j: %j', (action, place, value, words) =>
    inAWorld({}, async (sim) => {
      rewrite(sim, action, place, value);
      const result = await step(sim, tag('v2'));
      expectRed(result, 'failed', 'unknown');
      expect(result.outputs['message']).toContain(
        `AWS answered ${action} in a form that its API does not have`,
      );
      expect(result.outputs['message']).toContain(words);
      expect(result.log).toContain('look at what stands between this runner and AWS');
      expect(mutations(sim)).toEqual([]);
    }),
  );
});

describe('an answer that breaks its schema counts as none', () => {
  test.each<[string, readonly (string | number)[], unknown]>([
    ['RegisterTaskDefinition', ['taskDefinition'], 'x'],
    ['UpdateService', ['service'], []],
  ])('%s is read back, and not sent twice', (action, place, value) =>
    inAWorld({}, async (sim) => {
      rewrite(sim, action, place, value);
      expectGreen(await step(sim, tag('v2')), 'succeeded');
      expect(mutations(sim)).toEqual(['RegisterTaskDefinition', 'UpdateService']);
      expect(production(sim)).toBe('backend:2 COMPLETED');
    }),
  );

  test('while the rollout is watched, it is asked again', () =>
    inAWorld({}, async (sim) => {
      rewrite(sim, 'DescribeServices', ['services', 0, 'events'], { 0: 'x' }, { from: 4, times: 2 });
      const result = await step(sim, tag('v2'));
      expectGreen(result, 'succeeded');
      expect(result.log).toContain('services[0].events is an object, not a list');
    }));

  test('what no call of AWS knows passes', () =>
    inAWorld({}, async (sim) => {
      rewrite(sim, 'DescribeServices', ['services', 0, 'fieldOfTomorrow'], [null, { a: 1 }]);
      rewrite(sim, 'DescribeTasks', ['ofTomorrow'], 3);
      expectGreen(await step(sim, tag('v2')), 'succeeded');
    }));
});

describe('an answer about one of two services that nobody can read', () => {
  const BOTH = { ...tag('v2'), service: 'backend, worker', 'task-definition': 'backend' };

  /** From its own update on, `deployments` of the worker is text, whoever else stands in the answer. */
  function spoilWorker(sim: Simulator): void {
    sim.when(
      () => service(sim, 'worker').deployments.length > 1,
      () => {
        sim.inject({
          action: 'DescribeServices',
          effect: {
            kind: 'rewrite',
            rewrite: (body) => {
              const answer = JSON.parse(body) as {
                services: { serviceName: string; deployments: unknown }[];
              };
              for (const each of answer.services) {
                if (each.serviceName === 'worker') each.deployments = 'none';
              }
              return JSON.stringify(answer);
            },
          },
        });
      },
    );
  }

  test('judges neither: the other is proven, and this one, which nobody could see, is left and said to be unseen', () =>
    inAWorld({ behaviours: { v2: { pullSeconds: 300 } } }, async (sim) => {
      spoilWorker(sim);
      const result = await step(sim, { ...BOTH, 'wait-for-minutes': '12' });
      expect(result.outputs['result']).toBe('timed-out');
      const [backend, worker] = result.report.services;
      expect(backend).toMatchObject({ name: 'backend', result: 'succeeded' });
      expect(worker).toMatchObject({ name: 'worker', result: 'timed-out' });
      expect(production(sim, 'backend')).toBe('backend:2 COMPLETED');
      expect(accepted(sim, 'StopServiceDeployment')).toEqual([]);
      expect(accepted(sim, 'UpdateService')).toHaveLength(2);
      expect(production(sim, 'worker')).toBe('backend:2 COMPLETED');
    }));
});
