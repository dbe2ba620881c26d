/** The parts that summary and comment share. Each is a list of Markdown blocks, empty where there is nothing to say. */
import { commitOfTag, shortReference } from '../aws/image-reference.ts';
import { lastSegment, revisionName } from '../aws/partition.ts';
import type { Cause, CheckResult, DefinitionChange, Evidence, GateResult } from '../model.ts';
import { alertKind } from './headline.ts';
import { commitUrl, compareUrl, consoleUrl, logGroupUrl, serviceUrl, taskDefinitionUrl } from './links.ts';
import { alert, code, codeBlock, details, escapeText, link, table } from './markdown.ts';
import type { Report, ServiceReport } from './report.ts';
import { costInWords, counted, duration, megabytes, sizeInWords } from './words.ts';

/** The message; of what failed also the cause, what to do, what runs now, and the evidence. */
export function verdict(report: Report): string[] {
  const kind = alertKind(report.result);
  if (kind === undefined) return [escapeText(report.message)];
  const cause = report.cause === undefined ? '' : `${code(report.cause)} `;
  return [
    alert(kind, `${cause}${escapeText(report.message)}`),
    ...(report.hint === undefined ? [] : [hint(report.hint)]),
    ...whatRuns(report),
    // The table of the checks says it better, where it is shown.
    ...(checksFailed(report) ? [] : evidence(report.evidence)),
  ];
}

/** Failures that come before anything is touched. */
const UNTOUCHED: readonly (Cause | undefined)[] = [
  'invalid-input',
  'cluster-not-found',
  'service-not-found',
  'service-inactive',
  'unsupported-controller',
  'register-refused',
  'preflight-failed',
  'build-failed',
  'push-failed',
  'pre-deploy-task-failed',
];

function whatRuns({ services, cause }: Report): string[] {
  const told = services.map(({ production }) => escapeText(production)).join(' ');
  if (told !== '') return [`**What runs now:** ${told}`];
  return UNTOUCHED.includes(cause) ? ['**What runs now:** what ran before; no service was touched.'] : [];
}

/** One that has several lines, such as all problems of the inputs, is a list. */
function hint(text: string): string {
  const [only = '', ...others] = text.split('\n');
  if (others.length === 0) return `**What to do:** ${escapeText(only)}`;
  return `**What to do**\n\n${[only, ...others].map((line) => `- ${escapeText(line)}`).join('\n')}`;
}

/** Container logs are not among it: they belong into log and summary only. */
function evidence(list: readonly Evidence[]): string[] {
  const shown = list.filter(({ kind }) => kind !== 'log');
  if (shown.length === 0) return [];
  const lines = shown.map(({ kind, text }) => `- ${kind.replace('-', ' ')}: ${escapeText(text)}`);
  return [`**Evidence**\n\n${lines.join('\n')}`];
}

