import { beforeAll, describe, expect, test } from '@jest/globals';
import { PLAN_CALLER } from '../../runner/step.ts';
import { authorizationsOf } from './iam/authorizations.ts';
import { evaluate } from './iam/evaluate.ts';
import type { Authorization, Policy } from './iam/evaluate.ts';
import { policiesFor } from './iam/roles.ts';
import type { Policies, Realm } from './iam/roles.ts';
import { callsOfTheSuite } from './record.ts';
import { sayIfSkipped, withoutTerraform } from './tools.ts';

const missing = await withoutTerraform();
sayIfSkipped('the policies against the recorded calls', missing);

const FAMILIES = [
  'backend',
  'web',
  'worker',
  'bluegreen',
  'agent',
  'jobs',
  'shared',
  'newborn',
  'instances',
  'checkout',
];

/** What the end-to-end suite deploys to. */
const REALM: Realm = {
  prefix: 'demo',
  cluster_name: 'demo',
  service_names: [...FAMILIES, 'retired', 'codedeploy', 'external', 'spot'],
  families: FAMILIES,
  repository_names: ['backend', 'web'],
  log_group_names: FAMILIES.map((family) => `/ecs/${family}`),
  task_role_names: [...FAMILIES.map((family) => `${family}-task`), 'backend-other'],
  execution_role_names: ['ecs-execution'],
  secret_arns: ['backend/database', 'stripe'].map(
    (name) => `arn:aws:secretsmanager:us-east-1:123456789012:secret:${name}-AbCdEf`,
  ),
  codedeploy_services: ['checkout', 'codedeploy'],
  role_path: '/demo/',
  state_bucket: null,
};

/** What tests of the suite name by mistake, on purpose: the role rightly gets none of it. */
const NOT_THEIRS = [
  ':service/demo/backnd',
  ':service/prod/backend',
  ':repository/none',
  ':repository/nowhere',
  ':role/none',
  ':role/functions',
  ':secret:none-AbCdEf',
  ':secret:/none-AbCdEf',
  ':secret:/backend/api-kye-AbCdEf',
  ':secret:hunter2-AbCdEf',
  ':secret:sk_live_51H8abcdefghij-AbCdEf',
  ':secret:eyJhbGciOiJIUzI1NiJ9.e30.abc-def-AbCdEf',
  ':repository/team/backend',
  ':repository/nginx',
  ':repository/docker-hub/library/nginx',
  ':repository/shared',
  ':deploymentgroup:shop/shop-prod',
  ':application:shop',
  'arn:aws:iam::999999999999:role/app',
  'arn:aws-us-gov:iam::123456789012:role/app',
];

/** The one tag that the action sets on a revision that is there already. */
const MARK = { 'ecs-fargate-deploy': 'failed' };

