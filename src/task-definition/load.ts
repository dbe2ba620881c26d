import { isAbsolute, relative } from 'node:path';
import { MalformedAnswer } from '../aws/answers.ts';
import { parseArn, revisionName } from '../aws/arn.ts';
import { attempt, REFUSED, valueOr } from '../aws/attempt.ts';
import type { AwsReads } from '../aws/clients.ts';
import { wrapAwsError } from '../aws/errors.ts';
import { candidatesOf, findRollbackTarget, isMarkedAsFailed, isNoMark } from '../ecs/rollback-target.ts';
import type { DefinitionBase, GoodRevision, ServiceSnapshot, TaskDefinition } from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';
import { registrable } from './shape.ts';

/** A definition to start from, and where it came from. */
export interface LoadedDefinition {
  readonly definition: TaskDefinition;
  /** For people: `backend:7, the latest revision of the family`. */
  readonly origin: string;
  /** The revision that holds exactly this, where there is one that can be deployed. */
  readonly arn: string | undefined;
  /** It is marked as failed. The mark is of that revision alone: the definition is without it. */
  readonly isMarked: boolean;
  /** Later revisions that are no base, each with why. */
  readonly passedOver?: readonly string[];
}

/** As a person of the repository knows it: the runner's own folders say nothing. */
function shownPath(workspace: string, path: string): string {
  const within = isAbsolute(path) ? relative(workspace, path) : path;
  return within === '' || within.startsWith('..') || isAbsolute(within) ? path : within;
}

type TaskDefinitionReads = Pick<AwsReads, 'taskDefinitions' | 'region'>;

/** Loads the base that the request names. Rejects with `invalid-input` where there is none. */
export async function loadBase(
  aws: TaskDefinitionReads,
  base: DefinitionBase,
  services: readonly ServiceSnapshot[],
  { workspace }: { readonly workspace: string },
): Promise<LoadedDefinition> {
  switch (base.kind) {
    case 'file':
      // Files are read before AWS is asked anything.
      if (base.definition === undefined) throw new Error(`The file ${base.path} was not read.`);
      return {
        definition: base.definition,
        origin: `the file ${shownPath(workspace, base.path)}`,
        arn: undefined,
        isMarked: false,
      };
    case 'revision':
      return loadRevision(aws, base.reference);
    case 'family':
      return loadLatestGood(aws, base.family, services, goodOf(services, base.family));
    case 'latest-of-service':
      return loadLatestOfService(aws, services);
    case 'running':
      return loadRevision(aws, runningRevision(services), (name) => `${name}, which runs now`);
  }
}

/** The latest good revision of the family that the services run; where there is none, what ran with success, or runs. */
async function loadLatestOfService(
  aws: TaskDefinitionReads,
  services: readonly ServiceSnapshot[],
): Promise<LoadedDefinition> {
  const family = commonFamily(services);
  const [first] = services;
  const good = first === undefined ? [] : candidatesOf(first);
  return loadLatestGood(aws, family, services, good, (first?.lastGood ?? first)?.taskDefinitionArn);
}

/** The latest ACTIVE revision of a family; where a service runs one of it, all are deregistered, which is no slip. */
async function loadLatestOf(
  aws: TaskDefinitionReads,
  family: string,
  services: readonly ServiceSnapshot[],
): Promise<LoadedDefinition> {
  const found = await findRevision(aws, family, latestOfFamily);
  if (found !== undefined) return found;
  const runs = services
    .map(({ taskDefinitionArn }) => taskDefinitionArn)
    .find((arn) => familyOf(arn) === family);
  if (runs === undefined) throw revisionNotFound(aws, family);
  throw new DeployError(
    'invalid-input',
    `Every revision of task definition "${family}" is deregistered in ${aws.region}, also ${revisionName(runs)}, which the service runs.`,
    {
      hint: 'Give task-definition: running to go on from what runs, or register a revision of the family. Nothing was touched.',
    },
  );
}

