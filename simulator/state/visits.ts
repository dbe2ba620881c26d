import type { TargetGroup } from './balancing.ts';
import type { Service } from './model.ts';

/** Requests of users, of each service as an operator has scripted them. */
export type Visits = Map<Service, Visit>;

export interface Visit {
  perMinute: number;
  /** The part of a request that has not come yet, of each target group. */
  readonly due: Map<TargetGroup, number>;
  /** Whose turn it is, of its targets. */
  readonly turns: Map<TargetGroup, number>;
  /** Percents that have not become an error yet. */
  readonly errors: Map<TargetGroup, number>;
}
