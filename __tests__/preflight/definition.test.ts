import { describe, expect, test } from '@jest/globals';
import type { JsonObject, TaskDefinition } from '../../src/model/index.ts';
import { definitionSizeFinding, logGroup, logGroupsOf } from '../../src/preflight/task.ts';
import { parameter, referencesOf, secret, secretFinding } from '../../src/preflight/secrets.ts';
import { role, trustFinding } from '../../src/preflight/role.ts';
import { awsError, denied, throttled } from '../fakes/aws-errors.ts';
import { definitionOf } from '../fakes/literals.ts';
import { answer, run } from './candidates.ts';

const SECRET = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:app/db-AbCdEf';
const PARAMETER = 'arn:aws:ssm:eu-central-1:123456789012:parameter/app/key';
const ROLE = 'arn:aws:iam::123456789012:role';

function withSecrets(...references: readonly string[]): TaskDefinition {
  const secrets = references.map((valueFrom, index) => ({ name: `S${index}`, valueFrom }));
  return definitionOf([{ name: 'web', image: 'web', secrets }]);
}

describe('the trust policy of a role', () => {
  const allow = (more: JsonObject): JsonObject => ({
    Effect: 'Allow',
    Principal: { Service: 'ecs-tasks.amazonaws.com' },
    Action: 'sts:AssumeRole',
    ...more,
  });
  const policy = (Statement: unknown): string => encodeURIComponent(JSON.stringify({ Statement }));

  test.each<[string, string | undefined, string]>([
    ['names ECS tasks', policy([allow({})]), 'OK'],
    ['has a single statement', policy(allow({})), 'OK'],
    [
      'names them among others',
      policy([allow({ Principal: { Service: ['ec2.amazonaws.com', 'ecs-tasks.amazonaws.com'] } })]),
      'OK',
    ],
    ['allows what begins alike', policy([allow({ Action: 'sts:AssumeRole*' })]), 'OK'],
    ['allows any letter', policy([allow({ Action: 'sts:AssumeRol?' })]), 'OK'],
    ['allows what begins otherwise', policy([allow({ Action: 'sts:Tag*' })]), 'FAILED'],
    ['lists actions', policy([allow({ Action: ['sts:TagSession', 'sts:AssumeRole'] })]), 'OK'],
    ['has an action in other letters', policy([allow({ Action: 'STS:assumerole' })]), 'OK'],
    ['allows everything', policy([allow({ Principal: '*', Action: '*' })]), 'OK'],
    [
      'has exclusions only',
      policy([{ Effect: 'Allow', NotPrincipal: {}, NotAction: 'sts:TagSession' }]),
      'OK',
    ],
    ['is in a later statement', policy([allow({ Principal: { AWS: '1' } }), allow({})]), 'OK'],
    ['cannot be read', '%7Bnot json', 'OK'],
    ['cannot be decoded', '%', 'OK'],
    ['is not given', undefined, 'OK'],
    ['names another service', policy([allow({ Principal: { Service: 'ec2.amazonaws.com' } })]), 'FAILED'],
    ['denies', policy([allow({ Effect: 'Deny' })]), 'FAILED'],
    ['allows another action', policy([allow({ Action: 'sts:TagSession' })]), 'FAILED'],
    ['names accounts', policy([allow({ Principal: { AWS: 'arn:aws:iam::123456789012:root' } })]), 'FAILED'],
  ])('that %s', (_what, encoded, state) => {
    expect(trustFinding('web', encoded).state).toBe(state);
  });
});

