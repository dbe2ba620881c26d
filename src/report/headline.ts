import { lastSegment } from '../aws/arn.ts';
import type { Result } from '../model/index.ts';
import { escapeText } from './markdown.ts';
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

/** The result and what it is about, as Markdown: `✅ Deployed: backend in prod`. */
export function headline({ result, services, target }: Report): string {
  // Of several services, those that ended like this.
  const reached = services.filter((each) => each.result === result).map(({ name }) => name);
  const names = reached.length > 0 ? reached : (target?.services ?? services.map(({ name }) => name));
  const cluster = services[0]?.cluster ?? target?.cluster;
  if (names.length === 0 || cluster === undefined) return headlineOf(result);
  const shown = names.length > 3 ? `${names.length} services` : names.join(', ');
  return `${headlineOf(result)}: ${escapeText(shown)} in ${escapeText(lastSegment(cluster))}`;
}

/** The colour of the alert that holds the message. */
export function alertKind(result: Result): 'CAUTION' | 'WARNING' | undefined {
  if (isGreen(result)) return undefined;
  return result === 'cancelled' || result === 'superseded' ? 'WARNING' : 'CAUTION';
}
