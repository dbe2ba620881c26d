/**
 * Writes the IAM policy of a deployment in README.md, with its reasons, between the markers `<!-- policy -->` and
 * `<!-- /policy -->`.
 *
 *   node scripts/readme-policy.ts           writes README.md
 *   node scripts/readme-policy.ts --check   exits 1 where README.md differs from what would be written
 */
import { readFileSync, writeFileSync } from 'node:fs';

import { between, table } from './readme-tables.ts';

interface Permission {
  readonly action: string;
  /** What a deployment does without it; undefined: it cannot do without it. */
  readonly without?: string;
}

interface Statement {
  readonly sid: string;
  /** One sentence for a person who reviews the policy. */
  readonly why: string;
  readonly permissions: readonly Permission[];
  readonly resources: readonly string[];
  readonly condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const ECS = 'arn:aws:ecs:REGION:ACCOUNT';
const SERVICE = `${ECS}:service/CLUSTER/SERVICE`;
const REVISIONS_OF_FAMILY = `${ECS}:task-definition/FAMILY:*`;

/**
 * Every permission that a deployment uses, as narrow as IAM allows (Service Authorization Reference: Amazon ECS,
 * Amazon ECR, Elastic Load Balancing V2, Amazon CloudWatch Logs). Actions that support no resource have `*`.
 */
export const POLICY: readonly Statement[] = [
  {
    sid: 'Service',
    why: 'Reads the service and updates it, once for a deployment and once more for a rollback after the rollout.',
    permissions: [{ action: 'ecs:DescribeServices' }, { action: 'ecs:UpdateService' }],
    resources: [SERVICE],
  },
  {
    sid: 'ServiceDeployments',
    why: "Follows the run's own service deployment, reads which digests run, and asks ECS to roll the deployment back.",
    permissions: [
      {
        action: 'ecs:ListServiceDeployments',
        without:
          'The rollout is followed by its entry in `deployments[]` of the service, and rolled back by `UpdateService`. `mode: rollback` does not work.',
      },
      {
        action: 'ecs:DescribeServiceDeployments',
        without:
          'The rollout is followed by its entry in `deployments[]` of the service, and rolled back by `UpdateService`.',
      },
      {
        action: 'ecs:DescribeServiceRevisions',
        without:
          'The digests are read from the tasks, and the rollback target from `deployments[]`. Containers that get no new image keep the reference of their task definition, not a digest. `mode: rollback` does not work.',
      },
      { action: 'ecs:StopServiceDeployment' },
    ],
    resources: [
      SERVICE,
      `${ECS}:service-deployment/CLUSTER/SERVICE/*`,
      `${ECS}:service-revision/CLUSTER/SERVICE/*`,
    ],
  },
  {
    sid: 'Tasks',
    why: 'Reads the tasks: whether they are healthy, which digest they run, and why they stopped. Stops none but the one-off task of `pre-deploy-command`, at its time-out.',
    permissions: [
      {
        action: 'ecs:DescribeTasks',
        without: 'As without `ecs:ListTasks`; and a deployment with a `pre-deploy-command` fails.',
      },
      {
        action: 'ecs:StopTask',
        without: 'A one-off task that runs into its time-out goes on running; the message says so.',
      },
    ],
    resources: [`${ECS}:task/CLUSTER/*`],
  },
  {
    sid: 'ListsOfTheCluster',
    why: 'Finds the tasks of the service. Lists are limited by a condition on the cluster.',
    permissions: [
      {
        action: 'ecs:ListTasks',
        without:
          'A failed rollout ends when ECS gives up, its cause is `circuit-breaker` without stop reasons and log lines, the targets are not proven (the log says so), and a failed revision stays registered.',
      },
      {
        action: 'ecs:ListServices',
        without: 'The message about a service that does not exist does not name those that do.',
      },
    ],
    resources: ['*'],
    condition: { ArnEquals: { 'ecs:cluster': `${ECS}:cluster/CLUSTER` } },
  },
  {
    sid: 'TaskDefinitions',
    why: 'Reads the task definition to start from, and removes a revision that failed. IAM allows no narrower resource for these actions.',
    permissions: [
      { action: 'ecs:DescribeTaskDefinition' },
      {
        action: 'ecs:DeregisterTaskDefinition',
        without: 'A failed revision stays registered; a line in the log says so.',
      },
      {
        action: 'ecs:ListClusters',
        without: 'The message about a cluster that does not exist does not name those that do.',
      },
    ],
    resources: ['*'],
  },
  {
    sid: 'NewRevision',
    why: 'Registers the new revision, in this family only.',
    permissions: [{ action: 'ecs:RegisterTaskDefinition' }],
    resources: [REVISIONS_OF_FAMILY],
  },
  {
    sid: 'TagsOfTheNewRevision',
    why: 'A new revision keeps the tags of the one that it starts from, and ECS asks for this permission then.',
    permissions: [
      {
        action: 'ecs:TagResource',
        without: 'A task definition that has tags is refused; one without tags is registered.',
      },
    ],
    resources: [REVISIONS_OF_FAMILY],
    condition: { StringEquals: { 'ecs:CreateAction': 'RegisterTaskDefinition' } },
  },
  {
    sid: 'PreDeployTask',
    why: 'Only for the input `pre-deploy-command`: runs the one-off task on the new revision.',
    permissions: [
      {
        action: 'ecs:RunTask',
        without: 'A deployment with a `pre-deploy-command` fails before any service.',
      },
    ],
    resources: [REVISIONS_OF_FAMILY],
    condition: { ArnEquals: { 'ecs:cluster': `${ECS}:cluster/CLUSTER` } },
  },
  {
    sid: 'RolesOfTheTask',
    why: 'Hands the roles that the task definition names to ECS tasks, and to nothing else.',
    permissions: [{ action: 'iam:PassRole' }],
    resources: ['arn:aws:iam::ACCOUNT:role/TASK_ROLE', 'arn:aws:iam::ACCOUNT:role/EXECUTION_ROLE'],
    condition: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
  },
  {
    sid: 'Image',
    why: 'Finds the digest of the tag, and the platforms of a multi-platform image.',
    permissions: [
      {
        action: 'ecr:DescribeRepositories',
        without: '`ecr-repository` must be a full URI; a name is refused with `access-denied`.',
      },
      {
        action: 'ecr:DescribeImages',
        without: 'The tag is deployed unchecked, with a warning, and its digest is not proven.',
      },
      {
        action: 'ecr:BatchGetImage',
        without:
          'Where ECS reports the digest of one platform of a multi-platform image, the step fails with `access-denied` after the rollout, and the new revision stays.',
      },
    ],
    resources: ['arn:aws:ecr:REGION:ACCOUNT:repository/REPOSITORY'],
  },
  {
    sid: 'Targets',
    why: 'Reads the health of the targets and the name of the load balancer. IAM allows no narrower resource for these actions.',
    permissions: [
      {
        action: 'elasticloadbalancing:DescribeTargetHealth',
        without: 'The targets are not proven; the log says so.',
      },
      {
        action: 'elasticloadbalancing:DescribeTargetGroups',
        without: 'Without a `health-check-url` the output `url` is empty.',
      },
      {
        action: 'elasticloadbalancing:DescribeLoadBalancers',
        without: 'Without a `health-check-url` the output `url` is empty.',
      },
    ],
    resources: ['*'],
  },
  {
    sid: 'ContainerLogs',
    why: 'Shows the last lines of a container that failed.',
    permissions: [
      { action: 'logs:GetLogEvents', without: 'The lines are missing; the log and the summary say so.' },
    ],
    resources: ['arn:aws:logs:REGION:ACCOUNT:log-group:LOG_GROUP:log-stream:*'],
  },
  {
    sid: 'PreflightChecks',
    why: 'Looks for whatever would make the new revision fail, before anything is touched. No value of a secret or parameter is read.',
    permissions: [
      { action: 'iam:GetRole', without: 'The roles of the task are not checked.' },
      { action: 'secretsmanager:DescribeSecret', without: 'Secrets are not checked.' },
      { action: 'ssm:DescribeParameters', without: 'Parameters are not checked.' },
      { action: 'logs:DescribeLogGroups', without: 'Log groups are not checked.' },
      {
        action: 'application-autoscaling:DescribeScalableTargets',
        without: 'The scaling range is not checked.',
      },
    ],
    resources: ['*'],
  },
  {
    sid: 'Alarms',
    why: 'Watches the input `alarms` while the new revision bakes, and warns of deployment alarms that ring already.',
    permissions: [
      {
        action: 'cloudwatch:DescribeAlarms',
        without: 'The alarms are not watched, with a warning.',
      },
    ],
    resources: ['arn:aws:cloudwatch:REGION:ACCOUNT:alarm:*'],
  },
];

/** The README with the policy written anew. Throws where a marker is missing. */
export function renderPolicy(readme: string, policy: readonly Statement[] = POLICY): string {
  const content = [
    `\`\`\`json\n${JSON.stringify(document(policy), null, 2)}\n\`\`\``,
    table(
      ['Statement', 'Why'],
      policy.map(({ sid, why }) => [`\`${sid}\``, why]),
    ),
    'These may be left out. The deployment goes on, with what is lost:',
    table(
      ['Permission', 'Without it'],
      policy.flatMap(({ permissions }) =>
        permissions.flatMap(({ action, without }) =>
          without === undefined ? [] : [[`\`${action}\``, without]],
        ),
      ),
    ),
  ];
  return between(readme, 'policy', content.join('\n\n'));
}

function document(policy: readonly Statement[]): object {
  return {
    Version: '2012-10-17',
    Statement: policy.map(({ sid, permissions, resources, condition }) => ({
      Sid: sid,
      Effect: 'Allow',
      Action: one(permissions.map(({ action }) => action)),
      Resource: one(resources),
      ...(condition === undefined ? {} : { Condition: condition }),
    })),
  };
}

function one(list: readonly string[]): string | readonly string[] {
  const [first, ...others] = list;
  return first !== undefined && others.length === 0 ? first : list;
}

/** Writes README.md, or with `check` only compares; returns what to exit with. */
export function run(check: boolean, folder: URL): number {
  const path = new URL('README.md', folder);
  const readme = readFileSync(path, 'utf8');
  const rendered = renderPolicy(readme);
  if (rendered === readme) return 0;
  if (check) {
    console.error('The IAM policy of README.md is not the current one. Run: node scripts/readme-policy.ts');
    return 1;
  }
  writeFileSync(path, rendered);
  return 0;
}

if (import.meta.main)
  process.exitCode = run(process.argv.includes('--check'), new URL('../', import.meta.url));
