import { runInNewContext } from 'node:vm';
import type { Measurement as Counted, Reading, Round, Rule } from '../model/analysis.ts';
import type { GateRequest, HttpCheck, Probe, StatusRange } from '../model/index.ts';
import { count, type Standing } from '../model/count.ts';
import type { Measurer } from './analysis.ts';
import type { Clock } from '../runtime/clock.ts';
import { withoutQuery } from '../runtime/http.ts';
import type { Log } from '../runtime/log.ts';
import { poll } from '../runtime/wait.ts';

/** Asks the URL once; `probe` outside of tests. */
export type Ask = (check: HttpCheck, signal: AbortSignal) => Promise<Probe>;

export interface HttpGateContext {
  readonly ask: Ask;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
}

export interface HttpGateEnd {
  readonly passed: boolean;
  readonly detail: string;
  /** False: it never answered, neither now nor in the survey; the runner may be at fault. */
  readonly reachable: boolean;
  /** Bad answers of all. */
  readonly bad: number;
  readonly asked: number;
  /** Its last bad answer, line by line: status, headers of note, and how its body begins. */
  readonly answer?: readonly string[];
  /** It failed with the 3xx or 4xx that it gave in the survey: that is no evidence against the new revision. */
  readonly asBefore: boolean;
}

/** However little time is left, a probe that is begun has as long. */
const LEAST_SECONDS = 1;

/**
 * Asks the health-check URL until it gave enough good answers in a row, or too many bad ones (in a row, or among the last
 * once it had answered well), or its time is up. `before` is its answer in the survey.
 */
export async function httpGate(
  ctx: HttpGateContext,
  check: HttpCheck,
  gate: GateRequest,
  before: Probe | undefined,
): Promise<HttpGateEnd> {
  const since = ctx.clock.now();
  const deadline = since + gate.deadlineSeconds * 1000;
  const answers = new Answers(check, before, since, gate.deadlineSeconds * 1000);
  let lastLine = '';
  return poll<HttpGateEnd>(ctx, deadline, async () => {
    const seconds = Math.max((deadline - ctx.clock.now()) / 1000, LEAST_SECONDS);
    const timeoutSeconds = Math.min(check.timeoutSeconds, seconds);
    const at = ctx.clock.now();
    const measurement = answers.add(await ctx.ask({ ...check, timeoutSeconds }, ctx.signal), at);
    const tally = answers.tally();
    const line = lineOf(measurement, tally, check);
    if (line !== lastLine) ctx.log.line(line);
    lastLine = line;
    const standing = answers.standing(at);
    if (standing.kind === 'passed') return { kind: 'end', value: answers.end(true) };
    if (standing.kind === 'failed' && standing.how !== 'limit')
      return { kind: 'end', value: answers.end(false) };
    const late = { ...answers.end(false), detail: tooLate(measurement, tally, check, gate) };
    return { kind: 'pause', pauseMs: check.intervalSeconds * 1000, late };
  });
}

/** The URL is asked no more often than this while the new revision bakes. */
const BAKE_SECONDS = 15;

/**
 * Asks the URL while the new revision bakes, until `until`, a reading of the clock. Resolves to a failure as soon as it is
 * one by the rule of the gate; undefined where it was none.
 */
export async function watchUrl(
  ctx: HttpGateContext,
  check: HttpCheck,
  before: Probe | undefined,
  until: number,
): Promise<HttpGateEnd | undefined> {
  const pauseMs = Math.max(check.intervalSeconds, BAKE_SECONDS) * 1000;
  const since = ctx.clock.now();
  const answers = new Answers(check, before, since, Number.POSITIVE_INFINITY);
  // It passed its gate a moment ago.
  return poll<HttpGateEnd | undefined>(ctx, until, async () => {
    const at = ctx.clock.now();
    const measurement = answers.add(await ctx.ask(check, ctx.signal), at);
    if (measurement.kind !== 'good') ctx.log.line(lineOf(measurement, answers.tally(), check));
    return answers.standing(at).kind === 'failed'
      ? { kind: 'end', value: answers.end(false) }
      : { kind: 'pause', pauseMs, late: undefined };
  });
}

/** For how long a bad answer of the survey is looked at again, at most. */
const SURVEY_MS = 15_000;

/**
 * The URL before anything is touched. A bad answer is asked for again, as often as makes the gate fail, and said: what was
 * wrong before is no evidence against what comes. Resolves to the last answer.
 */
