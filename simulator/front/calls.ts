/** One request that a client made, as it arrived and as it was answered. */
export interface Call {
  /** The simulated instant, in milliseconds since the epoch. */
  readonly time: number;
  readonly service: string;
  readonly action: string;
  readonly region: string;
  /** The access key that the request was signed with. */
  readonly caller: string;
  /** The request's fields: parsed JSON, or the parameters of a Query request. */
  readonly body: Readonly<Record<string, unknown>>;
  /** The HTTP status of the answer; 0 when the connection was reset instead. */
  readonly status: number;
  /** AWS carried it out, whether or not its answer arrived. */
  readonly tookEffect: boolean;
  /** The error code of a refusal. */
  readonly error: string | undefined;
  /** The kind of the fault that was injected into it. */
  readonly fault?: string | undefined;
}
