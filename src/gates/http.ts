import { runInNewContext } from 'node:vm';
import type { RunContext, StepContext } from '../context.ts';
import type { Asked, Measurer, Ms, Reading, Round, Rule } from '../model/analysis.ts';
import type { GateRequest, GateResult, HttpCheck, Probe, StatusRange } from '../model/index.ts';
import { withoutQuery } from '../runtime/http.ts';
import { Masks } from '../runtime/masks.ts';
import { Deadline, poll } from '../runtime/wait.ts';

export interface HttpGateContext extends StepContext, Pick<RunContext, 'ask'> {}

/** However little time is left, a probe that is begun has as long. */
const LEAST_SECONDS = 1;

/** The URL is asked no more often than this while the new revision bakes. */
const BAKE_SECONDS = 15;

/** For how long a bad answer of the survey is looked at again, at most. */
const SURVEY_MS = 15_000;

/**
 * The URL before anything is touched. A bad answer is asked for again, as often as makes the gate fail, and said: what was
 * wrong before is no evidence against what comes. Resolves to the last answer.
 */
export async function surveyUrl(ctx: HttpGateContext, check: HttpCheck): Promise<Probe> {
  const { clock, signal, log } = ctx;
  const pauseMs = Math.min(check.intervalSeconds * 1000, SURVEY_MS / check.failures);
  let asked = 0;
  const deadline = Deadline.of(clock, SURVEY_MS);
  const answer = await poll<Probe>(ctx, deadline, async () => {
    const probe = await ctx.ask(check, signal);
    asked += 1;
    const isAskedAgain = asked < check.failures && isBad(probe, check) && pauseMs <= deadline.left();
    return isAskedAgain ? { kind: 'pause', pauseMs, late: probe } : { kind: 'end', value: probe };
  });
  if (answer.kind === 'answer' && isBad(answer, check)) {
    const wrong = `status ${answer.status}, expected ${rangesText(check.statuses)}`;
    log.warn(`${withoutQuery(check.url)} answers badly before the deployment: ${wrong}.`);
  }
  return answer;
}

/** A body that differs is no wrong status: the old version may well answer so. */
function isBad(probe: Probe, check: HttpCheck): boolean {
  return probe.kind === 'answer' && !accepts(check.statuses, probe.status);
}

/** In a row, or twice as many among the last ten times that many. */
export function httpRule({ successes, failures }: HttpCheck, limitMs: Ms): Rule {
  const window = { bad: 2 * failures, of: 20 * failures };
  return { successes, failures, window, goodFirst: false, limitMs };
}

/**
 * Asks a URL. `test-url` while test traffic alone reaches the new revision, `http` from its first production traffic on,
 * and again after a rollback. `before` is its answer in the survey. Weights are requested, not reached: what the test URL
 * answers before its first good answer may still be the old revision's. While a part of the traffic reaches the new
 * revision, the old one answers in between, as it should: then the new one was not asked.
 */
