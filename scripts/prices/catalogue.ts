/** Which prices the repository uses, and where AWS's price list has them. */
import type { Wanted } from './price-list.ts';

export interface Entry extends Wanted {
  /** The service's code in the price list. */
  readonly offer: string;
  /** What one costs that. */
  readonly per: string;
  /** How many of the price list's units that is; one where it is left out. */
  readonly units?: number;
  /** The price list has it in the file of all regions only. */
  readonly everywhere?: boolean;
  /** The page of AWS that shows the figure of today. */
  readonly page: string;
}

/** All prices but Fargate's are those of this region. */
export const REGION = 'us-east-1';

type Details = Omit<Entry, 'name' | 'offer' | 'per' | 'page' | 'usageTypes'>;

function entry(
  name: string,
  per: string,
  [offer, ...usageTypes]: readonly [string, ...string[]],
  service: string,
  details: Details = {},
): Entry {
  return { name, per, offer, usageTypes, page: `https://aws.amazon.com/${service}/pricing/`, ...details };
}

const APPLICATION = { productFamily: 'Load Balancer-Application' };

/** What the stack of infra/ costs beside its Fargate tasks. */
export const STACK: readonly Entry[] = [
  entry('load balancer', 'hour', ['AWSELB', 'LoadBalancerUsage'], 'elasticloadbalancing', APPLICATION),
  entry('load balancer capacity', 'LCU-hour', ['AWSELB', 'LCUUsage'], 'elasticloadbalancing', APPLICATION),
  entry('NAT gateway', 'hour', ['AmazonEC2', 'NatGateway-Hours'], 'vpc', { operation: 'NatGateway' }),
  entry('NAT gateway traffic', 'GB', ['AmazonEC2', 'NatGateway-Bytes'], 'vpc', { operation: 'NatGateway' }),
  entry('public IPv4 address', 'hour', ['AmazonVPC', 'PublicIPv4:InUseAddress'], 'vpc'),
  entry('interface endpoint', 'hour in each zone', ['AmazonVPC', 'VpcEndpoint-Hours'], 'privatelink', {
    operation: 'VpcEndpoint',
  }),
  entry('log ingestion', 'GB', ['AmazonCloudWatch', 'DataProcessing-Bytes'], 'cloudwatch', {
    operation: 'PutLogEvents',
  }),
  entry('log storage', 'GB-month', ['AmazonCloudWatch', 'TimedStorage-ByteHrs'], 'cloudwatch'),
  entry('alarm', 'month', ['AmazonCloudWatch', 'CW:AlarmMonitorUsage'], 'cloudwatch'),
  entry('dashboard', 'month', ['AmazonCloudWatch', 'DashboardsUsageHour-Basic'], 'cloudwatch', {
    everywhere: true,
  }),
  entry('metric', 'month', ['AmazonCloudWatch', 'CW:MetricMonitorUsage'], 'cloudwatch'),
  entry('KMS key', 'month', ['awskms', 'KMS-Keys'], 'kms'),
  entry('web ACL', 'month', ['awswaf', 'WebACLV2'], 'waf'),
  entry('web ACL rule', 'month', ['awswaf', 'RuleV2'], 'waf'),
  entry('web ACL requests', 'million', ['awswaf', 'RequestV2-Tier0', 'RequestV2-Tier1'], 'waf', {
    units: 1e6,
  }),
  entry('image storage', 'GB-month', ['AmazonECR', 'TimedStorage-ByteHrs'], 'ecr'),
];

/** What the platforms of docs/alternatives.md cost. */
export const PLATFORMS: readonly Entry[] = [
  entry('EC2 m7g.large (2 vCPU, 8 GB)', 'hour', ['AmazonEC2', 'BoxUsage:m7g.large'], 'ec2', {
    operation: 'RunInstances',
  }),
  entry('EBS gp3', 'GB-month', ['AmazonEC2', 'EBS:VolumeUsage.gp3'], 'ebs'),
  entry('Lambda requests', 'million', ['AWSLambda', 'Request-ARM', 'Request'], 'lambda', { units: 1e6 }),
  entry('Lambda compute (ARM64)', 'GB-second', ['AWSLambda', 'Lambda-GB-Second-ARM'], 'lambda'),
  entry(
    'HTTP API of API Gateway',
    'million requests',
    ['AmazonApiGateway', 'ApiGatewayHttpRequest'],
    'api-gateway',
    { units: 1e6 },
  ),
  entry('App Runner memory', 'GB-hour', ['AWSAppRunner', 'AppRunner-Provisioned-GB-hours'], 'apprunner'),
  entry(
    'App Runner vCPU, while requests are served',
    'vCPU-hour',
    ['AWSAppRunner', 'AppRunner-vCPU-hours'],
    'apprunner',
  ),
];

/** What Fargate costs in a region, Linux. */
export const FARGATE_OFFER = 'AmazonECS';
export const FARGATE = [
  { name: 'x86 vCPU', usageTypes: ['Fargate-vCPU-Hours:perCPU'] },
  { name: 'x86 GB', usageTypes: ['Fargate-GB-Hours'] },
  { name: 'ARM vCPU', usageTypes: ['Fargate-ARM-vCPU-Hours:perCPU'] },
  { name: 'ARM GB', usageTypes: ['Fargate-ARM-GB-Hours'] },
  { name: 'storage', usageTypes: ['Fargate-EphemeralStorage-GB-Hours'] },
] as const satisfies readonly Wanted[];
