import { AwsError, invalidParameter } from '../../state/errors.ts';
import { number, text } from '../../state/json.ts';
import type { JsonObject } from '../../state/json.ts';

/** One page of a listing and the token that leads to the next. */
export interface Page<Item> {
  readonly items: Item[];
  readonly nextToken: string | undefined;
}

interface Paging {
  readonly maxResults: number | undefined;
  readonly nextToken: string | undefined;
}

/**
 * Cuts a listing into pages. Tokens are opaque to the caller, as AWS's are.
 * Throws InvalidParameterException for a page size outside 1 to `limit` or for a token that no page gave out.
 */
export function page<Item>(all: readonly Item[], asked: Paging, limit: number, usual = limit): Page<Item> {
  const size = asked.maxResults ?? usual;
  if (size < 1 || size > limit) {
    throw invalidParameter(`maxResults must be between 1 and ${limit}, not ${size}.`);
  }
  const from = asked.nextToken === undefined ? 0 : positionIn(asked.nextToken);
  const to = from + size;
  return { items: all.slice(from, to), nextToken: to < all.length ? tokenFor(to) : undefined };
}

/** What a listing was asked for; the names of the two fields differ between the services. */
export function paging(input: JsonObject, size = 'maxResults', token = 'nextToken'): Paging {
  return { maxResults: number(input, size), nextToken: text(input, token) };
}

/** Refuses a batch that is larger than AWS accepts in one call. */
export function refuseMoreThan(limit: number, given: readonly unknown[], what: string): void {
  if (given.length > limit) throw invalidParameter(`${what} can have at most ${limit} items.`);
}

function tokenFor(position: number): string {
  return Buffer.from(`page:${position}`).toString('base64url');
}

function positionIn(token: string): number {
  const position = /^page:(\d+)$/.exec(Buffer.from(token, 'base64url').toString())?.[1];
  if (position === undefined) throw new AwsError('InvalidParameterException', 'Invalid token.');
  return Number(position);
}
