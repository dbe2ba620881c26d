/** The lines that say why: the last ones of a failed container, of a build, or of what the URL answered. */
import { CAUSES, isOutput, type Cause, type Evidence } from '../model/index.ts';
import { sanitizeLines } from '../runtime/log.ts';
import { isLive } from './headline.ts';
import type { Report } from './report.ts';

/** What one service's container, build or URL said last. */
export interface LastLines {
  /** For people, such as `Last log lines of the container that failed`. */
  readonly title: string;
  /** Shown without a click: the last ones, and the most telling one among them. */
  readonly open: readonly string[];
  /** Those before. */
  readonly earlier: readonly string[];
}

/** Pure: whether what was read says anything of why, and not only that the program runs. */
export function hasTellingLines(report: Report): boolean {
  const lists = [report.evidence, ...report.services.map((each) => each.evidence)];
  const cause = firstCause(report.cause, report.evidence);
  const runsOn = cause !== undefined && RUNS_ON.includes(cause);
  return lists.some(
    (list) =>
      list.some(({ kind }) => kind === 'answer') ||
      (list.some(isWritten) && (!runsOn || signAt(textOf(list.filter(({ kind }) => kind === 'log'))) !== -1)),
  );
}

/** Lines that are shown open. */
const MOST_OPEN = 15;

/** Lines after the most telling one that are shown with it, where it is not among the last. */
const AFTER = 4;

/**
 * Pure: what each failed service's container wrote last and its URL answered, or what the build said where no service was
 * reached. Tasks that are well, and wait for old ones to end, have nothing to say.
 */
export function lastLines({ services, evidence, cause }: Report): LastLines[] {
  const failed = services.filter((each) => each.evidence.some(isWritten));
  if (failed.length === 0) return linesOf(evidence, titleOf(firstCause(cause, evidence)), '');
  const telling = failed.filter((each) => !(each.result === 'timed-out' && isLive(each)));
  const all = telling.flatMap((each) =>
    linesOf(
      each.evidence,
      titleOf(
        firstCause(each.cause, each.evidence),
        each.taskDefinitionArn !== each.previousTaskDefinitionArn,
      ),
      failed.length === 1 ? '' : ` (service ${each.name})`,
    ),
  );
  // Services behind one URL have its answer in common.
  const isNew = ({ open }: LastLines, at: number): boolean =>
    all.findIndex((each) => each.open.join('\n') === open.join('\n')) === at;
  return all.filter(isNew);
}

/** A container, a build or the URL wrote it, and not this step in place of lines that it could not read. */
export function isWritten(each: Evidence): boolean {
  return isOutput(each) && !isOwnWord(each);
}

function isOwnWord({ kind, text }: Evidence): boolean {
  return kind === 'log' && NO_LINE.test(text);
}

/** The lines were read when it failed: what went wrong after that, such as its rollback, is not what they are about. */
function firstCause(cause: Cause | undefined, evidence: readonly Evidence[]): Cause | undefined {
  const [, first] = /^([a-z-]+):/.exec(evidence.find(({ kind }) => kind === 'first-cause')?.text ?? '') ?? [];
  return CAUSES.find((each) => each === first) ?? cause;
}

function linesOf(evidence: readonly Evidence[], title: string, of: string): LastLines[] {
  const answer = textOf(evidence.filter(({ kind }) => kind === 'answer'));
  const log = textOf(logOf(evidence));
  const back = textOf(logOf(evidence, 'rollback'));
  return [
    ...(answer.length === 0 ? [] : [{ title: `What the URL answered${of}`, open: answer, earlier: [] }]),
    ...(log.length === 0 ? [] : [{ title: `${title}${of}`, ...cutOpen(log) }]),
    ...(back.length === 0 ? [] : [{ title: `Last log lines of the rollback${of}`, ...cutOpen(back) }]),
  ];
}

/** Of the deployment that failed first, or of its rollback. */
function logOf(evidence: readonly Evidence[], which?: Evidence['of']): Evidence[] {
  return evidence.filter((each) => each.kind === 'log' && each.of === which && !isOwnWord(each));
}

function textOf(evidence: readonly Evidence[]): string[] {
  return evidence.flatMap(({ text }) => sanitizeLines(text));
}

const TITLES: Partial<Record<Cause, string>> = {
  'build-failed': 'Last lines of the build',
  'push-failed': 'Last lines of the build',
  'pre-deploy-task-failed': 'Last log lines of the pre-deploy task',
};

/** The program ran on: the last thing that it wrote need not be about what went wrong. */
const RUNS_ON: readonly Cause[] = [
  'http-check-failed',
  'metric-check-failed',
  'target-health-check-failed',
  'alarm',
  'timeout',
  'capacity',
];

function titleOf(cause: Cause | undefined, isNew = true): string {
  const known = cause && TITLES[cause];
  if (known !== undefined) return known;
  const runsOn = cause !== undefined && RUNS_ON.includes(cause);
  if (!runsOn) return 'Last log lines of the container that failed';
  return isNew ? 'Last log lines of the new tasks' : 'Last log lines of the tasks';
}

/** The last fifteen; where the most telling one comes before them, it and those around it. */
function cutOpen(lines: readonly string[]): Pick<LastLines, 'open' | 'earlier'> {
  const at = tellingAt(lines);
  const end = at === -1 || at >= lines.length - MOST_OPEN ? lines.length : at + 1 + AFTER;
  const open = lines.slice(Math.max(0, end - MOST_OPEN), end);
  return { open, earlier: end === lines.length ? lines.slice(0, -open.length) : lines };
}

