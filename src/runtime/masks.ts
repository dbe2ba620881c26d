const HIDDEN = '***';

/**
 * The secrets of this run. The runner masks only its own log and summary, so whatever else leaves the process
 * (the report file, a comment) passes through `mask` first.
 */
export class Masks {
  readonly #secrets = new Set<string>();
  readonly #names: string[] = [];

  constructor(secrets: Iterable<string> = []) {
    for (const secret of secrets) this.add(secret);
  }

  /** Names that anybody may read, such as that of the service: links consist of them. For what is added from then on. */
  spare(names: Iterable<string>): void {
    this.#names.push(...names);
  }

  /** The lines of it that are hidden from now on. */
  add(secret: string): string[] {
    const lines = maskableLines(secret, this.#names);
    for (const line of lines) for (const form of [line, ...escaped(line)]) this.#secrets.add(form);
    return lines;
  }

  /** Longest first, so that a secret that holds another one disappears whole. */
  mask(text: string): string {
    const longestFirst = [...this.#secrets].sort((a, b) => b.length - a.length);
    return longestFirst.reduce((rest, secret) => rest.replaceAll(secret, HIDDEN), text);
  }

  /** Of a text that was cut somewhere: hides the beginning of a secret at its end. */
  maskEnd(text: string): string {
    const longest = Math.max(0, ...[...this.#secrets].map((secret) => lengthOfBeginning(secret, text)));
    return longest === 0 ? text : `${text.slice(0, -longest)}${HIDDEN}`;
  }

  /**
   * The same value with every text in it masked, its keys as they are: before it is written as JSON or Markdown, which
   * change the letters of a text.
   */
  maskIn<T>(value: T): T {
    return this.#maskAny(value) as T;
  }

  #maskAny(value: unknown): unknown {
    if (typeof value === 'string') return this.mask(value);
    if (Array.isArray(value)) return value.map((each) => this.#maskAny(each));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, this.#maskAny(each)]));
  }
}

/** How a program writes a text in JSON, in a URL and in HTML, where that is not the text itself. The runner hides those forms, too. */
function escaped(secret: string): string[] {
  const inJson = JSON.stringify(secret).slice(1, -1);
  const inUrl = encodeURIComponent(secret.toWellFormed());
  const inHtml = secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return [inJson, inUrl, inHtml, inHtml.replaceAll('"', '&quot;').replaceAll("'", '&#39;')].filter(
    (form) => form !== secret,
  );
}

/** Letters of a secret that say something of it. */
const TELLING = 4;

/** How many letters of a secret a text ends with, where those are its first ones. */
function lengthOfBeginning(secret: string, text: string): number {
  for (let length = Math.min(secret.length - 1, text.length); length >= TELLING; length -= 1) {
    if (text.endsWith(secret.slice(0, length))) return length;
  }
  return 0;
}

/**
 * Pure: the lines of a secret that are worth a mask, without the spaces around them: a program prints a secret line by
 * line. One of fewer than three characters would blank out half the log, and so would a common word, or a name of the run
 * or a part of one: it hides nothing, and every link with it in it is gone.
 */
export function maskableLines(secret: string, names: readonly string[] = []): string[] {
  return secret
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line.length > 2 && !isCommon(line) && !isPartOf(names, line));
}

/** The runner hides a secret in the middle of a word, too. */
function isPartOf(names: readonly string[], line: string): boolean {
  const word = wordOf(line);
  return names.some((name) => name.toLowerCase().includes(word));
}

/** Names that a value of a configuration has in every company, and what links, logs and answers consist of. */
const COMMON_WORDS = new Set(
  `http https www com net org html json text xml yaml plain utf-8 gzip deflate identity close keep-alive no-cache
  true false yes null none undefined default auto enabled disabled
  prod production stage staging develop development dev test testing tests qa uat demo preview sandbox live local
  localhost main master latest stable canary beta internal external public private global primary secondary
  admin root user users guest app apps api web worker backend frontend server client proxy cache database
  name names value values key keys token secret secrets password username version versions image images service
  services cluster region account role task tasks container containers deployment deploy build context environment
  config settings host hosts port ports path url urls message result cause
  get put post patch head delete options bearer basic digest
  trace debug info warn warning error fatal
  aws ecs ecr fargate amazon amazonaws github actions docker linux amd64 arm64 x86_64 postgres mysql redis
  arn console home health clusters deployments tasks definition definitions task-definition task-definitions revision
  logs log group groups log-group log-groups log-events logs-insights stream alarm alarms cloudwatch
  commit commits compare pull pulls run runs issuecomment service-deployment
  succeeded unchanged registered planned started failed cancelled superseded timed-out rolled-back
  survey verify register watch gate promote conclude deployed running healthy serving summary comment evidence`.split(
    /\s+/,
  ),
);

/** A shorter line is a part of words, such as `eal` of `health`. */
const SHORT = 6;

/** Numbers such as ports and counts, punctuation alone, and regions. */
const COMMON = /^(?:\d{1,5}|[\W_]+|[a-z]{2}(?:-[a-z]+)+-\d)$/;

/** Of a line such as `services:` or `"name",` the word is what counts. */
function isCommon(line: string): boolean {
  const word = wordOf(line);
  if (word.length < 3 || COMMON.test(word) || COMMON_WORDS.has(word)) return true;
  return word.length < SHORT && [...COMMON_WORDS].some((common) => common.includes(word));
}

function wordOf(line: string): string {
  return line.toLowerCase().replace(/^["'\s:]+|["'\s:,;{[]+$/g, '');
}
