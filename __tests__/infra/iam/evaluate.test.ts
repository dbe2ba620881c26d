import { describe, expect, test } from '@jest/globals';
import { evaluate } from './evaluate.ts';
import type { Policy, Statement } from './evaluate.ts';

const CLUSTER = 'arn:aws:ecs:eu-central-1:111122223333:cluster/prod';
const SERVICE = 'arn:aws:ecs:eu-central-1:111122223333:service/prod/backend';

function policy(...statements: (Partial<Statement> & Pick<Statement, 'Action' | 'Resource'>)[]): Policy {
  return {
    Version: '2012-10-17',
    Statement: statements.map((statement) => ({ Effect: 'Allow', ...statement })),
  };
}

function allows(given: Policy, action: string, resource: string, context = {}): boolean {
  return evaluate(given, { action, resource, context }).allowed;
}

describe('a policy', () => {
  test('denies what no statement allows', () => {
    const given = policy({ Action: 'ecs:DescribeServices', Resource: SERVICE });
    expect(allows(given, 'ecs:DescribeServices', SERVICE)).toBe(true);
    expect(allows(given, 'ecs:UpdateService', SERVICE)).toBe(false);
    expect(allows(given, 'ecs:DescribeServices', `${SERVICE}-2`)).toBe(false);
  });

  test('allows an action without a resource by * alone', () => {
    expect(allows(policy({ Action: 'ecs:ListClusters', Resource: '*' }), 'ecs:ListClusters', '*')).toBe(true);
    expect(allows(policy({ Action: 'ecs:ListClusters', Resource: CLUSTER }), 'ecs:ListClusters', '*')).toBe(
      false,
    );
  });

  test.each([
    ['ecs:Describe*', 'ecs:DescribeTasks', true],
    ['ECS:describetasks', 'ecs:DescribeTasks', true],
    ['ecs:Describe?asks', 'ecs:DescribeTasks', true],
    ['ecs:Describe', 'ecs:DescribeTasks', false],
    ['ecs:*', 'ecr:PutImage', false],
  ])('with the action %s allows %s: %s', (pattern, action, expected) => {
    expect(allows(policy({ Action: pattern, Resource: '*' }), action, SERVICE)).toBe(expected);
  });

  test.each([
    ['arn:aws:ecs:*:111122223333:service/prod/*', true],
    ['arn:aws:ecs:eu-central-1:111122223333:service/*', true],
    ['arn:aws:ecs:eu-central-1:111122223333:service/prod', false],
    ['arn:aws:ecs:eu-central-1:111122223333:SERVICE/prod/backend', false],
    ['arn:aws:ecs:eu.central.1:111122223333:service/prod/backend', false],
  ])('with the resource %s: %s', (pattern, expected) => {
    expect(
      allows(policy({ Action: 'ecs:UpdateService', Resource: pattern }), 'ecs:UpdateService', SERVICE),
    ).toBe(expected);
  });

  test('is overruled by a Deny, wherever it stands', () => {
    const given = policy(
      { Effect: 'Deny', Action: 'ecs:*', Resource: SERVICE },
      { Action: 'ecs:*', Resource: '*' },
    );
    expect(allows(given, 'ecs:UpdateService', SERVICE)).toBe(false);
    expect(allows(given, 'ecs:UpdateService', `${SERVICE}-2`)).toBe(true);
  });

  test('names the statements that decide', () => {
    const given = policy(
      { Sid: 'One', Action: 'ecs:List*', Resource: '*' },
      { Sid: 'Two', Action: 'ecs:ListTasks', Resource: '*' },
      { Sid: 'Three', Action: 'ecs:RunTask', Resource: '*' },
    );
    const { statements } = evaluate(given, { action: 'ecs:ListTasks', resource: '*', context: {} });
    expect(statements.map(({ Sid }) => Sid)).toEqual(['One', 'Two']);
  });
});

