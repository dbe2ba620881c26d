/** What was found, as summary and comment show it. Each part is a list of Markdown blocks, empty where there is none. */
import { shortReference } from '../aws/image-reference.ts';
import { type CheckResult, type DefinitionChange } from '../model/index.ts';
import { counted, sanitizeLines } from '../runtime/log.ts';
import { alertKind } from './headline.ts';
import { decisiveLine, hasTellingLines, isWritten, lastLines } from './last-lines.ts';
import { alert, code, codeBlock, details, escapeText, link, table } from './markdown.ts';
import { isUntouched, otherMessages, type Report } from './report.ts';

/**
 * The message; of what failed also the cause, what to do and what runs now. `lines`: whether what a container wrote may be
 * shown; otherwise a link leads to it.
 */
export function verdict(report: Report, { lines }: { readonly lines: boolean }): string[] {
  const kind = alertKind(report);
  if (kind === undefined) {
    return [
      ...messages(report),
      ...(report.hint === undefined ? [] : [hint(report.hint)]),
      ...(isSaidByTheTable(report) ? [] : whatRuns(report)),
    ];
  }
  const cause = report.cause === undefined ? '' : `${code(report.cause)} `;
  return [
    alert(
      kind,
      [`${cause}${withInputs(report.message)}`, ...(lines ? decisive(report) : []), ...others(report)].join(
        '\n',
      ),
    ),
    ...(lines ? [] : linkToLines(report)),
    ...(report.hint === undefined ? [] : [hint(report.hint)]),
    ...whatRuns(report),
  ];
}

/** It runs what was asked for, and all of it serves: the message and the row of the tasks say so. A plan changes nothing. */
function isSaidByTheTable({ result, mode, services }: Report): boolean {
  const isGood = ['succeeded', 'unchanged'].includes(result) && mode !== 'rollback';
  const isAlone = services.every(({ serving, running }) => serving === 'yes' && running.length < 2);
  return result === 'planned' || (isGood && isAlone);
}

/** A good end; of several services each is named. */
function messages(report: Report): string[] {
  const { message, services } = report;
  if (services.length < 2) return [withInputs(message)];
  return [services.map((each) => `- ${withInputs(each.message)}`).join('\n')];
}

/** What became of the other services. */
function others(report: Report): string[] {
  const rest = otherMessages(report);
  return rest.length === 0 ? [] : ['', ...rest.map((each) => `- ${withInputs(each)}`)];
}

function decisive(report: Report): string[] {
  const line = decisiveLine(report);
  return line === undefined ? [] : ['', code(line)];
}

/** A comment travels by mail; what a container wrote stays with the run. */
function linkToLines(report: Report): string[] {
  const [first] = lastLines(report);
  const where = report.run.runUrl;
  if (first === undefined || where === undefined || !hasTellingLines(report)) return [];
  return [`**Look at:** ${link(first.title.toLowerCase().replace('url', 'URL'), where)}`];
}

function whatRuns(report: Report): string[] {
  const sentences = report.services.map(({ production }) => escapeText(production));
  if (sentences.length === 1) return [`**What runs now:** ${sentences.join('')}`];
  if (sentences.length > 1)
    return [`**What runs now**\n\n${sentences.map((each) => `- ${each}`).join('\n')}`];
  return isUntouched(report) ? ['**What runs now:** what ran before; no service was touched.'] : [];
}

/** Inputs with the values that a text gives them. Of `mode: it ...` the name alone is an input. */
const WITH_VALUE = [
  'mode: (?:deploy|plan|rollback|promote)',
  'preflight: (?:fail|warn|off)',
  'cache: (?:gha|registry|none)',
  'on-cancel: (?:leave|rollback)',
  'on-failure: (?:leave|rollback(?:-all)?)',
  String.raw`task-definition: (?:running|family|arn:[\w:/.-]*\w|[\w-]+:(?:\d+|<[a-z]+>))`,
  String.raw`service-deployment-arn: (?:arn:[\w:/.-]*\w|d-[A-Z0-9]+)`,
];

const NAMED =
  '(?:[a-z]{1,20}-){1,5}(?:url|body|json|status|headers|seconds|minutes|definition|variables|tags?|args|secrets|id-token|failure|cancel|count|name|region|repository|image|limit|token|arn)';

/** In a list that is called inputs. */
const CALLED =
  '(?<=\\binputs? (?:[a-z-]+(?:, | and )){0,5})(?:alarms|cluster|command|context|file|images?|memory|metrics|service)(?![\\w-])';

/**
 * Inputs that a text names, with the value that it gives one, `mode: rollback`, `wait-for-minutes`; those that could be words of a
 * sentence where it calls them inputs; and a statement of a policy, which is to be pasted.
 */
const INPUT = new RegExp(
  String.raw`\{"Effect":[^\n]*?\}(?!\})|${CALLED}|(?<![\w./:"-])(?:${[...WITH_VALUE, NAMED].join('|')})(?![\w-])`,
  'g',
);

/** Plain text as Markdown, its inputs as code. */
function withInputs(text: string): string {
  const line = sanitizeLines(text).join(' ');
  const parts: string[] = [];
  let at = 0;
  for (const { 0: input, index } of line.matchAll(INPUT)) {
    parts.push(escapePart(line.slice(at, index), at), code(input));
    at = index + input.length;
  }
  return [...parts, escapePart(line.slice(at), at)].join('');
}

/** The spaces between it and what is before and after it stay. */
function escapePart(text: string, at: number): string {
  const [before = '', after = ''] = [/^\s*/.exec(text)?.[0], /\s*$/.exec(text)?.[0]];
  if (text.trim() === '') return at === 0 ? '' : before;
  const escaped = escapeText(text);
  return `${at === 0 ? '' : before}${escaped}${after}`;
}

