import { revisionName } from '../aws/arn.ts';
import { RESULTS, type Result } from '../model/index.ts';
import { commitOfReport, commitUrl, costNote, facts, runUrl } from './facts.ts';
import { checks, checksFailed, diff, evidence, verdict, warnings } from './findings.ts';
import { headline, headlineOf, ON_PURPOSE } from './headline.ts';
import { code, details, escapeText, link, table } from './markdown.ts';
import type { Report } from './report.ts';
import { minuteInUtc } from '../runtime/log.ts';

/** GitHub takes 65,536 characters. */
const LIMIT = 65_000;

/** Hidden text at the beginning of the comment of a key. A `>` could end it. */
export function markerOf(key: string): string {
  return `<!-- ecs-fargate-deploy:${key.replaceAll('%', '%25').replaceAll('>', '%3E')} -->`;
}

/**
 * Pure: the comment on a pull request, under GitHub's limit whatever happens. `before`: the body that it replaces,
 * whose history it carries on. Container logs are not in it. Where it grows too long, first the checks that are well
 * go, then the differences, then everything but the message.
 */
export function renderComment(report: Report, key: string, before: string | undefined): string {
  const history = historyWith(report, before);
  const [head, tail] = [
    [markerOf(key), `### ${headline(report)}`],
    [...pastDeployments(report, history), ...origin(report), writeHistory(history)],
  ];
  const short = { ...report, checks: [], evidence: report.evidence.slice(0, 5) };
  const versions = [
    () => whole(report, Number.POSITIVE_INFINITY, true),
    () => whole(report, 50, false),
    () => [
      ...verdict(short, { lines: false }),
      ...evidence(short, { lines: false }),
      ...facts(short),
      ...diff(short, 10),
    ],
    () => [...verdict(short, { lines: false }), ...evidence(short, { lines: false }), ...facts(short)],
    () => [escapeText(report.message)],
  ];
  for (const version of versions) {
    const body = [...head, ...version(), ...costNote(report), ...tail].join('\n\n');
    if (body.length < LIMIT) return body;
  }
  return [...head, escapeText(report.message.slice(0, 2000)), ...origin(report), writeHistory(history)].join(
    '\n\n',
  );
}

function whole(report: Report, changes: number, allChecks: boolean): string[] {
  const isFirst = checksFailed(report);
  return [
    ...verdict(report, { lines: false }),
    ...evidence(report, { lines: false }),
    ...(isFirst ? checks(report, allChecks) : []),
    ...warnings(report),
    ...facts(report),
    ...diff(report, changes),
    ...(isFirst ? [] : checks(report, allChecks)),
  ];
}

/** Whether a body holds what this run has to say, as its news or in its history. */
export function mentions(report: Report, body: string): boolean {
  const deployment = deploymentOf(report);
  return deployment === undefined || readHistory(body).some(({ id }) => id === deployment.id);
}

function historyWith(report: Report, before: string | undefined): PastDeployment[] {
  const history = readHistory(before ?? '');
  const deployment = deploymentOf(report);
  return deployment === undefined ? history : withDeployment(history, deployment);
}

/** A plan is no deployment. */
function deploymentOf(report: Report): PastDeployment | undefined {
  const { mode, result, startedAt, run, services, definition } = report;
  if (result === 'planned') return undefined;
  return {
    id: run.id,
    at: startedAt,
    result,
    ...(mode === 'rollback' ? { mode } : {}),
    revision: revisionName(services[0]?.taskDefinitionArn ?? definition?.arn ?? ''),
    commit: commitOfReport(report) ?? '',
    actor: run.actor ?? '',
    runId: run.runId ?? '',
  };
}

/** From the second on: the first one is the news itself. */
function pastDeployments(report: Report, history: readonly PastDeployment[]): string[] {
  if (history.length < (report.result === 'planned' ? 1 : 2)) return [];
  const rows = history.map((past) => [
    link(escapeText(minuteInUtc(past.at)), past.runId === '' ? undefined : runUrl(report, past.runId)),
    past.mode === 'rollback' && past.result === 'succeeded' ? ON_PURPOSE : headlineOf(past.result),
    escapeText(past.revision),
    past.commit === '' ? '–' : link(code(past.commit.slice(0, 7)), commitUrl(report, past.commit)),
    escapeText(past.actor),
  ]);
  return [
    details(
      'Last deployments from this pull request',
      table(['When', 'Result', 'Revision', 'Commit', 'By'], rows),
    ),
  ];
}

function origin({ run }: Report): string[] {
  const commit =
    run.commit === undefined
      ? []
      : [`for ${link(code(run.commit.slice(0, 7)), commitUrl({ run }, run.commit))}`];
  return [`<sub>${[link('This run', run.runUrl), ...commit].join(' ')}, with its log and summary</sub>`];
}

/** One deployment that a comment remembers. */
export interface PastDeployment {
  /** Of the step of the run, so that it is listed once. */
  readonly id: string;
  /** ISO 8601. */
  readonly at: string;
  readonly result: Result;
  /** Where nothing new was deployed. */
  readonly mode?: 'rollback' | undefined;
  readonly revision: string;
  readonly commit: string;
  readonly actor: string;
  readonly runId: string;
}

/** Deployments that a comment remembers. */
const MOST = 10;

const OPEN = '<!-- history:';

/** Pure: the history that a comment holds, newest first. What somebody changed by hand, and is none, is forgotten. */
export function readHistory(body: string): PastDeployment[] {
  const encoded = /<!-- history:([\w+/=-]+) -->/.exec(body)?.[1];
  if (encoded === undefined) return [];
  try {
    const list = JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')) as unknown;
    return Array.isArray(list) ? list.filter(isPast).slice(0, MOST) : [];
  } catch {
    return [];
  }
}

/** Pure: hidden text that `readHistory` reads. In base64, so that nothing in it can end the comment. */
export function writeHistory(history: readonly PastDeployment[]): string {
  return `${OPEN}${Buffer.from(JSON.stringify(history)).toString('base64')} -->`;
}

/** Pure: with one more, or with one listed again. */
export function withDeployment(
  history: readonly PastDeployment[],
  deployment: PastDeployment,
): PastDeployment[] {
  return [deployment, ...history.filter(({ id }) => id !== deployment.id)]
    .toSorted((a, b) => b.at.localeCompare(a.at))
    .slice(0, MOST);
}

const FIELDS: readonly (keyof PastDeployment)[] = ['id', 'at', 'revision', 'commit', 'actor', 'runId'];

function isPast(value: unknown): value is PastDeployment {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Record<string, unknown>;
  return (
    /^[0-9a-f]{0,40}$/.test(String(fields['commit'])) &&
    /^\d*$/.test(String(fields['runId'])) &&
    FIELDS.every((field) => typeof fields[field] === 'string') &&
    [undefined, 'rollback'].includes(fields['mode'] as undefined) &&
    (RESULTS as readonly unknown[]).includes(fields['result'])
  );
}
