/**
 * The grammar of one value: how a person may write a boolean, a number, a choice or a line of text. A parser
 * is a pure function from the text of an input to a value, or to what is wrong with it, in sentences that
 * follow the input's name ("wait-for-minutes: ...").
 */

export type Parsed<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'problems'; readonly problems: readonly string[] };

export type Parser<T> = (text: string) => Parsed<T>;

export function value<T>(parsed: T): Parsed<T> {
  return { kind: 'value', value: parsed };
}

export function problem(...sentences: readonly string[]): Parsed<never> {
  return { kind: 'problems', problems: sentences };
}

const LONGEST_QUOTE = 100;

/** The text in double quotes, on one line and not longer than a person wants to read in an error. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}...` : text);
}

/** `a`, `a or b`, `a, b or c`. */
export function either(choices: readonly string[]): string {
  const last = choices.at(-1) ?? '';
  return choices.length < 2 ? last : `${choices.slice(0, -1).join(', ')} or ${last}`;
}

/** `true` or `false` in any case: YAML 1.2's core forms. */
export function flag(text: string): Parsed<boolean> {
  switch (text.trim().toLowerCase()) {
    case 'true':
      return value(true);
    case 'false':
      return value(false);
    default:
      return problem(`${quoted(text.trim())} is not a boolean. Give true or false.`);
  }
}

/** Exactly one of the choices. */
export function oneOf<const Choice extends string>(choices: readonly Choice[]): Parser<Choice> {
  return (text) => {
    const found = choices.find((choice) => choice === text.trim());
    return found === undefined
      ? problem(`${quoted(text.trim())} is not known. Give ${either(choices)}.`)
      : value(found);
  };
}

/** One of the choices, in any case; the value is the choice as it is spelt in the list. */
export function oneOfInAnyCase<const Choice extends string>(choices: readonly Choice[]): Parser<Choice> {
  return (text) => {
    const found = choices.find((choice) => choice.toLowerCase() === text.trim().toLowerCase());
    return found === undefined
      ? problem(`${quoted(text.trim())} is not known. Give ${either(choices)}.`)
      : value(found);
  };
}

/** Limits of a number. `least` and `most` are allowed themselves, `above` is not. */
export interface Bounds {
  readonly above?: number;
  readonly least?: number;
  readonly most?: number;
}

/** A number that may have decimals; `of` names what it counts, `example` is one that is allowed. */
export function amount(of: string, bounds: Bounds, example: number): Parser<number> {
  return numeral(/^[+-]?(\d+(\.\d*)?|\.\d+)$/, `a number of ${of}`, `Give a number`, bounds, example);
}

/** A whole number; `of` names what it counts, `example` is one that is allowed. */
export function whole(of: string, bounds: Bounds, example: number): Parser<number> {
  return numeral(/^[+-]?\d+$/, `a whole number of ${of}`, `Give a whole number`, bounds, example);
}

function numeral(shape: RegExp, kind: string, give: string, bounds: Bounds, example: number): Parser<number> {
  const allowed = `${give} ${limits(bounds)}, such as ${example}.`;
  return (text) => {
    const written = text.trim();
    const number = Number(written);
    if (!shape.test(written)) return problem(`${quoted(written)} is not ${kind}. ${allowed}`);
    if (bounds.most !== undefined && number > bounds.most) {
      return problem(`${quoted(written)} is more than ${bounds.most}. ${allowed}`);
    }
    if (number > Number.MAX_SAFE_INTEGER) return problem(`${quoted(written)} is too large. ${allowed}`);
    if (bounds.above !== undefined && number <= bounds.above) {
      return problem(`${quoted(written)} is not above ${bounds.above}. ${allowed}`);
    }
    if (bounds.least !== undefined && number < bounds.least) {
      return problem(`${quoted(written)} is less than ${bounds.least}. ${allowed}`);
    }
    return value(number === 0 ? 0 : number);
  };
}

function limits(bounds: Bounds): string {
  const lower: string[] = [];
  if (bounds.above !== undefined) lower.push(`above ${bounds.above}`);
  if (bounds.least !== undefined) lower.push(`of ${bounds.least} or more`);
  if (bounds.most !== undefined) lower.push(`up to ${bounds.most}`);
  return lower.join(' and ');
}

/** Text on one line, without the spaces around it. */
export function line(text: string): Parsed<string> {
  const written = text.trim();
  return /[\r\n]/.test(written)
    ? problem(`${quoted(written)} has a line break. Give one line.`)
    : value(written);
}

/** A line that has the given shape; `allowed` is a sentence that says what the shape is. */
export function shaped(shape: RegExp, what: string, allowed: string): Parser<string> {
  return (text) => {
    const written = text.trim();
    return shape.test(written) ? value(written) : problem(`${quoted(written)} is not ${what}. ${allowed}`);
  };
}

/** The arguments of a command. Text that starts with `[` is JSON; anything else is words. */
export function command(text: string): Parsed<readonly string[]> {
  const parsed = text.trimStart().startsWith('[') ? jsonStrings(text) : words(text);
  if (parsed.kind === 'value' && parsed.value.length === 0) {
    return problem('there is no word in it. Give the program and its arguments.');
  }
  return parsed;
}

function jsonStrings(text: string): Parsed<readonly string[]> {
  try {
    const parsed: unknown = JSON.parse(text);
    if (Array.isArray(parsed) && parsed.every((word) => typeof word === 'string')) return value(parsed);
  } catch {
    // Not JSON at all: the same sentence helps.
  }
  return problem(
    'it starts with "[" and is not a JSON array of strings. Write it as ["python", "-m", "app"].',
  );
}

type Quote = '"' | "'";

/**
 * Words separated by white space. `'...'` is verbatim; in `"..."` a backslash escapes `"` and `\` and is
 * itself anywhere else; outside quotes it escapes the next character, and at the end of a line it joins the
 * next line. A quote that is never closed and a backslash with nothing after it are problems.
 */
export function words(text: string): Parsed<readonly string[]> {
  const found: string[] = [];
  let word: string | undefined;
  let quote: { readonly mark: Quote; readonly at: number } | undefined;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    const next = text.charAt(at + 1);
    if (quote !== undefined) {
      if (character === quote.mark) quote = undefined;
      else if (quote.mark === '"' && character === '\\' && (next === '"' || next === '\\')) {
        word = `${word ?? ''}${next}`;
        at += 1;
      } else word = `${word ?? ''}${character}`;
    } else if (character === '"' || character === "'") {
      quote = { mark: character, at };
      word ??= '';
    } else if (character === '\\') {
      if (next === '')
        return problem('it ends with a backslash that escapes nothing. Leave it out or write \\\\.');
      if (next !== '\n') word = `${word ?? ''}${next}`;
      at += 1;
    } else if (/\s/.test(character)) {
      if (word !== undefined) found.push(word);
      word = undefined;
    } else word = `${word ?? ''}${character}`;
  }
  if (quote !== undefined) {
    return problem(
      `the ${quote.mark} at character ${quote.at + 1} is never closed. Add the closing ${quote.mark}.`,
    );
  }
  if (word !== undefined) found.push(word);
  return value(found);
}
