import { describe, expect, test } from '@jest/globals';
import {
  hooksOf,
  newAppSpec,
  problemOfAppSpec,
  taskDefinitionOf,
  withTaskDefinition,
} from '../../src/codedeploy/app-spec.ts';

const ARN = 'arn:aws:ecs:us-east-1:123456789012:task-definition/web:7';

describe('an AppSpec', () => {
  test.each([
    ['a text', 'hello', 'holds no keys'],
    ['a list', [], 'holds no keys'],
    ['nothing', null, 'holds no keys'],
    ['no resources', { version: 0 }, 'has no Resources'],
    ['an empty list of them', { Resources: [] }, 'has no Resources'],
    ['a map of them', { Resources: {} }, 'has no Resources'],
    ['one without properties', { Resources: [{ A: { Type: 'x' } }] }, 'without Properties'],
    ['one that is null', { Resources: [null] }, 'without Properties'],
  ])('that holds %s is none', (_, document, said) => {
    expect(problemOfAppSpec(document)).toContain(said);
  });

  test.each([
    ['as AWS writes it', { Resources: [{ T: { Properties: {} } }] }],
    ['in lower case', { resources: [{ T: { properties: { taskDefinition: 'x' } } }] }],
  ])('is read %s', (_, document) => {
    expect(problemOfAppSpec(document)).toBeUndefined();
  });

  test('gets the task definition in each of its resources, in whatever case, and keeps everything else', () => {
    const document = {
      version: 0,
      resources: [
        { First: { Type: 'AWS::ECS::Service', properties: { taskDefinition: 'x', Future: [1] } } },
        { Second: { Properties: { LoadBalancerInfo: { ContainerName: 'web' } }, Note: 'kept' } },
      ],
      Hooks: [{ BeforeInstall: 'fn' }],
      Extra: { a: null },
    };
    expect(withTaskDefinition(document, ARN)).toEqual({
      ...document,
      resources: [
        { First: { Type: 'AWS::ECS::Service', properties: { taskDefinition: ARN, Future: [1] } } },
        {
          Second: {
            Properties: { LoadBalancerInfo: { ContainerName: 'web' }, TaskDefinition: ARN },
            Note: 'kept',
          },
        },
      ],
    });
  });

  test('that is made has container and port, and its task definition is found again', () => {
    const made = withTaskDefinition(newAppSpec('web', 8000), ARN);
    expect(taskDefinitionOf(JSON.stringify(made))).toBe(ARN);
  });

  test.each([
    ['YAML', `Resources:\n  - T:\n      Properties:\n        TaskDefinition: "${ARN}"\n`, ARN],
    ['YAML without quotes', `        TaskDefinition: ${ARN}\n        Other: x`, ARN],
    [
      'JSON in lower case',
      JSON.stringify({ resources: [{ t: { properties: { taskdefinition: ARN } } }] }),
      ARN,
    ],
    ['something else', 'os: linux', undefined],
    ['nothing', '', undefined],
  ])('of an earlier deployment, %s', (_, content, expected) => {
    expect(taskDefinitionOf(content)).toBe(expected);
  });

  test('names its hooks in the order in which they run', () => {
    expect(hooksOf({ hooks: [{ AfterAllowTraffic: 'b' }, { BeforeInstall: 'a', Nonsense: 'c' }] })).toEqual([
      'BeforeInstall',
      'AfterAllowTraffic',
    ]);
    expect(hooksOf({ Hooks: 'none' })).toEqual([]);
  });
});