describe('roles', () => {
  test.each<[string, () => Promise<object>, string, string, boolean]>([
    [
      'are missing',
      () => Promise.reject(awsError('NoSuchEntityException', 'no', 404)),
      'FAILED',
      'role web (taskRoleArn) does not exist; role run (executionRoleArn) does not exist',
      false,
    ],
    ['may not be looked at', () => Promise.reject(denied()), 'SKIPPED', 'iam:GetRole', true],
    [
      'could not be looked at',
      () => Promise.reject(throttled()),
      'SKIPPED',
      'role web (taskRoleArn) could not be looked at (ThrottlingException: Rate exceeded); role run (executionRoleArn) could not be looked at (ThrottlingException: Rate exceeded)',
      false,
    ],
    [
      'are there',
      () => answer({ Role: {} }),
      'OK',
      'role web (taskRoleArn) is there; its trust policy cannot be read; role run (executionRoleArn) is there; its trust policy cannot be read',
      false,
    ],
  ])('that %s', async (_what, getRole, state, detail, isDenied) => {
    const roles = { taskRoleArn: `${ROLE}/path/web`, executionRoleArn: `${ROLE}/run` };
    const result = await run(
      role,
      { roles: { getRole: getRole as () => Promise<never> } },
      { definition: definitionOf(['web'], roles) },
    );
    expect(result).toEqual({ check: 'role', state, detail, denied: isDenied });
  });

  test('by name, of both purposes at once, are asked for once', async () => {
    const asked: unknown[] = [];
    const getRole = (input: object): Promise<never> => {
      asked.push(input);
      return Promise.reject(denied());
    };
    await run(
      role,
      { roles: { getRole } },
      { definition: definitionOf(['web'], { taskRoleArn: 'web', executionRoleArn: 'web' }) },
    );
    expect(asked).toEqual([{ RoleName: 'web' }]);
  });

  const OWN = 'arn:aws:iam::123456789012:role/<name>';

  test.each([
    [
      'another account',
      'arn:aws:iam::210987654321:role/web',
      `is in account 210987654321, and a role can be passed to ECS in its own account only: write one of this account, ${OWN}`,
    ],
    [
      'another partition',
      'arn:aws-cn:iam::123456789012:role/web',
      `is in the partition aws-cn, not in aws: write ${OWN}`,
    ],
  ])("of %s can be no task's, and are not looked at", async (_where, taskRoleArn, what) => {
    expect(await run(role, {}, { definition: definitionOf(['web'], { taskRoleArn }) })).toMatchObject({
      state: 'FAILED',
      detail: `role web (taskRoleArn) ${what}`,
    });
  });

  test('that AWS has taken before are only not looked at', async () => {
    const definition = definitionOf(['web'], { taskRoleArn: 'arn:aws:iam::210987654321:role/web' });
    expect(await run(role, {}, { definition, heldByAws: [definition] })).toMatchObject({
      state: 'SKIPPED',
      detail: 'role web (taskRoleArn) is in account 210987654321, not in 123456789012',
      denied: false,
    });
  });
});

describe('a reference', () => {
  test.each<[string, object]>([
    [SECRET, { kind: 'secret', id: SECRET, version: undefined }],
    [`${SECRET}:password::`, { kind: 'secret', id: SECRET, version: undefined }],
    [`${SECRET}:password:AWSPREVIOUS:`, { kind: 'secret', id: SECRET, version: 'AWSPREVIOUS' }],
    [`${SECRET}:::0a1b`, { kind: 'secret', id: SECRET, version: '0a1b' }],
    [`${SECRET}:key`, { kind: 'secret', id: SECRET, version: undefined, instead: `${SECRET}:key::` }],
    [`${SECRET}:key:`, { kind: 'secret', id: SECRET, version: undefined, instead: `${SECRET}:key::` }],
    [
      `${SECRET}:key:AWSPREVIOUS`,
      { kind: 'secret', id: SECRET, version: 'AWSPREVIOUS', instead: `${SECRET}:key:AWSPREVIOUS:` },
    ],
    [PARAMETER, { kind: 'parameter', id: PARAMETER, names: ['/app/key'] }],
    [`${PARAMETER}:3`, { kind: 'parameter', id: `${PARAMETER}:3`, names: ['/app/key'] }],
    [
      'arn:aws:ssm:eu-central-1:123456789012:parameter/key',
      {
        kind: 'parameter',
        id: 'arn:aws:ssm:eu-central-1:123456789012:parameter/key',
        names: ['key', '/key'],
      },
    ],
    ['/app/key', { kind: 'parameter', id: '/app/key', names: ['/app/key'] }],
    ['key:live', { kind: 'parameter', id: 'key:live', names: ['key'] }],
  ])('%s', (text, reference) => {
    expect(referencesOf(withSecrets(text))).toEqual([{ ...reference, usedBy: ['S0 of web'] }]);
  });

  test('is also one of a log driver or of a registry, and counts once', () => {
    const definition = definitionOf([
      {
        name: 'web',
        image: 'web',
        secrets: [{ name: 'KEY', valueFrom: '/app/key' }],
        logConfiguration: { logDriver: 'splunk', secretOptions: [{ name: 'token', valueFrom: '/app/key' }] },
        repositoryCredentials: { credentialsParameter: 'registry' },
      },
    ]);
    expect(referencesOf(definition)).toEqual([
      {
        kind: 'parameter',
        id: '/app/key',
        names: ['/app/key'],
        usedBy: ['KEY of web', 'token of web'],
      },
      {
        kind: 'secret',
        id: 'registry',
        version: undefined,
        usedBy: ['repositoryCredentials of web'],
      },
    ]);
  });
});

