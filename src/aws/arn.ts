/** What differs between the AWS partitions: the suffix of host names and the console's address. */
export interface Partition {
  readonly id:
    'aws' | 'aws-cn' | 'aws-us-gov' | 'aws-eusc' | 'aws-iso' | 'aws-iso-b' | 'aws-iso-e' | 'aws-iso-f';
  readonly dnsSuffix: string;
  readonly console: string | undefined;
}

const PARTITIONS: readonly (Partition & { readonly regions: RegExp })[] = [
  {
    id: 'aws-cn',
    regions: /^cn-/,
    dnsSuffix: 'amazonaws.com.cn',
    console: 'https://console.amazonaws.cn',
  },
  {
    id: 'aws-us-gov',
    regions: /^us-gov-/,
    dnsSuffix: 'amazonaws.com',
    console: 'https://console.amazonaws-us-gov.com',
  },
  {
    id: 'aws-eusc',
    regions: /^eusc-/,
    dnsSuffix: 'amazonaws.eu',
    console: 'https://console.amazonaws-eusc.eu',
  },
  { id: 'aws-iso', regions: /^us-iso-/, dnsSuffix: 'c2s.ic.gov', console: undefined },
  { id: 'aws-iso-b', regions: /^us-isob-/, dnsSuffix: 'sc2s.sgov.gov', console: undefined },
  { id: 'aws-iso-e', regions: /^eu-isoe-/, dnsSuffix: 'cloud.adc-e.uk', console: undefined },
  { id: 'aws-iso-f', regions: /^us-isof-/, dnsSuffix: 'csp.hci.ic.gov', console: undefined },
];

const COMMERCIAL: Partition = {
  id: 'aws',
  dnsSuffix: 'amazonaws.com',
  console: 'https://console.aws.amazon.com',
};

/** The partition of a region, by the naming scheme of AWS's endpoint rules. */
export function partitionOf(region: string): Partition {
  return PARTITIONS.find((partition) => partition.regions.test(region)) ?? COMMERCIAL;
}

export interface Arn {
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly accountId: string;
  /** Everything after the fifth colon. */
  readonly resource: string;
}

/** The parts of an ARN, or undefined for a text that is none. */
export function parseArn(text: string): Arn | undefined {
  const match = /^arn:([^:]+):([^:]+):([^:]*):([^:]*):(.+)$/.exec(text);
  if (match === null) return undefined;
  const [, partition = '', service = '', region = '', accountId = '', resource = ''] = match;
  return { partition, service, region, accountId, resource };
}

/** `backend:7` of `arn:aws:ecs:...:task-definition/backend:7`; any other text as it is. */
export function revisionName(taskDefinitionArn: string): string {
  return taskDefinitionArn.replace(/^.*task-definition\//, '');
}

/** `web` of `arn:aws:ecs:...:service/prod/web`; any other text as it is. */
export function lastSegment(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}

/** AWS's texts with `target-group backend` in place of `target-group arn:aws:elasticloadbalancing:…/backend/0123…`. */
export function shortenArns(text: string): string {
  return text.replace(/arn:[\w-]+:elasticloadbalancing:[\w-]*:\d*:targetgroup\/([\w-]+)\/[0-9a-f]+/g, '$1');
}
