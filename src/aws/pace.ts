import type { Clock } from '../runtime/clock.ts';

/** A token bucket of ECS, shared by these calls of the clients. `describe` is DescribeTaskDefinition. */
interface Bucket {
  readonly calls: readonly string[];
  readonly burst: number;
  readonly perSecond: number;
}

/** Amazon ECS API Reference, "Request throttling for the Amazon ECS API": quotas of an account in a region. */
const BUCKETS: readonly Bucket[] = [
  { calls: ['updateService'], burst: 50, perSecond: 5 },
  { calls: ['describeServices', 'listServices'], burst: 100, perSecond: 20 },
  { calls: ['describeServiceDeployments', 'listServiceDeployments'], burst: 50, perSecond: 20 },
  { calls: ['describeServiceRevisions'], burst: 50, perSecond: 20 },
  { calls: ['describeTasks', 'listTasks'], burst: 100, perSecond: 20 },
  { calls: ['describe'], burst: 50, perSecond: 20 },
];

/** Others deploy in the account, too: this share of a bucket is ours. */
const SHARE = 0.8;

/**
 * Spaces out calls as ECS's token buckets would: a run of many services waits here for a moment rather than be throttled,
 * which slows down everybody in the account. A single service never comes near.
 */
export class Pace {
  readonly #clock: Pick<Clock, 'now' | 'sleep'>;
  readonly #levels = new Map<Bucket, { tokens: number; at: number }>();

  constructor(clock: Pick<Clock, 'now' | 'sleep'>) {
    this.#clock = clock;
  }

  /** The same calls, each as soon as its bucket holds a token; they reject with the signal's reason while they wait. */
  paced<T extends object>(calls: T, signal: AbortSignal): T {
    const entries = Object.entries(calls).map(([name, call]) => {
      const send = call as (...input: unknown[]) => Promise<unknown>;
      const paced = async (...input: unknown[]): Promise<unknown> => {
        await this.#take(name, signal);
        return send(...input);
      };
      return [name, BUCKETS.some(({ calls: paces }) => paces.includes(name)) ? paced : send];
    });
    return Object.fromEntries(entries) as T;
  }

  /** Takes a token, in advance where there is none: those that come later wait the longer. */
  async #take(call: string, signal: AbortSignal): Promise<void> {
    const bucket = BUCKETS.find(({ calls }) => calls.includes(call));
    if (bucket === undefined) return;
    const now = this.#clock.now();
    const [burst, rate] = [bucket.burst * SHARE, (bucket.perSecond * SHARE) / 1000];
    const level = this.#levels.get(bucket) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, level.tokens + (now - level.at) * rate) - 1;
    this.#levels.set(bucket, { tokens, at: now });
    if (tokens < 0) await this.#clock.sleep(-tokens / rate, signal);
  }
}
