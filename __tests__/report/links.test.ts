import { describe, expect, it } from '@jest/globals';
import { consoleUrl, facts, taskDefinitionUrl } from '../../src/report/facts.ts';
import {
  alarmUrl,
  commands,
  deploymentUrl,
  furtherLinks,
  insightsUrl,
  logStreamUrl,
  taskUrl,
} from '../../src/report/further.ts';
import type { Report } from '../../src/report/report.ts';
import { endingOf } from '../../src/report/run-record.ts';
import { DeployError } from '../../src/runtime/error.ts';
import { outcomeOf, requestOf, serviceRunOf } from '../fakes/literals.ts';
import { reportOf } from './reports.ts';

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

const HOST = 'https://us-east-1.console.aws.amazon.com';
const FROM = { group: '/ecs/web', stream: 'web/app/0af1', taskId: '0af1', container: 'app' };

describe('what a failure links to', () => {
  it.each([
    [
      'the stream of the task',
      logStreamUrl(FROM, 'us-east-1'),
      `${HOST}/cloudwatch/home?region=us-east-1#logsV2:log-groups/log-group/$252Fecs$252Fweb/log-events/web$252Fapp$252F0af1`,
    ],
    [
      'Logs Insights, with the time',
      insightsUrl('/ecs/web', 'us-east-1', {
        start: '2026-01-02T03:04:05.000Z',
        end: '2026-01-02T03:14:05.000Z',
      }),
      `${HOST}/cloudwatch/home?region=us-east-1#logsV2:logs-insights$3FqueryDetail$3D~(end~'2026-01-02T03*3a14*3a05.000Z~start~'2026-01-02T03*3a04*3a05.000Z~timeType~'ABSOLUTE~tz~'UTC~editorString~'fields*20*40timestamp*2c*20*40logStream*2c*20*40message*20*7c*20sort*20*40timestamp*20desc*20*7c*20limit*20200~source~(~'*2fecs*2fweb))`,
    ],
    [
      'the stopped task',
      taskUrl('0af1', 'arn:aws:ecs:us-east-1:1:cluster/prod', 'us-east-1'),
      `${HOST}/ecs/v2/clusters/prod/tasks/0af1/configuration?region=us-east-1`,
    ],
    [
      'the alarm',
      alarmUrl('5xx of web', 'us-east-1'),
      `${HOST}/cloudwatch/home?region=us-east-1#alarmsV2:alarm/5xx%20of%20web`,
    ],
  ])('is %s', (_, url, expected) => {
    expect(url).toBe(expected);
  });

  const failed = (more: Partial<Parameters<typeof outcomeOf>[0]> = {}): Report =>
    reportOf({
      serviceRuns: [
        serviceRunOf({
          outcome: outcomeOf({
            result: 'rolled-back',
            cause: 'app-crashed',
            evidence: [{ kind: 'log', text: 'app: boom', from: FROM }],
            ...more,
          }),
        }),
      ],
    });

  it('names the log, the task and the query, before the service', () => {
    const links = furtherLinks(failed()).map((each) => /^\[(.*?)\]/.exec(each)?.[1]);
    expect(links).toEqual(['Log of the task', 'Task', 'Logs Insights']);
  });

  it('names those of a pre-deploy task, which belongs to no service yet', () => {
    const evidence = [{ kind: 'log', text: 'app: boom', from: FROM }] as const;
    const ending = endingOf(new DeployError('pre-deploy-task-failed', 'It failed.', { evidence }));
    expect(furtherLinks(reportOf({ serviceRuns: [], ending })).join()).toContain(
      '/ecs/v2/clusters/prod/tasks/0af1/configuration?region=eu-central-1',
    );
  });

  it('is the alarm that it failed for', () => {
    const report = failed({ cause: 'alarm', message: 'alarm "errors" went into ALARM', evidence: [] });
    const request = { gate: { ...requestOf().gate, alarms: ['errors', 'latency'] } };
    expect(furtherLinks({ ...report, request }).join()).toMatch(/^\[Alarm errors\]/);
  });

  it('is nothing more on green', () => {
    expect(furtherLinks(reportOf())).toEqual([]);
    expect(commands(reportOf())).toEqual([]);
  });

  it('is the deployment itself, where it is known', () => {
    const [service] = failed().services;
    expect(deploymentUrl(service!, 'list')).toMatch(/\/services\/backend\/deployments\/\w+\?region=/);
    expect(deploymentUrl({ ...service!, serviceDeploymentArn: undefined }, 'list')).toBe('list');
  });

  it('comes with commands to paste', () => {
    const [block = ''] = commands(failed());
    expect(block).toContain(
      'aws logs tail /ecs/web --log-stream-names web/app/0af1 --since 1h --region eu-central-1',
    );
    expect(block).toMatch(
      /aws ecs execute-command --cluster prod .* --task "\$\(aws ecs list-tasks .*\)" --container app --interactive/,
    );
  });

  it('quotes what a shell would take apart', () => {
    const report = failed({ evidence: [{ kind: 'log', text: 'x', from: { ...FROM, group: "it's $(rm)" } }] });
    expect(commands(report)[0]).toContain(String.raw`aws logs tail 'it'\''s $(rm)' `);
  });

  it('has no cost in it: what was undone costs nothing', () => {
    expect(facts(failed()).join()).not.toContain('Cost');
  });
});
