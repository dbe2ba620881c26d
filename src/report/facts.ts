/** What was deployed where, as summary and comment show it. Each part is a list of Markdown blocks. */
import { lastSegment, revisionName } from '../aws/arn.ts';
import { commitOfTag, ecrRepositoryOf, parseImageReference, shortReference } from '../aws/image-reference.ts';
import type {
  BuildFacts,
  DeployedImage,
  GateResult,
  JsonObject,
  MonthlyCost,
  ServiceCost,
} from '../model/index.ts';
import { objectIn, textIn } from '../runtime/json.ts';
import { deploymentUrl, furtherLinks, inConsole } from './further.ts';
import { duration, minuteInUtc } from '../runtime/log.ts';
import { code, details, escapeText, link, table } from './markdown.ts';
import { isGreen, type LogGroup, type Report, type ServiceReport } from './report.ts';

/** What was deployed where, in two columns; several services have a table of their own below. */
export function facts(report: Report): string[] {
  const [first, ...others] = report.services;
  const rows = [
    ...(first === undefined ? [] : [serviceRow(report, first)]),
    ...(first === undefined || others.length > 0 ? [] : serviceRows(report, first)),
    ...imageRows(report),
    ...costRows(report),
    ['Took', duration(report.durationSeconds)],
    ...linkRows(report),
  ];
  const [head = ['', ''], ...rest] = rows;
  return [table(head, rest), ...(others.length === 0 ? [] : [serviceTable(report.services)])];
}

function serviceRow(report: Report, first: ServiceReport): string[] {
  const names = report.services.map((each) => link(`**${escapeText(each.name)}**`, serviceUrl(each)));
  const label = names.length === 1 ? 'Service' : 'Services';
  return [
    label,
    `${names.join(', ')} in ${escapeText(lastSegment(first.cluster))}, ${escapeText(first.region)}`,
  ];
}

function serviceRows(report: Report, service: ServiceReport): string[][] {
  return [
    ['Revision', `${revisions(service)}${again(report)}${backOn(service)}`],
    ...taskRow(service),
    ...strategyRow(service),
    ...(service.gates.length === 0 ? [] : [[gatesTitle(service), service.gates.map(gate).join(' · ')]]),
    ...(service.gatesAfterRollback.length === 0
      ? []
      : [['After the rollback', service.gatesAfterRollback.map(gate).join(' · ')]]),
  ];
}

/** What a rollback on purpose goes back to, where that has a new number. */
function again({ mode, definition }: Report): string {
  return mode === 'rollback' && definition?.registered === true
    ? `, which is ${escapeText(definition.origin)} again`
    : '';
}

/** What a rollback registered, which has a number that nothing else explains. */
function backOn({ rolledBackTo, region }: ServiceReport): string {
  if (rolledBackTo === undefined) return '';
  const { taskDefinitionArn: arn, copyOf } = rolledBackTo;
  const name = link(escapeText(revisionName(arn)), taskDefinitionUrl(arn, region));
  return `, back on ${name}, which is ${escapeText(revisionName(copyOf))} again`;
}

/** Of what serves as it should; otherwise what runs now stands above, by itself. */
function taskRow({ result, desiredCount, serving, running }: ServiceReport): string[][] {
  if (!isGreen(result)) return [];
  const primary = running.find(({ isPrimary }) => isPrimary);
  if (serving !== 'yes' || primary?.healthy === undefined || running.length > 1)
    return [['Tasks', `${desiredCount} desired`]];
  const since = primary.since === undefined ? '' : `, since ${minuteInUtc(primary.since)}`;
  const how = primary.unchecked === true ? 'running' : 'healthy';
  return [['Tasks', `${primary.healthy} of ${primary.desired} ${how}${since}`]];
}

/** A plan says what is to come; afterwards the timeline has what came. */
function strategyRow({ result, strategy }: ServiceReport): string[][] {
  return result === 'planned' && strategy !== undefined ? [['Strategy', escapeText(strategy)]] : [];
}

/** What failed has proven nothing. */
function gatesTitle({ gates }: ServiceReport): string {
  return gates.some(({ state }) => state === 'failed') ? 'Gates' : 'Proven&nbsp;by';
}

function serviceTable(services: readonly ServiceReport[]): string {
  // The result stands below the name: a column of its own pushes the last one off a narrow screen.
  const resultOf = ({ cause, result }: ServiceReport): string =>
    cause === undefined ? result : `${result} ${code(cause)}`;
  const rows = services.map((service) => [
    `${link(escapeText(service.name), consoleUrl(service))}<br>${resultOf(service)}`,
    revisions(service),
    provenBy(service).map(gate).join(' · ') || '–',
  ]);
  return table(['Service', 'Revision', 'Proven by'], rows);
}

