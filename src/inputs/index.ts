/**
 * The inputs of the action, read once and by name. `action.yml` says what each of them means; the files of
 * `inputs/` read one group each, in its order.
 */
import { MODES, type CodeDeployRequest, type ReportRequest, type Request } from '../model/index.ts';
import { readBuild, readImage } from './build.ts';
import { readDefinition, readPreDeploy } from './definition.ts';
import { readGate } from './gates.ts';
import { doubtsOf } from './doubts.ts';
import { commaSet } from './lists.ts';
import {
  cluster,
  clusterPlace,
  region,
  service,
  serviceDeploymentArn,
  serviceDeploymentPlace,
  servicePlace,
  type Place,
  whereElse,
} from './names.ts';
import { InputReader, InvalidInputs, type GetInput } from './reader.ts';
import { readRollout } from './rollout.ts';
import { problemsBetween } from './rules.ts';
import { unknownInputs } from './unknown.ts';
import { flag, line, oneOf, oneOfInAnyCase, problem, quoted, value, whole, type Parsed } from './values.ts';

export { InvalidInputs } from './reader.ts';

/** What the inputs depend on besides themselves. */
export interface Facts {
  /** The folder that a task definition's path is relative to. */
  readonly workspace: string;
  /** The region of the run where aws-region is not given; undefined where only the SDK finds it. */
  readonly region?: string | undefined;
  /** The names of all inputs that were given, known or not, in lower case. */
  readonly given?: readonly string[];
}

