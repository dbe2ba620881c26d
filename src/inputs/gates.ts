/** The gate: the health-check URL with what it must answer, the alarms that must stay quiet, what metrics must show. */
import type { BodyExpectation, GateRequest, HttpCheck, StatusRange } from '../model/index.ts';
import { withoutQuery } from '../runtime/http.ts';
import { commaList, lineList, pairs } from './lists.ts';
import { metricCheck } from './metrics.ts';
import { alarmName } from './names.ts';
import type { InputReader } from './reader.ts';
import { amount, oneOf, problem, quoted, value, whole, type Parsed } from './values.ts';

/** What a good answer looks like. The pace of asking is not listed: it does no harm where nothing is asked. */
export const HTTP_EXPECTATIONS = [
  'health-check-status',
  'health-check-body',
  'health-check-json',
  'health-check-headers',
] as const;

const A_DAY = 86400;

export function readGate(read: InputReader): GateRequest {
  const expected = readExpectations(read);
  const url = read.optional('health-check-url', httpUrl);
  const testUrl = read.optional('test-url', httpUrl);
  for (const each of [url, testUrl]) read.secrets.push(...secretsOfQuery(each));
  return {
    http: url === undefined ? undefined : { url, ...expected },
    testUrl: testUrl === undefined ? undefined : { url: testUrl, ...expected },
    promotion: read.value('promotion', oneOf(['auto', 'manual']), 'auto'),
    deadlineSeconds: read.value(
      'health-check-deadline-seconds',
      amount('seconds', { above: 0, most: A_DAY }, 120),
      '120',
    ),
    alarms: read.value('alarms', lineList(alarmName)),
    metrics: read.value('metrics', lineList(metricCheck)),
    bakeMinutes: read.value('bake-minutes', amount('minutes', { least: 0, most: 1440 }, 10), '0'),
  };
}

function readExpectations(read: InputReader): Omit<HttpCheck, 'url'> {
  const expected = {
    statuses: read.value('health-check-status', statusList, '200-299'),
    body: read.optional('health-check-body', bodyExpectation),
    json: read.value('health-check-json', pairs(JSON_PATHS)),
    headers: read.value('health-check-headers', pairs(HEADERS)),
    successes: read.value('health-check-successes', whole('answers', { least: 1 }, 3), '3'),
    failures: read.value('health-check-failures', whole('answers', { least: 1 }, 3), '3'),
    intervalSeconds: read.value(
      'health-check-interval-seconds',
      amount('seconds', { least: 0, most: A_DAY }, 5),
      '5',
    ),
    timeoutSeconds: read.value(
      'health-check-timeout-seconds',
      amount('seconds', { above: 0, most: A_DAY }, 5),
      '5',
    ),
  };
  for (const [name, header] of Object.entries(expected.headers)) {
    read.secrets.push(...secretsOfHeader(name, header));
  }
  return expected;
}

const JSON_PATHS = { example: 'path=value, such as version=1.4.2', name: /^\S+$/, confidential: false };