/** Of one that went back on purpose, what was asked since. */
function provenBy({ result, gates, gatesAfterRollback }: ServiceReport): readonly GateResult[] {
  return isGreen(result) && gates.length === 0 ? gatesAfterRollback : gates;
}

/** The revision of a plan has no number yet. */
function revisions(service: ServiceReport): string {
  const [before, after] = [service.previousTaskDefinitionArn, service.taskDefinitionArn];
  const shown = (arn: string): string =>
    arn === ''
      ? 'a new revision'
      : link(escapeText(revisionName(arn)), taskDefinitionUrl(arn, service.region));
  const primary = service.running.find(({ isPrimary }) => isPrimary)?.taskDefinitionArn;
  // A rollback at a pause: it ended by success where it began, and not on what waited.
  if (before === after && isGreen(service.result) && primary !== undefined && primary !== after)
    return `${shown(after)} → ${shown(primary)}`;
  if (service.adopted === true) return `${shown(after)}, whose deployment was under way already`;
  return before === after ? shown(after) : `${shown(before)} → ${shown(after)}`;
}

const GATE_NAMES: Readonly<Record<GateResult['gate'], string>> = {
  digest: 'image digest',
  targets: 'targets',
  tasks: 'tasks',
  'test-url': 'test URL',
  http: 'URL',
  metrics: 'metrics',
  alarms: 'alarms',
};

const GATE_SIGNS: Readonly<Record<GateResult['state'], string>> = {
  passed: '✅',
  failed: '❌',
  skipped: '➖',
};

function gate({ gate: name, state }: GateResult): string {
  return `${GATE_SIGNS[state]} ${GATE_NAMES[name]}${state === 'skipped' ? ' (skipped)' : ''}`;
}

function imageRows({ image, build }: Report): string[][] {
  if (image === undefined) return [];
  if (image.toBeBuilt === true) {
    const { repository } = parseImageReference(image.reference);
    const name = ecrRepositoryOf(image.reference)?.name ?? repository;
    return [['Image', `to be built, for ${code(name)}; a plan builds none`]];
  }
  const tag = image.tag === undefined ? '' : ` (${code(shortTag(image.tag))})`;
  const built =
    build === undefined ? '' : `, ${build.reused ? 'reused' : `built in ${duration(build.seconds)}`}`;
  return [['Image', `${code(shortReference(image.reference))}${tag}${built}`]];
}

/** A commit as git abbreviates it; any other tag as it is. */
function shortTag(tag: string): string {
  return commitOfTag(tag)?.slice(0, 7) ?? tag;
}

/** What was undone, or never done, costs nothing. */
function costRows({ costs, result }: Report): string[][] {
  if (!isGreen(result)) return [];
  return costs.map((cost) => {
    const label = costs.length === 1 ? 'Cost' : `Cost of ${escapeText(cost.service)}`;
    const size = cost.after.kind === 'known' ? `, ${sizeInWords(cost.after)}` : '';
    return [label, `${escapeText(costInWords(cost))}${size}`];
  });
}

function linkRows(report: Report): string[][] {
  const commit = commitOfReport(report);
  const [only, ...others] = report.services;
  const links = [
    ...(isGreen(report.result) ? [] : linked('Compare', compareUrl(report))),
    ...furtherLinks(report),
    ...(only === undefined || others.length > 0 ? [] : linked('Console', serviceUrl(only))),
    ...report.services.map((each) =>
      linked(
        report.services.length === 1 ? 'Deployment' : `Deployment of ${each.name}`,
        deploymentUrl(each, consoleUrl(each)),
      ),
    ),
    ...logGroups(report).map((group) => linked(group.label, logGroupUrl(group))),
    ...(report.url === undefined ? [] : linked('Site', report.url)),
    ...(commit === undefined ? [] : linked('Commit', commitUrl(report, commit))),
    ...(isGreen(report.result) ? linked('Compare', compareUrl(report)) : []),
    ...linked('All deployments', historyUrl(report)),
  ].flat();
  return links.length === 0 ? [] : [['Links', links.join(' · ')]];
}

/**
 * The commit of what the run brought, as far as its image tells it; of a rollback on purpose or a promotion, which bring
 * nothing, that of what runs by it. The commit of the run itself says nothing of an image that was there.
 */
export function commitOfReport({ mode, commits, services: [first] }: Report): string | undefined {
  const running = first?.running.find(({ isPrimary }) => isPrimary);
  if (mode === 'rollback' || mode === 'promote') return running?.commit;
  const isBrought = running?.taskDefinitionArn === first?.taskDefinitionArn;
  return commits.deployed ?? (isBrought ? running?.commit : undefined);
}

