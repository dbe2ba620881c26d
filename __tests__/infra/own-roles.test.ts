/** The roles that docs/your-own-service.md makes: what they allow is what a service's deployments ask for. */
import { readFileSync } from 'node:fs';
import { parse } from '@cdktn/hcl2json';
import { describe, expect, test } from '@jest/globals';
import { PLAN_CALLER } from '../../runner/job.ts';
import { codeBlocksOf } from '../../scripts/markdown.ts';
import {
  CODEDEPLOY_PLAN_POLICY,
  CODEDEPLOY_POLICY,
  PLAN_POLICY,
  POLICY,
} from '../../scripts/readme-policy.ts';
import { run } from '../../scripts/roles.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { ManualClock } from '../../simulator/clock.ts';
import { expectGreen, inAWorld, step, tag } from '../story/world.ts';
import { authorizationsOf } from './iam/authorizations.ts';
import { evaluate, type Authorization } from './iam/evaluate.ts';
import { PARAMETERS, policyOf, rolesOf } from './own-roles.ts';

const ALL = ['BuildsImages', 'PreDeployTask', 'Alarms', 'Metrics', 'ContainerInstances'] as const;

/** The service `backend` of the simulated world. */
const BACKEND = {
  Repository: 'octo-org/video',
  Cluster: 'demo',
  Service: 'backend',
  Family: 'backend',
  EcrRepository: 'backend',
  LogGroup: '/ecs/backend',
  ExecutionRoleArn: 'arn:aws:iam::123456789012:role/ecs-execution',
  TaskRoleArn: 'arn:aws:iam::123456789012:role/backend-task',
  SecretArns: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:backend/database-AbCdEf',
};

/** The service `checkout` of the simulated world, which CodeDeploy deploys. */
const CHECKOUT = {
  ...BACKEND,
  Service: 'checkout',
  Family: 'checkout',
  LogGroup: '/ecs/checkout',
  TaskRoleArn: 'arn:aws:iam::123456789012:role/checkout-task',
  CodeDeployApplication: 'AppECS-demo-checkout',
  CodeDeployDeploymentGroup: 'DgpECS-demo-checkout',
};

function chosen(uses: readonly string[]): Record<string, string> {
  return { ...BACKEND, ...Object.fromEntries(ALL.map((name) => [name, String(uses.includes(name))])) };
}

test('the templates hold the current policies', () => {
  expect(run(true, new URL('../../', import.meta.url))).toBe(0);
});

/** What the calls of a world ask of IAM, by role. */
function asked(sim: Simulator): Record<'deploy' | 'plan', Authorization[]> {
  const all = sim.calls.map(({ body, error, ...call }) => ({
    ...call,
    ...(error === undefined ? {} : { error }),
    account: '123456789012',
    partition: 'aws',
    body: body as never,
  }));
  const of = (isPlan: boolean): Authorization[] =>
    all.filter(({ caller }) => (caller === PLAN_CALLER) === isPlan).flatMap(authorizationsOf);
  return { deploy: of(false), plan: of(true) };
}

function denied(
  uses: readonly string[],
  sim: Simulator,
  given: Readonly<Record<string, string>> = {},
): Record<'deploy' | 'plan', string[]> {
  const roles = rolesOf({ ...chosen(uses), ...given });
  const calls = asked(sim);
  const of = (role: 'deploy' | 'plan'): string[] => [
    ...new Set(
      calls[role]
        .filter((each) => !evaluate(policyOf(roles[role]), each).allowed)
        .map(({ action, resource }) => `${action} on ${resource}`),
    ),
  ];
  return { deploy: of('deploy'), plan: of('plan') };
}