describe('a condition', () => {
  const inCluster = policy({
    Action: 'ecs:ListTasks',
    Resource: '*',
    Condition: { ArnEquals: { 'ecs:cluster': CLUSTER } },
  });

  test('holds for its value, whatever the case of its key', () => {
    expect(allows(inCluster, 'ecs:ListTasks', '*', { 'ecs:Cluster': CLUSTER })).toBe(true);
    expect(allows(inCluster, 'ecs:ListTasks', '*', { 'ecs:cluster': `${CLUSTER}2` })).toBe(false);
  });

  test('does not hold where the request lacks its key', () => {
    expect(allows(inCluster, 'ecs:ListTasks', '*')).toBe(false);
  });

  test('matches each part of an ARN for itself', () => {
    const like = policy({
      Action: 'a:b',
      Resource: '*',
      Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:ecs:*:111122223333:*' } },
    });
    expect(allows(like, 'a:b', '*', { 'aws:SourceArn': SERVICE })).toBe(true);
    expect(allows(like, 'a:b', '*', { 'aws:SourceArn': 'arn:aws:ecs:x:y:111122223333:z' })).toBe(false);
  });

  test('needs all of its keys and one of the values of each', () => {
    const given = policy({
      Action: 'iam:PassRole',
      Resource: '*',
      Condition: { StringEquals: { a: ['1', '2'], b: '3' }, StringLike: { c: 'x*' } },
    });
    expect(allows(given, 'iam:PassRole', '*', { a: '2', b: '3', c: 'xyz' })).toBe(true);
    expect(allows(given, 'iam:PassRole', '*', { a: '2', b: '4', c: 'xyz' })).toBe(false);
    expect(allows(given, 'iam:PassRole', '*', { a: '2', b: '3', c: 'y' })).toBe(false);
  });

  test.each([
    [{}, true],
    [{ 'aws:ResourceTag/Stack': 'mine' }, false],
  ])('Null is about whether the request has its key: %j', (context, expected) => {
    const given = policy({
      Action: 'a:b',
      Resource: '*',
      Condition: { Null: { 'aws:ResourceTag/Stack': 'true' } },
    });
    expect(allows(given, 'a:b', '*', context)).toBe(expected);
  });

  test.each([
    [{}, true],
    [{ 'aws:ResourceTag/Stack': 'mine' }, true],
    [{ 'aws:ResourceTag/Stack': 'theirs' }, false],
  ])('StringNotEquals denies another value alone where Null asks for the key: %j', (context, expected) => {
    const key = 'aws:ResourceTag/Stack';
    const given = policy(
      { Action: '*', Resource: '*' },
      {
        Effect: 'Deny',
        Action: '*',
        Resource: '*',
        Condition: { StringNotEquals: { [key]: 'mine' }, Null: { [key]: 'false' } },
      },
    );
    expect(allows(given, 'a:b', '*', context)).toBe(expected);
  });

  test('StringNotEquals holds where the request lacks its key', () => {
    const given = policy({ Action: 'a:b', Resource: '*', Condition: { StringNotEquals: { k: 'v' } } });
    expect([allows(given, 'a:b', '*'), allows(given, 'a:b', '*', { k: 'v' })]).toEqual([true, false]);
  });

  test('ForAllValues holds where there is nothing to compare', () => {
    const given = policy({
      Action: 'a:b',
      Resource: '*',
      Condition: { 'ForAllValues:StringLike': { k: ['x', '_*.x'] } },
    });
    expect(
      [{}, { k: 'x' }, { k: '_1.x' }, { k: 'y' }].map((context) => allows(given, 'a:b', '*', context)),
    ).toEqual([true, true, true, false]);
  });

  test('ForAllValues compares each value of a list, and no other operator takes one', () => {
    const Condition = { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a', 'b'] } };
    const given = policy({ Action: 'x:y', Resource: '*', Condition });
    const lists = [[], ['a'], ['b', 'a'], ['a', 'c']];
    expect(lists.map((keys) => allows(given, 'x:y', '*', { 'aws:TagKeys': keys }))).toEqual([
      ...[true, true, true],
      false,
    ]);
    const single = policy({
      Action: 'x:y',
      Resource: '*',
      Condition: { StringEquals: { 'aws:TagKeys': 'a' } },
    });
    expect(() => allows(single, 'x:y', '*', { 'aws:TagKeys': ['a'] })).toThrow('needs ForAllValues');
  });

  test('NotResource is about all others', () => {
    const given: Policy = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'a:b', NotResource: 'arn:x/*' }],
    };
    expect([allows(given, 'a:b', 'arn:x/1'), allows(given, 'a:b', 'arn:y/1')]).toEqual([false, true]);
  });

  test('that is not known is an error, as is any other element', () => {
    const numeric = policy({ Action: '*', Resource: '*', Condition: { NumericLessThan: { a: '1' } } });
    expect(() => allows(numeric, 'a:b', '*', { a: '0' })).toThrow('NumericLessThan');
    const inverted = policy({ Action: '*', Resource: '*', NotAction: 'a:*' } as never);
    expect(() => allows(inverted, 'a:b', '*')).toThrow('NotAction');
  });
});
