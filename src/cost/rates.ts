/**
 * What AWS charges: US dollars, on demand, Linux, without tax and discounts. This is the one file of prices: the cost
 * that the action shows, the bills and tables of the guides, and their tests take them from here.
 *
 * `npm run prices` writes what is below the line from AWS's price list, for every region that has Fargate. A figure
 * that does not come from there names the page that quotes it.
 */
import type { Architecture } from '../model/index.ts';

export interface Rate {
  readonly vcpuHour: number;
  readonly gigabyteHour: number;
}

export interface RegionRates {
  readonly rates: Readonly<Partial<Record<Architecture, Rate>>>;
  /** For each GiB of ephemeral storage above the free ones; undefined where it is not known. */
  readonly storageGigabyteHour: number | undefined;
  /** When the figures were true, as year and month. */
  readonly asOf: string;
  readonly source: string;
}

/** What one thing costs in us-east-1. */
export interface Price {
  readonly dollars: number;
  /** What one costs that, such as `hour` or `GB`. */
  readonly per: string;
  /** When the figure was true: a day, or as exactly as the source says: a month, a year, or `undated`. */
  readonly asOf: string;
  readonly source: string;
}

/** Ephemeral storage that every task has without charge, in GiB. */
export const FREE_STORAGE = 20;

/** A month of AWS's own calculator. */
export const HOURS_A_MONTH = 730;

// What follows is written by scripts/prices.ts.

/** Fargate. A region that is not here has no figure: prices differ by up to half, and a guess would be taken for one. */
export const RATES: Readonly<Record<string, RegionRates>> = {
  'us-east-1': {
    rates: {
      x86: { vcpuHour: 0.04048, gigabyteHour: 0.004445 },
      ARM: { vcpuHour: 0.03238, gigabyteHour: 0.00356 },
    },
    storageGigabyteHour: 0.000111,
    asOf: '2026-04',
    source: 'https://cloudburn.io/blog/aws-fargate-pricing',
  },
  'eu-central-1': {
    rates: { x86: { vcpuHour: 0.04656, gigabyteHour: 0.00511 } },
    storageGigabyteHour: undefined,
    asOf: '2026-07',
    source: 'https://aws.amazon.com/fargate/pricing/',
  },
};

/** Everything else. */
export const PRICES = {
  'load balancer': {
    dollars: 0.0225,
    per: 'hour',
    asOf: '2026-05',
    source: 'https://cloud-horizons.com/blog/alb-the-line-item-nobody-watches/',
  },
  'load balancer capacity': {
    dollars: 0.008,
    per: 'LCU-hour',
    asOf: '2026-05',
    source: 'https://cloud-horizons.com/blog/alb-the-line-item-nobody-watches/',
  },
  'NAT gateway': {
    dollars: 0.045,
    per: 'hour',
    asOf: '2026-02',
    source: 'https://cloudburn.io/blog/aws-nat-gateway-pricing',
  },
  'NAT gateway traffic': {
    dollars: 0.045,
    per: 'GB',
    asOf: '2026-02',
    source: 'https://cloudburn.io/blog/aws-nat-gateway-pricing',
  },
  'public IPv4 address': {
    dollars: 0.005,
    per: 'hour',
    asOf: '2026-02',
    source: 'https://cloudburn.io/blog/aws-nat-gateway-pricing',
  },
  'interface endpoint': {
    dollars: 0.01,
    per: 'hour in each zone',
    asOf: '2026-05',
    source: 'https://awsnegotiations.com/privatelink-cost-analysis.html',
  },
  'log ingestion': {
    dollars: 0.5,
    per: 'GB',
    asOf: '2026-06',
    source: 'https://c3x.dev/blog/cloudwatch-logs-cost-optimization',
  },
  'log storage': {
    dollars: 0.03,
    per: 'GB-month',
    asOf: '2026-06',
    source: 'https://c3x.dev/blog/cloudwatch-logs-cost-optimization',
  },
  alarm: {
    dollars: 0.1,
    per: 'month',
    asOf: 'undated',
    source: 'https://c3x.dev/resources/aws/aws_cloudwatch_metric_alarm',
  },
  dashboard: {
    dollars: 3,
    per: 'month',
    asOf: '2026-06',
    source: 'https://www.factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards/',
  },
  metric: {
    dollars: 0.3,
    per: 'month',
    asOf: '2026-02',
    source: 'https://signoz.io/guides/cloudwatch-pricing',
  },
  'KMS key': {
    dollars: 1,
    per: 'month',
    asOf: '2026-03',
    source: 'https://cloudburn.io/blog/aws-kms-pricing',
  },
  'web ACL': {
    dollars: 5,
    per: 'month',
    asOf: '2026',
    source: 'https://awsnegotiations.com/waf-pricing-strategy.html',
  },
  'web ACL rule': {
    dollars: 1,
    per: 'month',
    asOf: '2026',
    source: 'https://awsnegotiations.com/waf-pricing-strategy.html',
  },
  'web ACL requests': {
    dollars: 0.6,
    per: 'million',
    asOf: '2026',
    source: 'https://awsnegotiations.com/waf-pricing-strategy.html',
  },
  'image storage': {
    dollars: 0.1,
    per: 'GB-month',
    asOf: '2026-03',
    source: 'https://cloudburn.io/blog/amazon-ecr-pricing',
  },
  'EC2 m7g.large (2 vCPU, 8 GB)': {
    dollars: 0.0816,
    per: 'hour',
    asOf: '2026-06',
    source: 'https://www.factualminds.com/blog/amazon-ec2-on-demand-pricing-instance-families-2026/',
  },
  'EBS gp3': {
    dollars: 0.08,
    per: 'GB-month',
    asOf: '2026-02',
    source:
      'https://menuvis1-blip.github.io/autonomous-researcher/aws/architecture/storage/2026/02/24/amazon-ebs.html',
  },
  'Lambda requests': {
    dollars: 0.2,
    per: 'million',
    asOf: '2026-03',
    source: 'https://wring.co/blog/aws-lambda-pricing-guide',
  },
  'Lambda compute (ARM64)': {
    dollars: 0.0000133334,
    per: 'GB-second',
    asOf: '2026-03',
    source: 'https://wring.co/blog/aws-lambda-pricing-guide',
  },
  'HTTP API of API Gateway': {
    dollars: 1,
    per: 'million requests',
    asOf: '2026',
    source: 'https://go-cloud.io/aws-api-gateway-pricing',
  },
  'App Runner memory': {
    dollars: 0.007,
    per: 'GB-hour',
    asOf: 'undated',
    source: 'https://aws.amazon.com/apprunner/pricing/',
  },
  'App Runner vCPU, while requests are served': {
    dollars: 0.064,
    per: 'vCPU-hour',
    asOf: 'undated',
    source: 'https://aws.amazon.com/apprunner/pricing/',
  },
} as const satisfies Readonly<Record<string, Price>>;
