import { describe, expect, it } from '@jest/globals';
import {
  byDigest,
  ecrRepositoryOf,
  parseImageReference,
  shortReference,
} from '../../src/aws/image-reference.ts';
import { lastSegment, parseArn, partitionOf, revisionName, shortenArns } from '../../src/aws/arn.ts';

describe('an image reference', () => {
  it.each([
    ['nginx', 'nginx', undefined, undefined],
    ['nginx:1.27', 'nginx', '1.27', undefined],
    ['host:5000/web', 'host:5000/web', undefined, undefined],
    ['host:5000/org/web:2', 'host:5000/org/web', '2', undefined],
    ['host:5000/web@sha256:a', 'host:5000/web', undefined, 'sha256:a'],
    ['web:2@sha256:a', 'web', '2', 'sha256:a'],
  ])('%s has its parts', (reference, repository, tag, digest) => {
    expect(parseImageReference(reference)).toEqual({ repository, tag, digest });
  });

  it.each([
    ['web:2', 'web@sha256:b'],
    ['host:5000/web:2@sha256:a', 'host:5000/web@sha256:b'],
  ])('%s by digest loses its tag', (reference, pinned) => {
    expect(byDigest(reference, 'sha256:b')).toBe(pinned);
  });
});

describe('a private ECR registry', () => {
  it.each([
    ['123456789012.dkr.ecr.us-east-1.amazonaws.com', 'us-east-1'],
    ['123456789012.dkr.ecr-fips.us-east-1.amazonaws.com', 'us-east-1'],
    ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
    ['123456789012.dkr.ecr.us-gov-west-1.amazonaws.com', 'us-gov-west-1'],
    ['123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com', 'us-gov-west-1'],
    ['123456789012.dkr-ecr.eu-west-1.on.aws', 'eu-west-1'],
    ['123456789012.dkr-ecr-fips.us-gov-east-1.on.aws', 'us-gov-east-1'],
    ['123456789012.dkr-ecr.cn-northwest-1.on.amazonwebservices.com.cn', 'cn-northwest-1'],
    ['123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu', 'eusc-de-east-1'],
    ['123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov', 'us-iso-east-1'],
    ['123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov', 'us-isob-east-1'],
    ['123456789012.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk', 'eu-isoe-west-1'],
    ['123456789012.dkr.ecr.us-isof-south-1.csp.hci.ic.gov', 'us-isof-south-1'],
  ])('%s is known by its host', (host, region) => {
    const expected = { host, accountId: '123456789012', region, name: 'team/web' };
    expect(ecrRepositoryOf(`${host}/team/web:1@sha256:a`)).toEqual(expected);
    expect(ecrRepositoryOf(`${host}/team/web`)).toEqual(expected);
  });

  it.each([
    'nginx',
    'public.ecr.aws/nginx/nginx:1',
    '123456789012.dkr.ecr.us-east-1.amazonaws.com',
    '12345.dkr.ecr.us-east-1.amazonaws.com/web',
    '123456789012.dkr.ecr.us-east-1.amazonaws.com.evil.example/web',
    'evil.example/123456789012.dkr.ecr.us-east-1.amazonaws.com/web',
    '123456789012.dkr.ecr.us-east-1.amazonawsXcom/web',
  ])('%s is none', (reference) => {
    expect(ecrRepositoryOf(reference)).toBeUndefined();
  });
});

describe('a partition', () => {
  it.each([
    ['us-east-1', 'aws', 'amazonaws.com'],
    ['mx-central-1', 'aws', 'amazonaws.com'],
    ['cn-north-1', 'aws-cn', 'amazonaws.com.cn'],
    ['us-gov-east-1', 'aws-us-gov', 'amazonaws.com'],
    ['eusc-de-east-1', 'aws-eusc', 'amazonaws.eu'],
    ['us-iso-west-1', 'aws-iso', 'c2s.ic.gov'],
    ['us-isob-east-1', 'aws-iso-b', 'sc2s.sgov.gov'],
    ['eu-isoe-west-1', 'aws-iso-e', 'cloud.adc-e.uk'],
    ['us-isof-east-1', 'aws-iso-f', 'csp.hci.ic.gov'],
  ])('of %s is %s', (region, id, dnsSuffix) => {
    expect(partitionOf(region)).toMatchObject({ id, dnsSuffix });
  });
});

describe('an ARN', () => {
  it('has its parts, colons in the resource included', () => {
    expect(parseArn('arn:aws-cn:ecs:cn-north-1:1:task-definition/web:7')).toEqual({
      partition: 'aws-cn',
      service: 'ecs',
      region: 'cn-north-1',
      accountId: '1',
      resource: 'task-definition/web:7',
    });
    expect(parseArn('web')).toBeUndefined();
  });

  it.each([
    ['arn:aws:ecs:x:1:task-definition/web:7', 'web:7'],
    ['web:7', 'web:7'],
  ])('%s names the revision %s', (arn, name) => {
    expect(revisionName(arn)).toBe(name);
  });

  it('ends in a name', () => {
    expect([lastSegment('arn:aws:ecs:x:1:service/prod/web'), lastSegment('web')]).toEqual(['web', 'web']);
  });

  it('of a target group is long: a sentence names the group alone', () => {
    const arn =
      'arn:aws-us-gov:elasticloadbalancing:us-gov-west-1:123456789012:targetgroup/web-blue/0123abcd';
    expect(shortenArns(`unhealthy in (target-group ${arn}) due to x`)).toBe(
      'unhealthy in (target-group web-blue) due to x',
    );
  });
});

it.each([
  [
    '123456789012.dkr.ecr.us-east-1.amazonaws.com/team/web:v2@sha256:0123456789abcdef',
    'team/web:v2@sha256:0123456789ab',
  ],
  ['public.ecr.aws/nginx/nginx:1.27', 'public.ecr.aws/nginx/nginx:1.27'],
  ['web', 'web'],
])('%s is %s in a line of the log', (reference, short) => {
  expect(shortReference(reference)).toBe(short);
});
