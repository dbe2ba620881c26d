import { revisionName } from '../aws/partition.ts';
import type { DefinitionChange, Evidence, Result } from '../model.ts';
import { consoleUrl, taskDefinitionUrl } from './links.ts';
import { code, codeBlock, details, escapeText, link, table } from './markdown.ts';
import { stamp } from './progress-log.ts';
import type { Report, ServiceReport } from './report.ts';
import { harmlessLines } from './safe-text.ts';

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

/** GitHub drops a summary over 1 MiB whole; the log evidence is the only part that can grow. */
const MAX_LOG_LINES = 200;
const MAX_LOG_BYTES = 512 * 1024;

/** Pure: the job summary. What failed and why comes first, then what was deployed, then how it went. */
export function renderSummary(report: Report): string {
  return [
    `## ${HEADLINES[report.result]}`,
    escapeText(report.message),
    ...failure(report),
    ...services(report),
    ...image(report),
    ...changes(report.definition?.changes ?? []),
    ...checks(report),
    ...warnings(report),
    ...steps(report),
  ]
    .join('\n\n')
    .concat('\n');
}

function failure(report: Report): string[] {
  const shown = report.evidence.filter((each) => each.kind !== 'log');
  return [
    ...(report.cause === undefined ? [] : [`**Cause:** ${code(report.cause)}`]),
    ...(report.hint === undefined ? [] : [`**What to do:** ${escapeText(report.hint)}`]),
    ...(shown.length === 0 ? [] : [shown.map((each) => `- ${evidenceLine(each)}`).join('\n')]),
    ...logs(report.evidence),
  ];
}

function evidenceLine(evidence: Evidence): string {
  return `${evidence.kind.replace('-', ' ')}: ${escapeText(evidence.text)}`;
}

function logs(evidence: readonly Evidence[]): string[] {
  const lines = evidence.filter((each) => each.kind === 'log').map((each) => each.text);
  if (lines.length === 0) return [];
  return [details('Last log lines of the container that failed', codeBlock(lastOf(lines)))];
}

function lastOf(lines: readonly string[]): string[] {
  const kept: string[] = [];
  let bytes = 0;
  for (const line of lines.slice(-MAX_LOG_LINES).toReversed()) {
    bytes += Buffer.byteLength(harmlessLines(line).join('\n'));
    if (bytes > MAX_LOG_BYTES) break;
    kept.unshift(line);
  }
  return kept;
}

function services(report: Report): string[] {
  if (report.services.length === 0) return [];
  const rows = report.services.map((service) => [
    link(escapeText(service.name), consoleUrl(service)),
    service.cause === undefined ? service.result : `${service.result} (${service.cause})`,
    `${revision(service.previousTaskDefinitionArn, service)} → ${revision(service.taskDefinitionArn, service)}`,
    escapeText(service.production),
    service.gates.map((gate) => `${gate.gate} ${gate.state}`).join(', ') || '–',
  ]);
  return [table(['Service', 'Result', 'Revision', 'Production', 'Gates'], rows)];
}

function revision(arn: string, service: ServiceReport): string {
  return link(escapeText(revisionName(arn)), taskDefinitionUrl(arn, service.region));
}

function image(report: Report): string[] {
  return report.image === undefined ? [] : [`**Image:** ${code(report.image.reference)}`];
}

function changes(list: readonly DefinitionChange[]): string[] {
  if (list.length === 0) return [];
  const rows = list.map((change) => [
    code(change.path),
    change.kind,
    change.before === undefined ? '' : code(change.before),
    change.after === undefined ? '' : code(change.after),
  ]);
  return [
    details(
      `Task definition: ${list.length} ${list.length === 1 ? 'difference' : 'differences'} to what ran`,
      table(['Field', '', 'Before', 'After'], rows),
    ),
  ];
}

function checks(report: Report): string[] {
  if (report.checks.length === 0) return [];
  const good = report.checks.filter(({ state }) => state === 'OK').length;
  const rows = report.checks.map(({ check, state, detail }) => [
    state,
    escapeText(check),
    escapeText(detail),
  ]);
  return [
    details(
      `Preflight checks: ${good} of ${report.checks.length} OK`,
      table(['State', 'Check', 'What was found'], rows),
    ),
  ];
}

function warnings(report: Report): string[] {
  return report.warnings.map((warning) => `> ⚠️ ${escapeText(warning)}`);
}

function steps(report: Report): string[] {
  if (report.steps.length === 0) return [];
  const rows = report.steps.map((step) => [
    escapeText(step.name),
    stamp(step.from).trim(),
    `${step.seconds} s`,
    step.ok ? '' : 'failed here',
  ]);
  return [table(['Step', 'At', 'Took', ''], rows)];
}