function linked(text: string, url: string | undefined): string[] {
  return url === undefined ? [] : [link(escapeText(text), url)];
}

/** Each log group once; with a name where there are several. */
function logGroups({ services }: Report): { label: string; name: string; region: string }[] {
  const all = services.flatMap((each) => each.logGroups);
  const once = all.filter(({ name }, at) => all.findIndex((each) => each.name === name) === at);
  return once.map((group) => ({ ...group, label: once.length === 1 ? 'Logs' : `Logs of ${group.name}` }));
}

/** The image in full, and how it was built; folded. */
export function imageDetails({ build: facts, image }: Report): string[] {
  if (image === undefined || image.toBeBuilt === true) return [];
  const rows = [
    ['Reference', code(image.reference)],
    ...(image.digest === undefined || image.reference.endsWith(image.digest)
      ? []
      : [['Digest', code(image.digest)]]),
    ...tagRows(image, facts),
    ...(facts === undefined ? [] : buildRows(facts)),
  ];
  const [head = ['', ''], ...rest] = rows;
  return [details(imageTitle(facts), table(head, rest))];
}

function imageTitle(facts: BuildFacts | undefined): string {
  if (facts === undefined) return 'Image in full';
  return facts.reused ? 'Image: reused, nothing was built' : `Image: built in ${duration(facts.seconds)}`;
}

function tagRows({ tag }: DeployedImage, facts: BuildFacts | undefined): string[][] {
  const tags = facts?.tags.map(shortReference) ?? (tag === undefined ? [] : [tag]);
  return tags.length === 0 ? [] : [[tags.length === 1 ? 'Tag' : 'Tags', tags.map(code).join(' ')]];
}

function buildRows({ platforms, steps, sizeBytes }: BuildFacts): string[][] {
  return [
    ...(platforms.length === 0 ? [] : [['Platforms', escapeText(platforms.join(', '))]]),
    ...(steps === undefined ? [] : [['Build steps', `${steps.total}, ${steps.cached} from the cache`]]),
    ...(sizeBytes === undefined ? [] : [['Size', megabytes(sizeBytes)]]),
  ];
}

/** What the figures of the cost are, in small print. */
export function costNote({ costs, result }: Report): string[] {
  if (!isGreen(result)) return [];
  const known = costs.find(({ after }) => after.kind === 'known');
  if (known?.after.kind !== 'known') return [];
  const spot = costs.find(({ note }) => note !== undefined)?.note;
  const text = `Cost: Fargate on demand in ${known.region}, 730 hours, prices of ${known.after.asOf}; without load balancer, logs and traffic.`;
  return [`<sub>${escapeText(spot === undefined ? text : `${text} ${spot}`)}</sub>`];
}

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

/** GitHub's list of the deployments of the environment in which the run is recorded, of all branches and pull requests. */
function historyUrl({ run, request }: Pick<Report, 'run' | 'request'>): string | undefined {
  const environment = textIn(objectIn((request ?? {}) as JsonObject, 'report'), 'githubEnvironment');
  return environment === undefined
    ? undefined
    : onGitHub(run, `deployments/${encodeURIComponent(environment)}`);
}

function onGitHub({ serverUrl, repository }: Report['run'], path: string): string | undefined {
  return serverUrl === undefined || repository === undefined
    ? undefined
    : `${serverUrl}/${repository}/${path}`;
}

/** `61.2 MB`. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** What a service costs a month and what changes: `$36.04 a month (+$18.02)`. */
export function costInWords({ before, after }: ServiceCost): string {
  if (after.kind === 'unknown') return `not known: ${after.why}`;
  const figure = `${money(after.dollars)} a month`;
  if (before?.kind !== 'known') return figure;
  const change = Math.round((after.dollars - before.dollars) * 100) / 100;
  if (change === 0) return `${figure}, unchanged`;
  return `${figure} (${change > 0 ? '+' : '−'}${money(Math.abs(change))})`;
}

/** `2 × 0.5 vCPU, 1 GB (x86)`. */
export function sizeInWords(cost: Extract<MonthlyCost, { kind: 'known' }>): string {
  const storage = cost.storageGigabytes > 20 ? `, ${cost.storageGigabytes} GiB storage` : '';
  return `${cost.tasks} × ${cost.vcpu} vCPU, ${cost.gigabytes} GB${storage} (${cost.architecture})`;
}

function money(dollars: number): string {
  return `$${dollars.toFixed(2)}`;
}
