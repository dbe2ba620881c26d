/**
 * What IAM is asked when Terraform works on a stack: for each action the resources and condition keys, as the Service
 * Authorization Reference has them. The names are those of the modules of infra/, so the same action can be asked for
 * the stack itself and for a neighbour.
 */
import type { Authorization } from './evaluate.ts';

export interface StackNames {
  /** Such as `backend-prod`. */
  readonly prefix: string;
  /** IAM path of the roles. */
  readonly rolePath: string;
}

export const ACCOUNT = '123456789012';
export const REGION = 'us-east-1';

/** Actions that change nothing; most of them know no resource. */
const READS = /^(\w|-)+:(Describe|Get|List|Head|BatchGet)/;

/** Whether an action changes something. Reading parameters is no harmless read: they may be secrets. */
export function changes(action: string): boolean {
  return !READS.test(action) || action === 'ssm:GetParameters';
}

/**
 * The calls with which Terraform uses an action on this stack, each with everything that IAM is asked for it: a call is
 * possible where all of that is allowed. Throws for an action that is not known here: look it up.
 */
export function callsOf(action: string, stack: StackNames): Authorization[][] {
  const [service = ''] = action.split(':');
  const rule = RULES[service];
  if (rule === undefined)
    throw new Error(`What ${action} asks of IAM is not known: look it up, add it here.`);
  return rule(action, stack).map((call) =>
    call.map(({ resource, context = {} }) => ({ action, resource, context })),
  );
}

interface Asked {
  readonly resource: string;
  readonly context?: Readonly<Record<string, string>>;
}

type Rule = (action: string, stack: StackNames) => readonly (readonly Asked[])[];

const arn = (service: string, rest: string, region: string = REGION, account: string = ACCOUNT): string =>
  `arn:aws:${service}:${region}:${account}:${rest}`;

/** Something that is there and has the tag of the stack. */
const own = (resource: string, { prefix }: StackNames): Asked => ({
  resource,
  context: { 'aws:ResourceTag/Stack': prefix },
});

/** Something that comes into being with the tag of the stack. */
const made = (resource: string, { prefix }: StackNames): Asked => ({
  resource,
  context: { 'aws:RequestTag/Stack': prefix, 'aws:RequestedRegion': REGION },
});

const anything = [[{ resource: '*', context: { 'aws:RequestedRegion': REGION } }]];

/** Ids that AWS chooses. */
const ID = '0123456789abcdef0';

/** What each call makes, and what it needs that is there (Service Authorization Reference, Amazon EC2). */
const EC2_MAKES: Readonly<Record<string, readonly [string, ...string[]]>> = {
  AllocateAddress: ['elastic-ip'],
  CreateFlowLogs: ['vpc-flow-log', 'vpc'],
  CreateInternetGateway: ['internet-gateway'],
  CreateLaunchTemplate: ['launch-template'],
  CreateNatGateway: ['natgateway', 'subnet', 'elastic-ip'],
  CreateRouteTable: ['route-table', 'vpc'],
  CreateSecurityGroup: ['security-group', 'vpc'],
  CreateSubnet: ['subnet', 'vpc'],
  CreateVpc: ['vpc'],
  CreateVpcEndpoint: ['vpc-endpoint', 'vpc', 'subnet', 'security-group', 'route-table'],
  AuthorizeSecurityGroupEgress: ['security-group-rule', 'security-group'],
  AuthorizeSecurityGroupIngress: ['security-group-rule', 'security-group'],
};

/** What AWS asks for besides, where something is made with tags or with the image that is current (ibidem). */
export const IMPLIED = [
  ...['acm:AddTagsToCertificate', 'application-autoscaling:TagResource', 'cloudwatch:TagResource'],
  ...['ecs:TagResource', 'elasticloadbalancing:AddTags', 'iam:TagInstanceProfile', 'iam:TagRole'],
  ...['kms:TagResource', 'logs:TagResource', 'ssm:GetParameters', 'wafv2:TagResource'],
];

