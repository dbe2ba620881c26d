import type { Cause, Evidence } from '../model/index.ts';

/**
 * Ends the run before production was touched. The message is one sentence to a person; the reason is a word of
 * the contract's closed list.
 */
export class DeployError extends Error {
  readonly reason: Cause;
  readonly hint: string | undefined;
  readonly evidence: readonly Evidence[];

  constructor(
    reason: Cause,
    message: string,
    more: { hint?: string; evidence?: readonly Evidence[]; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.name = 'DeployError';
    this.reason = reason;
    this.hint = more.hint;
    this.evidence = more.evidence ?? [];
  }
}

/** An error of this or of any other realm: Node's own network errors come from outside where tests run in one. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
}
