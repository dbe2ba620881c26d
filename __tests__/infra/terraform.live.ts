import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { environments } from '../../scripts/stack-cost.ts';
import { startMoto } from './moto.ts';
import type { Moto } from './moto.ts';
import { ACCOUNT, made } from './stage.ts';
import { sayIfSkipped, withoutMoto, withoutTerraform } from './tools.ts';
import { awsEnvironment, infraWorkspace, useLocalState, variables } from './workspace.ts';
import type { Workspace } from './workspace.ts';

const missing = await withoutTerraform();
sayIfSkipped('fmt, validate and terraform test', missing);

(missing === undefined ? describe : describe.skip)('infra/', () => {
  let workspace: Workspace;
  let account: Workspace;

  beforeAll(async () => {
    workspace = await infraWorkspace({});
    account = await infraWorkspace({}, 'account');
    for (const each of [workspace, account]) await each.succeed(['init', '-backend=false', '-no-color']);
  }, 900_000);

  afterAll(() => Promise.all([workspace.remove(), account.remove()]));

  test('is formatted as terraform fmt does', async () => {
    expect(await workspace.succeed(['fmt', '-check', '-recursive', '-no-color'])).toBe('');
  });

  test('is valid', async () => {
    for (const each of [workspace, account]) {
      expect(await each.succeed(['validate', '-no-color'])).toContain('The configuration is valid.');
    }
  });

  test('passes its own tests, without an account and without a network', async () => {
    const { exitCode, output } = await workspace.terraform(['test', '-no-color']);
    const [, passed = '0'] = /Success! (\d+) passed, 0 failed\./.exec(output) ?? [];
    expect([exitCode, Number(passed) >= 30 ? '' : output]).toEqual([0, '']);
    expect(await account.succeed(['test', '-no-color'])).toMatch(/Success! [3-9] passed, 0 failed/);
  }, 600_000);
});

const withoutPlan = await withoutMoto();
sayIfSkipped('planning the environments', withoutPlan);

(withoutPlan === undefined ? describe : describe.skip)('an environment', () => {
  let moto: Moto;

  beforeAll(async () => {
    moto = await startMoto();
    await made(moto, ACCOUNT);
  }, 900_000);

  afterAll(() => moto.close());

  test.each(
    environments()
      .filter(({ name }) => name !== 'defaults')
      .map((each) => [each.name, each] as const),
  )(
    '%s is planned, with the gateways and tasks that its cost is computed from',
    async (name, { settings, bill }) => {
      const workspace = await infraWorkspace(awsEnvironment(moto.url), `environments/${name}`);
      await useLocalState(workspace);
      await workspace.succeed(['init', '-no-color']);
      const given = variables({ github_repository: 'octo-org/video', state_bucket: 'octo-states' });
      await workspace.succeed(['plan', '-no-color', '-out=planned', ...given]);
      const plan = JSON.parse(await workspace.succeed(['show', '-json', 'planned'])) as Plan;
      await workspace.remove();
      const of = (type: string): Resource[] => resourcesIn(plan).filter((each) => each.type === type);
      const gateways = bill.lines.find(({ what }) => what === 'NAT gateways')?.how ?? '0';
      expect(of('aws_nat_gateway')).toHaveLength(Number(gateways));
      expect(of('aws_wafv2_web_acl')).toHaveLength(settings.waf ? 1 : 0);
      expect(of('aws_kms_key')).toHaveLength(settings.log_encryption ? 1 : 0);
      expect(of('aws_ecs_service')[0]?.values['desired_count']).toBe(settings.min_capacity);
      expect(of('aws_ecs_task_definition')[0]?.values).toMatchObject({
        cpu: String(settings.cpu),
        memory: String(settings.memory),
        runtime_platform: [{ cpu_architecture: settings.cpu_architecture }],
      });
    },
    900_000,
  );
});

interface Plan {
  readonly planned_values: { readonly root_module: Module };
}

interface Module {
  readonly resources?: readonly Resource[];
  readonly child_modules?: readonly Module[];
}

interface Resource {
  readonly type: string;
  readonly values: Readonly<Record<string, unknown>>;
}

function resourcesIn({ planned_values: { root_module: root } }: Plan): Resource[] {
  const withTimeout = ({ resources = [], child_modules: children = [] }: Module): Resource[] => [
    ...resources,
    ...children.flatMap(withTimeout),
  ];
  return withTimeout(root);
}
