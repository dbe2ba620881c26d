import { randomUUID } from 'node:crypto';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseImageReference } from '../aws/image-reference.ts';
import { isOutput, type Evidence, type GateResult, type RegisteredDefinition } from '../model/index.ts';
import { sanitizeLines } from '../runtime/log.ts';
import type { Masks } from '../runtime/masks.ts';
import { checksFailed } from './findings.ts';
import { grade } from './headline.ts';
import { decisiveLine, lastLines } from './last-lines.ts';
import { outputsOf } from './outputs.ts';
import type { CommentEnd } from './post-comment.ts';
import { MAX_WARNINGS } from './progress-log.ts';
import { isGreen, isUntouched, otherMessages, type Report, type ServiceReport } from './report.ts';
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

export interface PublishOptions {
  readonly temp: string;
  /** File of GITHUB_ARTIFACTS, in which a step declares what it built; undefined where the runner has none. */
  readonly artifacts?: string | undefined;
  readonly summary: boolean;
  /** Writes the comment of a report whose secrets are masked. */
  readonly comment?: (report: Report) => Promise<CommentEnd>;
  /** Ends the GitHub deployment that the run has recorded. */
  readonly deployment?: (report: Report) => Promise<CommentEnd>;
}

/**
 * Writes the report file, the outputs, the summary and the comment, says how it ended, and only then fails the step:
 * later steps see everything on red as on green. Secrets are masked in all of it, before JSON or Markdown change their letters.
 * Each is written whatever happens to the others: what could not be is a warning in the log, the summary and the comment,
 * and changes nothing of what happened in AWS. Never rejects.
 */
export async function publish(
  whole: Report,
  publisher: Publisher,
  masks: Masks,
  options: PublishOptions,
): Promise<void> {
  const each = new Attempts(withRoomFor(MAX_WARNINGS - whole.warnings.length, publisher), masks);
  const masked =
    (await each.of('The masked report', () => withoutSecrets(whole, masks))) ?? bare(whole, masks);
  const withFailures = (): Report => ({ ...masked, warnings: [...masked.warnings, ...each.failures] });
  const path = (await each.of('The report', () => writeReport(masked, options.temp))) ?? '';
  const outputs = (await each.of('The outputs', () => outputsOf(whole, path))) ?? { result: whole.result };
  await each.of('The outputs', () => {
    setAll(publisher, outputs, masks);
  });
  await each.of('The artifact', () => declareArtifact(whole, options.artifacts));
  const writeSummary = async (): Promise<void> => {
    if (!options.summary) return;
    await each.of('The job summary', () => publisher.writeSummary(renderSummary(withFailures())));
  };
  await writeSummary();
  const known = each.failures.length;
  for (const [what, write] of [
    ['The GitHub deployment', options.deployment],
    ['The comment', options.comment],
  ] as const) {
    await each.of(what, async () => {
      const end = await write?.(withFailures());
      if (end !== undefined) announceComment(end, each.publisher, masks);
    });
  }
  if (each.failures.length > known) await writeSummary();
  await each.of('The last lines', () => {
    for (const line of verdict(masked)) publisher.info(line);
  });
  if (isGreen(whole.result)) return;
  const text = await each.of('The annotation', () => annotation(masked));
  publisher.setFailed(text ?? sanitizeLines(masks.mask(whole.message)).join(' '));
}

/** `repository@digest` of the image that this run built, a line (actions/runner, `$GITHUB_ARTIFACTS`). */
async function declareArtifact({ build, image }: Report, file: string | undefined): Promise<void> {
  if (file === undefined || file === '' || build === undefined || build.reused) return;
  const { repository } = parseImageReference(image?.reference ?? '');
  if (image?.digest !== undefined) await appendFile(file, `oci://${repository}@${image.digest}\n`);
}

/** Each that can be set is, whatever becomes of the others; throws the first error. */
function setAll(publisher: Publisher, outputs: Readonly<Record<string, string>>, masks: Masks): void {
  let failed: { readonly error: unknown } | undefined;
  for (const [name, value] of Object.entries(outputs)) {
    try {
      publisher.setOutput(name, name === 'message' ? masks.mask(value) : value);
    } catch (error) {
      failed ??= { error };
    }
  }
  if (failed !== undefined) throw failed.error as Error;
}

/** So many warnings are annotations, the others lines: GitHub shows ten of a step. */
function withRoomFor(most: number, publisher: Publisher): Pick<Publisher, 'info' | 'warning'> {
  let left = most;
  const info = (text: string): void => {
    publisher.info(text);
  };
  const warning = (text: string): void => {
    left -= 1;
    if (left >= 0) publisher.warning(text);
    else for (const line of text.split('\n')) publisher.info(line);
  };
  return { info, warning };
}

/** Does one thing after the other, and warns of what could not be done. */
class Attempts {
  readonly failures: string[] = [];
  readonly publisher: Pick<Publisher, 'info' | 'warning'>;
  readonly #masks: Masks;

  constructor(publisher: Pick<Publisher, 'info' | 'warning'>, masks: Masks) {
    this.publisher = publisher;
    this.#masks = masks;
  }

  /** Undefined where it failed. */
  async of<T>(what: string, act: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await act();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const [text = ''] = sanitizeLines(this.#masks.mask(`${what} could not be written (${why}).`));
      this.failures.push(text);
      this.#warn(text);
      return undefined;
    }
  }

