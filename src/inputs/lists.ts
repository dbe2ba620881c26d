/**
 * The grammar of lists: one item a line (or between commas), and `NAME=value` lines. Blank lines and lines
 * that start with `#` are skipped; a name that occurs twice is a problem, since one of the two would be lost.
 */
import type { NamedChanges } from '../model/index.ts';
import { quoted, value, type Parsed, type Parser } from './values.ts';

/** A line that counts, with its number in the input (from 1). */
export interface Line {
  readonly number: number;
  readonly text: string;
}

/** The lines that count, as they are written: only a carriage return at the end is taken off. */
export function linesOf(text: string): readonly Line[] {
  return text
    .split('\n')
    .map((written, index) => ({ number: index + 1, text: written.replace(/\r$/, '') }))
    .filter(({ text: written }) => written.trim() !== '' && !written.trimStart().startsWith('#'));
}

/** Items on lines of their own; spaces around an item are taken off. */
export function lineList<T>(item: Parser<T>): Parser<readonly T[]> {
  return (text) =>
    each(
      linesOf(text).map(({ text: written }) => written.trim()),
      item,
    );
}

/** Items on lines of their own or between commas: for items that cannot hold a comma. */
export function commaList<T>(item: Parser<T>): Parser<readonly T[]> {
  return (text) => {
    const written = linesOf(text).flatMap((line) => line.text.split(',').map((part) => part.trim()));
    return each(
      written.filter((part) => part !== ''),
      item,
    );
  };
}

function each<T>(items: readonly string[], item: Parser<T>): Parsed<readonly T[]> {
  const values: T[] = [];
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const written of items) {
    if (seen.has(written)) {
      problems.push(`${quoted(written)} is given twice. Leave one out.`);
      continue;
    }
    seen.add(written);
    const parsed = item(written);
    if ('value' in parsed) values.push(parsed.value);
    else problems.push(...parsed.problems);
  }
  return problems.length > 0 ? { problems } : value(values);
}

/** What a list of `NAME=value` lines holds and allows. */
export interface PairRules {
  /** A line in full, as an example of what is allowed. */
  readonly example: string;
  /** What a name looks like. */
  readonly name: RegExp;
  /** Says what is wrong with a value, without repeating it; `undefined` where nothing is. */
  readonly wrongValue?: (value: string) => string | undefined;
  /** `true`: a line may hold a secret, so an error names it by its number or by its name, never by its text. */
  readonly confidential: boolean;
  /** `true`: names that differ in case only are the same name. */
  readonly anyCase?: boolean;
  /** `true`: commas separate too, since neither a name nor a value can hold one. */
  readonly commas?: boolean;
  /** `true`: `Name: value` is allowed as well; no name may then hold a colon. */
  readonly colon?: boolean;
}

/** `NAME=value` lines: split at the first `=`, the name trimmed, the value verbatim. */
export function pairs(rules: PairRules): Parser<Readonly<Record<string, string>>> {
  return (text) => {
    const read = readEntries(text, rules, () => undefined);
    return 'value' in read ? value(Object.fromEntries(assignments(read.value))) : read;
  };
}

/** `NAME=value` lines that set a name, and `NAME-` lines that remove one. */
export function changes(rules: PairRules): Parser<NamedChanges> {
  const removed = (written: string): string | undefined =>
    written.endsWith('-') ? written.slice(0, -1).trimEnd() : undefined;
  return (text) => {
    const read = readEntries(text, rules, removed);
    if (!('value' in read)) return read;
    const remove = read.value.filter((entry) => entry.value === undefined).map((entry) => entry.name);
    return value({ set: Object.fromEntries(assignments(read.value)), remove });
  };
}

/** `NAME=value` lines, each kept as one string. */
export function pairLines(rules: PairRules): Parser<readonly string[]> {
  return joinedLines(rules, () => undefined);
}

/** `NAME=value` lines and names alone, whose value is found elsewhere; each kept as one string. */
export function pairLinesOrNames(rules: PairRules): Parser<readonly string[]> {
  return joinedLines(rules, (written) => written);
}

function joinedLines(
  rules: PairRules,
  alone: (written: string) => string | undefined,
): Parser<readonly string[]> {
  return (text) => {
    const read = readEntries(text, rules, alone);
    if (!('value' in read)) return read;
    return value(
      read.value.map((entry) => [entry.name, entry.value].filter((part) => part !== undefined).join('=')),
    );
  };
}

/** One line: a name with its value, or a name alone. */
interface Entry {
  readonly name: string;
  readonly value: string | undefined;
}

function assignments(entries: readonly Entry[]): readonly (readonly [string, string])[] {
  return entries.flatMap((entry) => (entry.value === undefined ? [] : [[entry.name, entry.value] as const]));
}

/** `alone` turns a line without a separator into a name, or into nothing where such a line is not allowed. */
function readEntries(
  text: string,
  rules: PairRules,
  alone: (written: string) => string | undefined,
): Parsed<readonly Entry[]> {
  const entries: Entry[] = [];
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const line of rules.commas === true ? linesOf(text).flatMap(betweenCommas) : linesOf(text)) {
    const entry = split(line.text, rules) ?? nameAlone(alone(line.text.trim()));
    const wrong =
      entry === undefined
        ? `${whichLine(line, rules)} has no "=". Write it as ${rules.example}.`
        : wrongEntry(entry, line, rules, seen);
    if (wrong !== undefined) problems.push(wrong);
    if (entry === undefined) continue;
    entries.push(entry);
    seen.add(sameName(entry.name, rules));
  }
  return problems.length > 0 ? { problems } : value(entries);
}

function wrongEntry(
  entry: Entry,
  line: Line,
  rules: PairRules,
  seen: ReadonlySet<string>,
): string | undefined {
  if (!rules.name.test(entry.name)) {
    return `${whichLine(line, rules)} has no valid name. Write it as ${rules.example}.`;
  }
  if (seen.has(sameName(entry.name, rules))) {
    return `${quoted(entry.name)} is given twice (again on line ${line.number}). Leave one out.`;
  }
  const wrong = entry.value === undefined ? undefined : rules.wrongValue?.(entry.value);
  return wrong === undefined ? undefined : `${quoted(entry.name)} ${wrong}`;
}

function sameName(name: string, rules: PairRules): string {
  return rules.anyCase === true ? name.toLowerCase() : name;
}

function nameAlone(name: string | undefined): Entry | undefined {
  return name === undefined ? undefined : { name, value: undefined };
}

/** After `=` the value is verbatim; after a header's colon it loses the spaces around it, as in HTTP. */
function split(written: string, rules: PairRules): Entry | undefined {
  const at = rules.colon === true ? written.search(/[:=]/) : written.indexOf('=');
  if (at < 0) return undefined;
  const rest = written.slice(at + 1);
  return { name: written.slice(0, at).trim(), value: written[at] === ':' ? rest.trim() : rest };
}

function betweenCommas({ number, text }: Line): readonly Line[] {
  const parts = text.split(',').filter((part) => part.trim() !== '');
  return parts.map((part) => ({ number, text: part.trim() }));
}

function whichLine(line: Line, rules: PairRules): string {
  return rules.confidential ? `line ${line.number}` : `line ${line.number}, ${quoted(line.text.trim())},`;
}
