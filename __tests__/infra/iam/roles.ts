/** The policies that Terraform gives the roles of GitHub's workflows, for whatever they are to deploy to. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startSimulator } from '../../../simulator/simulator.ts';
import { awsEnvironment, makeWorkspace } from '../workspace.ts';
import type { Policy } from './evaluate.ts';

const MODULE = fileURLToPath(new URL('../../../infra/modules/deploy-role', import.meta.url));

/** What the roles may deploy to. */
export interface Realm {
  readonly prefix: string;
  readonly cluster_name: string;
  readonly service_names: readonly string[];
  readonly families: readonly string[];
  readonly repository_names: readonly string[];
  readonly log_group_names: readonly string[];
  readonly task_role_names: readonly string[];
  readonly execution_role_names: readonly string[];
  readonly secret_arns: readonly string[];
  readonly codedeploy_services?: readonly string[];
  readonly role_path: string;
  readonly state_bucket: string | null;
}

export interface Policies {
  readonly deploy: Policy;
  readonly plan: Policy;
  readonly terraformPlan: Policy;
  readonly terraformApply: Policy;
  /** What no role that Terraform makes can go beyond. */
  readonly boundary: Policy;
}

/** Plans the module `deploy-role`, and answers the policies as AWS would get them. */
export async function policiesFor(realm: Realm): Promise<Policies> {
  // Only to say which account this is.
  const sim = await startSimulator();
  const folder = await mkdtemp(join(tmpdir(), 'roles-'));
  const given = {
    region: sim.world.region,
    identity_provider_arn: 'arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com',
    github_repository: 'octo-org/video',
    github_owner_id: null,
    github_repository_id: null,
    github_subject_format: 'auto',
    deploy_context: 'environment:prod',
    infra_context: 'environment:prod-infra',
    infra_plan_context: 'environment:prod-plan',
    github_branch: 'main',
    ec2_capacity: true,
    domain_names: [`${realm.prefix}.example.com`],
    permissions_boundary_arn: null,
    deregister_failed_revisions: true,
    hosted_zone_id: 'Z0123456789ABC',
    state_key: `${realm.prefix}.tfstate`,
    ...realm,
  };
  await writeFile(
    join(folder, 'main.tf.json'),
    JSON.stringify({
      provider: { aws: { region: sim.world.region } },
      module: { roles: { source: MODULE, ...given } },
    }),
  );
  const workspace = await makeWorkspace(awsEnvironment(sim.url), folder);
  try {
    await workspace.succeed(['init', '-no-color']);
    await workspace.succeed(['plan', '-no-color', '-out=planned']);
    const shown = JSON.parse(await workspace.succeed(['show', '-json', 'planned'])) as Shown;
    return {
      deploy: policyOf(shown, 'deploy'),
      plan: policyOf(shown, 'plan'),
      terraformPlan: policyOf(shown, 'infra_reads'),
      terraformApply: joined(policyOf(shown, 'infra_reads'), policyOf(shown, 'infra')),
      boundary: policyOf(shown, 'boundary'),
    };
  } finally {
    await Promise.all([workspace.remove(), sim.close()]);
  }
}

interface Shown {
  readonly planned_values: {
    readonly root_module: {
      readonly child_modules: readonly { readonly resources: readonly PlannedResource[] }[];
    };
  };
}

interface PlannedResource {
  readonly type: string;
  readonly name: string;
  readonly values: { readonly policy?: string };
}

/** The policies of one role, as IAM sees them. */
function joined(first: Policy, second: Policy): Policy {
  return { Version: first.Version, Statement: [...first.Statement, ...second.Statement] };
}

function policyOf(shown: Shown, name: string): Policy {
  const resources = shown.planned_values.root_module.child_modules.flatMap((each) => each.resources);
  const found = resources.find((each) => /^aws_iam_(role_)?policy$/.test(each.type) && each.name === name);
  if (found?.values.policy === undefined) throw new Error(`Terraform plans no policy "${name}".`);
  return JSON.parse(found.values.policy) as Policy;
}
