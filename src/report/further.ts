/** Where to look further after a failure: links that reach the very thing, and commands that are ready to paste. */
import { lastSegment, partitionOf } from '../aws/arn.ts';
import type { JsonObject, LogPlace } from '../model/index.ts';
import { isArray, objectIn } from '../runtime/json.ts';
import { codeBlock, details, escapeText, link } from './markdown.ts';
import { isGreen, type Report, type ServiceReport } from './report.ts';

/** Links of a run that failed, the most telling first: `[text](url)`. */
export function furtherLinks(report: Report): string[] {
  if (isGreen(report.result)) return [];
  return failedLogs(report)
    .flatMap(({ place, back, region, cluster, service }) => {
      const of = service === undefined ? '' : ` of ${service}`;
      return [
        ...linked(`Log of the task${of}`, logStreamUrl(place, region)),
        ...(back === undefined ? [] : linked(`Log of the rollback${of}`, logStreamUrl(back, region))),
        ...linked(`Task${of}`, taskUrl(place.taskId, cluster, region)),
        ...linked(`Logs Insights${of}`, insightsUrl(place.group, region, windowOf(report))),
      ];
    })
    .concat(alarmLinks(report));
}

function linked(text: string, url: string | undefined): string[] {
  return url === undefined ? [] : [link(escapeText(text), url)];
}

interface FailedLog {
  readonly place: LogPlace;
  /** Of the rollback that failed as well. */
  readonly back?: LogPlace | undefined;
  readonly region: string;
  readonly cluster: string;
  /** Undefined where there is one alone. */
  readonly service: string | undefined;
}

/** The log that was read for each service that failed, or for the pre-deploy task. */
function failedLogs({ services, evidence, definition, target }: Report): FailedLog[] {
  const placeOf = (list: Report['evidence']): LogPlace | undefined =>
    list.find(({ from }) => from !== undefined)?.from;
  const found = services.flatMap((each) => {
    const back = placeOf(each.evidence.filter(({ of }) => of === 'rollback'));
    const place = placeOf(each.evidence.filter(({ of }) => of === undefined)) ?? back;
    return place === undefined ? [] : [{ place, back: back === place ? undefined : back, service: each }];
  });
  const place = placeOf(evidence);
  const region = definition?.arn.split(':')[3];
  // A pre-deploy task belongs to no service yet.
  if (found.length === 0 && place !== undefined && region !== undefined) {
    const { cluster = '' } = services[0] ?? target ?? {};
    return [{ place, region, cluster, service: undefined }];
  }
  return found.map(({ place: at, back, service }) => ({
    place: at,
    back,
    region: service.region,
    cluster: service.cluster,
    service: found.length === 1 ? undefined : service.name,
  }));
}

/** Minutes around the run in which its lines are looked for. */
const AROUND_MS = 5 * 60_000;

function windowOf({ startedAt, durationSeconds }: Report): { readonly start: string; readonly end: string } {
  const from = Date.parse(startedAt);
  const iso = (at: number): string => new Date(at).toISOString();
  return { start: iso(from - AROUND_MS), end: iso(from + durationSeconds * 1000 + AROUND_MS) };
}

/** The alarms that the request names and that the message is about. */
function alarmLinks({ cause, message, request, services }: Report): string[] {
  const region = services[0]?.region;
  if (cause !== 'alarm' || region === undefined) return [];
  const names = objectIn((request ?? {}) as JsonObject, 'gate')['alarms'];
  return (isArray(names) ? names : [])
    .filter((name) => typeof name === 'string')
    .filter((name) => message.includes(name))
    .flatMap((name) => linked(`Alarm ${name}`, alarmUrl(name, region)));
}

/** The page of one stream; the console wants its names encoded twice, with dollars for percents. */
export function logStreamUrl(
  { group, stream }: Pick<LogPlace, 'group' | 'stream'>,
  region: string,
): string | undefined {
  const path = `log-groups/log-group/${twice(group)}/log-events/${twice(stream)}`;
  return inConsole(region, `cloudwatch/home?region=${region}#logsV2:${path}`);
}

