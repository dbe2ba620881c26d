/** What a service costs. */

/** What the tasks of a service cost a month on Fargate, or why that cannot be said. */
export type MonthlyCost =
  | {
      readonly kind: 'known';
      /** US dollars for 730 hours, on demand, without tax and discounts. */
      readonly dollars: number;
      readonly tasks: number;
      /** Of one task. */
      readonly vcpu: number;
      readonly gigabytes: number;
      readonly architecture: Architecture;
      /** Ephemeral storage of one task in GiB; the first 20 are free. */
      readonly storageGigabytes: number;
      /** Month of the prices, such as `2026-04`. */
      readonly asOf: string;
    }
  | { readonly kind: 'unknown'; readonly why: string };

export type Architecture = 'x86' | 'ARM';

/** What a run makes of the cost of one service. */
export interface ServiceCost {
  readonly service: string;
  readonly region: string;
  /** Undefined where it is not known what the service runs now. */
  readonly before: MonthlyCost | undefined;
  readonly after: MonthlyCost;
  /** What the figure leaves out, such as Spot discounts; for people. */
  readonly note: string | undefined;
}
