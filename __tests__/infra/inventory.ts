/** What exists in an AWS, asked of every service that the stack uses. */

interface Listing {
  /** The name under which requests are signed. */
  readonly service: string;
  readonly action: string;
  /** Of the Query protocol: its version. Of awsJson: the prefix of its target. Neither: a GET of the path. */
  readonly version?: string;
  readonly target?: string;
  readonly body?: object;
  /** Finds what identifies each thing in the answer. */
  readonly ids: RegExp;
}

const ec2 = (action: string, element: string): Listing => ({
  service: 'ec2',
  action,
  version: '2016-11-15',
  ids: new RegExp(`<${element}>([^<]+)<`, 'g'),
});
const query = (service: string, version: string, action: string, element: string): Listing => ({
  service,
  action,
  version,
  ids: new RegExp(`<${element}>([^<]+)<`, 'g'),
});
const json = (service: string, target: string, action: string, field: string, body = {}): Listing => ({
  service,
  action,
  target,
  body,
  ids: new RegExp(`"${field}": ?"([^"]+)"`, 'g'),
});

const LISTINGS: readonly Listing[] = [
  ec2('DescribeVpcs', 'vpcId'),
  ec2('DescribeSubnets', 'subnetId'),
  ec2('DescribeSecurityGroups', 'groupId'),
  ec2('DescribeRouteTables', 'routeTableId'),
  ec2('DescribeInternetGateways', 'internetGatewayId'),
  ec2('DescribeAddresses', 'allocationId'),
  ec2('DescribeFlowLogs', 'flowLogId'),
  ec2('DescribeLaunchTemplates', 'launchTemplateId'),
  query('autoscaling', '2011-01-01', 'DescribeAutoScalingGroups', 'AutoScalingGroupARN'),
  query('elasticloadbalancing', '2015-12-01', 'DescribeLoadBalancers', 'LoadBalancerArn'),
  query('elasticloadbalancing', '2015-12-01', 'DescribeTargetGroups', 'TargetGroupArn'),
  query('iam', '2010-05-08', 'ListRoles', 'Arn'),
  query('iam', '2010-05-08', 'ListInstanceProfiles', 'Arn'),
  query('iam', '2010-05-08', 'ListOpenIDConnectProviders', 'Arn'),
  json('ecs', 'AmazonEC2ContainerServiceV20141113', 'DescribeCapacityProviders', 'capacityProviderArn', {
    capacityProviders: ['backend-gpu'],
  }),
  json('ecr', 'AmazonEC2ContainerRegistry_V20150921', 'DescribeRepositories', 'repositoryArn'),
  json('logs', 'Logs_20140328', 'DescribeLogGroups', 'arn'),
  json('kms', 'TrentService', 'ListAliases', 'AliasName'),
  json('acm', 'CertificateManager', 'ListCertificates', 'CertificateArn'),
  json('wafv2', 'AWSWAF_20190729', 'ListWebACLs', 'ARN', { Scope: 'REGIONAL' }),
  json('application-autoscaling', 'AnyScaleFrontendService', 'DescribeScalableTargets', 'ResourceId', {
    ServiceNamespace: 'ecs',
  }),
  query('monitoring', '2010-08-01', 'DescribeAlarms', 'AlarmArn'),
  query('monitoring', '2010-08-01', 'ListDashboards', 'DashboardName'),
  { service: 's3', action: '/', ids: /<Name>([^<]+)</g },
];

/**
 * What AWS shows for a while after it was deleted, with its state. moto shows these for ever, and the network interfaces
 * of deleted NAT gateways as well, which are therefore not asked for.
 */
const FADING: readonly Listing[] = [
  {
    ...ec2('DescribeNatGateways', ''),
    ids: /<natGatewayId>([^<]+)<(?:(?!<natGatewayId>)[^])*?<state>(?!delet)/g,
  },
  {
    ...ec2('DescribeVpcEndpoints', ''),
    ids: /<vpcEndpointId>([^<]+)<(?:(?!<vpcEndpointId>)[^])*?<state>(?!delet)/g,
  },
  {
    ...json('ecs', 'AmazonEC2ContainerServiceV20141113', 'DescribeClusters', '', {
      clusters: ['backend-prod', 'backend-gpu'],
    }),
    ids: /"clusterArn": ?"([^"]+)"(?:(?!"clusterArn")[^])*?"status": ?"(?!INACTIVE)/g,
  },
];

/** Identifiers of everything that exists, `service action id`, sorted. Throws where a service does not answer well. */
export async function inventory(url: string): Promise<string[]> {
  const found = await Promise.all([...LISTINGS, ...FADING].map((listing) => list(url, listing)));
  return [...new Set(found.flat())].sort();
}

async function list(url: string, listing: Listing): Promise<string[]> {
  const text = await ask(url, listing);
  return [...text.matchAll(listing.ids)].map(([, id = '']) => `${listing.service} ${listing.action} ${id}`);
}

async function ask(url: string, { service, action, version, target, body }: Listing): Promise<string> {
  const authorization = `AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;
  const answer = await (target !== undefined
    ? fetch(url, {
        method: 'POST',
        headers: {
          authorization,
          'content-type': 'application/x-amz-json-1.1',
          'x-amz-target': `${target}.${action}`,
        },
        body: JSON.stringify(body ?? {}),
      })
    : version !== undefined
      ? fetch(url, {
          method: 'POST',
          headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
          body: new URLSearchParams({ Action: action, Version: version }).toString(),
        })
      : fetch(`${url}${action}`, { headers: { authorization } }));
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${service} ${action} answered ${answer.status}: ${text.slice(0, 300)}`);
  return text;
}
