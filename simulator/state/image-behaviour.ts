import type { JsonObject } from './json.ts';

export const pullFailures = [
  'not-found',
  'denied',
  'rate-limited',
  'unreachable',
  'wrong-platform',
  'no-space',
] as const;
export type PullFailure = (typeof pullFailures)[number];

export const startFailures = ['secret-missing', 'log-group-missing', 'no-executable'] as const;
export type StartFailure = (typeof startFailures)[number];

/** How a container ends by itself, counted from its start. */
export interface Exit {
  readonly afterSeconds: number;
  readonly code: number;
  readonly outOfMemory?: boolean;
}

/** What a load balancer's health check finds at a target, counted from its registration. */
export type TargetHealth =
  | { readonly kind: 'healthy'; readonly afterSeconds?: number; readonly unhealthyAfterSeconds?: number }
  | { readonly kind: 'status-mismatch'; readonly status: number }
  | { readonly kind: 'timeout' };

/** What an image does when it is pulled, started, checked and asked. Everything left out is healthy and quick. */
export interface ImageBehaviour {
  /** What `/version` and `/health` answer; by default the tag under which the image was pushed. */
  readonly version?: string;
  readonly pullSeconds?: number;
  readonly pullFailure?: PullFailure;
  readonly startFailure?: StartFailure;
  /** Its tasks do not start, for this reason in ECS's words. */
  readonly startReason?: string;
  /** Only so many of its tasks do not start for it, the first ones; those that ECS starts in their place do. */
  readonly startReasonTimes?: number;
  readonly exit?: Exit;
  /** Printed one a second from the container's start. */
  readonly logs?: readonly string[];
  /** Printed at the moment of the exit. */
  readonly lastWords?: readonly string[];
  /** Containers that AWS adds to its tasks, and no definition names: the proxy of Service Connect, GuardDuty's agent. */
  readonly addedContainers?: readonly { readonly name: string; readonly exit?: Exit }[];
  /** The result of the container's own health check, where its definition has one. */
  readonly containerHealth?: { readonly status: 'HEALTHY' | 'UNHEALTHY'; readonly afterSeconds: number };
  readonly targetHealth?: TargetHealth;
  /** What users get through the load balancer, apart from the version. */
  readonly http?: {
    readonly health?: JsonObject;
    readonly healthStatus?: number;
    readonly versionStatus?: number;
    /** Of the requests of users (`operator.setRequests`), the share that is answered with 500. */
    readonly errorPercent?: number;
    /** How long those take. */
    readonly latencySeconds?: number;
  };
  /** Its tasks never finish draining. */
  readonly neverDrains?: boolean;
  /** The digest that a registry reports for it, instead of one computed from its content. */
  readonly digest?: string;
}