/** Characters of a line that an annotation holds. */
const LONGEST = 300;

/**
 * Pure: the one line that says most of why, with the container's name before it; undefined where none was read. Where the
 * rollback failed as well it is what that failed for: the service is in want of it.
 */
export function decisiveLine(report: Report): string | undefined {
  const worst = report.services.find(({ cause }) => cause === report.cause)?.evidence ?? [];
  const evidence = worst.some(isWritten) ? worst : report.evidence;
  const back = textOf(logOf(evidence, 'rollback'));
  const said = back[signAt(back)]?.trim();
  if (said !== undefined) return shortened(said);
  const log = textOf(evidence.filter((each) => each.kind === 'log' && each.of === undefined));
  const cause = firstCause(report.cause, evidence);
  const runsOn = cause !== undefined && RUNS_ON.includes(cause);
  const at = runsOn ? signAt(log) : tellingAt(log);
  const line = log[at]?.trim() ?? (runsOn ? whatTheTargetsSay(evidence) : undefined);
  if (line === undefined || line === '' || report.message.includes(line.replace(LEVEL, ''))) return undefined;
  return shortened(line);
}

function shortened(line: string): string {
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST).toWellFormed()}…`;
}

/** What a message may repeat of a line. */
const LEVEL = /^(?:#\d+ [\d.]+ )?(?:ERROR|FATAL|error|fatal): /;

/** Why the new tasks are not in service, where they log nothing of it. */
function whatTheTargetsSay(evidence: readonly Evidence[]): string | undefined {
  const said = evidence.filter(({ kind }) => kind === 'event' || kind === 'target');
  const [line] = said.find(({ text }) => /\bunhealthy\b/.test(text))?.text.split('\n') ?? [];
  return line === undefined ? undefined : sanitizeLines(line).join(' ');
}

/** Pure: that line among the lines of a container; undefined where none says anything. */
export function mostTelling(lines: readonly string[]): string | undefined {
  return lines[tellingAt(lines)];
}

/**
 * What a program says of its own end, the surest first. Of several of one kind the last one: the last line of a traceback,
 * the innermost `Caused by`.
 */
const SIGNS: readonly RegExp[] = [
  /\b(?:panic|FATAL|CRITICAL|EMERG(?:ENCY)?)\b(?=[\]:\s"|]|$)|"?(?:level|severity)"?\s*[=:]\s*"?(?:fatal|critical|panic|emerg)/,
  /^\s*(?:Caused by: )?(?:Uncaught |Unhandled |Exception in thread "[^"]*" )?(?:[\w$]+[.:/\\]{1,2})*[A-Z]\w*(?:Error|Exception|Exit|Interrupt|Fault|Warning)(?:\s*\[[\w-]+\])?(?:: |$)/,
  /^\s*(?:fatal|Error|error|ERROR|thread '.*' panicked)\b/,
  /\bERROR\b|"?(?:level|severity)"?\s*[=:]\s*"?err(?:or)?\b/i,
  /\b(?:cannot|can't|could not|failed|failure|refused|denied|not found|not set|missing|required|invalid|unable|no such|timed? ?out|exception)\b/i,
];

/** What this step itself says of a log that it could not read. */
const NO_LINE = /^(?:The log of container ".*" cannot be read|Container ".*" (?:logs through|has no))/;

/** BuildKit says in one line more that a step of the Dockerfile failed: why stands before it. */
const NO_NEWS = /(?:failed to solve|^#\d+ ERROR): process /;

/** Frames of a stack and carets below code say where, not what. */
const FRAME = /^\s*(?:at |File "|\^|\.\.\. \d+ more|goroutine \d|\S+\.go:\d+|Traceback \()/;

function tellingAt(lines: readonly string[]): number {
  const at = signAt(lines);
  return at === -1 ? textsOf(lines).findLastIndex(says) : at;
}

/** -1 where no line says that anything went wrong. */
function signAt(lines: readonly string[]): number {
  const texts = textsOf(lines);
  for (const sign of SIGNS) {
    const at = texts.findLastIndex((text) => says(text) && sign.test(text));
    if (at !== -1) return at;
  }
  return -1;
}

function says(text: string): boolean {
  return text.trim() !== '' && !FRAME.test(text) && !NO_NEWS.test(text);
}

/** Without what is no word of the program: the container's name before each line, and the time. */
function textsOf(lines: readonly string[]): string[] {
  const written = lines.filter((line) => line.trim() !== '' && !NO_LINE.test(line));
  const prefix = /^[\w.-]+: /.exec(written[0] ?? '')?.[0] ?? '';
  const isName = !OWN_WORD.test(prefix) && written.every((line) => line.startsWith(prefix.trim()));
  return lines.map((line) =>
    NO_LINE.test(line) ? '' : (isName ? line.slice(prefix.length) : line).replace(TIME, ''),
  );
}

/** A program begins its line so. */
const OWN_WORD = /^(?:panic|fatal|error|warning)\b|(?:Error|Exception)\b/i;

/** Of a program, and of a step of a build. */
const TIME = /^#\d+ [\d.]+ |^\[?\d{4}-\d\d-\d\d[T ][\d:.,]+(?:Z|[+-]\d\d:?\d\d)?\]?\s+/;
