import { describe, expect, test } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { startSimulator } from '../../simulator/simulator.ts';
import type { Policy } from './iam/evaluate.ts';
import { policyOf, rolesOf, type Role } from './own-roles.ts';
import { sayIfSkipped, withoutTerraform } from './tools.ts';
import { awsEnvironment, makeWorkspace } from './workspace.ts';

const missing = await withoutTerraform();
sayIfSkipped('the roles of docs/your-own-service', missing);

const FOLDER = fileURLToPath(new URL('../../docs/your-own-service', import.meta.url));

/** The same in both languages. */
const NAMES = {
  Repository: 'repository',
  OwnerId: 'owner_id',
  RepositoryId: 'repository_id',
  IdentityProviderArn: 'identity_provider_arn',
  Cluster: 'cluster',
  Service: 'service',
  Family: 'family',
  EcrRepository: 'ecr_repository',
  LogGroup: 'log_group',
  ExecutionRoleArn: 'execution_role_arn',
  TaskRoleArn: 'task_role_arn',
  BuildsImages: 'builds',
  PreDeployTask: 'runs_pre_deploy_task',
  Alarms: 'asks_alarms',
  Metrics: 'asks_metrics',
  ContainerInstances: 'on_instances',
  CodeDeployApplication: 'codedeploy_application',
  CodeDeployDeploymentGroup: 'codedeploy_deployment_group',
} as const;

const GIVEN = {
  Repository: 'octo-org/video',
  OwnerId: '12',
  RepositoryId: '34',
  IdentityProviderArn: 'arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com',
  Cluster: 'demo',
  Service: 'backend',
  Family: 'backend',
  EcrRepository: 'backend',
  LogGroup: '/ecs/backend',
  ExecutionRoleArn: 'arn:aws:iam::123456789012:role/ecs-execution',
  TaskRoleArn: '',
};

interface Planned {
  readonly planned_values: {
    readonly root_module: {
      readonly resources: readonly {
        readonly type: string;
        readonly name: string;
        readonly values: {
          readonly name_prefix?: string;
          readonly policy?: string;
          readonly assume_role_policy?: string;
        };
      }[];
    };
  };
}

(missing === undefined ? describe : describe.skip)('docs/your-own-service/roles.tf', () => {
  test.each(['false', 'true'])(
    'makes the roles of roles.yaml, with every use: %s',
    async (used) => {
      const given = {
        ...GIVEN,
        BuildsImages: used,
        PreDeployTask: used,
        Alarms: used,
        Metrics: used,
        ContainerInstances: used,
        CodeDeployApplication: used === 'true' ? 'AppECS-demo-backend' : '',
        CodeDeployDeploymentGroup: used === 'true' ? 'DgpECS-demo-backend' : '',
      };
      const secret = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:x-AbCdEf';
      const roles = rolesOf({ ...given, SecretArns: used === 'true' ? secret : '' });
      const sim = await startSimulator();
      const workspace = await makeWorkspace({ ...awsEnvironment(sim.url), AWS_REGION: 'us-east-1' }, FOLDER);
      try {
        expect(await workspace.succeed(['fmt', '-check', '-no-color'])).toBe('');
        await workspace.succeed(['init', '-no-color']);
        const variables = Object.entries(NAMES).map(([name, variable]) => {
          const value = (given as Readonly<Record<string, string>>)[name] ?? '';
          return `-var=${variable}=${value}`;
        });
        const secrets = `-var=secret_arns=${used === 'true' ? `["${secret}"]` : '[]'}`;
        await workspace.succeed(['plan', '-no-color', '-out=planned', secrets, ...variables]);
        const { planned_values: planned } = JSON.parse(
          await workspace.succeed(['show', '-json', 'planned']),
        ) as Planned;
        for (const [name, role] of Object.entries(roles)) {
          const of = (type: string): (typeof planned.root_module.resources)[number]['values'] | undefined =>
            planned.root_module.resources.find((each) => each.type === type && each.name === name)?.values;
          expect(parsed(of('aws_iam_role_policy')?.policy)).toEqual(policyOf(role));
          expect(trusted(parsed(of('aws_iam_role')?.assume_role_policy))).toEqual(trustedBy(role));
          expect(of('aws_iam_role')?.name_prefix).toBe(`demo-backend-${name}-`);
        }
      } finally {
        await Promise.all([workspace.remove(), sim.close()]);
      }
    },
    180_000,
  );
});

function parsed(text: string | undefined): Policy {
  return JSON.parse(text ?? '{}') as Policy;
}

function trusted({ Statement: [first] }: Policy): unknown {
  return first?.Condition;
}

function trustedBy(role: Role): unknown {
  return trusted(role.AssumeRolePolicyDocument);
}
