import type { Figure } from './scenarios.ts';

/** A table in Markdown; with a column for what was before, where there is a measurement of it. Pure. */
export function table(now: readonly Figure[], before?: readonly Figure[]): string {
  const rows = now.map(({ what, value }) =>
    before === undefined
      ? [what, value]
      : [what, before.find((figure) => figure.what === what)?.value ?? '', value],
  );
  const head = before === undefined ? ['Load', 'Figure'] : ['Load', 'Before', 'Now'];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** The value below which `share` of the values lie; undefined of none. Pure. */
export function percentile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** `12 x 200, 3 x 503`, by the name of the answer. Pure. */
export function counted(answers: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  const parts = [...counts].toSorted(([a], [b]) => a.localeCompare(b));
  return parts.map(([answer, count]) => `${count} x ${answer}`).join(', ') || 'none';
}

/** Milliseconds as a person reads them. Pure. */
export function duration(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return 'none';
  return milliseconds < 1000 ? `${milliseconds.toFixed(0)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}
