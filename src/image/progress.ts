/** What a build said of its steps. */
export interface BuildSteps {
  /** Steps of the Dockerfile. */
  readonly total: number;
  /** Those of them that came out of a cache. */
  readonly cached: number;
}

/**
 * Counts the steps of a Dockerfile in BuildKit's plain progress: `#7 [2/5] RUN …` names a step, `#7 CACHED` says that it
 * was not run. Steps of BuildKit itself, such as `[internal] load build context`, do not count.
 */
export class StepCounter {
  readonly #steps = new Set<string>();
  readonly #cached = new Set<string>();

  take(line: string): void {
    const [, step, text = ''] = /^(#\d+) (.*)$/.exec(line) ?? [];
    if (step === undefined) return;
    if (/^\[(?!internal|auth)[^\]]*\d+\/\d+\] /.test(text)) this.#steps.add(step);
    else if (text === 'CACHED') this.#cached.add(step);
  }

  get counts(): BuildSteps {
    return { total: this.#steps.size, cached: this.#steps.intersection(this.#cached).size };
  }
}