  /** A log that takes nothing any more keeps nothing else from being written. */
  #warn(text: string): void {
    try {
      this.publisher.warning(text);
    } catch {
      // There is nowhere left to say it.
    }
  }
}

/** Of a report that cannot be masked as a whole: how it ended, and nothing else. */
function bare(report: Report, masks: Masks): Report {
  return {
    ...report,
    message: masks.mask(report.message),
    hint: undefined,
    request: undefined,
    definition: undefined,
    checks: [],
    services: [],
    evidence: [],
    observations: [],
    warnings: [],
    notes: [],
  };
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

/**
 * Pure: the report with its secrets masked. What names and links are made of stays as it is, and so do the words of the
 * contract: a secret of the same letters hides neither.
 */
export function withoutSecrets(report: Report, masks: Masks): Report {
  const masked = masks.maskIn(report);
  const { mode, result, cause, startedAt, run, target, image, build, commits, url } = report;
  return {
    ...masked,
    ...{ mode, result, cause, startedAt, run, target, image, build, commits, url },
    definition: report.definition && definitionOf(report.definition, masked.definition),
    services: masked.services.map((hidden, at) => serviceOf(report.services[at] ?? hidden, hidden)),
    evidence: evidenceOf(report.evidence, masked.evidence),
    checks: report.checks.map((check, at) => ({ ...check, detail: masked.checks[at]?.detail ?? '' })),
    costs: report.costs,
    steps: report.steps,
    rollout: report.rollout,
  };
}

/** Fields of a service that are names, or that links are made of. */
const NAMES = [
  ...(['name', 'arn', 'cluster', 'region', 'partition', 'result', 'cause', 'serving'] as const),
  ...(['taskDefinitionArn', 'previousTaskDefinitionArn', 'deploymentId', 'serviceDeploymentArn'] as const),
  ...(['logGroups', 'running', 'rolledBackTo'] as const),
];

function serviceOf(plain: ServiceReport, masked: ServiceReport): ServiceReport {
  const gates = (list: readonly GateResult[], hidden: readonly GateResult[]): GateResult[] =>
    hidden.map((gate, at) => ({ ...gate, ...words(list[at] ?? gate) }));
  return {
    ...masked,
    ...pick(plain, NAMES),
    evidence: evidenceOf(plain.evidence, masked.evidence),
    gates: gates(plain.gates, masked.gates),
    gatesAfterRollback: gates(plain.gatesAfterRollback, masked.gatesAfterRollback),
  };
}

function definitionOf(
  plain: RegisteredDefinition,
  masked: RegisteredDefinition | undefined,
): RegisteredDefinition {
  const changes = plain.changes.map((change, at) => ({
    ...masked?.changes[at],
    path: change.path,
    kind: change.kind,
  }));
  return { ...plain, changes };
}

function words({ gate, state, cause }: GateResult): Pick<GateResult, 'gate' | 'state' | 'cause'> {
  return { gate, state, ...(cause === undefined ? {} : { cause }) };
}

function evidenceOf(plain: readonly Evidence[], masked: readonly Evidence[] = []): Evidence[] {
  return plain.map((each, at) => ({ ...each, text: masked[at]?.text ?? '' }));
}

function pick<T, K extends keyof T>(value: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, value[name]])) as unknown as Pick<T, K>;
}

async function writeReport(report: Report, folder: string): Promise<string> {
  // Steps in containers of their own may share the folder and have equal process ids.
  const path = join(folder, `ecs-fargate-deploy-report-${randomUUID()}.json`);
  await writeFile(path, `${JSON.stringify(reportForFile(report), null, 2)}\n`);
  return path;
}

/**
 * The last lines of the log: what the failed container said last, then how it ended. Of a failure the annotation says the
 * rest, right below it.
 */
function verdict(report: Report): string[] {
  const isRed = !isGreen(report.result);
  return [
    ...lastLines(report).flatMap(({ title, open }) => [`${title}:`, ...open.map((line) => `    ${line}`)]),
    // Fits a telephone.
    '─'.repeat(40),
    isRed ? grade(report) : `${grade(report)} — ${report.message}`,
    ...(report.cause === undefined ? [] : [`Cause: ${report.cause}`]),
    ...otherMessages(report),
    ...(isRed ? [] : whatToKnow(report)),
  ].flatMap(sanitizeLines);
}

/** What runs now and what to do. */
function whatToKnow(report: Report): string[] {
  const { services, hint } = report;
  return [
    ...services.map(({ production }) => production),
    ...(isUntouched(report) ? ['No service was touched.'] : []),
    ...(hint === undefined ? [] : [`What to do: ${hint}`]),
  ];
}

/**
 * One error annotation: the message, the line of the container that says why, what runs now, what to do. GitHub shows it
 * at the end of the log, too.
 */
function annotation(report: Report): string {
  const decisive = decisiveLine(report);
  return [
    report.message,
    ...failedChecks(report),
    ...(decisive === undefined ? [] : [decisive]),
    ...whatToKnow(report),
  ]
    .flatMap(sanitizeLines)
    .join('\n');
}

/** Of several the message has the names alone. */
function failedChecks(report: Report): string[] {
  const failed = report.checks.filter(({ state }) => state === 'FAILED');
  if (!checksFailed(report) || failed.length < 2) return [];
  return failed.map(({ check, detail }) => `${check}: ${detail}`);
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
  return evidence.filter((each) => !isOutput(each));
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
