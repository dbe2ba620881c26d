import type { Result } from '../model.ts';
import { escapeText } from './markdown.ts';
import { lastSegment } from '../aws/partition.ts';
import { isGreen, type Report } from './report.ts';

const HEADLINES: Readonly<Record<Result, string>> = {
  succeeded: '✅ Deployed',
  unchanged: '✅ Nothing to deploy',
  registered: '✅ Task definition registered',
  planned: '📋 Planned',
  started: '🚀 Deployment started',
  'rolled-back': '❌ Failed and rolled back',
  failed: '❌ Failed',
  'timed-out': '❌ Timed out',
  superseded: '❌ Superseded by another deployment',
  cancelled: '⚪ Cancelled',
};

/** The result in words, for a heading. */
export function headlineOf(result: Result): string {
  return HEADLINES[result];
}

/** The result and what it is about, as Markdown: `✅ Deployed: backend to prod`. */
export function headline({ result, services }: Report): string {
  const [first] = services;
  if (first === undefined) return headlineOf(result);
  const names =
    services.length > 3 ? `${services.length} services` : services.map(({ name }) => name).join(', ');
  return `${headlineOf(result)}: ${escapeText(names)} in ${escapeText(lastSegment(first.cluster))}`;
}

/** The colour of the alert that holds the message. */
export function alertKind(result: Result): 'CAUTION' | 'WARNING' | undefined {
  if (isGreen(result)) return undefined;
  return result === 'cancelled' || result === 'superseded' ? 'WARNING' : 'CAUTION';
}
