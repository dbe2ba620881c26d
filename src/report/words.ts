/** Numbers in words for people. */
import type { MonthlyCost, ServiceCost } from '../model.ts';

/** `0.4 s`, `12 s`, `1 min 12 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${Math.round(seconds * 10) / 10} s`;
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${rest} s` : `${rest} s`;
}

/** `61.2 MB`. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** What a service costs a month and what changes: `$36.04 a month (+$18.02)`. */
export function costInWords({ before, after }: ServiceCost): string {
  if (after.kind === 'unknown') return `not known: ${after.why}`;
  const figure = `${money(after.dollars)} a month`;
  if (before?.kind !== 'known') return figure;
  const change = Math.round((after.dollars - before.dollars) * 100) / 100;
  if (change === 0) return `${figure}, unchanged`;
  return `${figure} (${change > 0 ? '+' : '−'}${money(Math.abs(change))})`;
}

/** `2 × 0.5 vCPU, 1 GB (x86)`. */
export function sizeInWords(cost: Extract<MonthlyCost, { kind: 'known' }>): string {
  const storage = cost.storageGigabytes > 20 ? `, ${cost.storageGigabytes} GiB storage` : '';
  return `${cost.tasks} × ${cost.vcpu} vCPU, ${cost.gigabytes} GB${storage} (${cost.architecture})`;
}

function money(dollars: number): string {
  return `$${dollars.toFixed(2)}`;
}