export function urlMeasurer(
  ctx: HttpGateContext,
  gate: 'http' | 'test-url',
  check: HttpCheck,
  before: Probe | undefined,
  { deadlineSeconds }: Pick<GateRequest, 'deadlineSeconds'>,
): Measurer {
  const subject = withoutQuery(check.url);
  const tally = { round: 0, good: 0, bad: 0 };
  let hasBeenGood = gate === 'http';
  let hasPassed = false;
  let hasAnswered = before?.kind === 'answer';
  let lastLine = '';
  return {
    gate,
    rule: (round) => httpRule(check, isOwnBake(round) ? Number.POSITIVE_INFINITY : deadlineSeconds * 1000),
    everyMs: (round) => {
      if (!isDue(gate, round)) return undefined;
      const seconds = round.phase === 'baking' && round.pause === undefined ? BAKE_SECONDS : 0;
      return Math.max(check.intervalSeconds, seconds) * 1000;
    },
    measure: async (round, { leftMs, signal }) => {
      const at = ctx.clock.now();
      const left = Math.max(leftMs / 1000, LEAST_SECONDS);
      const timeoutSeconds = Math.min(check.timeoutSeconds, left);
      const probe = await ctx.ask({ ...check, timeoutSeconds }, signal);
      hasAnswered ||= probe.kind === 'answer';
      const seen = measure(probe, check, before, hasAnswered);
      if (round.n !== tally.round) {
        // What has passed needs one good answer in each round that follows.
        hasPassed ||= round.isOwn === true && tally.good >= check.successes;
        Object.assign(tally, { round: round.n, good: 0, bad: 0 });
      }
      if (seen.kind !== 'error') {
        tally.good = seen.kind === 'good' ? tally.good + 1 : 0;
        tally.bad = seen.kind === 'bad' ? tally.bad + 1 : 0;
      }
      hasBeenGood ||= seen.kind === 'good';
      const isOfOld = round.traffic === 'part' && seen.kind !== 'good' && mayBeOld(probe, check, before);
      const standing = hasPassed && seen.kind === 'good' ? '' : standingOf(seen, tally, check, round);
      const line = `${subject}: ${seen.what}${standing}`;
      if (line !== lastLine && (seen.kind !== 'good' || !isOwnBake(round))) ctx.log.line(line);
      lastLine = line;
      const lines = seen.kind === 'good' || probe.kind !== 'answer' ? [] : answerLines(probe, check);
      const good = tally.good === 0 ? '' : `, ${tally.good} of ${check.successes} good answers in a row`;
      return [
        {
          ...{ gate, subject, round: round.n, at, detail: seen.what },
          late: `${seen.what}${good}, still after ${deadlineSeconds} s (health-check-deadline-seconds)`,
          reading: isOfOld
            ? NOT_ASKED
            : seen.kind === 'bad' && !hasBeenGood
              ? OLD_VERSION
              : readingOf(seen, probe, before, check),
          evidence: lines.map((text) => ({ kind: 'answer', text }) as const),
        },
      ];
    },
    conclude: (asked) => ({ gate, ...concludeUrl(asked) }),
  };
}

function isDue(gate: 'http' | 'test-url', { phase, traffic, isOwn }: Round): boolean {
  if (gate === 'test-url') return traffic === 'test';
  return isOwn === true || (['shifting', 'baking'].includes(phase) && traffic !== 'none');
}

/** A bake of this run has no limit of a gate: it ends by itself. */
function isOwnBake({ phase, isOwn }: Round): boolean {
  return phase === 'baking' && isOwn === true;
}

/** How the row of answers stands; nothing is said of it while ECS has the word. */
function standingOf({ kind }: Seen, tally: Tally, check: HttpCheck, { isOwn }: Round): string {
  if (isOwn !== true) return '';
  switch (kind) {
    case 'good':
      return ` (${tally.good} of ${check.successes} good answers)`;
    case 'bad':
      return ` (${tally.bad} of ${check.failures} bad answers)`;
    case 'old-version':
      return ': still the old version';
    case 'error':
      return '';
  }
}

interface Tally {
  readonly good: number;
  readonly bad: number;
}

function concludeUrl({ answers, standings }: Asked): Pick<GateResult, 'state' | 'detail'> {
  const [standing] = standings.values();
  const bad = answers.filter(({ reading }) => reading.kind === 'bad').length;
  const among = bad === 0 ? '' : `; ${bad} of ${answers.length} answers were bad`;
  switch (standing?.kind) {
    case 'passed':
      return { state: 'passed', detail: `${standing.by.detail}${among}` };
    case 'failed': {
      const { detail, late = detail } = standing.by;
      return { state: 'failed', detail: standing.how === 'limit' ? late : detail };
    }
    case 'skipped':
    case 'open':
    case undefined:
      return { state: 'skipped', detail: 'it was not asked' };
  }
}

