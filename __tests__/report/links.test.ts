import { describe, expect, it } from '@jest/globals';
import { consoleUrl, taskDefinitionUrl } from '../../src/report/facts.ts';

describe('the links to the console', () => {
  it.each([
    ['eu-central-1', 'https://eu-central-1.console.aws.amazon.com'],
    ['cn-north-1', 'https://cn-north-1.console.amazonaws.cn'],
    ['us-gov-west-1', 'https://us-gov-west-1.console.amazonaws-us-gov.com'],
    ['eusc-de-east-1', 'https://eusc-de-east-1.console.amazonaws-eusc.eu'],
  ])('of %s lead to its partition', (region, host) => {
    const cluster = `arn:aws:ecs:${region}:123456789012:cluster/prod`;
    expect(consoleUrl({ name: 'web', cluster, region })).toBe(
      `${host}/ecs/v2/clusters/prod/services/web/deployments?region=${region}`,
    );
    expect(taskDefinitionUrl(`arn:aws:ecs:${region}:1:task-definition/web:12`, region)).toBe(
      `${host}/ecs/v2/task-definitions/web/12?region=${region}`,
    );
  });

  it.each(['us-iso-east-1', 'us-isob-east-1', 'us-isof-south-1', 'eu-isoe-west-1'])(
    'are left out in %s, whose console is not public',
    (region) => {
      expect(consoleUrl({ name: 'web', cluster: 'prod', region })).toBeUndefined();
      expect(taskDefinitionUrl('web:12', region)).toBeUndefined();
    },
  );

  it('take a cluster by its name too', () => {
    expect(consoleUrl({ name: 'web', cluster: 'prod', region: 'us-east-1' })).toContain('/clusters/prod/');
  });

  it('need a revision', () => {
    expect(taskDefinitionUrl('arn:aws:ecs:us-east-1:1:task-definition/web', 'us-east-1')).toBeUndefined();
  });
});
