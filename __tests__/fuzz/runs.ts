import fc from 'fast-check';

/** Cases of each property: few in every run, many by `npm run fuzz`. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? '200');

/** A test's limit in milliseconds, which bounds what one case may take. */
export const LIMIT = 30_000 + RUNS * 60;

/** A failure names its seed: give it in FUZZ_SEED to see it again. */
export function holds<T>(property: fc.IProperty<T>): void {
  const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 0x7fffffff);
  fc.assert(property, { numRuns: RUNS, seed });
}

export async function holdsInTime<T>(property: fc.IAsyncProperty<T>, share = 1): Promise<void> {
  const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 0x7fffffff);
  await fc.assert(property, { numRuns: Math.ceil(RUNS * share), seed });
}

/** The same of whole steps, each of which takes as long as a hundred answers. */
export function stepsHold<T>(property: fc.IAsyncProperty<T>): Promise<void> {
  return holdsInTime(property, 1 / 4);
}