/** One revision as AWS holds it. `reference`: a family (its latest ACTIVE revision), `family:revision` or an ARN. */
export async function loadRevision(
  aws: TaskDefinitionReads,
  reference: string,
  origin: (name: string) => string = (name) => name,
): Promise<LoadedDefinition> {
  const found = await findRevision(aws, reference, origin);
  if (found !== undefined) return found;
  throw revisionNotFound(aws, reference);
}

function revisionNotFound({ region }: TaskDefinitionReads, reference: string): DeployError {
  return new DeployError(
    'invalid-input',
    `Task definition "${revisionName(reference)}" was not found in ${region}.`,
    { hint: `List what is there: aws ecs list-task-definitions --region ${region}` },
  );
}

/** The same, undefined where there is no such revision. */
export async function findRevision(
  aws: TaskDefinitionReads,
  reference: string,
  origin: (name: string) => string = (name) => name,
): Promise<LoadedDefinition | undefined> {
  const read = async (): Promise<LoadedDefinition> => {
    const { taskDefinition, tags } = await aws.taskDefinitions.describe(reference);
    const arn = taskDefinition['taskDefinitionArn'];
    if (typeof arn !== 'string' || parseArn(arn) === undefined) {
      throw new MalformedAnswer('DescribeTaskDefinition', 'the revision has no ARN');
    }
    refuseForeign(reference, arn);
    const active =
      taskDefinition['status'] !== 'INACTIVE' && taskDefinition['status'] !== 'DELETE_IN_PROGRESS';
    const name = revisionName(arn);
    return {
      definition: registrable(taskDefinition, tags.filter(isNoMark)),
      isMarked: isMarkedAsFailed(tags),
      origin: active ? origin(name) : `${origin(name)} (deregistered: its content is registered again)`,
      arn: active ? arn : undefined,
    };
  };
  const doing = `reading task definition ${reference}`;
  return valueOr(await wrapAwsError(doing, () => attempt(read, REFUSED)), undefined);
}

/** Revisions that are looked at, from the latest one down, before the last good one is taken. */
const LOOKED_AT = 20;

/**
 * The latest ACTIVE revision of the family that no deployment of these services speaks against: none that failed, was
 * rolled back or stopped, none whose first deployment has not ended, none that the service went back from, none that is
 * marked. So what Terraform changed ships, what was found bad does not come back, and of two runs that race none builds on
 * what the other has not finished. Where there is none, the first of `good`, or `otherwise`; without these it is the latest,
 * with what speaks against it.
 */
async function loadLatestGood(
  aws: TaskDefinitionReads,
  family: string,
  services: readonly ServiceSnapshot[],
  good: readonly GoodRevision[],
  otherwise?: string,
): Promise<LoadedDefinition> {
  const latest = await loadLatestOf(aws, family, services);
  const newest = latest.arn === undefined ? 0 : revisionNumber(latest.arn);
  const floor = Math.max(0, ...services.map((service) => goodNumber(service, family)));
  const refused: { readonly name: string; readonly because: string }[] = [];
  const passedOver = (): string[] => refused.map(({ name, because }) => `${name} ${because}`);
  for (let number = newest; number > Math.max(0, newest - LOOKED_AT); number -= 1) {
    const arn = latest.arn?.replace(/:\d+$/, `:${number}`) ?? '';
    const name = revisionName(arn);
    const against = services.map((service) => whatSpeaksAgainst(arn, service)).find(Boolean);
    const found =
      against !== undefined ? undefined : number === newest ? latest : await findRevision(aws, arn);
    if (against !== undefined) refused.push({ name, because: against });
    else if (found?.isMarked === true) refused.push({ name, because: 'is marked as failed' });
    else if (found?.arn !== undefined) {
      return refused.length === 0
        ? latest
        : { ...found, origin: `${name}, the latest good revision of its family`, passedOver: passedOver() };
    }
    if (number <= floor) break;
  }
  const [first] = refused;
  if (first === undefined) return latest;
  const target = await findRollbackTarget(aws.taskDefinitions, good);
  const last = target?.good.taskDefinitionArn ?? otherwise;
  if (last === undefined) return { ...latest, origin: `${latest.origin}, which ${first.because}` };
  const loaded = await loadRevision(aws, last, (name) => `${name}, the last good revision`);
  return { ...loaded, passedOver: passedOver() };
}

