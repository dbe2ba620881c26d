import { beforeAll, describe, expect, test } from '@jest/globals';
import { evaluate } from './iam/evaluate.ts';
import type { Policy } from './iam/evaluate.ts';
import { policiesFor } from './iam/roles.ts';
import type { Policies } from './iam/roles.ts';
import { ACCOUNT, callsOf, changes, FOR_A_PERSON, FURTHER, IMPLIED, REGION } from './iam/terraform.ts';
import type { StackNames } from './iam/terraform.ts';
import { ACTIONS } from './iam/terraform-actions.ts';
import { sayIfSkipped, withoutTerraform } from './tools.ts';

const missing = await withoutTerraform();
sayIfSkipped('what the roles of Terraform may not do', missing);

const OWN: StackNames = { prefix: 'backend-dev', rolePath: '/backend-dev/' };

/** Other environments, and services whose names begin as this stack's. */
const NEIGHBOURS: readonly StackNames[] = [
  ...['backend-prod', 'backend-dev-prod', 'backend-dev2-prod', 'backend-devel', 'backend-dev-logs-prod'],
].map((prefix) => ({ prefix, rolePath: `/${prefix}/` }));

const ALL = [...ACTIONS, ...IMPLIED, ...FURTHER].filter((action) => !FOR_A_PERSON.includes(action));