/** Headers that say who answered, and why. */
const NOTED = [
  'server',
  'via',
  'content-type',
  'location',
  'retry-after',
  'www-authenticate',
  'x-cache',
  'x-amzn-errortype',
  'x-amzn-trace-id',
];

/** Bytes of a body that are shown. */
const SHOWN_BYTES = 500;

/** Pure: an answer as a person reads it: status, headers of note, and the first 500 bytes. */
export function answerLines(
  { status, url, headers = {}, body }: Probe & { readonly kind: 'answer' },
  sent: Partial<Pick<HttpCheck, 'headers'>> = {},
): string[] {
  const shownOf = (name: string, value: string): string =>
    name === 'location' ? withoutQuery(value) : value;
  const bytes = Buffer.from(body);
  // A letter of several bytes that is cut in two is left out.
  const first = bytes
    .subarray(0, SHOWN_BYTES)
    .toString('utf8')
    .replace(/\uFFFD$/, '');
  // An error page may show what it was asked with; of a value that is cut in two no mask would know.
  const values = Object.values(sent.headers ?? {}).flatMap((value) => [value, ...value.split(' ')]);
  const shown = bytes.length > SHOWN_BYTES ? new Masks(values).maskEnd(first) : first;
  const more = bytes.length > SHOWN_BYTES ? [`… (${bytes.length - SHOWN_BYTES} bytes more)`] : [];
  return [
    `status ${status} from ${withoutQuery(url)}`,
    ...NOTED.flatMap((name) =>
      headers[name] === undefined ? [] : [`${name}: ${shownOf(name, headers[name])}`],
    ),
    ...(shown.trim() === '' ? ['(an empty body)'] : [...shown.trimEnd().split(/\r?\n/), ...more]),
  ];
}

const NOT_ASKED: Reading = { kind: 'unanswered', forGood: false };

const OLD_VERSION: Reading = { kind: 'inconclusive', atLimit: 'failed', blames: true };

function readingOf(seen: Seen, probe: Probe, before: Probe | undefined, check: HttpCheck): Reading {
  switch (seen.kind) {
    case 'good':
      return { kind: 'good' };
    case 'bad': {
      const status = probe.kind === 'answer' ? probe.status : undefined;
      return { kind: 'bad', cause: 'http-check-failed', blames: !isSameRefusal(status, before, check) };
    }
    case 'error':
      return { kind: 'unanswered', forGood: false, atLimit: 'failed' };
    case 'old-version':
      return OLD_VERSION;
  }
}

/** A redirect or a refusal that was there before: the URL, its path or its headers may be wrong. 5xx is judged as usual. */
function isSameRefusal(status: number | undefined, before: Probe | undefined, check: HttpCheck): boolean {
  if (before?.kind !== 'answer' || status === undefined || status !== before.status) return false;
  return status >= 300 && status < 500 && !accepts(check.statuses, status);
}

/**
 * What one probe says about the new version (Argo Rollouts' distinctions).
 *
 * - `bad`: an answer came, and it is wrong; or none came from a URL that answered before.
 * - `error`: the probe could not run; the runner may be at fault.
 * - `old-version`: a fine answer, but still the one that was there before the deployment.
 */
export type Seen =
  | { readonly kind: 'good'; readonly what: string }
  | { readonly kind: 'bad'; readonly what: string }
  | { readonly kind: 'error'; readonly what: string }
  | { readonly kind: 'old-version'; readonly what: string };

/** Pure. `before`: the answer in the survey, before anything was touched. `hasAnswered`: there, or to an earlier probe. */
export function measure(
  probe: Probe,
  check: HttpCheck,
  before: Probe | undefined,
  hasAnswered = before?.kind === 'answer',
): Seen {
  if (probe.kind === 'unreachable') return { kind: hasAnswered ? 'bad' : 'error', what: probe.reason };
  const status = `status ${probe.status}`;
  if (!accepts(check.statuses, probe.status)) {
    return { kind: 'bad', what: `${status}, expected ${rangesText(check.statuses)}` };
  }
  const wrong = wrongValues(probe.body, check);
  if (wrong.length === 0) return { kind: 'good', what: status };
  const what = `${status}, but ${wrong.join(' and ')}`;
  return { kind: isUnchanged(probe.body, check, before) ? 'old-version' : 'bad', what };
}

