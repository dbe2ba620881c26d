import { costNote, facts, imageDetails } from './facts.ts';
import { commands } from './further.ts';
import { checks, checksFailed, diff, evidence, verdict, warnings } from './findings.ts';
import { headline } from './headline.ts';
import { lastLines } from './last-lines.ts';
import { code, codeBlock, details, escapeText, link } from './markdown.ts';
import { metricTables } from './metrics.ts';
import type { Report } from './report.ts';
import { timeline } from './timeline.ts';
import { minuteInUtc } from '../runtime/log.ts';

/** GitHub drops a summary over 1 MiB whole. */
const LIMIT = 1000 * 1024;

/** What is shown of a container's log beside its last lines. */
const MAX_LOG_LINES = 185;

const MAX_LOG_BYTES = 256 * 1024;

/**
 * Pure: the job summary, under 1 MiB whatever happens. What failed and why comes first, then what was deployed, then
 * how it went. Where it grows too long, the differences go first, then the checks, then the log.
 */
export function renderSummary(report: Report): string {
  const versions = [
    () => blocks(report, {}),
    () => blocks(report, { changes: 200 }),
    () => blocks(report, { changes: 0, allChecks: false }),
    () =>
      blocks(
        { ...report, evidence: [], warnings: [], notes: [], checks: [], observations: [] },
        { changes: 0 },
      ),
  ];
  for (const version of versions) {
    const summary = version().join('\n\n').concat('\n');
    if (Buffer.byteLength(summary) < LIMIT) return summary;
  }
  return `## ${headline(report)}\n\n${escapeText(report.message.slice(0, 2000))}\n`;
}

function blocks(
  report: Report,
  { changes, allChecks = true }: { changes?: number; allChecks?: boolean },
): string[] {
  const isFirst = checksFailed(report);
  return [
    `## ${headline(report)}`,
    ...verdict(report, { lines: true }),
    ...(isFirst ? checks(report, allChecks) : []),
    ...logs(report),
    ...evidence(report, { lines: true }),
    ...warnings(report),
    ...facts(report),
    ...metricTables(report),
    ...commands(report),
    ...imageDetails(report),
    ...diff(report, changes),
    ...(isFirst ? [] : checks(report, allChecks)),
    ...timeline(report),
    ...costNote(report),
    ...origin(report),
  ];
}

/** The last lines open, those before them folded. */
function logs(report: Report): string[] {
  return lastLines(report).flatMap(({ title, open, earlier }) => [
    `**${escapeText(title)}**\n\n${codeBlock(lastOf(open))}`,
    ...(earlier.length === 0 ? [] : [details('Lines before these', codeBlock(lastOf(earlier)))]),
  ]);
}

function lastOf(lines: readonly string[]): string[] {
  const kept: string[] = [];
  let bytes = 0;
  for (const line of lines.slice(-MAX_LOG_LINES).toReversed()) {
    bytes += Buffer.byteLength(line);
    if (bytes > MAX_LOG_BYTES) break;
    kept.unshift(line);
  }
  return kept;
}

/** Which run this was, in small print. */
function origin({ run, startedAt }: Report): string[] {
  const parts = [
    ...(run.event === undefined ? [] : [`on ${code(run.event)}`]),
    ...(run.actor === undefined ? [] : [`by ${escapeText(run.actor)}`]),
    `at ${escapeText(minuteInUtc(startedAt))}`,
  ];
  const name = run.repository === undefined ? 'This run' : `Run of ${escapeText(run.repository)}`;
  return [`<sub>${link(name, run.runUrl)} ${parts.join(' ')}</sub>`];
}
