/**
 * Commands as people write them: a JSON array of strings, or words as in a shell. Quotes are honoured and
 * nothing is expanded: `$HOME`, `*`, `;` and `|` are ordinary characters.
 */
import { problem, value } from './grammar.ts';
import type { Parsed } from './grammar.ts';

/** The arguments of a command. Text that starts with `[` is JSON; anything else is words. */
export function command(text: string): Parsed<readonly string[]> {
  const parsed = text.trimStart().startsWith('[') ? jsonStrings(text) : words(text);
  if ('value' in parsed && parsed.value.length === 0) {
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
