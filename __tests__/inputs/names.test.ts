import { describe, expect, it } from '@jest/globals';

import type { Parser } from '../../src/inputs/values.ts';
import * as names from '../../src/inputs/names.ts';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

interface Cases {
  readonly parser: Parser<unknown>;
  readonly good: readonly string[];
  readonly bad: readonly string[];
}

const table: Readonly<Record<string, Cases>> = {
  region: {
    parser: names.region,
    good: [
      'us-east-1',
      'ap-southeast-2',
      'us-gov-west-1',
      'cn-northwest-1',
      'us-isob-east-1',
      'eusc-de-east-1',
    ],
    bad: ['us-east', 'US-EAST-1', 'us east 1', 'us-east-1a'],
  },
  cluster: {
    parser: names.cluster,
    good: ['default', 'Prod_2-a', 'arn:aws-cn:ecs:cn-north-1:111122223333:cluster/prod', 'a'.repeat(255)],
    bad: [
      'a b',
      'a/b',
      'a'.repeat(256),
      'arn:aws:ecs:us-east-1:1:cluster/prod',
      'arn:aws:ecs:us-east-1:111122223333:service/a/b',
    ],
  },
  service: {
    parser: names.service,
    // The second is of the time before clusters were part of it (Amazon ECS Developer Guide, "Amazon Resource Names").
    good: [
      'web',
      'arn:aws:ecs:us-east-1:111122223333:service/web',
      'arn:aws-us-gov:ecs:us-gov-west-1:111122223333:service/prod/web',
    ],
    bad: ['prod/web', 'arn:aws:ecs:us-east-1:111122223333:service/', 'a.b'],
  },
  containerName: { parser: names.containerName, good: ['app', 'log_router-1'], bad: ['a.b', 'a b', ''] },
  accountId: {
    parser: names.accountId,
    good: ['012345678901'],
    bad: ['12345678901', '1234567890123', 'prod'],
  },
  imageReference: {
    parser: names.imageReference,
    good: [
      'nginx',
      'nginx:1.27',
      'library/nginx@' + DIGEST,
      '111122223333.dkr.ecr.us-east-1.amazonaws.com/team/backend:v1@' + DIGEST,
      'localhost:5000/a/b__c-d:latest',
      'public.ecr.aws/nginx/nginx:stable',
    ],
    bad: [
      'https://nginx',
      'docker://nginx',
      'Nginx',
      'a b',
      'nginx:',
      'nginx@sha256:12',
      'nginx:-a',
      '/nginx',
      'a//b',
    ],
  },
  tagOrDigest: {
    parser: names.tagOrDigest,
    good: ['v1.4.2', '_a', 'a'.repeat(128), DIGEST],
    bad: ['a'.repeat(129), '.a', '-a', 'a:b', 'a b', 'sha256:12'],
  },
  tagOrReference: {
    parser: names.tagOrReference,
    good: ['latest', 'V1', 'ghcr.io/a/b:c'],
    bad: ['a b', '-a', 'https://a/b'],
  },
  ecrRepository: {
    parser: names.ecrRepository,
    good: [
      'backend',
      'team/backend.api_v-2',
      '111122223333.dkr.ecr.us-east-1.amazonaws.com/backend',
      '111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn/team/backend',
      '111122223333.dkr.ecr-fips.us-gov-west-1.amazonaws.com/backend',
      '111122223333.dkr-ecr.us-east-1.on.aws/backend',
      '111122223333.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn/backend',
    ],
    bad: [
      'a',
      'Backend',
      'a//b',
      '/a/b',
      'a'.repeat(257),
      '12345.dkr.ecr.us-east-1.amazonaws.com/Backend',
      'https://111122223333.dkr.ecr.us-east-1.amazonaws.com/backend',
      'public.ecr.aws/nginx/nginx:1',
    ],
  },
  role: {
    parser: names.role,
    good: ['app-task', 'arn:aws:iam::111122223333:role/app', 'arn:aws-us-gov:iam::111122223333:role/a/b/app'],
    bad: ['arn:aws:iam::111122223333:user/app', 'arn:aws:iam::1:role/app', 'a b', 'path/app', 'a'.repeat(65)],
  },
  cpu: {
    parser: names.cpu,
    good: ['256', '1 vCPU', '.5 vcpu', '0.25VCPU', '2vcpu'],
    bad: ['0', '0 vCPU', '1.5', 'vCPU', '1 GB', '-1', '. vcpu'],
  },
  memory: {
    parser: names.memory,
    good: ['512', '2 GB', '.5gb', '1.5GB'],
    bad: ['0', '1.5', '1 MB', '2 G', '1 vCPU'],
  },
  environmentFile: {
    parser: names.environmentFile,
    good: ['arn:aws:s3:::bucket/app.env', 'arn:aws-cn:s3:::a.b-c/dir/x y,z.env'],
    bad: ['s3://bucket/app.env', 'arn:aws:s3:::bucket', 'arn:aws:s3:::bucket/', 'app.env'],
  },
  environmentName: { parser: names.environmentName, good: ['LOG_LEVEL', 'spring.url'], bad: ['A=1', 'A B'] },
  platform: {
    parser: names.platform,
    good: ['linux/amd64', 'linux/arm/v7'],
    bad: ['arm64', 'linux/', 'Linux/ARM64'],
  },
  alarmName: {
    parser: names.alarmName,
    good: ['5xx, high (prod)'],
    bad: ['arn:aws:cloudwatch:us-east-1:111122223333:alarm:x', 'a'.repeat(256), 'a\nb'],
  },
};

