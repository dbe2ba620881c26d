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

  /** Values of fewer than three characters would blank out half the log and hide nothing. */
  add(secret: string): void {
    for (const line of secret.split(/\r?\n/)) {
      if (line.trim().length > 2) this.#secrets.add(line.trim());
    }
  }

  /** Longest first, so that a secret that holds another one disappears whole. */
  mask(text: string): string {
    const longestFirst = [...this.#secrets].sort((a, b) => b.length - a.length);
    return longestFirst.reduce((rest, secret) => rest.replaceAll(secret, HIDDEN), text);
  }
  /** The same value with every text in it masked: before it is written as JSON or Markdown, which change its letters. */
  maskIn<T>(value: T): T {
    return this.#maskAny(value) as T;
  }

  #maskAny(value: unknown): unknown {
    if (typeof value === 'string') return this.mask(value);
    if (Array.isArray(value)) return value.map((each) => this.#maskAny(each));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([name, each]) => [this.mask(name), this.#maskAny(each)]);
    return Object.fromEntries(entries) as unknown;
  }
}
