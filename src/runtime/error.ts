import type { Cause, Conclusion, Evidence, Result } from '../model/index.ts';

/**
 * Ends the run before production was touched. The message is one sentence to a person; the cause is a word of the
 * contract's closed list.
 */
export class DeployError extends Error {
  /** How the run ends by it. */
  readonly conclusion: Conclusion & { readonly cause: Cause };

  constructor(
    cause: Cause,
    message: string,
    more: { result?: Result; hint?: string; evidence?: readonly Evidence[]; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.name = 'DeployError';
    const { result = 'failed', hint, evidence = [] } = more;
    this.conclusion = { result, cause, message, hint, evidence };
  }
}

/** An error of this or of any other realm: Node's own network errors come from outside where tests run in one. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
}
