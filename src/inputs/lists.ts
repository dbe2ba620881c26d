/**
 * The grammar of lists: one item a line (or between commas), and `NAME=value` lines. Blank lines and lines
 * that start with `#` are skipped; a name that occurs twice is a problem, since one of the two would be lost.
 * A value of several lines is `NAME<<END`, its lines, `END`. Where a list is one of docker/build-push-action's, a line
 * may stand in quotes as there: `"NAME=a, b"`, with `""` for a quote, over several lines if need be.
 */
import type { NamedChanges } from '../model/index.ts';
import { problem, quoted, value, type Parsed, type Parser } from './values.ts';

/** A line that counts, with its number in the input (from 1). */
export interface Line {
  readonly number: number;
  readonly text: string;
  /** The line stood in quotes, so that its commas and line breaks belong to it. */
  readonly quoted?: boolean;
  /** What is wrong with it, as the end of a sentence that names the line. */
  readonly wrong?: string;
}

/** The lines that count, as they are written: only a carriage return at the end is taken off. */
export function linesOf(text: string): readonly Line[] {
  return text
    .split('\n')
    .map((written, index) => ({ number: index + 1, text: written.replace(/\r$/, '') }))
    .filter(({ text: written }) => written.trim() !== '' && !written.trimStart().startsWith('#'));
}

/**
 * The lines that count of an input whose lines may stand in quotes, as csv-parse reads them for docker/build-push-action:
 * quotes count only where a line, or what follows a comma, begins with them.
 */
export function quotedLinesOf(text: string): readonly Line[] {
  const lines: Line[] = [];
  let rest = text;
  let number = 1;
  while (rest !== '') {
    const end = endOfLine(rest);
    const line = rest.slice(0, end).replace(/\r?\n?$/, '');
    const quotes = /^\s*"/.test(line) ? closingQuote(rest) : undefined;
    const taken = quotes === undefined ? end : quotes.end + endOfLine(rest.slice(quotes.end));
    const after = quotes === undefined ? '' : rest.slice(quotes.end, taken).trim();
    if (quotes !== undefined && after === '') {
      lines.push({ number, text: quotes.text, quoted: true });
    } else if (quotes !== undefined && after.startsWith(',')) {
      lines.push(
        { number, text: quotes.text, quoted: true },
        ...quotedLinesOf(after.slice(1)).map((each) => ({ ...each, number })),
      );
    } else if (/^\s*"/.test(line)) {
      const wrong =
        quotes === undefined ? 'has a quote that is never closed' : 'goes on after its closing quote';
      lines.push({
        number,
        text: line,
        wrong: `${wrong}. Put the whole line in quotes, and write "" for a quote inside.`,
      });
    } else if (line.trim() !== '' && !line.trimStart().startsWith('#')) {
      lines.push({ number, text: line });
    }
    number += rest.slice(0, taken).split('\n').length - 1;
    rest = rest.slice(taken);
  }
  return lines;
}

function endOfLine(text: string): number {
  const at = text.indexOf('\n');
  return at < 0 ? text.length : at + 1;
}

/** The text between the quotes at the front, and where what follows begins; undefined where they are not closed. */
function closingQuote(text: string): { readonly text: string; readonly end: number } | undefined {
  const found = /^\s*"((?:[^"]|"")*)"(?!")/.exec(text);
  return found === null ? undefined : { text: (found[1] ?? '').replaceAll('""', '"'), end: found[0].length };
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

/** The same, where items may stand in quotes. */
export function quotedCommaList<T>(item: Parser<T>): Parser<readonly T[]> {
  return (text) => {
    const lines = quotedLinesOf(text);
    const wrong = lines.flatMap((line) =>
      line.wrong === undefined ? [] : [`line ${line.number} ${line.wrong}`],
    );
    if (wrong.length > 0) return problem(...wrong);
    const written = lines.flatMap((line) =>
      (line.quoted === true ? [line.text] : line.text.split(',')).map((part) => part.trim()),
    );
    return each(
      written.filter((part) => part !== ''),
      item,
    );
  };
}

/** The same as `commaList`, where an item that is given twice counts once. */
export function commaSet<T>(item: Parser<T>): Parser<readonly T[]> {
  return (text) => {
    const written = linesOf(text).flatMap((line) => line.text.split(',').map((part) => part.trim()));
    return each([...new Set(written.filter((part) => part !== ''))], item);
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
    if (parsed.kind === 'value') values.push(parsed.value);
    else problems.push(...parsed.problems);
  }
  return problems.length > 0 ? problem(...problems) : value(values);
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
  /** `true`: a line may stand in quotes. */
  readonly quotes?: boolean;
}

