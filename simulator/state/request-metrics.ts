/** What a load balancer and its targets report to CloudWatch, minute by minute, and what programs report themselves. */

/** The answers of one target group within one minute. */
export interface ServedMinute {
  requests: number;
  /** By their first digit: 5 for 500 to 599. */
  readonly byClass: Map<number, number>;
  /** How many answers took so many seconds. */
  readonly bySeconds: Map<number, number>;
}

const minuteMs = 60_000;

/** The metrics of one account and region. */
export class RequestMetrics {
  /** By the ARN of the target group, then by the beginning of the minute. */
  private readonly served = new Map<string, Map<number, ServedMinute>>();
  /** By namespace and name, then by the beginning of the minute. */
  private readonly custom = new Map<string, Map<number, number[]>>();

  /** Counts an answer that a target gave at an instant. */
  count(groupArn: string, instant: number, status: number, seconds: number): void {
    const minutes = this.served.get(groupArn) ?? new Map<number, ServedMinute>();
    this.served.set(groupArn, minutes);
    const at = minuteOf(instant);
    const minute = minutes.get(at) ?? { requests: 0, byClass: new Map(), bySeconds: new Map() };
    minutes.set(at, minute);
    minute.requests += 1;
    add(minute.byClass, Math.floor(status / 100));
    add(minute.bySeconds, seconds);
  }

  /** What PutMetricData would bring. */
  put(namespace: string, name: string, instant: number, value: number): void {
    const key = `${namespace}/${name}`;
    const minutes = this.custom.get(key) ?? new Map<number, number[]>();
    this.custom.set(key, minutes);
    const at = minuteOf(instant);
    minutes.set(at, [...(minutes.get(at) ?? []), value]);
  }

  ofGroup(groupArn: string): ReadonlyMap<number, ServedMinute> {
    return this.served.get(groupArn) ?? new Map<number, ServedMinute>();
  }

  ofProgram(namespace: string, name: string): ReadonlyMap<number, readonly number[]> {
    return this.custom.get(`${namespace}/${name}`) ?? new Map<number, number[]>();
  }
}

function minuteOf(instant: number): number {
  return Math.floor(instant / minuteMs) * minuteMs;
}

function add(counts: Map<number, number>, key: number): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
