/** What is measured, and how it is judged. */

/** One thing that is measured. */
export interface Row {
  readonly name: string;
  /** What must hold; empty where the figures are told only. */
  readonly limit: string;
  readonly measured: string;
  readonly isKept: boolean;
  /** The same as numbers, for programs; the unit ends each name. */
  readonly figures: Readonly<Record<string, number>>;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const [low, high] = [
    sorted[Math.floor((sorted.length - 1) / 2)],
    sorted[Math.ceil((sorted.length - 1) / 2)],
  ];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

/** The median of the ratios of pairs that were measured one right after the other. */
export function ratio(ours: readonly number[], theirs: readonly number[]): number {
  return median(ours.map((value, at) => value / (theirs[at] ?? Number.NaN)));
}

/** Least, median and most. */
export function spread(values: readonly number[], digits = 0): string {
  const all = [Math.min(...values), median(values), Math.max(...values)];
  return all.map((value) => value.toFixed(digits)).join('/');
}