describe.each(Object.entries(table))('%s', (_name, { parser, good, bad }) => {
  it.each(good)('takes %j', (text) => {
    expect(parser(` ${text} `)).toEqual({ kind: 'value', value: text });
  });

  it.each(bad)('refuses %j in a sentence that says what is allowed', (text) => {
    const parsed = parser(text);
    expect(parsed).toMatchObject({ problems: [expect.stringMatching(/^".*(\.|") (Give|Leave) .+\.$/s)] });
  });
});

describe('an ECR repository with a tag', () => {
  it.each([
    ['backend:v1', 'backend'],
    [
      `111122223333.dkr.ecr.us-east-1.amazonaws.com/a/b@${DIGEST}`,
      '111122223333.dkr.ecr.us-east-1.amazonaws.com/a/b',
    ],
  ])('%j is refused with the name to give', (text, bare) => {
    expect(names.ecrRepository(text)).toMatchObject({
      problems: [expect.stringContaining(`Give "${bare}" here and the tag in image-tag.`)],
    });
  });
});

describe('a task definition', () => {
  it.each([
    ['task.json', { kind: 'file', path: 'task.json' }],
    ['.aws/task', { kind: 'file', path: '.aws/task' }],
    ['deploy\\task', { kind: 'file', path: 'deploy\\task' }],
    ['running', { kind: 'running' }],
    ['backend', { kind: 'family', family: 'backend' }],
    ['backend:12', { kind: 'revision', reference: 'backend:12' }],
    [
      'arn:aws:ecs:us-east-1:111122223333:task-definition/backend:12',
      { kind: 'revision', reference: 'arn:aws:ecs:us-east-1:111122223333:task-definition/backend:12' },
    ],
  ])('%j', (text, expected) => {
    expect(names.taskDefinition(` ${text}\n`)).toEqual({ kind: 'value', value: expected });
  });

  it.each([
    ['{"family": "web"}', 'it holds a definition itself'],
    ['family: web\ncontainerDefinitions: []', 'it holds a definition itself'],
    ['"td.json"', 'stands in quotes'],
    ["'web'", 'stands in quotes'],
  ])('%j is told what it is', (text, words) => {
    expect(JSON.stringify(names.taskDefinition(text))).toContain(words);
    expect(JSON.stringify(names.taskDefinition(text))).not.toContain('containerDefinitions');
  });

  it.each([
    'backend:0',
    'backend:latest',
    'back end',
    'a'.repeat(256),
    'a\nb.json',
    'arn:aws:ecs:us-east-1:111122223333:task-definition/backend',
    'arn:aws:ecs:us-east-1:111122223333:service/a/b',
  ])('%j is refused', (text) => {
    expect(names.taskDefinition(text)).toHaveProperty('problems');
  });
});

describe('the source of a secret', () => {
  it.each([
    'arn:aws:secretsmanager:us-east-1:111122223333:secret:db-AbCdEf:password::',
    'arn:aws:ssm:us-east-1:111122223333:parameter/prod/db',
    '/prod/db',
    'db.password',
  ])('%j', (text) => {
    expect(names.wrongSecretSource(text)).toBeUndefined();
  });

  it.each(['p@ssw0rd!', '', ' /prod/db', 'arn:aws:s3:::bucket/x y'])(
    '%j is refused, and not repeated',
    (text) => {
      expect(names.wrongSecretSource(text)).toMatch(/^does not say where its value is\. /);
    },
  );
});

describe('the partition of an ARN', () => {
  it.each([
    ['arn:aws-cn:ecs:us-east-1:111122223333:cluster/a', 'us-east-1', 'is in the partition aws-cn'],
    ['arn:aws:ecs:cn-north-1:111122223333:cluster/a', 'cn-north-1', 'Write arn:aws-cn:'],
    ['arn:aws:ecs:eu-west-1:111122223333:cluster/a', 'us-east-1', 'is in eu-west-1'],
  ])('%s is not one of a run in %s', (arn, here, words) => {
    expect(names.whereElse(names.clusterPlace(arn), here)).toContain(words);
  });

  it.each([
    ['arn:aws:ecs:us-east-1:111122223333:cluster/a', 'us-east-1'],
    ['arn:aws-us-gov:ecs:us-gov-west-1:111122223333:cluster/a', 'us-gov-west-1'],
    ['arn:aws-cn:ecs:cn-north-1:111122223333:cluster/a', undefined],
    ['prod', 'us-east-1'],
  ])('%s is one of a run in %s', (written, here) => {
    expect(names.whereElse(names.clusterPlace(written), here)).toBeUndefined();
  });
});

describe('a registry alone', () => {
  it.each(['123456789012.dkr.ecr.us-east-1.amazonaws.com', '123456789012.dkr.ecr.us-east-1.amazonaws.com/'])(
    '%s is no repository',
    (text) => {
      expect(JSON.stringify(names.ecrRepository(text))).toContain('is a registry');
    },
  );
});
