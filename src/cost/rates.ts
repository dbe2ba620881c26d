/**
 * What Fargate costs, on demand, Linux, in US dollars an hour. A region that is not here has no figure: prices differ
 * from region to region by up to half, and a guess would be taken for a price.
 *
 * To add a region: the AWS price list for AmazonECS (https://aws.amazon.com/fargate/pricing/ shows the same figures),
 * usage types `<region>-Fargate-vCPU-Hours:perCPU`, `-Fargate-GB-Hours`, their `ARM` forms, and
 * `-Fargate-EphemeralStorage-GB-Hours`.
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

/** Ephemeral storage that every task has without charge, in GiB. */
export const FREE_STORAGE = 20;

/** A month of AWS's own calculator. */
export const HOURS_A_MONTH = 730;

export const RATES: Readonly<Record<string, RegionRates>> = {
  'us-east-1': {
    rates: {
      x86: { vcpuHour: 0.04048, gigabyteHour: 0.004445 },
      ARM: { vcpuHour: 0.03238, gigabyteHour: 0.00356 },
    },
    storageGigabyteHour: 0.000111,
    asOf: '2026-04',
    source: 'https://aws.amazon.com/fargate/pricing/, as quoted by vantage.sh and cloudburn.io',
  },
  'eu-central-1': {
    rates: { x86: { vcpuHour: 0.04656, gigabyteHour: 0.00511 } },
    storageGigabyteHour: undefined,
    asOf: '2026-07',
    source: 'AWS price list, EUC1-Fargate-vCPU-Hours:perCPU and EUC1-Fargate-GB-Hours',
  },
};