export async function surveyUrl(ctx: HttpGateContext, check: HttpCheck): Promise<Probe> {
  const { clock, signal, log } = ctx;
  const deadline = clock.now() + SURVEY_MS;
  let answer = await ctx.ask(check, signal);
  for (let asked = 1; asked < check.failures && isBad(answer, check); asked += 1) {
    const pause = Math.min(check.intervalSeconds * 1000, SURVEY_MS / check.failures);
    if (clock.now() + pause > deadline) break;
    await clock.sleep(pause, signal);
    answer = await ctx.ask(check, signal);
  }
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

interface Tally {
  readonly good: number;
  readonly bad: number;
}

/** The answers of one URL, counted by the rule of all gates. */
class Answers {
  readonly #check: HttpCheck;
  readonly #before: Probe | undefined;
  readonly #round: Round;
  readonly #rule: Rule;
  readonly #counted: Counted[] = [];
  #answered: boolean;
  #last: Measurement = { kind: 'error', what: 'not asked' };
  #status: number | undefined;
  #badAnswer: readonly string[] | undefined;

  constructor(check: HttpCheck, before: Probe | undefined, since: number, limitMs: number) {
    this.#check = check;
    this.#before = before;
    this.#answered = before?.kind === 'answer';
    this.#round = { n: 1, phase: 'proving', since, deploymentId: '', traffic: 'all' };
    this.#rule = httpRule(check, limitMs);
  }

  add(probe: Probe, at: number): Measurement {
    const measurement = measure(probe, this.#check, this.#before);
    this.#answered ||= probe.kind === 'answer';
    this.#last = measurement;
    if (measurement.kind !== 'good' && probe.kind === 'answer') this.#badAnswer = answerLines(probe);
    this.#status = probe.kind === 'answer' ? probe.status : undefined;
    this.#counted.push(measurementOf('http', this.#check, measurement, 1, at));
    return measurement;
  }

  standing(now: number): Standing {
    return count(this.#counted, this.#rule, { rounds: [this.#round], now, dueSince: this.#round.since });
  }

  /** In a row, as of now. */
  tally(): Tally {
    const kinds = this.#counted.map(({ reading }) => reading.kind);
    const inARow = (kind: Reading['kind']): number => {
      const said = kinds.filter((each) => each !== 'unanswered');
      return said.length - 1 - said.findLastIndex((each) => each !== kind);
    };
    return { good: inARow('good'), bad: inARow('bad') };
  }

  end(passed: boolean): HttpGateEnd {
    const asked = this.#counted.length;
    const bad = this.#counted.filter(({ reading }) => reading.kind === 'bad').length;
    const { what } = this.#last;
    return {
      passed,
      detail:
        bad > 0 && (passed || this.#last.kind !== 'bad')
          ? `${what}; ${bad} of ${asked} answers were bad`
          : what,
      reachable: this.#answered,
      bad,
      asked,
      ...(passed || this.#badAnswer === undefined ? {} : { answer: this.#badAnswer }),
      asBefore:
        !passed && this.#last.kind === 'bad' && isSameRefusal(this.#status, this.#before, this.#check),
    };
  }
}

/** In a row, or twice as many among the last ten times that many. */
export function httpRule({ successes, failures }: HttpCheck, limitMs: number): Rule {
  const window = { bad: 2 * failures, of: 20 * failures };
  return { successes, failures, window, goodFirst: false, limitMs };
}

function measurementOf(
  gate: 'http' | 'test-url',
  check: HttpCheck,
  { kind, what }: Measurement,
  round: number,
  at: number,
): Counted {
  const subject = withoutQuery(check.url);
  return { gate, subject, round, at, reading: READINGS[kind], detail: what, evidence: [] };
}

/**
 * Asks a URL in the stages of a rollout that ECS shifts: `test-url` while test traffic alone reaches the new revision,
 * `http` from its first production traffic on. Weights are requested, not reached: what the test URL answers before its
 * first good answer may still be the old revision's. While a part of the traffic reaches the new revision, the old one
 * answers in between, as it should: then the new one was not asked.
 */
export function urlMeasurer(
  ctx: HttpGateContext,
  gate: 'http' | 'test-url',
  check: HttpCheck,
  before: Probe | undefined,
  limitMs: number,
): Measurer {
  let hasBeenGood = gate === 'http';
  let lastLine = '';
  return {
    gate,
    rule: httpRule(check, limitMs),
    everyMs: ({ phase, traffic, pause }) => {
      const isDue =
        gate === 'test-url'
          ? traffic === 'test'
          : ['shifting', 'baking'].includes(phase) && traffic !== 'none';
      if (!isDue) return undefined;
      const seconds = phase === 'baking' && pause === undefined ? BAKE_SECONDS : 0;
      return Math.max(check.intervalSeconds, seconds) * 1000;
    },
    measure: async ({ n, traffic }, signal) => {
      const at = ctx.clock.now();
      const probe = await ctx.ask(check, signal);
      const measurement = measure(probe, check, before);
      hasBeenGood ||= measurement.kind === 'good';
      const line = `${withoutQuery(check.url)}: ${measurement.what}`;
      if (line !== lastLine) ctx.log.line(line);
      lastLine = line;
      const lines = measurement.kind === 'good' || probe.kind !== 'answer' ? [] : answerLines(probe);
      const evidence = lines.map((text) => ({ kind: 'answer', text }) as const);
      const answer = { ...measurementOf(gate, check, measurement, n, at), evidence };
      if (traffic === 'part' && measurement.kind !== 'good' && mayBeOld(probe, check, before))
        return [{ ...answer, reading: READINGS['error'] }];
      if (answer.reading.kind !== 'bad') return [answer];
      if (!hasBeenGood) return [{ ...answer, reading: READINGS['old-version'] }];
      const status = probe.kind === 'answer' ? probe.status : undefined;
      const blames = !isSameRefusal(status, before, check);
      return [{ ...answer, reading: { ...answer.reading, blames } }];
    },
  };
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
export function answerLines({
  status,
  url,
  headers = {},
  body,
}: Probe & { readonly kind: 'answer' }): string[] {
  const bytes = Buffer.from(body);
  // A letter of several bytes that is cut in two is left out.
  const shown = bytes
    .subarray(0, SHOWN_BYTES)
    .toString('utf8')
    .replace(/\uFFFD$/, '');
  const more = bytes.length > SHOWN_BYTES ? [`… (${bytes.length - SHOWN_BYTES} bytes more)`] : [];
  return [
    `status ${status} from ${withoutQuery(url)}`,
    ...NOTED.flatMap((name) => (headers[name] === undefined ? [] : [`${name}: ${headers[name]}`])),
    ...(shown.trim() === '' ? ['(an empty body)'] : [...shown.trimEnd().split(/\r?\n/), ...more]),
  ];
}

const READINGS: Readonly<Record<Measurement['kind'], Reading>> = {
  good: { kind: 'good' },
  bad: { kind: 'bad', cause: 'http-check-failed', blames: true },
  error: { kind: 'unanswered', forGood: false },
  'old-version': { kind: 'inconclusive', atLimit: 'failed' },
};

/** A redirect or a refusal that was there before: the URL, its path or its headers may be wrong. 5xx is judged as usual. */
function isSameRefusal(status: number | undefined, before: Probe | undefined, check: HttpCheck): boolean {
  if (before?.kind !== 'answer' || status === undefined || status !== before.status) return false;
  return status >= 300 && status < 500 && !accepts(check.statuses, status);
}

function lineOf(measurement: Measurement, tally: Tally, check: HttpCheck): string {
  switch (measurement.kind) {
    case 'good':
      return `${withoutQuery(check.url)}: ${measurement.what} (${tally.good} of ${check.successes} good answers)`;
    case 'bad':
      return `${withoutQuery(check.url)}: ${measurement.what} (${tally.bad} of ${check.failures} bad answers)`;
    case 'old-version':
      return `${withoutQuery(check.url)}: ${measurement.what}: still the old version`;
    case 'error':
      return `${withoutQuery(check.url)}: ${measurement.what}`;
  }
}

/** The last reading alone may look fine: it came too late, or stood alone. */
function tooLate(measurement: Measurement, tally: Tally, check: HttpCheck, gate: GateRequest): string {
  const good = tally.good === 0 ? '' : `, ${tally.good} of ${check.successes} good answers in a row`;
  return `${measurement.what}${good}, still after ${gate.deadlineSeconds} s (health-check-deadline-seconds)`;
}

/**
 * What one probe says about the new version (Argo Rollouts' distinctions).
 *
 * - `bad`: an answer came, and it is wrong; or none came from a URL that answered before.
 * - `error`: the probe could not run; the runner may be at fault.
 * - `old-version`: a fine answer, but still the one that was there before the deployment.
 */
export type Measurement =
  | { readonly kind: 'good'; readonly what: string }
  | { readonly kind: 'bad'; readonly what: string }
  | { readonly kind: 'error'; readonly what: string }
  | { readonly kind: 'old-version'; readonly what: string };

/** Pure. `before`: the answer in the survey, before anything was touched. */
export function measure(probe: Probe, check: HttpCheck, before: Probe | undefined): Measurement {
  if (probe.kind === 'unreachable') {
    return { kind: before?.kind === 'answer' ? 'bad' : 'error', what: probe.reason };
  }
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
