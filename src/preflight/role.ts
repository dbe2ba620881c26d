import { lastSegment, parseArn } from '../aws/arn.ts';
import { isAwsError } from '../aws/errors.ts';
import type { Json, JsonObject, TaskDefinition } from '../model/index.ts';
import { isArray, isObject, textIn } from '../runtime/json.ts';
import {
  differentRegionOrAccount,
  failed,
  looked,
  ok,
  skipped,
  type Candidate,
  type Check,
  type Finding,
} from './check.ts';

const ECS_TASKS = 'ecs-tasks.amazonaws.com';

/** The roles of the definition exist, and ECS tasks may assume them. */
export const role: Check = {
  name: 'role',
  nothing: 'the definition names no role',
  async look(aws, candidate) {
    const roles = rolesOf(candidate.definition);
    const looks = roles.map(async ({ arn, fields }) => {
      const role = lastSegment(arn);
      const name = `${role} (${fields.join(' and ')})`;
      const elsewhere = notToBePassed(arn, candidate);
      if (elsewhere !== undefined) return [failed(`role ${name} ${elsewhere}`)];
      const away = differentRegionOrAccount(arn, aws, candidate);
      if (away !== undefined) return [skipped(`role ${name} ${away}`)];
      return looked(
        `role ${name}`,
        'iam:GetRole',
        () => aws.roles.getRole({ RoleName: role }),
        (answer) => [trustFinding(name, answer.Role?.AssumeRolePolicyDocument)],
        (error) =>
          isAwsError(error, 'NoSuchEntity', 'NoSuchEntityException')
            ? failed(`role ${name} does not exist`)
            : undefined,
      );
    });
    return (await Promise.all(looks)).flat();
  },
};

/**
 * Pure: why a role can be no task's, whatever it allows: a role is passed within its account only (IAM User Guide, "Grant a
 * user permissions to pass a role to an AWS service"), and no partition knows another's. One that AWS has taken before, it takes.
 */
export function notToBePassed(
  arn: string,
  { services, heldByAws = [] }: Pick<Candidate, 'services' | 'heldByAws'>,
): string | undefined {
  const [role, service] = [parseArn(arn), services[0]?.address];
  if (role === undefined || service === undefined) return undefined;
  if (heldByAws.some((held) => rolesOf(held).some((each) => each.arn === arn))) return undefined;
  const { partition, accountId } = service;
  const own = `arn:${partition}:iam::${accountId}:role/<name>`;
  if (role.partition !== partition)
    return `is in the partition ${role.partition}, not in ${partition}: write ${own}`;
  return role.accountId === accountId
    ? undefined
    : `is in account ${role.accountId}, and a role can be passed to ECS in its own account only: write one of this account, ${own}`;
}

/** The roles that a definition names, each once with the fields that name it. */
function rolesOf(definition: TaskDefinition): { readonly arn: string; readonly fields: readonly string[] }[] {
  const named = (['taskRoleArn', 'executionRoleArn'] as const).flatMap((field) => {
    const arn = textIn(definition, field);
    return arn === undefined ? [] : [{ field, arn }];
  });
  return [...Map.groupBy(named, ({ arn }) => arn)].map(([arn, each]) => ({
    arn,
    fields: each.map(({ field }) => field),
  }));
}

/** Pure: what a role's trust policy (JSON, encoded as IAM returns it) says about ECS tasks. */
export function trustFinding(name: string, encoded: string | undefined): Finding {
  const statements = statementsOf(encoded);
  if (statements === undefined) return ok(`role ${name} is there; its trust policy cannot be read`);
  return statements.some(trustsTasks)
    ? ok(`role ${name} trusts ECS tasks`)
    : failed(`role ${name} does not trust ${ECS_TASKS}, so no task can start with it`);
}

/** Undefined where it is no policy. A single statement needs no list. */
function statementsOf(encoded: string | undefined): readonly JsonObject[] | undefined {
  try {
    const policy = JSON.parse(decodeURIComponent(encoded ?? '')) as Json;
    if (!isObject(policy)) return undefined;
    const statements = listOf(policy['Statement']).filter(isObject);
    return statements.length === 0 ? undefined : statements;
  } catch {
    return undefined;
  }
}

/** Exclusions (NotPrincipal, NotAction) are taken for trust: a wrong warning is worse than none. */
function trustsTasks(statement: JsonObject): boolean {
  if (statement['Effect'] !== 'Allow') return false;
  const principal = statement['Principal'];
  const principals = isObject(principal) ? listOf(principal['Service']) : listOf(principal);
  const byPrincipal =
    statement['NotPrincipal'] !== undefined || principals.some((each) => each === ECS_TASKS || each === '*');
  return byPrincipal && (statement['NotAction'] !== undefined || listOf(statement['Action']).some(assumes));
}

/** `*` stands for any letters, `?` for one (IAM JSON policy elements, Action). */
function assumes(action: Json): boolean {
  if (typeof action !== 'string') return false;
  const pattern = action
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${pattern}$`, 'i').test('sts:AssumeRole');
}

function listOf(value: Json | undefined): readonly Json[] {
  if (value === undefined) return [];
  return isArray(value) ? value : [value];
}