describe('a secret', () => {
  const current = { VersionIdsToStages: { '0a1b': ['AWSCURRENT'] } };
  const rotated = { VersionIdsToStages: { '0a1b': ['AWSPREVIOUS'], '2c3d': ['AWSCURRENT'] } };

  test.each<[string, string | undefined, object, string]>([
    ['with a current value', undefined, current, 'OK'],
    ['with the version that is asked for', '0a1b', current, 'OK'],
    ['with the label that is asked for on one of its versions', 'AWSPREVIOUS', rotated, 'OK'],
    ['without the label that is asked for', 'AWSPREVIOUS', current, 'WARNING'],
    ['without a value', undefined, {}, 'WARNING'],
    ['that is being deleted', undefined, { ...current, DeletedDate: new Date(0) }, 'FAILED'],
  ])('%s', (_what, version, description, state) => {
    expect(secretFinding({ kind: 'secret', id: SECRET, version, usedBy: [] }, description).state).toBe(state);
  });

  test('that is missing is named, and its ARN is asked for without what follows it', async () => {
    const asked: unknown[] = [];
    const describeSecret = (input: object): Promise<never> => {
      asked.push(input);
      return Promise.reject(awsError('ResourceNotFoundException'));
    };
    const result = await run(
      secret,
      { secrets: { describeSecret } },
      { definition: withSecrets(`${SECRET}:password::`, '/app/key') },
    );
    expect(result).toMatchObject({
      state: 'FAILED',
      detail: 'secret app/db-AbCdEf (S0 of web) does not exist',
    });
    expect(asked).toEqual([{ SecretId: SECRET }]);
  });

  test.each([
    [
      SECRET.replace('eu-central-1', 'us-east-1'),
      'secret app/db-AbCdEf is in us-east-1, not in eu-central-1',
    ],
    [
      SECRET.replace('123456789012', '210987654321'),
      'secret app/db-AbCdEf is in account 210987654321, not in 123456789012',
    ],
  ])('%s is not looked at', async (reference, detail) => {
    expect(await run(secret, {}, { definition: withSecrets(reference) })).toMatchObject({
      state: 'SKIPPED',
      detail,
      denied: false,
    });
  });
});

describe('parameters', () => {
  test('are asked for by name, whichever form the ARN leaves open, page after page', async () => {
    const asked: object[] = [];
    const pages = [
      { Parameters: [], NextToken: 'more' },
      { Parameters: [{ Name: '/app/key' }, { Name: '/short' }] },
    ];
    const describeParameters = (input: object): ReturnType<typeof answer> => {
      asked.push(input);
      return answer(pages[asked.length - 1] ?? {});
    };
    const result = await run(
      parameter,
      { parameters: { describeParameters: describeParameters } },
      {
        definition: withSecrets(
          PARAMETER,
          'arn:aws:ssm:eu-central-1:123456789012:parameter/short',
          '/app/none',
          SECRET,
        ),
      },
    );
    expect(result).toMatchObject({
      state: 'FAILED',
      detail: 'parameter /app/none (S2 of web) does not exist',
    });
    expect(asked).toEqual([
      {
        ParameterFilters: [
          { Key: 'Name', Option: 'Equals', Values: ['/app/key', 'short', '/short', '/app/none'] },
        ],
        MaxResults: 50,
        NextToken: undefined,
      },
      expect.objectContaining({ NextToken: 'more' }),
      // What is there under a like name is a hint.
      expect.objectContaining({
        ParameterFilters: [{ Key: 'Name', Option: 'BeginsWith', Values: ['/app/'] }],
      }),
    ]);
  });

  test('are not asked for where there are none', async () => {
    expect(await run(parameter, {}, { definition: withSecrets(SECRET) })).toMatchObject({
      state: 'OK',
      detail: 'the definition names no parameter of Systems Manager',
    });
  });

  test.each([
    [
      PARAMETER.replace('eu-central-1', 'us-east-1'),
      'parameter /app/key is in us-east-1, not in eu-central-1',
    ],
    [
      '/aws/reference/secretsmanager/db',
      'parameter /aws/reference/secretsmanager/db stands for a secret and is not looked at',
    ],
    [
      '/aws/service/global-infrastructure/current-region',
      "parameter /aws/service/global-infrastructure/current-region is one of AWS's own and is not looked at",
    ],
  ])('such as %s are not looked at', async (reference, detail) => {
    expect(await run(parameter, {}, { definition: withSecrets(reference) })).toMatchObject({
      state: 'SKIPPED',
      detail,
    });
  });

  test('by its ARN may be of another account, where no service tells which one this is', async () => {
    const parameters = { describeParameters: () => answer({ Parameters: [] }) };
    const shared = PARAMETER.replace('123456789012', '999999999999');
    const candidate = { definition: withSecrets(shared), services: [] };
    expect(await run(parameter, { parameters }, candidate)).toMatchObject({
      state: 'SKIPPED',
      detail: 'parameter /app/key is not to be seen in this account; its ARN names account 999999999999',
    });
  });
});