/** Of the domain, and of names in Cloud Map, which the stack of the list does not have. */
export const FURTHER = [
  ...[
    'acm:DeleteCertificate',
    'acm:DescribeCertificate',
    'acm:ListTagsForCertificate',
    'acm:RequestCertificate',
  ],
  ...['route53:ChangeResourceRecordSets', 'route53:GetChange', 'route53:GetHostedZone'],
  ...['route53:ListResourceRecordSets', 'servicediscovery:CreateHttpNamespace'],
  ...['servicediscovery:DeleteNamespace', 'servicediscovery:GetNamespace', 'servicediscovery:GetOperation'],
  ...['servicediscovery:ListTagsForResource', 'servicediscovery:TagResource'],
];

/** What decides who may do what, and so is for a person. */
export const FOR_A_PERSON = [
  ...['iam:AttachRolePolicy', 'iam:CreatePolicy', 'iam:DeletePolicy', 'iam:DetachRolePolicy'],
  ...['iam:ListPolicyVersions'],
];

const RULES: Readonly<Record<string, Rule>> = {
  acm: (action, stack) => {
    const make = /:(RequestCertificate|AddTagsToCertificate)$/.test(action) ? made : own;
    return [[make(arn('acm', `certificate/${ID}`), stack)]];
  },
  'application-autoscaling': (action, stack) => {
    const make = /:(RegisterScalableTarget|TagResource)$/.test(action) ? made : own;
    return /:Describe/.test(action)
      ? anything
      : [[make(arn('application-autoscaling', `scalable-target/${ID}`), stack)]];
  },
  autoscaling: (action, stack) => {
    const make = action.endsWith(':CreateAutoScalingGroup') ? made : own;
    const group = arn('autoscaling', `autoScalingGroup:${ID}:autoScalingGroupName/${stack.prefix}-1`);
    return /:Describe/.test(action) ? anything : [[make(group, stack)]];
  },
  cloudwatch: (action, { prefix }) =>
    /Dashboard/.test(action)
      ? [[{ resource: `arn:aws:cloudwatch::${ACCOUNT}:dashboard/${prefix}` }]]
      : ['-errors', '-unhealthy', '--worker-errors'].map((end) => [
          { resource: arn('cloudwatch', `alarm:${prefix}${end}`) },
        ]),
  ec2: (action, stack) => {
    const name = action.slice('ec2:'.length);
    if (name === 'CreateTags') {
      const { resource, context } = made(arn('ec2', `subnet/${ID}`), stack);
      return [
        [own(arn('ec2', `subnet/${ID}`), stack)],
        [{ resource, context: { ...context, 'ec2:CreateAction': 'CreateSubnet' } }],
      ];
    }
    const [makes, ...needs] = EC2_MAKES[name] ?? [];
    if (/^(Describe|Get)/.test(name)) return anything;
    if (makes === undefined) return [[own(arn('ec2', `security-group/sg-${ID}`), stack)]];
    return [
      [
        made(arn('ec2', `${makes}/${ID}`), stack),
        ...needs.map((type) => own(arn('ec2', `${type}/${ID}`), stack)),
      ],
    ];
  },
  ecr: () => [[{ resource: arn('ecr', 'repository/backend') }]],
  ecs: (action, { prefix }) => {
    const name = action.slice('ecs:'.length);
    const ecs = (rest: string): Asked[] => [{ resource: arn('ecs', rest) }];
    if (name === 'CreateCluster' || name === 'DescribeTaskDefinition') return anything;
    if (/^(Create|Delete|Update)CapacityProvider$|^DescribeCapacityProviders$/.test(name)) {
      return [ecs(`capacity-provider/${prefix}`)];
    }
    if (/TaskDefinition/.test(name)) {
      return ['', '--worker'].map((end) => ecs(`task-definition/${prefix}${end}:1`));
    }
    if (/Service/.test(name)) return [ecs(`service/${prefix}/backend`)];
    return [ecs(`cluster/${prefix}`)];
  },
  elasticloadbalancing: (action, stack) => {
    const make = /:Create(LoadBalancer|TargetGroup)$/.test(action) ? made : own;
    const balancer = arn('elasticloadbalancing', `loadbalancer/app/${stack.prefix}/${ID}`);
    if (action.endsWith(':AddTags')) {
      const { resource, context } = made(balancer, stack);
      const creation = { 'elasticloadbalancing:CreateAction': 'CreateLoadBalancer' };
      return [[own(balancer, stack)], [{ resource, context: { ...context, ...creation } }]];
    }
    return /:Describe/.test(action) ? anything : [[make(balancer, stack)]];
  },
  iam: (action, { prefix, rolePath }) => {
    const name = action.slice('iam:'.length);
    const iam = (rest: string): string => `arn:aws:iam::${ACCOUNT}:${rest}`;
    const boundary = iam(`policy${rolePath}${prefix}-boundary`);
    if (name === 'ListOpenIDConnectProviders') return anything;
    if (/OpenIDConnectProvider/.test(name)) {
      return [[{ resource: iam('oidc-provider/token.actions.githubusercontent.com') }]];
    }
    if (/^(Get|List|Create|Delete|Tag)Policy/.test(name)) return [[{ resource: boundary }]];
    if (/InstanceProfile$/.test(name)) {
      return [[{ resource: iam(`instance-profile${rolePath}${prefix}-instance`) }]];
    }
    const context = { 'iam:PermissionsBoundary': boundary };
    return ['task', 'deploy', 'instance'].map((end) => [
      { resource: iam(`role${rolePath}${prefix}-${end}`), context },
    ]);
  },
  kms: (action, stack) => {
    const make = /:(CreateKey|TagResource)$/.test(action) ? made : own;
    const key = make(arn('kms', `key/${ID}`), stack);
    if (action === 'kms:ListAliases') return anything;
    return [/Alias$/.test(action) ? [key, { resource: arn('kms', `alias/${stack.prefix}-logs`) }] : [key]];
  },
  logs: (action, { prefix }) =>
    /LogDeliver|ResourcePolic|DescribeLogGroups/.test(action)
      ? anything
      : [`/ecs/${prefix}`, `/ecs/${prefix}/exec`, `/vpc/${prefix}`, `aws-waf-logs-${prefix}`].map((group) => [
          { resource: arn('logs', `log-group:${group}`) },
        ]),
  route53: (action, { prefix }) =>
    action === 'route53:GetChange'
      ? anything
      : [
          [
            {
              resource: 'arn:aws:route53:::hostedzone/Z0123456789ABC',
              context: { 'route53:ChangeResourceRecordSetsNormalizedRecordNames': `${prefix}.example.com` },
            },
          ],
        ],
  s3: (action, { prefix }) => [
    [
      {
        resource: `arn:aws:s3:::${prefix}-logs-20260102150405000000000001${/(?<!Bucket)Object/.test(action) ? '/key' : ''}`,
      },
    ],
  ],
  servicediscovery: (action, stack) => {
    const make = /:(CreateHttpNamespace|TagResource)$/.test(action) ? made : own;
    return /:(GetOperation|ListNamespaces)$/.test(action)
      ? anything
      : [[make(arn('servicediscovery', `namespace/ns-${ID}`), stack)]];
  },
  ssm: () => [
    [
      {
        resource: `arn:aws:ssm:${REGION}::parameter/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended`,
      },
    ],
  ],
  sts: () => anything,
  wafv2: (action, { prefix }) => [
    [
      { resource: arn('wafv2', `regional/webacl/${prefix}/${ID}`) },
      ...(/Associate|Disassociate|ForResource/.test(action)
        ? [{ resource: arn('elasticloadbalancing', `loadbalancer/app/${prefix}/${ID}`) }]
        : []),
    ],
  ],
};
