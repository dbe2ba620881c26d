import type { Evidence } from '../model.ts';
import type { Report } from './report.ts';

/** Characters of one text in the file; what is longer is in the log. */
const LONGEST = 2_000;

/**
 * Pure: the report as the file holds it, bounded in size. Lines that containers wrote are in the job log and the
 * summary only: a program may print anything, and a file travels further.
 */
export function reportForFile(report: Report): Report {
  const services = report.services.map((service) => ({
    ...service,
    evidence: withoutLogs(service.evidence),
  }));
  return shortened({ ...report, services, evidence: withoutLogs(report.evidence) });
}

function withoutLogs(evidence: readonly Evidence[]): Evidence[] {
  return evidence.filter(({ kind }) => kind !== 'log');
}

/** The same value with every text in it cut, however deep. */
function shortened<T>(value: T): T {
  return shorten(value) as T;
}

function shorten(value: unknown): unknown {
  if (typeof value === 'string') return cut(value);
  if (Array.isArray(value)) return value.map(shorten);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shorten(each)]));
}

function cut(text: string): string {
  if (text.length <= LONGEST) return text;
  return `${text.slice(0, LONGEST)}… (${text.length - LONGEST} more characters)`;
}