/** Pure: the revisions of a family that the services ran with success, the newest of each service first. */
function goodOf(services: readonly ServiceSnapshot[], family: string): GoodRevision[] {
  return services
    .flatMap(candidatesOf)
    .filter(({ taskDefinitionArn }) => familyOf(taskDefinitionArn) === family);
}

/** Pure: why a revision is no base for this service; undefined where nothing speaks against it. */
export function whatSpeaksAgainst(
  arn: string,
  {
    past,
    taskDefinitionArn: current,
    lastGood,
  }: Pick<ServiceSnapshot, 'past' | 'taskDefinitionArn' | 'lastGood'>,
): string | undefined {
  if (lastGood?.taskDefinitionArn === arn) return undefined;
  const latest = past.find(
    ({ taskDefinitionArn, verdict }) => taskDefinitionArn === arn && verdict !== 'superseded',
  );
  if (latest?.verdict === 'failed') return 'failed here';
  const wasGood = past.some(
    ({ taskDefinitionArn, verdict }) => taskDefinitionArn === arn && verdict === 'good',
  );
  // Where nothing ever was good, what is under way is all that there is.
  if (latest?.verdict === 'open' && lastGood !== undefined && !wasGood) return 'is still being deployed here';
  if (latest?.verdict !== 'good') return undefined;
  const since = past.slice(0, past.indexOf(latest));
  const wentBack = [...since.map(({ taskDefinitionArn }) => taskDefinitionArn), current].some(
    (other) => familyOf(other) === familyOf(arn) && revisionNumber(other) < revisionNumber(arn),
  );
  return wentBack ? 'was gone back from' : undefined;
}

/** Of the last good revision; none where that is of another family. */
function goodNumber({ lastGood }: ServiceSnapshot, family: string): number {
  return lastGood === undefined || familyOf(lastGood.taskDefinitionArn) !== family
    ? 0
    : revisionNumber(lastGood.taskDefinitionArn);
}

function revisionNumber(arn: string): number {
  return Number(/:(\d+)$/.exec(arn)?.[1] ?? 0);
}

/** An ARN says more than a name: another region or account is not this one's revision of the same name. */
function refuseForeign(reference: string, answered: string): void {
  const asked = parseArn(reference);
  const found = parseArn(answered);
  if (asked === undefined || found === undefined) return;
  if (asked.region === found.region && asked.accountId === found.accountId) return;
  throw new DeployError(
    'invalid-input',
    `task-definition: ${reference} is in ${asked.region}, account ${asked.accountId}; this run is in ${found.region}, account ${found.accountId}.`,
    { hint: 'Give a revision of this region and account, or other credentials. Nothing was touched.' },
  );
}

function latestOfFamily(name: string): string {
  return `${name}, the latest revision of its family`;
}

function commonFamily(services: readonly ServiceSnapshot[]): string {
  const families = [...new Set(services.map((each) => familyOf(each.taskDefinitionArn)))];
  const [family, ...others] = families;
  if (family === undefined || others.length > 0) {
    throw new DeployError(
      'invalid-input',
      `The services run revisions of different families (${families.join(', ')}): task-definition must say which one they get.`,
    );
  }
  return family;
}

function runningRevision(services: readonly ServiceSnapshot[]): string {
  const [first, ...others] = services;
  if (first === undefined || others.some((each) => each.taskDefinitionArn !== first.taskDefinitionArn)) {
    throw new DeployError(
      'invalid-input',
      'The services run different revisions: "task-definition: running" does not say which one they get.',
    );
  }
  return first.taskDefinitionArn;
}

/** `backend` of `arn:...:task-definition/backend:7`. */
export function familyOf(taskDefinitionArn: string): string {
  return revisionName(taskDefinitionArn).replace(/:\d+$/, '');
}
