import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { environments } from '../../scripts/stack-cost.ts';
import { startMoto } from './moto.ts';
import type { Moto } from './moto.ts';
import { made } from './stage.ts';
import { sayIfSkipped, withoutMoto, withoutTerraform } from './tools.ts';
import { awsEnvironment, makeWorkspace, useLocalState } from './workspace.ts';
import type { Workspace } from './workspace.ts';

const missing = await withoutTerraform();
sayIfSkipped('fmt, validate and terraform test', missing);

(missing === undefined ? describe : describe.skip)('infra/', () => {
  let workspace: Workspace;

  beforeAll(async () => {
    workspace = await makeWorkspace({});
    await workspace.succeed(['init', '-backend=false', '-no-color']);
  }, 120_000);

  afterAll(() => workspace.remove());

  test('is formatted as terraform fmt does', async () => {
    expect(await workspace.succeed(['fmt', '-check', '-recursive', '-no-color'])).toBe('');
  });

  test('is valid', async () => {
    expect(await workspace.succeed(['validate', '-no-color'])).toContain('The configuration is valid.');
  });

  test('passes its own tests, without an account and without a network', async () => {
    const { exitCode, output } = await workspace.terraform(['test', '-no-color']);
    const [, passed = '0'] = /Success! (\d+) passed, 0 failed\./.exec(output) ?? [];
    expect([exitCode, Number(passed) >= 30 ? '' : output]).toEqual([0, '']);
  }, 600_000);
});

const withoutPlan = await withoutMoto();
sayIfSkipped('planning the environments', withoutPlan);

(withoutPlan === undefined ? describe : describe.skip)('an environment', () => {
  let moto: Moto;
  let workspace: Workspace;

  beforeAll(async () => {
    moto = await startMoto();
    // Staging and production find the identity provider that another environment made.
    const github = {
      url: 'https://token.actions.githubusercontent.com',
      client_id_list: ['sts.amazonaws.com'],
    };
    await made(moto, { aws_iam_openid_connect_provider: { github } });
    workspace = await makeWorkspace(awsEnvironment(moto.url));
    await useLocalState(workspace);
    await workspace.succeed(['init', '-no-color']);
  }, 120_000);

  afterAll(async () => {
    await Promise.all([moto.close(), workspace.remove()]);
  });

  test.each(
    environments()
      .filter(({ name }) => name !== 'defaults')
      .map((each) => [each.name, each] as const),
  )(
    '%s is planned, with the gateways and tasks that its cost is computed from',
    async (name, { settings, bill }) => {
      await workspace.succeed([
        'plan',
        '-no-color',
        `-out=${name}`,
        `-var-file=environments/${name}.tfvars`,
        '-var=github_repository=octo-org/video',
      ]);
      const plan = JSON.parse(await workspace.succeed(['show', '-json', name])) as Plan;
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
    60_000,
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
