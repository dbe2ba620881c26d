import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Evidence } from '../model/index.ts';
import { sanitizeLines } from '../runtime/log.ts';
import type { Masks } from '../runtime/masks.ts';
import { headlineOf } from './headline.ts';
import { outputsOf } from './outputs.ts';
import type { CommentEnd } from './post-comment.ts';
import { isGreen, type Report } from './report.ts';
import { renderSummary } from './summary.ts';

/** Where the end of the run is published; @actions/core in production. */
export interface Publisher {
  info(text: string): void;
  /** Becomes an annotation; may have several lines. */
  warning(text: string): void;
  setOutput(name: string, value: string): void;
  setFailed(text: string): void;
  writeSummary(markdown: string): Promise<void>;
}

/**
 * Writes the report file, the outputs, the summary and the comment, says how it ended, and only then fails the step:
 * later steps see everything on red as on green. Secrets are masked in all of it, before JSON or Markdown change their letters.
 * A file that cannot be written is a line in the log: it changes nothing of what happened in AWS.
 */
export async function publish(
  whole: Report,
  publisher: Publisher,
  masks: Masks,
  options: {
    readonly temp: string;
    readonly summary: boolean;
    /** Writes the comment of a report whose secrets are masked. */
    readonly comment?: (report: Report) => Promise<CommentEnd>;
  },
): Promise<void> {
  const report = withoutSecrets(whole, masks);
  const notWritten = (what: string, error: unknown): void => {
    const why = error instanceof Error ? error.message : String(error);
    for (const line of sanitizeLines(`${what} could not be written (${why}).`)) publisher.info(line);
  };
  const path = await writeReport(report, options.temp).catch((error: unknown) => {
    notWritten('The report', error);
    return '';
  });
  for (const [name, value] of Object.entries(outputsOf(whole, path))) {
    publisher.setOutput(name, name === 'message' ? masks.mask(value) : value);
  }
  if (options.summary) {
    await publisher.writeSummary(renderSummary(report)).catch((error: unknown) => {
      notWritten('The job summary', error);
    });
  }
  if (options.comment !== undefined) announceComment(await options.comment(report), publisher, masks);
  for (const line of verdict(report)) publisher.info(line);
  if (!isGreen(report.result)) publisher.setFailed(annotation(report));
}

/** GitHub's own words are among it. */
export function announceComment(
  end: CommentEnd,
  publisher: Pick<Publisher, 'info' | 'warning'>,
  masks: Masks,
): void {
  if (end.kind === 'silent') return;
  const lines = sanitizeLines(masks.mask(end.text));
  if (end.kind === 'warning') publisher.warning(lines.join('\n'));
  else for (const line of lines) publisher.info(line);
}

/** Results and causes are words of the contract: a secret of the same letters does not hide them. */
export function withoutSecrets(report: Report, masks: Masks): Report {
  const masked = masks.maskIn(report);
  const services = masked.services.map((service, at) => {
    const { result, cause } = report.services[at] ?? service;
    return { ...service, result, cause };
  });
  return { ...masked, services, result: report.result, cause: report.cause };
}

async function writeReport(report: Report, folder: string): Promise<string> {
  const path = join(folder, `ecs-fargate-deploy-report-${process.pid}-${Date.now()}.json`);
  await writeFile(path, `${JSON.stringify(reportForFile(report), null, 2)}\n`);
  return path;
}

/** The last lines of the log: what, why, what now runs, what to do. */
function verdict(report: Report): string[] {
  const services = report.services.map((service) => service.production);
  return [
    '─'.repeat(60),
    `${headlineOf(report.result)} — ${report.message}`,
    ...(report.cause === undefined ? [] : [`Cause: ${report.cause}`]),
    ...services,
    ...(report.hint === undefined ? [] : [`What to do: ${report.hint}`]),
  ].flatMap(sanitizeLines);
}

/** One error annotation; its first line is the message. */
function annotation(report: Report): string {
  const production = report.services.map((service) => service.production);
  return [report.message, ...production, ...(report.hint === undefined ? [] : [report.hint])]
    .flatMap(sanitizeLines)
    .join('\n');
}

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
