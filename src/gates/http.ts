import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { GateRequest, HttpCheck, Probe, StatusRange } from '../model/index.ts';
import type { Clock } from '../runtime/clock.ts';
import { isError } from '../runtime/error.ts';
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
}

/** However little time is left, a probe that is begun has as long. */
const LEAST_SECONDS = 1;

/**
 * Asks the health-check URL until it gave enough good answers in a row, or enough bad ones, or its time is up.
 * `before` is its answer in the survey.
 */
export async function httpGate(
  ctx: HttpGateContext,
  check: HttpCheck,
  gate: GateRequest,
  before: Probe | undefined,
): Promise<HttpGateEnd> {
  const deadline = ctx.clock.now() + gate.deadlineSeconds * 1000;
  let tally: Tally = { good: 0, bad: 0, answered: before?.kind === 'answer' };
  let lastLine = '';
  return poll<HttpGateEnd>(ctx, deadline, async () => {
    const seconds = Math.max((deadline - ctx.clock.now()) / 1000, LEAST_SECONDS);
    const timeoutSeconds = Math.min(check.timeoutSeconds, seconds);
    const answer = await ctx.ask({ ...check, timeoutSeconds }, ctx.signal);
    const measurement = measure(answer, check, before);
    tally = count(tally, answer, measurement);
    const line = lineOf(measurement, tally, check);
    if (line !== lastLine) ctx.log.line(line);
    lastLine = line;
    if (tally.good >= check.successes) return { end: end(true, measurement, tally) };
    if (tally.bad >= check.failures) return { end: end(false, measurement, tally) };
    const late = { ...end(false, measurement, tally), detail: tooLate(measurement, tally, check, gate) };
    return { pauseMs: check.intervalSeconds * 1000, late };
  });
}

interface Tally {
  readonly good: number;
  readonly bad: number;
  readonly answered: boolean;
}

/** Only answers in a row count; the old version's, and errors of the probe itself, are neither good nor bad. */
function count(tally: Tally, answer: Probe, measurement: Measurement): Tally {
  return {
    good: measurement.kind === 'good' ? tally.good + 1 : 0,
    bad: measurement.kind === 'bad' ? tally.bad + 1 : 0,
    answered: tally.answered || answer.kind === 'answer',
  };
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
  return `${measurement.what}${good} when its ${gate.deadlineSeconds} s were over`;
}

function end(passed: boolean, measurement: Measurement, tally: Tally): HttpGateEnd {
  return { passed, detail: measurement.what, reachable: tally.answered };
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

function accepts(statuses: readonly StatusRange[], status: number): boolean {
  return statuses.some((range) => status >= range.from && status <= range.to);
}

function rangesText(statuses: readonly StatusRange[]): string {
  return statuses.map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`)).join(', ');
}

/** In words, each checked value of the body that is not as expected. */
function wrongValues(body: string, check: HttpCheck): string[] {
  const wrongBody = check.body === undefined || bodyMatches(body, check) ? [] : ['the body does not match'];
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
  const paths = Object.keys(check.json);
  if (check.body !== undefined && body !== before.body) return false;
  const [now, then] = [parse(body), parse(before.body)];
  return paths.every((path) => valueAt(now, path) === valueAt(then, path));
}

function bodyMatches(body: string, { body: expected }: HttpCheck): boolean {
  switch (expected?.kind) {
    case 'text':
      return body.includes(expected.text);
    case 'pattern':
      return new RegExp(expected.source, expected.flags).test(body);
    case undefined:
      return true;
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

const MAX_REDIRECTS = 5;

const MAX_BODY_BYTES = 64 * 1024;

const REDIRECTS = [301, 302, 303, 307, 308];

/**
 * Asks the URL once. Resolves to its answer, or to why there was none; rejects only when the job is cancelled.
 * Redirects are followed unless the accepted statuses hold a 3xx; the headers go to the URL's own origin only; a
 * body is cut at 64 KiB. HTTPS_PROXY, HTTP_PROXY and NO_PROXY are honoured.
 */
export async function probe(check: HttpCheck, signal: AbortSignal): Promise<Probe> {
  const limit = AbortSignal.timeout(Math.ceil(check.timeoutSeconds * 1000));
  const either = AbortSignal.any([signal, limit]);
  try {
    return await follow(check, new URL(check.url), either);
  } catch (error) {
    if (signal.aborted) throw signal.reason as Error;
    return {
      kind: 'unreachable',
      reason: limit.aborted
        ? `no answer within ${Math.round(check.timeoutSeconds * 100) / 100} s`
        : describe(error),
    };
  }
}

async function follow(check: HttpCheck, start: URL, signal: AbortSignal): Promise<Probe> {
  let url = start;
  for (let hops = 0; ; hops += 1) {
    const headers = url.origin === start.origin ? check.headers : {};
    const answer = await get(url, headers, signal);
    const location = answer.headers.location;
    const status = answer.statusCode ?? 0;
    if (!REDIRECTS.includes(status) || location === undefined || acceptsRedirect(check.statuses)) {
      return { kind: 'answer', status, body: await bodyOf(answer), url: url.href };
    }
    answer.destroy();
    const next = URL.parse(location, url.href);
    const isHttp = next?.protocol === 'http:' || next?.protocol === 'https:';
    // An answer all the same, and no good one: the list of statuses holds no redirect.
    if (next === null || !isHttp || hops === MAX_REDIRECTS)
      return { kind: 'answer', status, body: '', url: url.href };
    url = next;
  }
}

function get(
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = {
      headers: { 'user-agent': 'ecs-fargate-deploy', accept: '*/*', ...headers },
      signal,
    };
    // A connection of its own for each probe, so that a load balancer may choose another target.
    const request =
      url.protocol === 'https:'
        ? httpsRequest(url, { ...options, agent: new HttpsAgent({ proxyEnv: process.env }) }, resolve)
        : httpRequest(url, { ...options, agent: new HttpAgent({ proxyEnv: process.env }) }, resolve);
    request.on('error', reject);
    request.end();
  });
}

async function bodyOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= MAX_BODY_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES).toString('utf8');
}

/** Node's network errors in words, the ones of several addresses together included. */
function describe(error: unknown): string {
  if (!isError(error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  const words = code === undefined ? undefined : NETWORK_ERRORS[code];
  return words ?? (error.message === '' ? (code ?? error.name) : error.message);
}

const NETWORK_ERRORS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  ENOTFOUND: 'the host name was not found',
};