describe('the least that a deployment needs', () => {
  const SECRET = { secrets: `DATABASE_URL=${BACKEND.SecretArns}` };

  test('is allowed: a plan, a deployment, a failed one and a rollback of an image that exists', () =>
    inAWorld({}, async (sim) => {
      const url = { 'health-check-url': `${sim.loadBalancers['web']?.url ?? ''}/health` };
      await step(sim, { ...tag('v2'), ...SECRET, mode: 'plan' });
      expectGreen(await step(sim, { ...tag('v2'), ...SECRET, ...url }), 'succeeded');
      expectGreen(await step(sim, { cluster: 'demo', service: 'backend', mode: 'rollback' }), 'succeeded');
      await step(sim, { ...tag('crash-1'), ...url });
      const calls = asked(sim);
      expect(calls.plan.length).toBeGreaterThan(10);
      expect(calls.deploy.length).toBeGreaterThan(50);
      expect(denied([], sim)).toEqual({ deploy: [], plan: [] });
    }));

  test('of a service that CodeDeploy deploys: with its application and group, and not without', () =>
    inAWorld({ codeDeploy: { readyMinutes: 30 }, tags: ['error500'] }, async (sim) => {
      const url = { 'test-url': `${sim.loadBalancers['checkout-test']?.url ?? ''}/health` };
      for (const what of [tag('v2'), tag('v3'), { mode: 'rollback' }]) {
        expectGreen(await step(sim, { ...what, ...url, service: 'checkout' }), 'succeeded');
        // The old tasks are kept for five minutes, and the deployment is open for as long.
        if (sim.world.clock instanceof ManualClock) sim.world.clock.skip(600);
      }
      await step(sim, { ...tag('v2'), service: 'checkout', mode: 'plan' });
      await step(sim, { ...tag('error500'), ...url, service: 'checkout' });
      expect(sim.calls.map(({ action }) => action)).toEqual(
        expect.arrayContaining(['ContinueDeployment', 'StopDeployment', 'GetApplicationRevision']),
      );
      expect(denied([], sim, CHECKOUT)).toEqual({ deploy: [], plan: [] });
      const without = { ...CHECKOUT, CodeDeployApplication: '', CodeDeployDeploymentGroup: '' };
      const needed = denied([], sim, without);
      for (const each of [...needed.deploy, ...needed.plan]) expect(each).toMatch(/^codedeploy:/);
      const actions = (role: 'deploy' | 'plan'): string[] =>
        [...new Set(needed[role].map((each) => each.replace(/ on .*/, '')))].sort();
      const allowed = (policy: typeof POLICY): string[] =>
        policy.flatMap(({ permissions }) => permissions.map(({ action }) => action)).sort();
      expect(actions('deploy')).toEqual(allowed(CODEDEPLOY_POLICY));
      expect(actions('plan')).toEqual(allowed(CODEDEPLOY_PLAN_POLICY));
    }));

  test.each([
    ['PreDeployTask', { 'pre-deploy-command': 'migrate' }, ['ecs:RunTask']],
    ['Alarms', { alarms: 'backend-5xx' }, ['cloudwatch:DescribeAlarms']],
    [
      'Metrics',
      { metrics: "backlog: MAX(SEARCH('x', 'Sum')) < 5", 'bake-minutes': '5' },
      ['cloudwatch:GetMetricData'],
    ],
  ])('%s is needed for what it says, and for nothing else', (use, inputs, actions) =>
    inAWorld({ alarms: { 'backend-5xx': 'OK' } }, async (sim) => {
      await step(sim, { ...tag('v2'), ...inputs });
      const names = denied([], sim).deploy.map((each) => each.replace(/ on .*/, ''));
      expect([...new Set(names)]).toEqual(actions);
      expect(denied([use], sim).deploy).toEqual([]);
    }),
  );
});

test('with every use, the roles have the whole policies, and without any use none of its statements', () => {
  const sids = (uses: readonly string[], role: 'deploy' | 'plan'): (string | undefined)[] =>
    policyOf(rolesOf(chosen(uses))[role]).Statement.map(({ Sid }) => Sid);
  const needed = (policy: typeof POLICY): string[] =>
    policy.filter(({ only }) => only === undefined).map(({ sid }) => sid);
  expect(sids(ALL, 'deploy')).toEqual(POLICY.map(({ sid }) => sid));
  expect(sids(ALL, 'plan')).toEqual(PLAN_POLICY.map(({ sid }) => sid));
  expect(sids([], 'deploy')).toEqual(needed(POLICY));
  expect(sids([], 'plan')).toEqual(needed(PLAN_POLICY));
  const withCodeDeploy = rolesOf({ ...chosen(ALL), ...CHECKOUT });
  const all = (role: 'deploy' | 'plan'): (string | undefined)[] =>
    policyOf(withCodeDeploy[role]).Statement.map(({ Sid }) => Sid);
  expect(all('deploy')).toEqual([...POLICY, ...CODEDEPLOY_POLICY].map(({ sid }) => sid));
  expect(all('plan')).toEqual([...PLAN_POLICY, ...CODEDEPLOY_PLAN_POLICY].map(({ sid }) => sid));
});

test('a service without secrets and roles has no statement without a resource', () => {
  const bare = { ...chosen([]), SecretArns: '', ExecutionRoleArn: '', TaskRoleArn: '' };
  for (const role of Object.values(rolesOf(bare))) {
    for (const { Resource } of policyOf(role).Statement) expect(String(Resource)).toMatch(/^(arn:|\*)/);
  }
});

test('the roles have no name of their own, so that services of one name in two clusters can both have some', () => {
  for (const role of Object.values(rolesOf(BACKEND))) expect(role.RoleName).toBeUndefined();
});

test('the guide gives the module all that the roles depend on, and nothing that it does not know', async () => {
  const guide = new URL('../../docs/your-own-service.md', import.meta.url);
  const [block] = codeBlocksOf(readFileSync(guide, 'utf8'), 'hcl');
  const { module } = (await parse('guide.tf', block?.code ?? '')) as {
    readonly module: { readonly github: readonly [Readonly<Record<string, unknown>>] };
  };
  const roles = readFileSync(new URL('../../docs/your-own-service/roles.tf', import.meta.url), 'utf8');
  const { variable } = (await parse('roles.tf', roles)) as {
    readonly variable: Readonly<Record<string, readonly [{ readonly default?: unknown }]>>;
  };
  const given = Object.keys(module.github[0]).filter((name) => name !== 'source');
  expect(given.filter((name) => !(name in variable))).toEqual([]);
  // What differs from one service, repository or account to the next. The rest chooses what the roles may do.
  const facts = Object.keys(variable).filter((name) => variable[name]?.[0].default === undefined);
  const withoutThem = ['owner_id', 'repository_id', 'identity_provider_arn', 'secret_arns'];
  expect(given).toEqual(
    expect.arrayContaining([...facts, ...withoutThem, 'execution_role_arn', 'task_role_arn']),
  );
});

