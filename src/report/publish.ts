import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Masks } from '../runtime/masks.ts';
import { outputsOf } from './outputs.ts';
import { isGreen, type Report } from './report.ts';
import { harmlessLines } from './safe-text.ts';
import { headlineOf, renderSummary } from './summary.ts';

/** Where the end of the run is published; @actions/core in production. */
export interface Publisher {
  info(text: string): void;
  setOutput(name: string, value: string): void;
  setFailed(text: string): void;
  writeSummary(markdown: string): Promise<void>;
}

/**
 * Writes the report file, the summary and the outputs, says the verdict, and only then fails the step: later steps
 * see everything on red as on green. Secrets are hidden in all of it.
 */
export async function publish(
  report: Report,
  publisher: Publisher,
  masks: Masks,
  options: { readonly temp: string; readonly summary: boolean },
): Promise<void> {
  const path = join(options.temp, `ecs-fargate-deploy-report-${process.pid}-${Date.now()}.json`);
  await writeFile(path, masks.hide(`${JSON.stringify(report, null, 2)}\n`));
  for (const [name, value] of Object.entries(outputsOf(report, path))) {
    publisher.setOutput(name, masks.hide(value));
  }
  if (options.summary) await publisher.writeSummary(masks.hide(renderSummary(report)));
  for (const line of verdict(report)) publisher.info(masks.hide(line));
  if (!isGreen(report.result)) publisher.setFailed(masks.hide(annotation(report)));
}

/** The last lines of the log: what, why, what now runs, what to do. */
function verdict(report: Report): string[] {
  const services = report.services.map((service) => service.production);
  return [
    '',
    `${headlineOf(report.result)} — ${report.message}`,
    ...(report.cause === undefined ? [] : [`Cause: ${report.cause}`]),
    ...services,
    ...(report.hint === undefined ? [] : [`What to do: ${report.hint}`]),
  ].flatMap(harmlessLines);
}

/** One error annotation; its first line is the message. */
function annotation(report: Report): string {
  const production = report.services.map((service) => service.production);
  return [report.message, ...production, ...(report.hint === undefined ? [] : [report.hint])].join('\n');
}