export interface ReadInputs {
  readonly request: Request;
  /** Values to mask before anything else happens: the token, header values, build secrets. */
  readonly secrets: readonly string[];
  /** What was hardly meant, a sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Reads and validates every input. `get` returns an input's text as it is written, with the spaces around it
 * (`getInput(name, { trimWhitespace: false })`), or '' where it is not set; each input is asked for once. An
 * empty input has the default that `action.yml` states. Throws one `InvalidInputs` with all problems.
 */
export function readInputs(get: GetInput, facts: Facts): ReadInputs {
  const read = new InputReader(get);
  const request = readRequest(read, facts);
  const unknown = unknownInputs(facts.given ?? [], [...read.defaults.keys()]);
  const problems = [...unknown.problems, ...read.problems, ...problemsBetween(request, read)];
  if (problems.length > 0) throw new InvalidInputs(problems);
  return { request, secrets: read.secrets, warnings: [...unknown.warnings, ...doubtsOf(request)] };
}

/** The request as the inputs state it; what is wrong with them is in `read.problems`, and a default stands in. */
export function readRequest(read: InputReader, facts: Facts): Request {
  const where = readWhere(read, facts.region);
  return {
    ...where,
    ...readImage(read),
    build: readBuild(read),
    definition: readDefinition(read, facts.workspace, where.region ?? facts.region),
    preDeploy: readPreDeploy(read),
    rollout: readRollout(read, where.mode),
    gate: readGate(read),
    report: readReport(read),
    codeDeploy: readCodeDeploy(read),
  };
}

/** For services that CodeDeploy deploys, by the names of the official action. */
function readCodeDeploy(read: InputReader): CodeDeployRequest {
  return {
    application: read.optional('codedeploy-application', line),
    group: read.optional('codedeploy-deployment-group', line),
    appSpec: read.optional('codedeploy-appspec', line),
    description: read.optional('codedeploy-deployment-description', (text) => value(text.trim())),
    config: read.optional('codedeploy-deployment-config', line),
  };
}

export function readWhere(
  read: InputReader,
  regionOfRun?: string,
): Pick<Request, 'mode' | 'region' | 'cluster' | 'services' | 'serviceDeploymentArn'> {
  const where = {
    mode: read.value('mode', oneOf(MODES), 'deploy'),
    serviceDeploymentArn: read.optional('service-deployment-arn', serviceDeploymentArn),
    region: read.optional('aws-region', region),
    cluster: read.value('cluster', cluster, 'default'),
    services: read.value('service', commaSet(service)),
  };
  if (!read.isSet('aws-region')) reportRegionOfJob(read, regionOfRun);
  const places = withoutRepeated(
    where.services.map((written) => ({ written, place: servicePlace(written) })),
  );
  const services = places.map(({ written }) => written);
  const here = where.region ?? regionOfRun;
  const named = read.isSet('cluster')
    ? { written: where.cluster, place: clusterPlace(where.cluster) }
    : undefined;
  const first = named ?? places.find(({ place }) => place.cluster !== undefined);
  if (named !== undefined) reportRegion(read, 'cluster', named, here);
  for (const each of places) {
    if (first !== undefined && !agree(first.place, each.place)) {
      read.problem(
        'service',
        `${quoted(each.written)} is not in the cluster of ${quoted(first.written)}. ${ONE_CLUSTER}`,
      );
    }
    reportRegion(read, 'service', each, here);
  }
  reportDeployment(read, where.serviceDeploymentArn, places, here);
  return { ...where, services, cluster: named?.written ?? first?.place.cluster ?? where.cluster };
}

/** The deployment that is meant is one of a service of the run. */
function reportDeployment(
  read: InputReader,
  arn: string | undefined,
  services: readonly Named[],
  here: string | undefined,
): void {
  if (arn === undefined) return;
  const meant = { written: arn, place: serviceDeploymentPlace(arn) };
  reportRegion(read, 'service-deployment-arn', meant, here);
  const names = services.flatMap(({ place }) => place.service ?? []);
  // The id of a deployment of CodeDeploy names no service.
  const { service: ofService } = meant.place;
  if (names.length === 0 || ofService === undefined || names.includes(ofService)) return;
  read.problem(
    'service-deployment-arn',
    `${quoted(arn)} is of the service ${quoted(meant.place.service ?? '')}, and service is ${names.map(quoted).join(', ')}. Give a deployment of that service.`,
  );
}

const ONE_CLUSTER = 'All services of a run are in one cluster: name that cluster, or leave cluster out.';

interface Named {
  readonly written: string;
  readonly place: Place;
}

/** A service that is given twice, by its name and by its ARN, is one; the ARN says more. */
function withoutRepeated(services: readonly Named[]): readonly Named[] {
  const byName = new Map<string | undefined, Named>();
  for (const each of services) {
    const before = byName.get(each.place.service);
    if (before === undefined || (before.place.region === undefined && agree(before.place, each.place))) {
      byName.set(each.place.service, each);
    } else if (!agree(before.place, each.place)) {
      byName.set(each.written, each);
    }
  }
  return [...byName.values()];
}

/** What one of the two does not say cannot contradict the other. */
function agree(one: Place, other: Place): boolean {
  const same = (a: string | undefined, b: string | undefined): boolean =>
    a === undefined || b === undefined || a === b;
  return (
    same(one.cluster, other.cluster) && same(one.account, other.account) && same(one.region, other.region)
  );
}

/** The SDK would take whatever the variables of the job say for a region, and ask nobody for ever. */
function reportRegionOfJob(read: InputReader, ofJob: string | undefined): void {
  if (ofJob === undefined || region(ofJob).kind === 'value') return;
  read.problem(
    'aws-region',
    `it is not given, and AWS_REGION or AWS_DEFAULT_REGION of this job says ${quoted(ofJob)}, which is not the name of an AWS region. Give a region such as eu-central-1.`,
  );
}

function reportRegion(read: InputReader, input: string, named: Named, desired: string | undefined): void {
  const elsewhere = whereElse(named.place, desired);
  if (elsewhere !== undefined) read.problem(input, `${quoted(named.written)} ${elsewhere}`);
}

export function readReport(read: InputReader): ReportRequest {
  const report: ReportRequest = {
    summary: read.value('summary', flag, 'true'),
    prComment: read.value('pr-comment', oneOfInAnyCase(['auto', 'true', 'false', 'on-failure']), 'auto'),
    commentKey: read.optional('comment-key', commentKey),
    prNumber: read.optional('pr-number', pullRequest),
    githubToken: read.optional('github-token', token),
    githubEnvironment: read.optional('github-environment', line),
    failureLogLines: read.value('failure-log-lines', whole('lines', { least: 0 }, 30), '30'),
  };
  if (report.githubToken !== undefined) read.secrets.push(report.githubToken);
  return report;
}

/** The key is written into a hidden comment of Markdown, which it must not close. */
function commentKey(text: string): Parsed<string> {
  if (text.includes('-->')) return problem(`${quoted(text.trim())} holds "-->". Give a key without it.`);
  return line(text);
}

function pullRequest(text: string): Parsed<number> {
  const parsed = whole('pull request', { least: 1 }, 7)(text);
  if (parsed.kind === 'value') return parsed;
  return problem(
    `${quoted(text.trim())} is not the number of a pull request. Give a whole number of 1 or more.`,
  );
}

function token(text: string): Parsed<string> {
  return /\s/.test(text.trim())
    ? problem('it holds a space or a line break, as no token does.')
    : value(text.trim());
}
