import { lastSegment, partitionOf } from '../aws/partition.ts';
import type { LogGroup, Report, ServiceReport } from './report.ts';

type Place = Pick<ServiceReport, 'name' | 'cluster' | 'region'>;

/** The deployments of the service in the ECS console; undefined in partitions whose console is not public. */
export function consoleUrl(service: Place): string | undefined {
  return servicePage(service, 'deployments');
}

/** The service's own page in the ECS console. */
export function serviceUrl(service: Place): string | undefined {
  return servicePage(service, 'health');
}

function servicePage({ name, cluster, region }: Place, tab: string): string | undefined {
  const path = `ecs/v2/clusters/${lastSegment(cluster)}/services/${name}/${tab}`;
  return inConsole(region, `${path}?region=${region}`);
}

/** The page of one revision. */
export function taskDefinitionUrl(arn: string, region: string): string | undefined {
  const [family, revision] = lastSegment(arn).split(':');
  if (family === undefined || revision === undefined) return undefined;
  return inConsole(region, `ecs/v2/task-definitions/${family}/${revision}?region=${region}`);
}

/** The page of a log group; the console wants its name encoded twice, with dollars for percents. */
export function logGroupUrl({ name, region }: LogGroup): string | undefined {
  const encoded = encodeURIComponent(encodeURIComponent(name)).replaceAll('%', '$');
  return inConsole(region, `cloudwatch/home?region=${region}#logsV2:log-groups/log-group/${encoded}`);
}

function inConsole(region: string, path: string): string | undefined {
  const { console } = partitionOf(region);
  return console && `${console.replace('https://', `https://${region}.`)}/${path}`;
}

/** A commit of the repository on GitHub. */
export function commitUrl({ run }: Pick<Report, 'run'>, sha: string): string | undefined {
  return onGitHub(run, `commit/${sha}`);
}

/** What changed between what ran and what is deployed; undefined where either commit is not known. */
export function compareUrl({ run, commits }: Pick<Report, 'run' | 'commits'>): string | undefined {
  const { previous, deployed } = commits;
  if (previous === undefined || deployed === undefined || previous === deployed) return undefined;
  return onGitHub(run, `compare/${previous}...${deployed}`);
}

/** A run of a workflow of the repository. */
export function runUrl({ run }: Pick<Report, 'run'>, runId: string): string | undefined {
  return onGitHub(run, `actions/runs/${runId}`);
}

function onGitHub({ serverUrl, repository }: Report['run'], path: string): string | undefined {
  return serverUrl === undefined || repository === undefined
    ? undefined
    : `${serverUrl}/${repository}/${path}`;
}
