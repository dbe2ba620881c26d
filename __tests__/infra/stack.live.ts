import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { primaryOf } from '../../simulator/engine/service-deployments.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { inventory } from './inventory.ts';
import { changesIn, gone, replaced } from './planned.ts';
import { ACCOUNT, expectResult, made, openStage, push, running, simulatorOf } from './stage.ts';
import type { Stage } from './stage.ts';
import { sayIfSkipped, withoutMoto } from './tools.ts';
import {
  awsEnvironment,
  backend,
  differences,
  infraWorkspace,
  useLoopbackBuckets,
  useSettings,
  variables,
} from './workspace.ts';

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

/** What a person may change on a stack that serves, several at a time where they have nothing to do with each other. */
const CHANGES: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  [
    'shares of Spot, zones, size, night, health check, logs',
    {
      fargate_weight: 0,
      fargate_spot_weight: 1,
      zone_count: 3,
      cpu: 2048,
      memory: 4096,
      night: { stop: 'cron(0 20 ? * MON-FRI *)', start: 'cron(0 7 ? * MON-FRI *)' },
      health_check_path: '/up',
      log_retention_days: 14,
      idle_timeout_seconds: 120,
    },
  ],
  [
    'NAT, architecture, range, web ACL, ECS Exec, further services',
    {
      nat: 'single',
      cpu_architecture: 'ARM64',
      max_capacity: 10,
      waf: false,
      execute_command: true,
      allowed_cidrs: ['10.0.0.0/8'],
      services: {
        backend: { scaling: { requests: 500 }, network: { egress: [{ port: 5432, cidr: '10.0.0.0/16' }] } },
        admin: {
          container: { port: 9000, repository_name: 'backend' },
          load_balancer: { paths: ['/admin/*'], priority: 10 },
        },
        instances: {
          capacity: { kind: 'ec2' },
          container: { port: 8000, repository_name: 'backend' },
          load_balancer: { paths: ['/ec2/*'], priority: 20 },
        },
        worker: { container: { repository_name: 'backend' } },
      },
    },
  ],
];

const REFUSED: readonly (readonly [string, Readonly<Record<string, unknown>>, string])[] = [
  ['the port', { container_port: 9000 }, 'Add a second service with the new port to services'],
  ['capacity', { capacity: 'ec2' }, 'Add a second service with the new capacity to services'],
  [
    'the load balancer',
    { services: { backend: { load_balancer: null } } },
    'backend cannot get or lose its load balancer while it runs',
  ],
];

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
    await made(stage.moto, { ...ACCOUNT, aws_s3_bucket: { states: { bucket: STATES } } });
    before = await inventory(stage.moto.url);
    await stage.workspace.succeed(['init', '-no-color', ...backend(STATES)]);
    expect(await objects(stage)).toEqual([]);
  }, 900_000);

  test('is applied, and nothing differs afterwards', async () => {
    const printed = await stage.workspace.succeed(['apply', '-auto-approve', '-no-color', ...GIVEN]);
    expect(printed).toMatch(/Apply complete! Resources: \d+ added, 0 changed, 0 destroyed/);
    expect(await differences(stage.workspace, GIVEN)).toBe('');
    expect(await objects(stage)).toEqual([KEY]);
    expect((await inventory(stage.moto.url)).length).toBeGreaterThan(before.length + 40);
  }, 900_000);

  test('refuses to run where somebody else holds the lock', async () => {
    const lock = { bucket: STATES, key: `${KEY}.tflock`, content: JSON.stringify({ ID: 'another' }) };
    const other = await made(stage.moto, { aws_s3_object: { lock } });
    const refused = await stage.workspace.terraform(['plan', '-no-color', ...GIVEN]);
    await other.workspace.succeed(['destroy', '-auto-approve', '-no-color']);
    await other.workspace.remove();
    expect(refused.exitCode).toBe(1);
    expect(refused.output).toContain('Error acquiring the state lock');
    expect(refused.output).toContain('StatusCode: 412');
  }, 900_000);

  test('refuses the state of another environment', async () => {
    const other = await infraWorkspace(awsEnvironment(stage.moto.url), 'environments/staging');
    await useLoopbackBuckets(other);
    await other.succeed(['init', '-no-color', ...backend(STATES), `-backend-config=key=${KEY}`]);
    const { exitCode, output } = await other.terraform(['plan', '-refresh=false', '-no-color', ...GIVEN]);
    await other.remove();
    expect(exitCode).toBe(1);
    expect(output.replace(/\s+/g, ' ')).toContain('This state is of backend-prod in us-east-1');
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
    await useSettings(stage.workspace, { environment_variables: { GREETING: 'hello' } });
    await stage.workspace.succeed(['apply', '-auto-approve', '-no-color', ...GIVEN], stage.ecsOf(world()));
    expect(environmentOf(world())).toContainEqual({ name: 'LOG_LEVEL', value: 'info' });
    expect(running(world(), 'backend-prod')).toEqual([digests.get('v1'), digests.get('v1')]);

    const result = await stage.deploy(world(), SERVICE);
    expectResult(result, 'succeeded');
    expect(environmentOf(world())).toContainEqual({ name: 'GREETING', value: 'hello' });
    expect(running(world(), 'backend-prod')).toEqual([digests.get('v1'), digests.get('v1')]);
    expect(await differences(stage.workspace, GIVEN, stage.ecsOf(world()))).toBe('');
  }, 900_000);

  test.each(CHANGES)(
    'keeps what serves, whatever a person changes: %s',
    async (_, settings) => {
      await useSettings(stage.workspace, settings);
      const changes = await changesIn(stage.workspace, ['-refresh=false', ...GIVEN]);
      expect(changes.some(({ actions }) => !actions.includes('no-op'))).toBe(true);
      expect(replaced(changes)).toEqual([]);
      expect(gone(changes)).toEqual([]);
    },
    900_000,
  );

  test.each(REFUSED)(
    'refuses what it cannot change in place, and says how to get there: %s',
    async (_, settings, said) => {
      await useSettings(stage.workspace, settings);
      const refused = await stage.workspace.terraform(['plan', '-refresh=false', '-no-color', ...GIVEN]);
      expect(refused.exitCode).toBe(1);
      expect(refused.output.replace(/[\s│]+/g, ' ')).toContain(said);
    },
    900_000,
  );

  test('is destroyed without a rest, once it may be', async () => {
    await useSettings(stage.workspace, { allow_destroy: true });
    await stage.workspace.succeed(['apply', '-auto-approve', '-no-color', ...GIVEN]);
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