/** One that has several lines, such as all problems of the inputs, is a list. */
function hint(text: string): string {
  const [only = '', ...others] = text.split('\n');
  if (others.length === 0) return `**What to do:** ${withInputs(only)}`;
  return `**What to do**\n\n${[only, ...others].map((line) => `- ${withInputs(line)}`).join('\n')}`;
}

/** What the message, and the line below it, have not said already. What containers wrote is not among it: that belongs into log and summary only. */
export function evidence(report: Report, { lines: isShown }: { readonly lines: boolean }): string[] {
  const { message, evidence: list } = report;
  // The table of the checks says it better, where it is shown.
  if (alertKind(report) === undefined || checksFailed(report)) return [];
  const line = isShown ? decisiveLine(report) : undefined;
  const isSaid = (text: string): boolean =>
    message.includes(text) || message.includes(coreOf(text)) || text === line;
  const shown = list.filter((each) => !isWritten(each) && !isSaid(each.text));
  if (shown.length === 0) return [];
  const lines = shown.map(
    ({ kind, text, of }) =>
      `- ${of === undefined ? '' : `${of}, `}${kind.replace('-', ' ')}: ${escapeText(text)}`,
  );
  return [`**Evidence**\n\n${lines.join('\n')}`];
}

/** Without the id of a task before it, and what is counted or coded behind it. */
function coreOf(text: string): string {
  return text
    .replace(/^task [0-9a-f]+: /, '')
    .replace(/(?: \(x\d+\)| \([A-Z]\w+\))+$/, '')
    .replace(/\.$/, '')
    .replace(/^(https?:\/\/\S+): /, '$1 failed: ');
}

/** What changes in the task definition, as a diff. `limit`: changes that are shown; the rest is counted. */
export function diff(report: Report, limit = Number.POSITIVE_INFINITY): string[] {
  const changes = report.definition?.changes ?? [];
  if (changes.length === 0 || limit === 0) return [];
  const left = changes.length - limit;
  const lines = [
    ...changes.slice(0, limit).flatMap(changeLines),
    ...(left > 0 ? [`  … and ${counted(left, 'more difference')}`] : []),
  ];
  // What nobody asked for must be seen without a click.
  const open = report.mode === 'plan' || (report.definition?.unasked ?? []).length > 0;
  return [
    details(
      `Task definition: ${counted(changes.length, 'difference')} to what ran`,
      codeBlock(lines, 'diff'),
      open,
    ),
  ];
}

function changeLines({ path, kind, ...values }: DefinitionChange): string[] {
  const shown = (value: string | undefined): string | undefined =>
    value !== undefined && path.endsWith('].image') ? shortReference(value) : value;
  const [before, after] = [shown(values.before), shown(values.after)];
  switch (kind) {
    case 'added':
      return [`+ ${path}: ${after ?? '(value not shown)'}`];
    case 'removed':
      return [`- ${path}${before === undefined ? '' : `: ${before}`}`];
    case 'changed':
      return before === undefined || after === undefined
        ? [`! ${path}: changed (values not shown)`]
        : [`- ${path}: ${before}`, `+ ${path}: ${after}`];
  }
}

const CHECK_SIGNS: Readonly<Record<CheckResult['state'], string>> = {
  FAILED: '❌',
  WARNING: '⚠️',
  SKIPPED: '➖',
  OK: '✅',
};

const WORST_FIRST = Object.keys(CHECK_SIGNS);

/** A check is what the run failed for: the table of the checks is its evidence, and comes first. */
export function checksFailed({ cause, checks: list }: Report): boolean {
  return cause === 'preflight-failed' && list.some(({ state }) => state === 'FAILED');
}

/**
 * The preflight checks, worst first. Where one failed, what is not well is open, and the others fold away behind it.
 * `all`: also those that are well.
 */
export function checks({ checks: list }: Report, all = true): string[] {
  if (list.length === 0) return [];
  const isWell = ({ state }: CheckResult): boolean => state === 'OK';
  const [well, others] = [list.filter(isWell), list.filter((each) => !isWell(each))];
  const title = `Preflight checks: ${well.length} of ${list.length} OK`;
  if (list.some(({ state }) => state === 'FAILED')) {
    const folded = details(`The ${counted(well.length, 'check')} that found nothing wrong`, checkTable(well));
    return [details(title, checkTable(others), true), ...(all && well.length > 0 ? [folded] : [])];
  }
  const shown = all ? list : others;
  return [details(title, shown.length === 0 ? 'All of them are well.' : checkTable(shown))];
}

function checkTable(list: readonly CheckResult[]): string {
  const worstFirst = list.toSorted((a, b) => WORST_FIRST.indexOf(a.state) - WORST_FIRST.indexOf(b.state));
  const rows = worstFirst.map(({ check, state, detail, denied }) => [
    // In one cell: a column for the sign alone pushes what was found off a narrow screen.
    `${CHECK_SIGNS[state]} ${escapeText(check)}`,
    denied ? `not allowed to look: ${code(detail)}` : escapeText(detail),
  ]);
  return table(['Check', 'What was found'], rows);
}

/** The warnings in a box; further ones of a kind that is named there fold away below it. */
export function warnings(report: Report): string[] {
  const { message, notes } = report;
  // Of a green end the message itself may be one.
  const list = report.warnings.filter((each) => each !== message);
  const lines = (texts: readonly string[]): string => texts.map((each) => `- ${withInputs(each)}`).join('\n');
  return [
    ...(list.length === 0 ? [] : [alert('WARNING', lines(list))]),
    ...(notes.length === 0
      ? []
      : [details(`Notes: ${counted(notes.length, 'further warning')}`, lines(notes))]),
  ];
}