/** A status list that holds a 3xx wants to see the redirect itself. */
export function acceptsRedirect(statuses: readonly StatusRange[]): boolean {
  return statuses.some((range) => range.from < 400 && range.to >= 300);
}

/** Pure: the status is one of those that are good. */
export function accepts(statuses: readonly StatusRange[], status: number): boolean {
  return statuses.some((range) => status >= range.from && status <= range.to);
}

function rangesText(statuses: readonly StatusRange[]): string {
  return statuses.map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`)).join(', ');
}

/** In words, each checked value of the body that is not as expected. */
function wrongValues(body: string, check: HttpCheck): string[] {
  const found = check.body === undefined ? 'matches' : matchBody(body, check);
  const wrongBody = found === 'matches' ? [] : [found];
  const parsed = parse(body);
  const wrongFields = Object.entries(check.json).flatMap(([path, expected]) => {
    if (parsed === undefined) return ['the body is not JSON'];
    const actual = valueAt(parsed, path);
    return actual === expected ? [] : [`${path} is ${shown(actual)}, expected ${shown(expected)}`];
  });
  return [...new Set([...wrongBody, ...wrongFields])];
}

/** The checked values are those of the survey: what answers is what answered before. */
function isUnchanged(body: string, check: HttpCheck, before: Probe | undefined): boolean {
  if (before?.kind !== 'answer') return false;
  if (check.body !== undefined && body !== before.body) return false;
  return hasSameValues(body, check, before.body);
}

/** A fine status, and nothing that the old version could not have answered: its pages may change from one to the next. */
function mayBeOld(probe: Probe, check: HttpCheck, before: Probe | undefined): boolean {
  if (probe.kind !== 'answer' || !accepts(check.statuses, probe.status)) return false;
  return before?.kind !== 'answer' || hasSameValues(probe.body, check, before.body);
}

function hasSameValues(body: string, check: HttpCheck, before: string): boolean {
  const [now, then] = [parse(body), parse(before)];
  return Object.keys(check.json).every((path) => valueAt(now, path) === valueAt(then, path));
}

type BodyMatch = 'matches' | 'the body does not match' | 'the pattern takes too long on this body';

function matchBody(body: string, { body: expected, timeoutSeconds }: HttpCheck): BodyMatch {
  switch (expected?.kind) {
    case 'text':
      return body.includes(expected.text) ? 'matches' : 'the body does not match';
    case 'pattern':
      return matchPattern(body, expected.source, expected.flags, timeoutSeconds * 1000);
    case undefined:
      return 'matches';
  }
}

/** A pattern may take longer than the run has time on a body of sixty letters: nothing else would be heard meanwhile. */
function matchPattern(body: string, source: string, flags: string, timeoutMs: number): BodyMatch {
  try {
    const matches = runInNewContext(
      'new RegExp(source, flags).test(body)',
      { source, flags, body },
      { timeout: Math.max(Math.ceil(timeoutMs), 1) },
    ) as unknown;
    return matches === true ? 'matches' : 'the body does not match';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    return 'the pattern takes too long on this body';
  }
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}

/** The value at a path such as `checks.0.name`, as text; undefined where there is none. */
export function valueAt(value: unknown, path: string): string | undefined {
  let at = value;
  for (const key of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return typeof at === 'string' ? at : JSON.stringify(at);
}

function shown(value: string | undefined): string {
  if (value === undefined) return 'missing';
  return `"${value.length > 80 ? `${value.slice(0, 80)}…` : value}"`;
}
