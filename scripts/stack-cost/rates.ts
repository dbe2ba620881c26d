/**
 * What the stack of infra/ costs beside its Fargate tasks (src/cost/rates.ts), and what other platforms cost: US
 * dollars, us-east-1, on demand, without tax and discounts. AWS's own price pages fill in their figures by script, so
 * each rate names a page that quotes it, with the date that it gives, and the page of AWS that has the figure of today.
 */
export interface StackRate {
  readonly dollars: number;
  /** What is charged, such as `hour` or `GB`. */
  readonly per: string;
  /** When the figure was true, as exactly as the source says: a month, a year, or `undated`. */
  readonly asOf: string;
  readonly source: string;
  /** The page of AWS to check it against. */
  readonly page: string;
}

/** A page, and the time of its figures. */
const SOURCES = {
  balancer: ['https://cloud-horizons.com/blog/alb-the-line-item-nobody-watches/', '2026-05'],
  nat: ['https://cloudburn.io/blog/aws-nat-gateway-pricing', '2026-02'],
  endpoint: ['https://awsnegotiations.com/privatelink-cost-analysis.html', '2026-05'],
  logs: ['https://c3x.dev/blog/cloudwatch-logs-cost-optimization', '2026-06'],
  alarm: ['https://c3x.dev/resources/aws/aws_cloudwatch_metric_alarm', 'undated'],
  dashboard: [
    'https://www.factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards/',
    '2026-06',
  ],
  metric: ['https://signoz.io/guides/cloudwatch-pricing', '2026-02'],
  kms: ['https://cloudburn.io/blog/aws-kms-pricing', '2026-03'],
  waf: ['https://awsnegotiations.com/waf-pricing-strategy.html', '2026'],
  ecr: ['https://cloudburn.io/blog/amazon-ecr-pricing', '2026-03'],
  ec2: ['https://www.factualminds.com/blog/amazon-ec2-on-demand-pricing-instance-families-2026/', '2026-06'],
  ebs: [
    'https://menuvis1-blip.github.io/autonomous-researcher/aws/architecture/storage/2026/02/24/amazon-ebs.html',
    '2026-02',
  ],
  lambda: ['https://wring.co/blog/aws-lambda-pricing-guide', '2026-03'],
  gateway: ['https://go-cloud.io/aws-api-gateway-pricing', '2026'],
  appRunner: ['https://aws.amazon.com/apprunner/pricing/', 'undated'],
} as const;

function rate(dollars: number, per: string, quoted: keyof typeof SOURCES, service: string): StackRate {
  const [source, asOf] = SOURCES[quoted];
  return { dollars, per, asOf, source, page: `https://aws.amazon.com/${service}/pricing/` };
}

export const STACK_RATES = {
  'load balancer': rate(0.0225, 'hour', 'balancer', 'elasticloadbalancing'),
  'load balancer capacity': rate(0.008, 'LCU-hour', 'balancer', 'elasticloadbalancing'),
  'NAT gateway': rate(0.045, 'hour', 'nat', 'vpc'),
  'NAT gateway traffic': rate(0.045, 'GB', 'nat', 'vpc'),
  'public IPv4 address': rate(0.005, 'hour', 'nat', 'vpc'),
  'interface endpoint': rate(0.01, 'hour in each zone', 'endpoint', 'privatelink'),
  'log ingestion': rate(0.5, 'GB', 'logs', 'cloudwatch'),
  'log storage': rate(0.03, 'GB-month', 'logs', 'cloudwatch'),
  alarm: rate(0.1, 'month', 'alarm', 'cloudwatch'),
  dashboard: rate(3, 'month', 'dashboard', 'cloudwatch'),
  metric: rate(0.3, 'month', 'metric', 'cloudwatch'),
  'KMS key': rate(1, 'month', 'kms', 'kms'),
  'web ACL': rate(5, 'month', 'waf', 'waf'),
  'web ACL rule': rate(1, 'month', 'waf', 'waf'),
  'web ACL requests': rate(0.6, 'million', 'waf', 'waf'),
  'image storage': rate(0.1, 'GB-month', 'ecr', 'ecr'),
} as const satisfies Readonly<Record<string, StackRate>>;

/** Of the platforms in docs/alternatives.md. */
export const PLATFORM_RATES = {
  'EC2 m7g.large (2 vCPU, 8 GB)': rate(0.0816, 'hour', 'ec2', 'ec2'),
  'EBS gp3': rate(0.08, 'GB-month', 'ebs', 'ebs'),
  'Lambda requests': rate(0.2, 'million', 'lambda', 'lambda'),
  'Lambda compute (ARM64)': rate(0.0000133334, 'GB-second', 'lambda', 'lambda'),
  'HTTP API of API Gateway': rate(1, 'million requests', 'gateway', 'api-gateway'),
  'App Runner memory': rate(0.007, 'GB-hour', 'appRunner', 'apprunner'),
  'App Runner vCPU, while requests are served': rate(0.064, 'vCPU-hour', 'appRunner', 'apprunner'),
} as const satisfies Readonly<Record<string, StackRate>>;
