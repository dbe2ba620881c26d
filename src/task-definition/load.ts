import { revisionName } from '../aws/arn.ts';
import type { Aws } from '../aws/clients.ts';
import { awsErrorKind, deployErrorOf } from '../aws/errors.ts';
import type { DefinitionBase, ServiceSnapshot, TaskDefinition } from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';
import type { Log } from '../runtime/log.ts';
import { readTaskDefinitionFile } from './read-file.ts';
import { registrable } from './shape.ts';

/** A definition to start from, and where it came from. */
export interface LoadedDefinition {
  readonly definition: TaskDefinition;
  /** For people: `backend:7, the latest revision of the family`. */
  readonly origin: string;
  /** The revision that holds exactly this, where there is one that can be deployed. */
  readonly arn: string | undefined;
}

type TaskDefinitionReads = Pick<Aws, 'taskDefinitions' | 'region'>;

/** Loads the base that the request names. Rejects with `invalid-input` where there is none. */
export async function loadBase(
  aws: TaskDefinitionReads,
  base: DefinitionBase,
  services: readonly ServiceSnapshot[],
  { workspace, log }: { readonly workspace: string; readonly log: Log },
): Promise<LoadedDefinition> {
  switch (base.kind) {
    case 'file':
      return {
        definition: await readTaskDefinitionFile(workspace, base.path, log),
        origin: `the file ${base.path}`,
        arn: undefined,
      };
    case 'revision':
      return loadRevision(aws, base.reference);
    case 'family':
      return loadRevision(aws, base.family, latestOfFamily);
    case 'latest-of-service':
      return loadRevision(aws, commonFamily(services), latestOfFamily);
    case 'running':
      return loadRevision(aws, runningRevision(services), (name) => `${name}, which runs now`);
  }
}

/** One revision as AWS holds it. `reference`: a family (its latest ACTIVE revision), `family:revision` or an ARN. */
export async function loadRevision(
  aws: TaskDefinitionReads,
  reference: string,
  origin: (name: string) => string = (name) => name,
): Promise<LoadedDefinition> {
  const found = await findRevision(aws, reference, origin);
  if (found !== undefined) return found;
  throw new DeployError(
    'invalid-input',
    `Task definition "${revisionName(reference)}" was not found in ${aws.region}.`,
    { hint: `List what is there: aws ecs list-task-definitions --region ${aws.region}` },
  );
}

/** The same, undefined where there is no such revision. */
export async function findRevision(
  aws: TaskDefinitionReads,
  reference: string,
  origin: (name: string) => string = (name) => name,
): Promise<LoadedDefinition | undefined> {
  try {
    const { taskDefinition, tags } = await aws.taskDefinitions.describe(reference);
    const arn = taskDefinition['taskDefinitionArn'] as string;
    const active =
      taskDefinition['status'] !== 'INACTIVE' && taskDefinition['status'] !== 'DELETE_IN_PROGRESS';
    const name = revisionName(arn);
    return {
      definition: registrable(taskDefinition, tags),
      origin: active ? origin(name) : `${origin(name)} (deregistered: its content is registered again)`,
      arn: active ? arn : undefined,
    };
  } catch (error) {
    if (awsErrorKind(error) === 'refused') return undefined;
    throw deployErrorOf(error, `reading task definition ${reference}`);
  }
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