/** What nobody who deploys or plans has any business with. */
const FORBIDDEN: readonly (readonly [string, string, Authorization['context']?])[] = [
  ['ecs:UpdateService', 'arn:aws:ecs:us-east-1:123456789012:service/demo/other'],
  ['ecs:UpdateService', 'arn:aws:ecs:us-east-1:123456789012:service/other/backend'],
  ['ecs:UpdateService', 'arn:aws:ecs:eu-west-1:123456789012:service/demo/backend'],
  [
    'ecs:UpdateService',
    'arn:aws:ecs:us-east-1:123456789012:service/demo/backend',
    { 'ecs:enable-execute-command': 'true' },
  ],
  ['ecs:CreateService', 'arn:aws:ecs:us-east-1:123456789012:service/demo/backend'],
  ['ecs:DeleteService', 'arn:aws:ecs:us-east-1:123456789012:service/demo/backend'],
  ['ecs:DeleteCluster', 'arn:aws:ecs:us-east-1:123456789012:cluster/demo'],
  ['ecs:ExecuteCommand', 'arn:aws:ecs:us-east-1:123456789012:task/demo/0123456789abcdef'],
  ['ecs:StopTask', 'arn:aws:ecs:us-east-1:123456789012:task/other/0123456789abcdef'],
  ['ecs:RegisterTaskDefinition', 'arn:aws:ecs:us-east-1:123456789012:task-definition/other:1'],
  [
    'ecs:RegisterTaskDefinition',
    'arn:aws:ecs:us-east-1:123456789012:task-definition/backend:1',
    { 'ecs:privileged': 'true' },
  ],
  [
    'ecs:RunTask',
    'arn:aws:ecs:us-east-1:123456789012:task-definition/backend:1',
    {
      'ecs:cluster': 'arn:aws:ecs:us-east-1:123456789012:cluster/demo',
      'ecs:enable-execute-command': 'true',
    },
  ],
  ['ecs:DeleteTaskDefinitions', 'arn:aws:ecs:us-east-1:123456789012:task-definition/backend:1'],
  [
    'ecs:RunTask',
    'arn:aws:ecs:us-east-1:123456789012:task-definition/backend:1',
    { 'ecs:cluster': 'arn:aws:ecs:us-east-1:123456789012:cluster/other' },
  ],
  ['ecs:ListTasks', '*', { 'ecs:cluster': 'arn:aws:ecs:us-east-1:123456789012:cluster/other' }],
  [
    'ecs:TagResource',
    'arn:aws:ecs:us-east-1:123456789012:task-definition/backend:1',
    { 'ecs:CreateAction': 'CreateService' },
  ],
  ['ecs:TagResource', 'arn:aws:ecs:us-east-1:123456789012:service/demo/backend'],
  ['ecs:TagResource', 'arn:aws:ecs:us-east-1:123456789012:service/demo/backend', tagged(MARK)],
  ['ecs:TagResource', 'arn:aws:ecs:us-east-1:123456789012:task-definition/other:1', tagged(MARK)],
  [
    'ecs:TagResource',
    'arn:aws:ecs:us-east-1:123456789012:task-definition/backend:1',
    tagged({ Owner: 'me' }),
  ],
  [
    'ecs:TagResource',
    'arn:aws:ecs:us-east-1:123456789012:task-definition/backend:1',
    tagged({ 'ecs-fargate-deploy': 'good' }),
  ],
  [
    'ecs:TagResource',
    'arn:aws:ecs:us-east-1:123456789012:task-definition/backend:1',
    tagged({ ...MARK, Owner: 'me' }),
  ],
  ['ecs:UntagResource', 'arn:aws:ecs:us-east-1:123456789012:task-definition/backend:1'],
  [
    'iam:PassRole',
    'arn:aws:iam::123456789012:role/admin',
    { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
  ],
  [
    'iam:PassRole',
    'arn:aws:iam::123456789012:role/backend-task',
    { 'iam:PassedToService': 'lambda.amazonaws.com' },
  ],
  ['iam:PassRole', 'arn:aws:iam::123456789012:role/backend-task'],
  ['iam:CreateRole', 'arn:aws:iam::123456789012:role/backend-task'],
  ['iam:PutRolePolicy', 'arn:aws:iam::123456789012:role/demo-deploy'],
  ['iam:AttachRolePolicy', 'arn:aws:iam::123456789012:role/demo-deploy'],
  ['iam:UpdateAssumeRolePolicy', 'arn:aws:iam::123456789012:role/demo-deploy'],
  ['ecr:PutImage', 'arn:aws:ecr:us-east-1:123456789012:repository/other'],
  ['ecr:BatchDeleteImage', 'arn:aws:ecr:us-east-1:123456789012:repository/backend'],
  ['ecr:PutLifecyclePolicy', 'arn:aws:ecr:us-east-1:123456789012:repository/backend'],
  ['ecr:SetRepositoryPolicy', 'arn:aws:ecr:us-east-1:123456789012:repository/backend'],
  ['logs:GetLogEvents', 'arn:aws:logs:us-east-1:123456789012:log-group:/ecs/other:log-stream:x'],
  ['logs:DeleteLogGroup', 'arn:aws:logs:us-east-1:123456789012:log-group:/ecs/backend'],
  ['secretsmanager:DescribeSecret', 'arn:aws:secretsmanager:us-east-1:123456789012:secret:key-AbCdEf'],
  ['secretsmanager:GetSecretValue', 'arn:aws:secretsmanager:us-east-1:123456789012:secret:key-AbCdEf'],
  ['secretsmanager:GetSecretValue', 'arn:aws:secretsmanager:us-east-1:123456789012:secret:stripe-AbCdEf'],
  ['ssm:GetParameters', 'arn:aws:ssm:us-east-1:123456789012:parameter/backend/api-key'],
  [
    'codedeploy:CreateDeployment',
    'arn:aws:codedeploy:us-east-1:123456789012:deploymentgroup:AppECS-demo-other/DgpECS-demo-other',
  ],
  [
    'codedeploy:UpdateDeploymentGroup',
    'arn:aws:codedeploy:us-east-1:123456789012:deploymentgroup:AppECS-demo-checkout/DgpECS-demo-checkout',
  ],
  [
    'codedeploy:DeleteApplication',
    'arn:aws:codedeploy:us-east-1:123456789012:application:AppECS-demo-checkout',
  ],
  ['elasticloadbalancing:ModifyListener', '*'],
  ['elasticloadbalancing:RegisterTargets', '*'],
  ['cloudwatch:DeleteAlarms', 'arn:aws:cloudwatch:us-east-1:123456789012:alarm:errors'],
  ['application-autoscaling:RegisterScalableTarget', '*'],
  ['s3:GetObject', 'arn:aws:s3:::states/backend-prod.tfstate'],
  ['sts:AssumeRole', 'arn:aws:iam::123456789012:role/admin'],
];

(missing === undefined ? describe : describe.skip)('the policies of the roles', () => {
  let policies: Policies;
  const asked: Record<'deploy' | 'plan', Authorization[]> = { deploy: [], plan: [] };

  beforeAll(async () => {
    policies = await policiesFor(REALM);
    for (const call of callsOfTheSuite()) {
      asked[call.caller === PLAN_CALLER ? 'plan' : 'deploy'].push(...authorizationsOf(call));
    }
  }, 600_000);

  test('are held against the calls of the whole suite', () => {
    expect(asked.deploy.length).toBeGreaterThan(5_000);
    expect(asked.plan.length).toBeGreaterThan(100);
  });

  test.each(['deploy', 'plan'] as const)('%s: every call that was made is allowed', (role) => {
    expect(denied(policies[role], asked[role])).toEqual([]);
  });

  test('deny what the suite names by mistake', () => {
    const mistaken = [...asked.deploy, ...asked.plan].filter(isNotTheirs);
    expect(mistaken.length).toBeGreaterThanOrEqual(NOT_THEIRS.length);
    for (const each of mistaken.filter(({ action }) => !action.startsWith('iam:Get'))) {
      expect([each.resource, evaluate(policies.deploy, each).allowed]).toEqual([each.resource, false]);
    }
  });

  test.each(['deploy', 'plan'] as const)('%s: every statement and every action in it is used', (role) => {
    expect(unused(policies[role], asked[role])).toEqual([]);
  });

  test.each(FORBIDDEN)('neither role may %s on %s', (action, resource, context = {}) => {
    const authorization = { action, resource, context };
    expect(evaluate(policies.deploy, authorization).allowed).toBe(false);
    expect(evaluate(policies.plan, authorization).allowed).toBe(false);
    expect(evaluate(policies.terraformPlan, authorization).allowed).toBe(false);
  });

  test('the plan role changes nothing that the deploy role changes', () => {
    const changes = asked.deploy.filter(({ action }) => !/:(Describe|List|Get|BatchGet)/.test(action));
    expect(new Set(changes.map(({ action }) => action)).size).toBeGreaterThan(6);
    const allowed = changes.filter(
      (each) => evaluate(policies.plan, each).allowed || evaluate(policies.terraformPlan, each).allowed,
    );
    expect(allowed).toEqual([]);
  });
});

/** The condition keys of a call that sets these tags. */
function tagged(tags: Readonly<Record<string, string>>): Authorization['context'] {
  const values = Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, value] as const);
  return { 'aws:TagKeys': Object.keys(tags), ...Object.fromEntries(values) };
}

function isNotTheirs({ resource, context }: Authorization): boolean {
  return NOT_THEIRS.some((end) => resource.endsWith(end)) || context['ecs:privileged'] === 'true';
}

/** What is denied and should not be, once each. */
function denied(policy: Policy, authorizations: readonly Authorization[]): string[] {
  const wrongly = authorizations
    .filter((each) => !isNotTheirs(each))
    .filter((each) => !evaluate(policy, each).allowed)
    .map(({ action, resource, context }) => `${action} on ${resource} ${JSON.stringify(context)}`);
  return [...new Set(wrongly)];
}

/** Actions of statements that nothing needed. */
function unused(policy: Policy, authorizations: readonly Authorization[]): string[] {
  const used = new Set(
    authorizations.flatMap((each) =>
      evaluate(policy, each).statements.map(({ Sid = '' }) => `${Sid} ${each.action}`),
    ),
  );
  return policy.Statement.flatMap(({ Sid = '', Action }) =>
    [Action].flat().map((action) => `${Sid} ${action}`),
  ).filter((each) => !used.has(each));
}