test('a policy fits into a role, whose policies have 10,240 characters together', () => {
  for (const role of Object.values(rolesOf({ ...chosen(ALL), ...CHECKOUT }))) {
    expect(JSON.stringify(policyOf(role)).length).toBeLessThan(10_240);
  }
});

test.each([
  ['ecs:UpdateService', 'arn:aws:ecs:us-east-1:123456789012:service/demo/other', {}],
  ['ecs:UpdateService', 'arn:aws:ecs:us-east-1:123456789012:service/other/backend', {}],
  ['ecs:DeleteService', 'arn:aws:ecs:us-east-1:123456789012:service/demo/backend', {}],
  ['ecs:ExecuteCommand', 'arn:aws:ecs:us-east-1:123456789012:task/demo/0123456789abcdef', {}],
  ['ecs:RegisterTaskDefinition', 'arn:aws:ecs:us-east-1:123456789012:task-definition/other:1', {}],
  [
    'iam:PassRole',
    'arn:aws:iam::123456789012:role/admin',
    { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
  ],
  ['iam:PassRole', BACKEND.TaskRoleArn, { 'iam:PassedToService': 'lambda.amazonaws.com' }],
  ['iam:CreateRole', 'arn:aws:iam::123456789012:role/x', {}],
  [
    'codedeploy:CreateDeployment',
    'arn:aws:codedeploy:us-east-1:123456789012:deploymentgroup:AppECS-demo-other/DgpECS-demo-other',
    {},
  ],
  [
    'codedeploy:UpdateDeploymentGroup',
    'arn:aws:codedeploy:us-east-1:123456789012:deploymentgroup:AppECS-demo-checkout/DgpECS-demo-checkout',
    {},
  ],
  [
    'codedeploy:RegisterApplicationRevision',
    'arn:aws:codedeploy:us-east-1:123456789012:application:AppECS-demo-other',
    {},
  ],
  ['ecr:PutImage', 'arn:aws:ecr:us-east-1:123456789012:repository/other', {}],
  ['ecr:BatchDeleteImage', 'arn:aws:ecr:us-east-1:123456789012:repository/backend', {}],
  ['logs:GetLogEvents', 'arn:aws:logs:us-east-1:123456789012:log-group:/ecs/other:log-stream:x', {}],
  ['secretsmanager:GetSecretValue', BACKEND.SecretArns, {}],
])('neither role may %s on %s', (action, resource, context) => {
  const codeDeploy = {
    CodeDeployApplication: CHECKOUT.CodeDeployApplication,
    CodeDeployDeploymentGroup: CHECKOUT.CodeDeployDeploymentGroup,
  };
  const roles = rolesOf({ ...chosen(ALL), ...codeDeploy });
  for (const role of Object.values(roles)) {
    expect(evaluate(policyOf(role), { action, resource, context }).allowed).toBe(false);
  }
});

describe('whom they trust', () => {
  const subjects = (given: Record<string, string>): unknown[] =>
    Object.values(rolesOf({ ...BACKEND, ...given })).map(
      ({ AssumeRolePolicyDocument }) => AssumeRolePolicyDocument.Statement[0]?.Condition?.['StringEquals'],
    );
  const claim = 'token.actions.githubusercontent.com';

  test('one environment and branch of one repository, and its pull requests', () => {
    expect(subjects({})).toEqual([
      {
        [`${claim}:aud`]: 'sts.amazonaws.com',
        [`${claim}:ref`]: 'refs/heads/main',
        [`${claim}:sub`]: 'repo:octo-org/video:environment:production',
      },
      { [`${claim}:aud`]: 'sts.amazonaws.com', [`${claim}:sub`]: 'repo:octo-org/video:pull_request' },
    ]);
  });

  test('by ids, where the repository is named so', () => {
    const [deploy, plan] = subjects({
      OwnerId: '12',
      RepositoryId: '34',
      Environment: 'live',
      Branch: 'trunk',
    });
    expect(deploy).toMatchObject({
      [`${claim}:ref`]: 'refs/heads/trunk',
      [`${claim}:sub`]: 'repo:octo-org@12/video@34:environment:live',
    });
    expect(plan).toMatchObject({ [`${claim}:sub`]: 'repo:octo-org@12/video@34:pull_request' });
  });

  test('a session as long as the reusable workflow asks for', () => {
    expect(rolesOf(BACKEND).deploy.MaxSessionDuration).toBe(7200);
  });
});

test('each parameter says what it is, but for names that say it themselves', () => {
  const plain = Object.entries(PARAMETERS).filter(([, each]) => !('Description' in each));
  expect(plain.map(([name]) => name)).toEqual(['Cluster', 'Service', 'EcrRepository']);
});