const arn = (service: string, rest: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;
const role = (path: string): string => `arn:aws:iam::${ACCOUNT}:role/${path}`;
const theirs = { 'aws:ResourceTag/Stack': 'backend-prod' };
const takenOver = { ...theirs, 'aws:RequestTag/Stack': 'backend-dev', 'aws:RequestedRegion': REGION };
const made = { 'aws:RequestTag/Stack': 'backend-dev', 'aws:RequestedRegion': REGION };

/** What the provider makes of the beginning of a bucket's name. */
const SUFFIX = '20260102150405000000000001';

/** What the infra role of one environment has no business with, beyond what Terraform does. */
const FORBIDDEN: readonly (readonly [string, string, Record<string, string>?])[] = [
  ['ssm:GetParameters', arn('ssm', 'parameter/prod/db-password')],
  ['ssm:GetParameters', arn('ssm', 'parameter/backend-dev/db-password')],
  ['ssm:GetParameter', arn('ssm', 'parameter/prod/db-password')],
  ['secretsmanager:GetSecretValue', arn('secretsmanager', 'secret:prod-AbCdEf')],
  ['kms:Decrypt', arn('kms', 'key/1'), theirs],
  ['kms:PutKeyPolicy', arn('kms', 'key/1')],
  ['kms:PutKeyPolicy', arn('kms', 'key/1'), theirs],
  ['kms:ScheduleKeyDeletion', arn('kms', 'key/1'), theirs],
  ['kms:TagResource', arn('kms', 'key/1'), takenOver],
  ['ec2:CreateTags', arn('ec2', 'vpc/vpc-1'), takenOver],
  ['ec2:CreateTags', arn('ec2', 'vpc/vpc-1'), { 'aws:RequestTag/Stack': 'backend-dev' }],
  ['ec2:DeleteVpc', arn('ec2', 'vpc/vpc-1'), takenOver],
  // A way between this network and one that belongs to nobody's stack.
  ['ec2:CreateVpcPeeringConnection', arn('ec2', 'vpc/vpc-1'), made],
  ['ec2:CreateVpcEndpointServiceConfiguration', arn('ec2', 'vpc-endpoint-service/vpce-svc-1'), made],
  ['ec2:CreateSubnet', arn('ec2', 'vpc/vpc-1'), takenOver],
  ['ec2:RunInstances', arn('ec2', 'subnet/subnet-1'), takenOver],
  ['ec2:AuthorizeSecurityGroupIngress', arn('ec2', 'security-group/sg-1'), takenOver],
  ['ec2:DescribeInstanceAttribute', '*'],
  ['ec2:TerminateInstances', arn('ec2', 'instance/i-1'), theirs],
  ['elasticloadbalancing:AddTags', arn('elasticloadbalancing', 'loadbalancer/app/backend-prod/1'), takenOver],
  ['elasticloadbalancing:DeleteLoadBalancer', arn('elasticloadbalancing', 'loadbalancer/app/x/1'), takenOver],
  ['application-autoscaling:RegisterScalableTarget', arn('application-autoscaling', 'x'), takenOver],
  ['autoscaling:CreateOrUpdateTags', arn('autoscaling', 'autoScalingGroup:1:x'), takenOver],
  ['ecs:DeleteService', arn('ecs', 'service/backend-prod/backend')],
  ['ecs:UpdateService', arn('ecs', 'service/backend-dev-prod/backend')],
  ['ecs:RegisterTaskDefinition', arn('ecs', 'task-definition/backend-dev-prod:1')],
  ['ecs:RunTask', arn('ecs', 'task-definition/backend-dev:1')],
  ['ecs:ExecuteCommand', arn('ecs', 'task/backend-dev/1')],
  ['ecr:DeleteRepository', arn('ecr', 'repository/backend')],
  ['ecr:BatchDeleteImage', arn('ecr', 'repository/backend')],
  ['ecr:PutLifecyclePolicy', arn('ecr', 'repository/backend')],
  ['ecr:SetRepositoryPolicy', arn('ecr', 'repository/backend')],
  ['logs:DeleteLogGroup', arn('logs', 'log-group:/ecs/backend-prod')],
  ['logs:GetLogEvents', arn('logs', 'log-group:/ecs/backend-dev:log-stream:x')],
  ['cloudwatch:DeleteAlarms', arn('cloudwatch', 'alarm:backend-prod-errors')],
  ['iam:CreateRole', role('backend-dev/x')],
  [
    'iam:CreateRole',
    role('backend-dev/x'),
    { 'iam:PermissionsBoundary': 'arn:aws:iam::aws:policy/AdministratorAccess' },
  ],
  ['iam:PutRolePolicy', role('backend-dev/backend-dev-task')],
  ['iam:DeleteRolePermissionsBoundary', role('backend-dev/backend-dev-task')],
  ['iam:AttachRolePolicy', role('backend-dev/backend-dev-task')],
  ['iam:CreateUser', `arn:aws:iam::${ACCOUNT}:user/x`],
  [
    'iam:CreateOpenIDConnectProvider',
    `arn:aws:iam::${ACCOUNT}:oidc-provider/token.actions.githubusercontent.com`,
  ],
  [
    'iam:DeleteOpenIDConnectProvider',
    `arn:aws:iam::${ACCOUNT}:oidc-provider/token.actions.githubusercontent.com`,
  ],
  ['iam:CreatePolicyVersion', `arn:aws:iam::${ACCOUNT}:policy/backend-dev/backend-dev-boundary`],
  ['iam:DeletePolicy', `arn:aws:iam::${ACCOUNT}:policy/backend-dev/backend-dev-boundary`],
  ...[
    'PutRolePolicy',
    'DeleteRolePolicy',
    'UpdateAssumeRolePolicy',
    'PutRolePermissionsBoundary',
    'DeleteRole',
  ].flatMap((action) =>
    ['infra', 'infra-plan'].map(
      (end) =>
        [
          `iam:${action}`,
          role(`backend-dev/backend-dev-${end}`),
          { 'iam:PermissionsBoundary': `arn:aws:iam::${ACCOUNT}:policy/backend-dev/backend-dev-boundary` },
        ] as const,
    ),
  ),
  ['iam:PassRole', role('admin'), { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' }],
  [
    'iam:PassRole',
    role('backend-prod/backend-prod-task'),
    { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
  ],
  [
    'iam:PassRole',
    role('backend-dev/backend-dev-infra'),
    { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
  ],
  ['iam:PassRole', role('backend-dev/backend-dev-task'), { 'iam:PassedToService': 'lambda.amazonaws.com' }],
  ['s3:GetObject', 'arn:aws:s3:::states/backend-prod.tfstate'],
  ['s3:PutObject', 'arn:aws:s3:::states/backend-prod.tfstate'],
  ['s3:DeleteObject', 'arn:aws:s3:::states/backend-dev.tfstate'],
  ['s3:DeleteObjectVersion', 'arn:aws:s3:::states/backend-dev.tfstate'],
  ['s3:PutBucketPolicy', 'arn:aws:s3:::states'],
  // The access logs of a service that is called backend-dev-logs.
  ['s3:DeleteBucket', `arn:aws:s3:::backend-dev-logs-prod-logs-${SUFFIX}`],
  ['s3:PutBucketPolicy', `arn:aws:s3:::backend-dev-logs-prod-logs-${SUFFIX}`],
  ['s3:DeleteObject', `arn:aws:s3:::backend-dev-logs-prod-logs-${SUFFIX}/AWSLogs/x`],
  [
    'route53:ChangeResourceRecordSets',
    'arn:aws:route53:::hostedzone/Z0123456789ABC',
    { 'route53:ChangeResourceRecordSetsNormalizedRecordNames': 'www.example.com' },
  ],
  ['sts:AssumeRole', role('admin')],
];

let policies: Policies;

(missing === undefined ? describe : describe.skip)('the roles of Terraform', () => {
  beforeAll(async () => {
    policies = await policiesFor({
      prefix: OWN.prefix,
      cluster_name: OWN.prefix,
      service_names: ['backend'],
      families: [OWN.prefix],
      repository_names: ['backend'],
      log_group_names: [`/ecs/${OWN.prefix}`],
      task_role_names: ['backend-dev/backend-dev-task'],
      execution_role_names: ['backend-dev/backend-dev-execution'],
      secret_arns: [],
      role_path: OWN.rolePath,
      state_bucket: 'states',
    });
  }, 600_000);

  test.each(ALL)('may %s on their own stack', (action) => {
    expect(refused(policies.terraformApply, action, OWN)).toEqual([]);
    if (!changes(action)) expect(refused(policies.terraformPlan, action, OWN)).toEqual([]);
  });

  test.each(NEIGHBOURS.map((stack) => [stack.prefix, stack] as const))(
    'may change nothing of %s',
    (_, stack) => {
      const bound = ALL.filter(changes).filter((action) => !UNBOUND.includes(action));
      expect(bound.length).toBeGreaterThan(60);
      expect(bound.flatMap((action) => possible(policies.terraformApply, action, stack))).toEqual([]);
    },
  );

  test.each(FORBIDDEN)('may not %s on %s (%#)', (action, resource, context = {}) => {
    const authorization = { action, resource, context };
    expect(evaluate(policies.terraformApply, authorization).allowed).toBe(false);
    expect(evaluate(policies.terraformPlan, authorization).allowed).toBe(false);
  });

  test('may hand ECS the role with which it shifts requests', () => {
    const resource = role('backend-dev/backend-dev--shift');
    const context = { 'iam:PassedToService': 'ecs.amazonaws.com' };
    const authorization = { action: 'iam:PassRole', resource, context };
    expect(evaluate(policies.terraformApply, authorization).allowed).toBe(true);
    expect(evaluate(policies.terraformPlan, authorization).allowed).toBe(false);
  });

  test('that plan change nothing at all', () => {
    const allowed = ALL.filter(changes).flatMap((action) => possible(policies.terraformPlan, action, OWN));
    expect(allowed).toEqual([]);
  });
});

/** IAM knows no resource for these. None of them reaches into another stack. */
const UNBOUND = [
  'ecs:CreateCluster',
  'logs:CreateLogDelivery',
  'logs:DeleteLogDelivery',
  'logs:PutResourcePolicy',
  'ssm:GetParameters',
];

(missing === undefined ? describe : describe.skip)('a role that the infra role makes', () => {
  const everything = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
  } as const;

  /** A role may do what its policies and its boundary both allow. */
  const may = (action: string, resource: string, context: Record<string, string> = {}): boolean =>
    [everything, policies.boundary].every(
      (policy) => evaluate(policy, { action, resource, context }).allowed,
    );

  test.each<[string, string, Record<string, string>?]>([
    ['s3:GetObject', 'arn:aws:s3:::uploads/a'],
    ['sqs:ReceiveMessage', arn('sqs', 'jobs')],
    ['dynamodb:PutItem', arn('dynamodb', 'table/x'), { 'aws:ResourceTag/Stack': 'backend-dev' }],
    ['iam:GetRole', role('backend-dev/backend-dev-task')],
    ['iam:PassRole', role('backend-dev/backend-dev-task')],
    ['sts:AssumeRole', 'arn:aws:iam::210987654321:role/partner'],
    ['ecr:PutImage', arn('ecr', 'repository/backend')],
    ['ecr:BatchGetImage', arn('ecr', 'repository/backend')],
  ])('may be allowed to %s on %s', (action, resource, context = {}) => {
    expect(may(action, resource, context)).toBe(true);
  });

  test.each<[string, string, Record<string, string>?]>([
    ['ecs:UpdateService', arn('ecs', 'service/backend-prod/backend'), theirs],
    ['secretsmanager:GetSecretValue', arn('secretsmanager', 'secret:prod'), theirs],
    ['iam:CreateRole', role('x')],
    ['iam:PutRolePolicy', role('backend-dev/backend-dev-infra')],
    ['iam:AttachUserPolicy', `arn:aws:iam::${ACCOUNT}:user/x`],
    ['iam:UpdateAssumeRolePolicy', role('admin')],
    ['iam:PassRole', role('admin')],
    // A role that trusts its account, as those of the CDK do, would be a way around all of this.
    ['sts:AssumeRole', role('cdk-hnb659fds-deploy-role')],
    ['sts:AssumeRole', role('backend-prod/backend-prod-task')],
    // The images of all environments.
    ['ecr:BatchDeleteImage', arn('ecr', 'repository/backend')],
    ['ecr:DeleteRepository', arn('ecr', 'repository/backend')],
    ['ecr:PutLifecyclePolicy', arn('ecr', 'repository/backend')],
    ['ecr:SetRepositoryPolicy', arn('ecr', 'repository/backend')],
    ['ecr:PutImageTagMutability', arn('ecr', 'repository/backend')],
    ['organizations:LeaveOrganization', '*'],
    ['s3:GetObject', 'arn:aws:s3:::states/backend-prod.tfstate'],
  ])('can never %s on %s', (action, resource, context = {}) => {
    expect(may(action, resource, context)).toBe(false);
  });
});

/** The calls of an action that are not possible, each by what is refused of it. */
function refused(policy: Policy, action: string, stack: StackNames): string[] {
  return callsOf(action, stack).flatMap((call) => {
    const [first] = call.filter((each) => !evaluate(policy, each).allowed);
    return first === undefined ? [] : [`${first.resource} ${JSON.stringify(first.context)}`];
  });
}

/** The calls of an action that are possible. */
function possible(policy: Policy, action: string, stack: StackNames): string[] {
  return callsOf(action, stack)
    .filter((call) => call.every((each) => evaluate(policy, each).allowed))
    .map((call) => `${action} on ${call[0]?.resource ?? ''}`);
}