describe('log groups', () => {
  function logging(...options: readonly JsonObject[]): TaskDefinition {
    return definitionOf(
      options.map((each, index) => ({
        name: `c${index}`,
        image: 'c',
        logConfiguration: { logDriver: 'awslogs', ...each },
      })),
    );
  }
  const group = { 'awslogs-group': '/ecs/web', 'awslogs-region': 'eu-central-1' };

  test.each<[string, TaskDefinition, object[]]>([
    ['of awslogs', logging({ options: group }), [{ name: '/ecs/web', region: 'eu-central-1' }]],
    ['of several containers, once', logging({ options: group }, { options: group }), [{}]],
    [
      'of several containers, each of them',
      logging({ options: group }, { options: { ...group, 'awslogs-group': '/ecs/side' } }),
      [{ name: '/ecs/web' }, { name: '/ecs/side' }],
    ],
    ['that the driver makes', logging({ options: { ...group, 'awslogs-create-group': 'true' } }), []],
    [
      'that the driver does not make',
      logging({ options: { ...group, 'awslogs-create-group': 'false' } }),
      [{}],
    ],
    ['of another driver', logging({ logDriver: 'awsfirelens', options: group }), []],
    ['without options', logging({}), []],
    ['without logging', definitionOf(), []],
  ])('%s', (_what, definition, groups) => {
    expect(logGroupsOf(definition)).toMatchObject(groups);
    expect(logGroupsOf(definition)).toHaveLength(groups.length);
  });

  test.each([
    ['/ecs/web', 'OK', 'log group /ecs/web is there'],
    ['/ecs/web-2', 'FAILED', 'log group /ecs/web does not exist'],
  ])('where only %s exists', async (logGroupName, state, detail) => {
    const logs = { describeLogGroups: () => answer({ logGroups: [{ logGroupName }] }) };
    expect(await run(logGroup, { logs }, { definition: logging({ options: group }) })).toMatchObject({
      state,
      detail,
    });
  });

  test('are found beside others whose names begin alike', async () => {
    const logGroups = [{ logGroupName: '/ecs/web' }, { logGroupName: '/ecs/web-2' }];
    const logs = { describeLogGroups: () => answer({ logGroups }) };
    expect(await run(logGroup, { logs }, { definition: logging({ options: group }) })).toMatchObject({
      state: 'OK',
    });
  });

  test('of another region are not looked at', async () => {
    const definition = logging({ options: { ...group, 'awslogs-region': 'us-east-1' } });
    expect(await run(logGroup, {}, { definition })).toMatchObject({
      state: 'SKIPPED',
      detail: 'log group /ecs/web is in us-east-1, not in eu-central-1',
    });
  });
});

test.each([
  [59, 'OK'],
  [61, 'WARNING'],
])('a definition of %i KiB is %s', (kib, state) => {
  // Two bytes a letter in UTF-8: it is bytes that count.
  const definition = definitionOf([{ name: 'web', image: 'web', note: 'é'.repeat(kib * 512) }]);
  expect(definitionSizeFinding(definition).state).toBe(state);
});