/** Names and values by https://www.rfc-editor.org/rfc/rfc9110#section-5 */
const HEADERS = {
  example: 'Name=value or Name: value',
  name: /^[\w!#$%&'*+.^`|~-]+$/,
  wrongValue: (header: string): string | undefined => {
    if (header.trim() === '') return 'has no value. (A secret that does not exist is empty in a workflow.)';
    return /^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(header)
      ? undefined
      : 'holds a character that no header may hold. Give printable Latin-1 characters.';
  },
  confidential: true,
  anyCase: true,
  colon: true,
};

/** Header names that say that the value is a secret. */
const SECRET_NAME = /auth|cookie|key|token|secret|passw|credential|signature|session/i;

/** Headers whose values are addresses and formats, however long. */
const ORDINARY_NAME =
  /^(?:accept(?:-.*)?|cache-control|connection|content-.*|forwarded|host|origin|pragma|referer|user-agent|via|x-forwarded-.*|x-real-ip)$/i;

/** Values that half of any log consists of: masking them would hide the log and protect nothing. */
const ORDINARY = /^(?:true|false|\d{1,3}|\*\/\*)$/i;

/** A value of that length is generated: a token, a key. */
const LONG = 20;

/** The id of a commit, or the digest of an image: long, generated, and known to everybody. */
const PUBLIC = /^(?:sha256:[0-9a-f]{64}|[0-9a-f]{40})$/i;

/**
 * The value, where the name of the header or its own length says that it is a secret; and the credentials alone where a
 * scheme such as `Bearer` precedes them.
 */
export function secretsOfHeader(name: string, header: string): readonly string[] {
  const whole = header.trim();
  const isLong = whole.length >= LONG && !ORDINARY_NAME.test(name) && !PUBLIC.test(whole);
  const credentials = /^(?:Basic|Bearer|Token|Digest|ApiKey) +(\S.*)$/i.exec(whole)?.[1];
  if (!SECRET_NAME.test(name) && !isLong && credentials === undefined) return [];
  return [whole, ...(credentials === undefined ? [] : [credentials])].filter(
    (secret) => !ORDINARY.test(secret),
  );
}

/** Pure: the same of a URL's query, as it is written and as it is meant: the log of a server holds it. */
export function secretsOfQuery(url: string | undefined): readonly string[] {
  const pairs = url?.split('#', 1)[0]?.split('?').slice(1).join('?').split('&') ?? [];
  return pairs.flatMap((pair) => {
    const at = pair.indexOf('=');
    const [[name, meant] = ['', '']] = new URLSearchParams(pair);
    return at === -1 || meant === ''
      ? []
      : [...secretsOfHeader(name, meant), ...secretsOfHeader(name, pair.slice(at + 1))];
  });
}

function httpUrl(text: string): Parsed<string> {
  const written = text.trim();
  const url = URL.parse(written);
  if (url !== null && (url.username !== '' || url.password !== '')) {
    return problem('it holds a user name or password. Send them by health-check-headers, which are masked.');
  }
  if (url === null || !/^https?:\/\/[^\s]+$/i.test(written)) {
    return problem(
      `${quoted(withoutQuery(withoutUser(written)))} is not a URL. Give one such as https://api.example.com/health.`,
    );
  }
  return value(written);
}

/** What stands before an `@` may be a password, also in text that is no URL. */
function withoutUser(written: string): string {
  return written.replace(/^.*@/s, '***@');
}

function statusList(text: string): Parsed<readonly StatusRange[]> {
  return commaList(statusRange)(text);
}

function statusRange(text: string): Parsed<StatusRange> {
  const [, first = '', last = first] = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(text) ?? [];
  if (first === '') return problem(`${quoted(text)} is not a status. ${STATUSES}`);
  if (Number(last) < Number(first)) return problem(`${quoted(text)} ends before it begins. ${STATUSES}`);
  return value({ from: Number(first), to: Number(last) });
}

const STATUSES = 'Give codes from 100 to 599 and ranges of them, such as 200-299 or 200,204.';

function bodyExpectation(text: string): Parsed<BodyExpectation> {
  const written = text.trim();
  const pattern = /^\/(.+)\/([a-z]*)$/is.exec(written);
  if (pattern === null) return value({ kind: 'text', text: written });
  const [, source = '', flags = ''] = pattern;
  if (!/^[imsuv]*$/.test(flags)) {
    return problem(`${quoted(written)} has flags other than i, m, s, u and v. ${SLASHES}`);
  }
  try {
    new RegExp(source, flags);
  } catch (error) {
    return problem(
      `${quoted(written)} is not a regular expression (${(error as Error).message}). ${SLASHES}`,
    );
  }
  return value({ kind: 'pattern', source, flags });
}

const SLASHES = String.raw`Give text, or /pattern/flags; text that starts with a slash is written as /\/text/.`;
