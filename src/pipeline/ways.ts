import type { ServiceRun, ServiceSnapshot } from '../model/index.ts';

/** Which services of several are on their way: they roll out, or go back. */
export class Ways {
  readonly #open: Set<ServiceSnapshot>;
  readonly #all = Promise.withResolvers<undefined>();

  constructor(serviceRuns: readonly ServiceRun[]) {
    this.#open = new Set(serviceRuns.map(({ snapshot }) => snapshot));
  }

  /** Resolves once none is on its way any more. */
  get allEnded(): Promise<undefined> {
    return this.#all.promise;
  }

  begin({ snapshot }: ServiceRun): void {
    this.#open.add(snapshot);
  }

  end({ snapshot }: ServiceRun): void {
    this.#open.delete(snapshot);
    if (this.#open.size === 0) this.endAll();
  }

  /** Nobody is to wait for the others. */
  endAll(): void {
    this.#all.resolve(undefined);
  }

  /** What rejects is on no way any more. */
  async unlessBroken<T>(serviceRun: ServiceRun, move: () => Promise<T> | T): Promise<T> {
    try {
      return await move();
    } catch (error) {
      this.end(serviceRun);
      throw error;
    }
  }

  /** It is on its way until then. */
  async toTheEnd<T>(serviceRun: ServiceRun, move: () => Promise<T> | T): Promise<T> {
    try {
      return await move();
    } finally {
      this.end(serviceRun);
    }
  }
}
