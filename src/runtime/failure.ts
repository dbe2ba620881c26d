import type { Cause, Evidence } from '../model.ts';

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