/** `NAME=value` lines: split at the first `=`, the name trimmed, the value verbatim. */
export function pairs(rules: PairRules): Parser<Readonly<Record<string, string>>> {
  return (text) => {
    const read = readEntries(text, rules, () => undefined);
    return read.kind === 'value' ? value(Object.fromEntries(assignments(read.value))) : read;
  };
}

/** `NAME=value` lines that set a name, and `NAME-` lines that remove one. */
export function changes(rules: PairRules): Parser<NamedChanges> {
  const removed = (written: string): string | undefined =>
    written.endsWith('-') ? written.slice(0, -1).trimEnd() : undefined;
  return (text) => {
    const read = readEntries(text, rules, removed);
    if (read.kind === 'problems') return read;
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
    if (read.kind === 'problems') return read;
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
  let above: number | undefined;
  for (const line of entryLines(text, rules)) {
    const entry = entryOf(line, rules) ?? nameAlone(alone(line.text.trim()));
    const wrong =
      line.wrong !== undefined
        ? `${whichLine(line, rules)} ${line.wrong}`
        : entry === undefined
          ? `${whichLine(line, rules)} has no "=". Write it as ${rules.example}.${above === line.number - 1 ? SEVERAL_LINES : ''}`
          : wrongEntry(entry, line, rules, seen);
    if (wrong !== undefined) problems.push(wrong);
    if (entry === undefined) continue;
    above = line.block === undefined ? line.number : undefined;
    entries.push(entry);
    seen.add(sameName(entry.name, rules));
  }
  return problems.length > 0 ? problem(...problems) : value(entries);
}

/** For a line that may belong to the value before it. */
const SEVERAL_LINES =
  ' If it belongs to the value above, write that as NAME<<END, its lines, and END on a line of its own.';

/** A line of pairs; with `block` its value is the lines that follow. */
interface PairLine extends Line {
  readonly block?: string;
}

const BLOCK = /^\s*([^\s=<]+)\s*<<\s*([A-Za-z_][\w-]*)\s*$/;

/** The lines of pairs: those of a block `NAME<<END` are one, and what is in it is verbatim. */
function entryLines(text: string, rules: PairRules): readonly PairLine[] {
  const lines: PairLine[] = [];
  const written = text.split('\n').map((line) => line.replace(/\r$/, ''));
  let between: string[] = [];
  let from = 0;
  const flush = (at: number): void => {
    lines.push(
      ...plainLines(between.join('\n'), rules).map((line) => ({ ...line, number: line.number + from })),
    );
    between = [];
    from = at;
  };
  for (let at = 0; at < written.length; at += 1) {
    const line = written[at] ?? '';
    const [, name = '', end = ''] = BLOCK.exec(line) ?? [];
    if (name === '' || name.startsWith('#') || isInQuotes(between, rules)) {
      between.push(line);
      continue;
    }
    const last = written.findIndex((each, index) => index > at && each.trim() === end);
    flush(at);
    lines.push(
      last < 0
        ? {
            number: at + 1,
            text: name,
            wrong: `opens ${name}<<${end}, and no later line is ${end}. Close it.`,
          }
        : { number: at + 1, text: name, block: written.slice(at + 1, last).join('\n') },
    );
    if (last >= 0) at = last;
    from = at + 1;
  }
  flush(written.length);
  return lines;
}

/** A quote is open: what follows belongs to it. */
function isInQuotes(lines: readonly string[], { quotes }: PairRules): boolean {
  return quotes === true && quotedLinesOf(lines.join('\n')).at(-1)?.wrong?.includes('never closed') === true;
}

function plainLines(text: string, rules: PairRules): readonly Line[] {
  const lines = rules.quotes === true ? quotedLinesOf(text) : linesOf(text);
  return rules.commas === true ? lines.flatMap(betweenCommas) : lines;
}

function entryOf(line: PairLine, rules: PairRules): Entry | undefined {
  return line.block === undefined ? split(line.text, rules) : { name: line.text, value: line.block };
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

function betweenCommas(line: Line): readonly Line[] {
  const { number, text } = line;
  if (line.quoted === true || line.wrong !== undefined) return [line];
  const parts = text.split(',').filter((part) => part.trim() !== '');
  return parts.map((part) => ({ number, text: part.trim() }));
}

function whichLine(line: Line, rules: PairRules): string {
  return rules.confidential ? `line ${line.number}` : `line ${line.number}, ${quoted(line.text.trim())},`;
}
