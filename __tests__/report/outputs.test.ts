import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { outputsOf } from '../../src/report/outputs.ts';
import { composeReport, runFacts } from '../../src/report/report.ts';
import { endingOf, newRunRecord } from '../../src/report/run-record.ts';
import { DeployError } from '../../src/runtime/error.ts';
import { serviceRunOf, digestOf, outcomeOf, REPOSITORY, revisionArn, snapshotOf } from '../fakes/literals.ts';
import { RECORDED, reportOf } from './reports.ts';

describe('the outputs', () => {
  it('are those of action.yml, no more and no fewer', () => {
    const action = parse(readFileSync('action.yml', 'utf8')) as { outputs: Record<string, unknown> };
    expect(Object.keys(outputsOf(reportOf(), '')).sort()).toEqual(Object.keys(action.outputs).sort());
  });

  it('say what was deployed, where to, and how it ended', () => {
    expect(outputsOf(reportOf(), '/tmp/report.json')).toEqual({
      result: 'succeeded',
      cause: '',
      message: 'backend:8 is deployed to backend and proven healthy.',
      changed: 'true',
      image: `${REPOSITORY}@${digestOf('a')}`,
      'image-digest': digestOf('a'),
      registry: '123456789012.dkr.ecr.eu-central-1.amazonaws.com',
      'task-definition-arn': revisionArn('backend:8'),
      'previous-task-definition-arn': revisionArn('backend:7'),
      'service-deployment-arn': 'arn:aws:ecs:eu-central-1:123456789012:service-deployment/prod/backend/two',
      'deployment-id': 'ecs-svc/2',
      'codedeploy-deployment-id': '',
      stage: '',
      'stage-expires': '',
      url: 'https://api.example.com',
      'console-url':
        'https://eu-central-1.console.aws.amazon.com/ecs/v2/clusters/prod/services/backend/deployments?region=eu-central-1',
      'duration-seconds': '61.5',
      report: '/tmp/report.json',
    });
  });

  it('are empty where nothing is known, never "undefined"', () => {
    const record = { ...newRunRecord(), ending: endingOf(new DeployError('invalid-input', 'No.')) };
    const outputs = outputsOf(composeReport(undefined, runFacts({}), record, RECORDED), '');
    const filled = Object.entries(outputs).filter(([, value]) => value !== '');
    expect(Object.fromEntries(filled)).toEqual({
      result: 'failed',
      cause: 'invalid-input',
      message: 'No.',
      changed: 'false',
      'duration-seconds': '61.5',
    });
  });

  it('describe the first of several services, with the result of the worst', () => {
    const second = snapshotOf({ address: { ...snapshotOf().address, name: 'worker' } });
    const outcome = outcomeOf({ result: 'failed', cause: 'app-crashed', message: 'worker failed.' });
    const report = reportOf({
      serviceRuns: [serviceRunOf(), serviceRunOf({ snapshot: second, outcome, taskDefinitionArn: 'other' })],
    });
    expect(outputsOf(report, '')).toMatchObject({
      result: 'failed',
      cause: 'app-crashed',
      message: 'worker failed.',
      'task-definition-arn': revisionArn('backend:8'),
    });
  });

  it('name the revision that was registered without a service', () => {
    expect(outputsOf(reportOf({ serviceRuns: [] }), '')).toMatchObject({
      'task-definition-arn': revisionArn('backend:8'),
      'previous-task-definition-arn': '',
      'console-url': '',
    });
  });
});
