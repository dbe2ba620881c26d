const HIDDEN = '***';

/**
 * The secrets of this run. The runner masks only its own log and summary, so whatever else leaves the process
 * (the report file, a comment) passes through `mask` first.
 */
export class Masks {
  readonly #secrets = new Set<string>();

  constructor(secrets: Iterable<string> = []) {
    for (const secret of secrets) this.add(secret);
  }

  add(secret: string): void {
    for (const line of maskableLines(secret)) this.#secrets.add(line);
  }

  /** Longest first, so that a secret that holds another one disappears whole. */
  mask(text: string): string {
    const longestFirst = [...this.#secrets].sort((a, b) => b.length - a.length);
    return longestFirst.reduce((rest, secret) => rest.replaceAll(secret, HIDDEN), text);
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

/**
 * Pure: the lines of a secret that are worth a mask, without the spaces around them: a program prints a secret line by
 * line. One of fewer than three characters would blank out half the log, and so would a common word: it hides nothing,
 * and every link with it in it is gone.
 */
export function maskableLines(secret: string): string[] {
  return secret
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line.length > 2 && !isCommon(line));
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
  aws ecs ecr fargate amazon amazonaws github actions docker linux amd64 arm64 x86_64 postgres mysql redis`.split(
    /\s+/,
  ),
);

/** Numbers such as ports and counts, punctuation alone, and regions. */
const COMMON = /^(?:\d{1,5}|[\W_]+|[a-z]{2}(?:-[a-z]+)+-\d)$/;

/** Of a line such as `services:` or `"name",` the word is what counts. */
function isCommon(line: string): boolean {
  const word = line.toLowerCase().replace(/^["'\s]+|["'\s:,;{[]+$/g, '');
  return word.length < 3 || COMMON.test(word) || COMMON_WORDS.has(word);
}
