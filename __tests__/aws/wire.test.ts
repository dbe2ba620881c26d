import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAws, type Aws } from '../../src/aws/clients.ts';
import { awsErrorKind } from '../../src/aws/errors.ts';
import type { JsonObject, TaskDefinition } from '../../src/model/index.ts';
import { Cancelled } from '../../src/runtime/cancellation.ts';
import { registrable } from '../../src/task-definition/shape.ts';
import { revisionArn } from '../fakes/literals.ts';

/** What the server says next: a status and a body; `hang` says nothing. */
type Answer = { readonly status: number; readonly body: unknown } | 'hang';

const VARIABLES = {
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
} as const;

let server: Server;
let answers: Answer[] = [];
let received: { target: string; body: JsonObject; agent: string }[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const target = request.headers['x-amz-target'];
      received.push({
        target: typeof target === 'string' ? target.replace(/^.*\./, '') : '',
        body: JSON.parse(Buffer.concat(chunks).toString('utf8')) as JsonObject,
        agent: request.headers['user-agent'] ?? '',
      });
      const answer = answers.shift() ?? { status: 200, body: {} };
      if (answer === 'hang') return;
      const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
      response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.1' }).end(text);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  Object.assign(process.env, VARIABLES, { AWS_ENDPOINT_URL: url });
});

afterAll(() => {
  for (const name of [...Object.keys(VARIABLES), 'AWS_ENDPOINT_URL'])
    Reflect.deleteProperty(process.env, name);
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  answers = [];
  received = [];
});

async function connected(signal = new AbortController().signal): Promise<Aws> {
  return createAws('eu-central-1', signal);
}

const DESCRIBED = {
  family: 'backend',
  containerDefinitions: [{ name: 'wéb 🚀', image: 'i', fieldOfTomorrow: { deep: [1, null, ''] } }],
  anotherFieldOfTomorrow: [],
  taskDefinitionArn: revisionArn('backend:7'),
  revision: 7,
  status: 'ACTIVE',
};

describe('a task definition on the wire', () => {
  it('keeps the fields that the SDK does not know, from Describe to Register', async () => {
    const tags = [{ key: 'team', value: 'ünïted' }];
    answers = [
      { status: 200, body: { taskDefinition: DESCRIBED, tags } },
      { status: 200, body: { taskDefinition: { taskDefinitionArn: revisionArn('backend:8') } } },
    ];
    const { taskDefinitions } = await connected();
    const described = await taskDefinitions.describe('backend');
    const arn = await taskDefinitions.register(registrable(described.taskDefinition, described.tags));
    const { taskDefinitionArn, revision, status, ...rest } = DESCRIBED;
    expect([taskDefinitionArn, revision, status]).toEqual([revisionArn('backend:7'), 7, 'ACTIVE']);
    expect(arn).toBe(revisionArn('backend:8'));
    expect(received.map(({ target, body }) => [target, body])).toEqual([
      ['DescribeTaskDefinition', { taskDefinition: 'backend', include: ['TAGS'] }],
      ['RegisterTaskDefinition', { ...rest, tags }],
    ]);
  });

  it('is read again where the server failed, as every read', async () => {
    answers = [
      { status: 500, body: { __type: 'ServerException' } },
      { status: 200, body: { taskDefinition: DESCRIBED } },
    ];
    const { taskDefinitions } = await connected();
    expect(await taskDefinitions.describe('backend')).toMatchObject({
      taskDefinition: DESCRIBED,
      tags: [],
    });
    expect(received).toHaveLength(2);
  });

  it.each<[string, Answer, string]>([
    ['a server error', { status: 500, body: { __type: 'ServerException', message: 'x' } }, 'transient'],
    ['a page of a proxy', { status: 502, body: '<html>Bad Gateway</html>' }, 'transient'],
    ['a page in place of the answer', { status: 200, body: '<html>Log in</html>' }, 'transient'],
    [
      'throttling',
      { status: 400, body: { __type: 'ThrottlingException', message: 'Rate exceeded' } },
      'throttled',
    ],
    ['a refusal', { status: 400, body: { __type: 'ClientException', message: 'No.' } }, 'refused'],
    ['denied access', { status: 400, body: { __type: 'AccessDeniedException', message: 'No.' } }, 'denied'],
    [
      'an expired token',
      { status: 400, body: { __type: 'ExpiredTokenException', message: 'Old.' } },
      'expired',
    ],
  ])('is never registered twice by the SDK itself: %s', async (_what, answer, kind) => {
    answers = [answer];
    const { taskDefinitions } = await connected();
    const error = await taskDefinitions
      .register(DESCRIBED as unknown as TaskDefinition)
      .catch((thrown: unknown) => thrown);
    expect(awsErrorKind(error)).toBe(kind);
    expect(received).toHaveLength(1);
  });
});

describe('the clients', () => {
  it('name the action to AWS', async () => {
    await (await connected()).ecs.listClusters({});
    expect(received[0]?.agent).toContain('ecs-fargate-deploy/1');
  });

  it('end a call with the job, and tell of the cancellation itself', async () => {
    answers = ['hang'];
    const controller = new AbortController();
    const aws = await connected(controller.signal);
    const call = aws.ecs.listClusters({});
    setImmediate(() => {
      controller.abort(new Cancelled('SIGINT'));
    });
    await expect(call).rejects.toBeInstanceOf(Cancelled);
  });

  it('take the region from the environment where none is given', async () => {
    process.env['AWS_REGION'] = 'cn-north-1';
    try {
      expect((await createAws(undefined, new AbortController().signal)).region).toBe('cn-north-1');
    } finally {
      delete process.env['AWS_REGION'];
    }
  });

  it('say what to do where there is no region at all', async () => {
    await expect(createAws(undefined, new AbortController().signal)).rejects.toMatchObject({
      conclusion: { cause: 'invalid-input' },
      message: 'aws-region: there is no AWS region in the inputs or the environment.',
    });
  });
});
