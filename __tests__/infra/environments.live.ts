import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { environments } from '../../scripts/stack-cost.ts';
import { makeAccount } from './account.ts';
import { startMoto } from './moto.ts';
import type { Moto } from './moto.ts';
import { sayIfSkipped, withoutMoto } from './tools.ts';
import { awsEnvironment, infraWorkspace, useLocalState, variables } from './workspace.ts';

const missing = await withoutMoto();
sayIfSkipped('planning the environments', missing);

(missing === undefined ? describe : describe.skip)('an environment', () => {
  let moto: Moto;

  beforeAll(async () => {
    moto = await startMoto();
    await makeAccount(moto);
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