/** What was deployed where, in two columns; several services have a table of their own below. */
export function facts(report: Report): string[] {
  const [first, ...others] = report.services;
  const rows = [
    ...(first === undefined ? [] : [serviceRow(report, first)]),
    ...(first === undefined || others.length > 0 ? [] : serviceRows(first)),
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

function serviceRows(service: ServiceReport): string[][] {
  return [
    ['Revision', revisions(service)],
    ['Tasks', String(service.desiredCount)],
    ...(service.gates.length === 0 ? [] : [['Proven&nbsp;by', service.gates.map(gate).join(' · ')]]),
  ];
}

function serviceTable(services: readonly ServiceReport[]): string {
  const rows = services.map((service) => [
    link(escapeText(service.name), consoleUrl(service)),
    service.cause === undefined ? service.result : `${service.result} ${code(service.cause)}`,
    revisions(service),
    service.gates.map(gate).join(' · ') || '–',
    escapeText(service.production),
  ]);
  return table(['Service', 'Result', 'Revision', 'Proven by', 'What runs now'], rows);
}

/** The revision of a plan has no number yet. */
function revisions(service: ServiceReport): string {
  const [before, after] = [service.previousTaskDefinitionArn, service.taskDefinitionArn];
  const shown = (arn: string): string =>
    arn === ''
      ? 'a new revision'
      : link(escapeText(revisionName(arn)), taskDefinitionUrl(arn, service.region));
  return before === after ? shown(after) : `${shown(before)} → ${shown(after)}`;
}

const GATE_NAMES: Readonly<Record<GateResult['gate'], string>> = {
  digest: 'image digest',
  targets: 'targets',
  tasks: 'tasks',
  http: 'URL',
  alarms: 'alarms',
};
const GATE_SIGNS: Readonly<Record<GateResult['state'], string>> = {
  passed: '✅',
  failed: '❌',
  skipped: '➖',
};

function gate({ gate: name, state }: GateResult): string {
  return `${GATE_SIGNS[state]} ${GATE_NAMES[name]}`;
}

function imageRows({ image, build }: Report): string[][] {
  if (image === undefined) return [];
  if (image.toBeBuilt === true)
    return [['Image', `${code(shortReference(image.reference))}, not built in a plan`]];
  const tag = image.tag === undefined ? '' : ` (${code(shortTag(image.tag))})`;
  const built =
    build === undefined ? '' : `, ${build.reused ? 'reused' : `built in ${duration(build.seconds)}`}`;
  return [['Image', `${code(shortReference(image.reference))}${tag}${built}`]];
}

/** A commit as git abbreviates it; any other tag as it is. */
function shortTag(tag: string): string {
  return commitOfTag(tag)?.slice(0, 7) ?? tag;
}

function costRows({ costs }: Report): string[][] {
  return costs.map((cost) => {
    const label = costs.length === 1 ? 'Cost' : `Cost of ${escapeText(cost.service)}`;
    const size = cost.after.kind === 'known' ? `, ${sizeInWords(cost.after)}` : '';
    return [label, `${escapeText(costInWords(cost))}${size}`];
  });
}

function linkRows(report: Report): string[][] {
  const commit = report.commits.deployed ?? report.run.commit;
  const links = [
    ...report.services.map((each) =>
      linked(report.services.length === 1 ? 'Deployment' : `Deployment of ${each.name}`, consoleUrl(each)),
    ),
    ...logGroups(report).map((group) => linked(group.label, logGroupUrl(group))),
    ...(report.url === undefined ? [] : linked('Site', report.url)),
    ...(commit === undefined ? [] : linked('Commit', commitUrl(report, commit))),
    linked('Compare', compareUrl(report)),
  ].flat();
  return links.length === 0 ? [] : [['Links', links.join(' · ')]];
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

/** How the image was built, folded. */
export function build({ build: facts, image }: Report): string[] {
  if (facts === undefined) return [];
  const { steps } = facts;
  const rows = [
    ...(image === undefined ? [] : [['Reference', code(image.reference)]]),
    ['Digest', code(facts.digest ?? 'not known')],
    ...(facts.tags.length === 0
      ? []
      : [['Tags', facts.tags.map((tag) => code(shortReference(tag))).join(' ')]]),
    ...(facts.platforms.length === 0 ? [] : [['Platforms', escapeText(facts.platforms.join(', '))]]),
    ...(steps === undefined ? [] : [['Steps', `${steps.total}, ${steps.cached} from the cache`]]),
    ...(facts.sizeBytes === undefined ? [] : [['Size', megabytes(facts.sizeBytes)]]),
    ['Took', facts.reused ? 'nothing: an image of this commit was there' : duration(facts.seconds)],
  ];
  return [
    details(
      facts.reused ? 'Image: reused' : `Image: built in ${duration(facts.seconds)}`,
      table(['Build', ''], rows),
    ),
  ];
}

/** What changes in the task definition, as a diff. `limit`: changes that are shown; the rest is counted. */
export function diff(report: Report, limit = Number.POSITIVE_INFINITY): string[] {
  const changes = report.definition?.changes ?? [];
  if (changes.length === 0 || limit === 0) return [];
  const left = changes.length - limit;
  const lines = [
    ...changes.slice(0, limit).flatMap(changeLines),
    ...(left > 0 ? [`  … and ${counted(left, 'more difference')}`] : []),
  ];
  const open = report.mode === 'plan';
  return [
    details(
      `Task definition: ${counted(changes.length, 'difference')} to what ran`,
      codeBlock(lines, 'diff'),
      open,
    ),
  ];
}

function changeLines({ path, kind, ...values }: DefinitionChange): string[] {
  const shown = (value: string | undefined): string | undefined =>
    value !== undefined && path.endsWith('].image') ? shortReference(value) : value;
  const [before, after] = [shown(values.before), shown(values.after)];
  switch (kind) {
    case 'added':
      return [`+ ${path}: ${after ?? '(value not shown)'}`];
    case 'removed':
      return [`- ${path}${before === undefined ? '' : `: ${before}`}`];
    case 'changed':
      return before === undefined || after === undefined
        ? [`! ${path}: changed (values not shown)`]
        : [`- ${path}: ${before}`, `+ ${path}: ${after}`];
  }
}

const CHECK_SIGNS: Readonly<Record<CheckResult['state'], string>> = {
  FAILED: '❌',
  WARNING: '⚠️',
  SKIPPED: '➖',
  OK: '✅',
};
const WORST_FIRST = Object.keys(CHECK_SIGNS);

/** A check is what the run failed for: the table of the checks is its evidence, and comes first. */
export function checksFailed({ cause, checks: list }: Report): boolean {
  return cause === 'preflight-failed' && list.some(({ state }) => state === 'FAILED');
}

/** The preflight checks, worst first; open where one failed. `all`: also those that are well. */
export function checks(report: Report, all = true): string[] {
  if (report.checks.length === 0) return [];
  const good = report.checks.filter(({ state }) => state === 'OK').length;
  const shown = report.checks
    .filter(({ state }) => all || state !== 'OK')
    .toSorted((a, b) => WORST_FIRST.indexOf(a.state) - WORST_FIRST.indexOf(b.state));
  const rows = shown.map(({ check, state, detail, denied }) => [
    CHECK_SIGNS[state],
    escapeText(check),
    denied ? `not allowed to look: ${code(detail)}` : escapeText(detail),
  ]);
  const title = `Preflight checks: ${good} of ${report.checks.length} OK`;
  const body = rows.length === 0 ? 'All of them are well.' : table(['', 'Check', 'What was found'], rows);
  return [
    details(
      title,
      body,
      report.checks.some(({ state }) => state === 'FAILED'),
    ),
  ];
}

export function warnings({ warnings: list }: Report): string[] {
  return list.length === 0 ? [] : [alert('WARNING', list.map((each) => `- ${escapeText(each)}`).join('\n'))];
}

/** What the figures of the cost are, in small print. */
export function costNote({ costs }: Report): string[] {
  const known = costs.find(({ after }) => after.kind === 'known');
  if (known?.after.kind !== 'known') return [];
  const spot = costs.find(({ note }) => note !== undefined)?.note;
  const text = `Cost: Fargate on demand in ${known.region}, 730 hours, prices of ${known.after.asOf}; without load balancer, logs and traffic.`;
  return [`<sub>${escapeText(spot === undefined ? text : `${text} ${spot}`)}</sub>`];
}
