import { lastSegment, revisionName } from '../aws/partition.ts';
import { readHistory, withDeployment, writeHistory, type PastDeployment } from './history.ts';
import { headline, headlineOf } from './headline.ts';
import { commitUrl, runUrl } from './links.ts';
import { code, details, escapeText, link, table } from './markdown.ts';
import type { Report } from './report.ts';
import { costNote, facts } from './facts.ts';
import { checks, checksFailed, diff, verdict, warnings } from './findings.ts';

/** GitHub takes 65,536 characters. */
const LIMIT = 65_000;

/** The key of a comment where the user gives none: what is deployed where. */
export function defaultKey(cluster: string, services: readonly string[]): string {
  return `${lastSegment(cluster)}/${services.length === 0 ? '(no service)' : services.map(lastSegment).join(',')}`;
}

/** Hidden text at the beginning of the comment of a key. A `>` could end it. */
export function markerOf(key: string): string {
  return `<!-- ecs-fargate-deploy:${key.replaceAll('%', '%25').replaceAll('>', '%3E')} -->`;
}

/**
 * Pure: the comment on a pull request, under GitHub's limit whatever happens. `before`: the body that it replaces,
 * whose history it carries on. Container logs are not in it. Where it grows too long, first the checks that are well
 * go, then the differences, then everything but the verdict.
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
    () => [...verdict(short), ...facts(short), ...diff(short, 10)],
    () => [...verdict(short), ...facts(short)],
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
    ...verdict(report),
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
function deploymentOf({
  result,
  startedAt,
  run,
  services,
  definition,
  commits,
}: Report): PastDeployment | undefined {
  if (result === 'planned') return undefined;
  return {
    id: run.id,
    at: startedAt,
    result,
    revision: revisionName(services[0]?.taskDefinitionArn ?? definition?.arn ?? ''),
    commit: commits.deployed ?? run.commit ?? '',
    actor: run.actor ?? '',
    runId: run.runId ?? '',
  };
}

/** From the second on: the first one is the news itself. */
function pastDeployments(report: Report, history: readonly PastDeployment[]): string[] {
  if (history.length < (report.result === 'planned' ? 1 : 2)) return [];
  const rows = history.map((past) => [
    link(
      `${escapeText(past.at.slice(0, 16).replace('T', ' '))} UTC`,
      past.runId === '' ? undefined : runUrl(report, past.runId),
    ),
    headlineOf(past.result),
    escapeText(past.revision),
    past.commit === '' ? '–' : link(code(past.commit.slice(0, 7)), commitUrl(report, past.commit)),
    escapeText(past.actor),
  ]);
  return [details('Last deployments', table(['When', 'Result', 'Revision', 'Commit', 'By'], rows))];
}

function origin({ run }: Report): string[] {
  const commit =
    run.commit === undefined
      ? []
      : [`for ${link(code(run.commit.slice(0, 7)), commitUrl({ run }, run.commit))}`];
  return [`<sub>${[link('This run', run.runUrl), ...commit].join(' ')}, with its log and summary</sub>`];
}
