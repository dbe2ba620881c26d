/** Answers on the wire: what AWS itself sends passes, what breaks the schema of its call does not. */
import { describe, expect, test } from '@jest/globals';
import { DescribeTasksCommand, ECSClient } from '@aws-sdk/client-ecs';
import {
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { HttpResponse } from '@smithy/core/protocols';
import { Readable } from 'node:stream';
import { MalformedAnswer, nextPageOf, withCheckedAnswers } from '../../src/aws/answers.ts';

/** The settings of a client whose every call gets this body. */
function answering(contentType: string, body: string): object {
  return {
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
    requestHandler: {
      handle: () =>
        Promise.resolve({
          response: new HttpResponse({
            statusCode: 200,
            headers: { 'content-type': contentType },
            body: Readable.from([Buffer.from(body)]),
          }),
        }),
    },
  };
}

function tasks(body: unknown): Promise<unknown> {
  const client = withCheckedAnswers(
    new ECSClient(answering('application/x-amz-json-1.1', JSON.stringify(body))),
  );
  return client.send(new DescribeTasksCommand({ tasks: ['a'] }));
}

function balancers(result: string): ElasticLoadBalancingV2Client {
  const xml = `<R xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/">${result}</R>`;
  return withCheckedAnswers(new ElasticLoadBalancingV2Client(answering('text/xml', xml)));
}

describe('an answer passes', () => {
  test.each<[string, unknown]>([
    ['with nothing in it', {}],
    [
      'with nulls for members',
      { tasks: [{ taskArn: 'a', stoppedReason: null, containers: null }], failures: null },
    ],
    ['with members of tomorrow', { tasks: [{ taskArn: 'a', quantum: [null] }], more: 1 }],
    ['with times in seconds', { tasks: [{ createdAt: 1.7e9, startedAt: 1700000000.123 }] }],
  ])('%s', async (_what, body) => {
    await expect(tasks(body)).resolves.toBeDefined();
  });

  test('in XML, with elements that are empty', async () => {
    const groups = balancers(
      '<DescribeTargetGroupsResult><TargetGroups><member><LoadBalancerArns/><Matcher/><Port>80</Port></member></TargetGroups></DescribeTargetGroupsResult>',
    );
    await expect(groups.send(new DescribeTargetGroupsCommand({}))).resolves.toMatchObject({
      TargetGroups: [{ LoadBalancerArns: [], Matcher: {}, Port: 80 }],
    });
    const health = balancers(
      '<DescribeTargetHealthResult><TargetHealthDescriptions><member><Target><Id>i</Id><AvailabilityZone/></Target></member></TargetHealthDescriptions></DescribeTargetHealthResult>',
    );
    await expect(
      health.send(new DescribeTargetHealthCommand({ TargetGroupArn: 'a' })),
    ).resolves.toMatchObject({
      TargetHealthDescriptions: [{ Target: { Id: 'i', AvailabilityZone: '' } }],
    });
  });
});

describe('an answer is refused, with the place', () => {
  test.each<[unknown, string]>([
    [{ tasks: 'x' }, 'tasks is text, not a list'],
    [{ tasks: ['a'] }, 'tasks[0] is text, not an object'],
    [{ tasks: [{ taskArn: 'a' }, null] }, 'tasks[1] is null, not an object'],
    [
      { tasks: [{ containers: [{ exitCode: '1' }] }] },
      'tasks[0].containers[0].exitCode is text, not a number',
    ],
    [{ tasks: [{ enableExecuteCommand: 'no' }] }, 'tasks[0].enableExecuteCommand is text, not true or false'],
    [{ tasks: [{ createdAt: 'yesterday' }] }, 'DescribeTasks'],
    [{ tasks: [{ stoppedReason: { a: 1 } }] }, 'tasks[0].stoppedReason is an object, not text'],
  ])('%j', async (body, words) => {
    const error = await tasks(body).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MalformedAnswer);
    expect(error).toMatchObject({ message: expect.stringContaining(words) });
    expect(error).toMatchObject({
      message: expect.stringMatching(/^AWS answered DescribeTasks in a form .*$/),
    });
  });
});

describe('the next page', () => {
  test.each<[string | undefined, string | undefined, string | undefined]>([
    [undefined, 'b', 'b'],
    ['b', 'c', 'c'],
    ['c', undefined, undefined],
    ['c', '', undefined],
  ])('after %j, with the token %j', (sent, next, expected) => {
    expect(nextPageOf('ListTasks', sent, next)).toBe(expected);
  });

  test('is not the page itself', () => {
    expect(() => nextPageOf('ListTasks', 'b', 'b')).toThrow('its next page is the page itself');
  });
});
