import { describe, expect, test } from '@jest/globals';
import { describeCodeDeploy, groupAddressOf, shiftMinutes } from '../../src/codedeploy/group.ts';
import type { CodeDeploySettings, TrafficRouting } from '../../src/model/index.ts';

const SETTINGS: CodeDeploySettings = {
  application: 'a',
  group: 'g',
  config: 'C',
  routing: { kind: 'all-at-once' },
  readyMinutes: undefined,
  terminationMinutes: 5,
  rollsBackOn: [],
  hooks: [],
  order: { config: undefined, description: undefined, appSpec: undefined },
  lastId: undefined,
  open: undefined,
};

describe('a deployment group', () => {
  test('has the names of the official action, of a cluster by its name and by its ARN', () => {
    const address = { name: 'web', arn: '', region: '', partition: '', accountId: '' };
    const asked = { application: undefined, group: undefined };
    for (const cluster of ['prod', 'arn:aws:ecs:us-east-1:123456789012:cluster/prod']) {
      expect(groupAddressOf({ ...address, cluster }, asked)).toEqual({
        application: 'AppECS-prod-web',
        group: 'DgpECS-prod-web',
      });
    }
    expect(groupAddressOf({ ...address, cluster: 'prod' }, { ...asked, group: 'mine' }).group).toBe('mine');
  });

  test.each<[string, TrafficRouting | undefined, number]>([
    ['all at once', { kind: 'all-at-once' }, 0],
    ['a canary', { kind: 'canary', percent: 10, minutes: 15 }, 15],
    ['ten steps, of which the last has no pause', { kind: 'linear', percent: 10, minutes: 3 }, 27],
    ['steps that do not divide', { kind: 'linear', percent: 30, minutes: 2 }, 6],
    ['one step', { kind: 'linear', percent: 100, minutes: 2 }, 0],
    ['a configuration that cannot be read', undefined, 0],
  ])('shifts in minutes: %s', (_, routing, minutes) => {
    expect(shiftMinutes(routing)).toBe(minutes);
  });

  test.each<[Partial<CodeDeploySettings>, string]>([
    [{}, 'CodeDeploy shifts its traffic by C (all at once), keeps the old tasks for 5 minutes after it'],
    [
      { routing: undefined, readyMinutes: 30, hooks: ['AfterInstall'] },
      'CodeDeploy shifts its traffic by C, waits for up to 30 minutes to be continued before that, calls the hooks of AfterInstall, keeps the old tasks for 5 minutes after it',
    ],
  ])('is described: %j', (changes, words) => {
    expect(describeCodeDeploy({ ...SETTINGS, ...changes })).toBe(words);
  });
});
