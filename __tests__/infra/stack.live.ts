import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { primaryOf } from '../../simulator/engine/service-deployments.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { makeAccount, makeBucket } from './account.ts';
import { inventory } from './inventory.ts';
import { expectResult, openStage, push, running, simulatorOf } from './stage.ts';
import type { Stage } from './stage.ts';
import { sayIfSkipped, withoutMoto } from './tools.ts';
import { backend, differences, useSettings, variables } from './workspace.ts';

const missing = await withoutMoto();
sayIfSkipped('applying the stack', missing);

const STATES = 'octo-states';
const GIVEN = variables({ github_repository: 'octo-org/video', state_bucket: STATES });
const KEY = 'backend-prod.tfstate';
const SERVICE = {
  cluster: 'backend-prod',
  service: 'backend',
  'health-check-deadline-seconds': '60',
};

/** Production as it is shipped, from an empty account to an empty account. Each test goes on where the one before it ended. */
(missing === undefined ? describe : describe.skip)('production', () => {
  let stage: Stage;
  let sim: Simulator | undefined;
  const world = (): Simulator => {
    if (sim === undefined) throw new Error('Nothing was deployed yet.');
    return sim;
  };
  let before: string[];
  const digests = new Map<string, string>();

  beforeAll(async () => {
    stage = await openStage('prod');
  });

  afterAll(async () => {
    await sim?.close();
    await stage.close();
  });

  test('keeps its state in a bucket', async () => {
    await makeAccount(stage.moto);
    await makeBucket(stage.moto, STATES);
    before = await inventory(stage.moto.url);
    await stage.workspace.succeed(['init', '-no-color', ...backend(STATES)]);
    expect(await objects(stage)).toEqual([]);
  }, 900_000);

  test('is applied, and nothing differs afterwards', async () => {
    const printed = await stage.workspace.succeed(['apply', '-auto-approve', '-no-color', ...GIVEN]);
    expect(printed).toMatch(/Apply complete! Resources: \d+ added, 0 changed, 0 destroyed/);
    expect(printed).toContain('Production is served over HTTP.');
    expect(await differences(stage.workspace, GIVEN)).toBe('');
    expect(await objects(stage)).toEqual([KEY]);
    expect((await inventory(stage.moto.url)).length).toBeGreaterThan(before.length + 40);
  }, 900_000);

  test('refuses to run where somebody else holds the lock', async () => {
    const lock = `${stage.moto.url}/${STATES}/${KEY}.tflock`;
    expect((await fetch(lock, { method: 'PUT', body: JSON.stringify({ ID: 'another' }) })).status).toBe(200);
    const refused = await stage.workspace.terraform(['plan', '-no-color', ...GIVEN]);
    await stage.workspace.succeed(['force-unlock', '-force', 'another']);
    expect(refused.exitCode).toBe(1);
    expect(refused.output).toContain('Error acquiring the state lock');
    expect(refused.output).toContain('StatusCode: 412');
  }, 900_000);

  test('takes the first deployment into its empty registry', async () => {
    sim = await simulatorOf(stage.moto);
    expect(running(world(), 'backend-prod')).toEqual([]);
    digests.set('v1', await push(stage.moto, world(), 'backend', 'v1'));
    const result = await stage.deploy(world(), {
      ...SERVICE,
      'ecr-repository': 'backend',
      'image-tag': 'v1',
      'health-check-url': `${world().loadBalancers['backend-prod']?.url ?? ''}/version`,
      'health-check-json': 'version=v1',
      alarms: 'backend-prod-errors\nbackend-prod-unhealthy',
    });
    expectResult(result, 'succeeded');
    expect(running(world(), 'backend-prod')).toEqual([digests.get('v1'), digests.get('v1')]);
  }, 900_000);

  test('does not differ after a deployment', async () => {
    expect(await differences(stage.workspace, GIVEN, stage.ecsOf(world()))).toBe('');
  }, 900_000);

  test('does not differ after a deployment that failed and was rolled back', async () => {
    await push(stage.moto, world(), 'backend', 'crash-1');
    const result = await stage.deploy(world(), {
      ...SERVICE,
      'ecr-repository': 'backend',
      'image-tag': 'crash-1',
    });
    expectResult(result, 'rolled-back');
    expect(result.outputs['cause']).toBe('app-crashed');
    expect(running(world(), 'backend-prod')).toEqual([digests.get('v1'), digests.get('v1')]);
    expect(await differences(stage.workspace, GIVEN, stage.ecsOf(world()))).toBe('');
  }, 900_000);

  test('ships a changed environment variable with the next deployment, and keeps the deployed image', async () => {
    // The protection against `destroy` is lifted with the same apply: each change of the load balancer takes long.
    await useSettings(stage.workspace, { environment_variables: { GREETING: 'hello' }, allow_destroy: true });
    await stage.workspace.succeed(['apply', '-auto-approve', '-no-color', ...GIVEN], stage.ecsOf(world()));
    expect(environmentOf(world())).toContainEqual({ name: 'LOG_LEVEL', value: 'info' });
    expect(running(world(), 'backend-prod')).toEqual([digests.get('v1'), digests.get('v1')]);

    const result = await stage.deploy(world(), SERVICE);
    expectResult(result, 'succeeded');
    expect(environmentOf(world())).toContainEqual({ name: 'GREETING', value: 'hello' });
    expect(running(world(), 'backend-prod')).toEqual([digests.get('v1'), digests.get('v1')]);
    expect(await differences(stage.workspace, GIVEN, stage.ecsOf(world()))).toBe('');
  }, 900_000);

  test('is destroyed without a rest, once it may be', async () => {
    await stage.workspace.succeed(['destroy', '-auto-approve', '-no-color', ...GIVEN]);
    expect(await inventory(stage.moto.url)).toEqual(before);
  }, 900_000);
});

function environmentOf(sim: Simulator): unknown {
  const service = sim.world.cluster('backend-prod').service('backend');
  return primaryOf(service)?.revision.definition.containers[0]?.['environment'];
}

/** Keys of the objects in the bucket of the states. */
async function objects({ moto }: Stage): Promise<string[]> {
  const answer = await fetch(`${moto.url}/${STATES}?list-type=2`);
  return [...(await answer.text()).matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key = '']) => key);
}