/** Logs Insights, asked for the lines of the group in a time range. */
export function insightsUrl(
  group: string,
  region: string,
  { start, end }: { readonly start: string; readonly end: string },
): string | undefined {
  const query = 'fields @timestamp, @logStream, @message | sort @timestamp desc | limit 200';
  const detail = [
    `end~'${starred(end)}`,
    `start~'${starred(start)}`,
    "timeType~'ABSOLUTE",
    "tz~'UTC",
    `editorString~'${starred(query)}`,
    `source~(~'${starred(group)})`,
  ].join('~');
  return inConsole(
    region,
    `cloudwatch/home?region=${region}#logsV2:logs-insights$3FqueryDetail$3D~(${detail})`,
  );
}

/** A task, running or stopped: the console shows it for about an hour after its end. */
export function taskUrl(taskId: string, cluster: string, region: string): string | undefined {
  return inConsole(
    region,
    `ecs/v2/clusters/${lastSegment(cluster)}/tasks/${taskId}/configuration?region=${region}`,
  );
}

export function alarmUrl(name: string, region: string): string | undefined {
  return inConsole(region, `cloudwatch/home?region=${region}#alarmsV2:alarm/${encodeURIComponent(name)}`);
}

/** The deployment itself, where it is known; the deployments of the service otherwise. */
export function deploymentUrl(service: ServiceReport, list: string | undefined): string | undefined {
  const { serviceDeploymentArn: arn, codeDeploymentId, name, cluster, region } = service;
  if (codeDeploymentId !== undefined) {
    const deployment = `codesuite/codedeploy/deployments/${codeDeploymentId}`;
    return inConsole(region, `${deployment}?region=${region}`);
  }
  if (arn === undefined) return list;
  const path = `ecs/v2/clusters/${lastSegment(cluster)}/services/${name}/deployments/${lastSegment(arn)}`;
  return inConsole(region, `${path}?region=${region}`);
}

function twice(name: string): string {
  return encodeURIComponent(encodeURIComponent(name)).replaceAll('%', '$');
}

/** As the console's own addresses have it: a star before the code of each letter that means something. */
function starred(text: string): string {
  return text.replace(/[^\w.-]/g, (letter) => `*${letter.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** Undefined in partitions whose console is not public. */
export function inConsole(region: string, path: string): string | undefined {
  const { console } = partitionOf(region);
  return console && `${console.replace('https://', `https://${region}.`)}/${path}`;
}

/** Commands that look further, folded: the log while it grows, and a shell in a task that runs. */
export function commands(report: Report): string[] {
  if (isGreen(report.result)) return [];
  const lines = report.services.flatMap((service) => {
    const { name, cluster, region, logGroups, deploymentId } = service;
    if (deploymentId === undefined) return [];
    const place = service.evidence.find(({ from }) => from !== undefined)?.from;
    const where = `--cluster ${quoted(lastSegment(cluster))} --region ${region}`;
    const group = place?.group ?? logGroups[0]?.name;
    const stream = place === undefined ? '' : ` --log-stream-names ${quoted(place.stream)}`;
    const task = `$(aws ecs list-tasks --service-name ${quoted(name)} ${where} --query 'taskArns[0]' --output text)`;
    const container = place === undefined ? '' : ` --container ${quoted(place.container)}`;
    return [
      ...(group === undefined
        ? []
        : [`aws logs tail ${quoted(group)}${stream} --since 1h --region ${region}`]),
      `aws ecs execute-command ${where} --task "${task}"${container} --interactive --command /bin/sh`,
    ];
  });
  return lines.length === 0 ? [] : [details('Commands to look further', codeBlock(lines, 'sh'))];
}

/** For a shell: plain names as they are. */
function quoted(text: string): string {
  return /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
