import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

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
  /** The error code of a refusal. */
  readonly error: string | undefined;
}

/** Where every simulator writes its calls down as well: one JSON object a line, a file for each process. */
const FOLDER = 'SIMULATOR_CALLS';

/** Writes a call into the folder that the environment variable SIMULATOR_CALLS names; does nothing without it. */
export function writeCall(call: Call, home: { readonly account: string; readonly partition: string }): void {
  const folder = process.env[FOLDER];
  if (folder === undefined || folder === '') return;
  mkdirSync(folder, { recursive: true });
  const { account, partition } = home;
  appendFileSync(
    join(folder, `${process.pid}.jsonl`),
    `${JSON.stringify({ account, partition, ...call })}\n`,
  );
}
