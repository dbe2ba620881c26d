/**
 * Writes the statements of the roles in docs/your-own-service/roles.yaml (CloudFormation) and roles.tf (Terraform) from
 * the policies of infra/modules/deploy-role, so that each use has its own.
 *
 *   node scripts/roles.ts           writes both files
 *   node scripts/roles.ts --check   exits 1 where one differs from what would be written
 */
import { readFileSync, writeFileSync } from 'node:fs';

import { stringify } from 'yaml';

import { betweenMarks } from './marks.ts';
import {
  CODEDEPLOY_PLAN_POLICY,
  CODEDEPLOY_POLICY,
  PLAN_POLICY,
  POLICY,
  type Statement,
  type Use,
} from './readme-policy.ts';

/** The statements of a role, and what a statement needs beside its own use. */
interface Part {
  readonly statements: readonly Statement[];
  readonly given?: Needed;
}

const CODEDEPLOY = { condition: 'UsesCodeDeploy', test: 'var.codedeploy_application != ""' };

const POLICIES: Readonly<Record<string, readonly Part[]>> = {
  deploy: [{ statements: POLICY }, { statements: CODEDEPLOY_POLICY, given: CODEDEPLOY }],
  plan: [{ statements: PLAN_POLICY }, { statements: CODEDEPLOY_PLAN_POLICY, given: CODEDEPLOY }],
};

/** Placeholders of the policies that stand for one name. */
const NAMES: Readonly<Record<string, { readonly parameter: string; readonly variable: string }>> = {
  CLUSTER: { parameter: 'Cluster', variable: 'cluster' },
  SERVICE: { parameter: 'Service', variable: 'service' },
  FAMILY: { parameter: 'Family', variable: 'family' },
  REPOSITORY: { parameter: 'EcrRepository', variable: 'ecr_repository' },
  LOG_GROUP: { parameter: 'LogGroup', variable: 'log_group' },
  'AppECS-CLUSTER-CODEDEPLOY': { parameter: 'CodeDeployApplication', variable: 'codedeploy_application' },
  'DgpECS-CLUSTER-CODEDEPLOY': {
    parameter: 'CodeDeployDeploymentGroup',
    variable: 'codedeploy_deployment_group',
  },
};

/** Those that stand for a whole ARN, or for none, or several. */
const ARNS: Readonly<Record<string, { readonly parameter: string; readonly variable: string }>> = {
  TASK_ROLE: { parameter: 'TaskRoleArn', variable: 'task_role_arn' },
  EXECUTION_ROLE: { parameter: 'ExecutionRoleArn', variable: 'execution_role_arn' },
  SECRET: { parameter: 'SecretArns', variable: 'secret_arns' },
};

const CONDITIONS: Readonly<Record<Use, { readonly condition: string; readonly variable: string }>> = {
  build: { condition: 'Builds', variable: 'builds' },
  'pre-deploy': { condition: 'RunsPreDeployTask', variable: 'runs_pre_deploy_task' },
  alarms: { condition: 'AsksAlarms', variable: 'asks_alarms' },
  metrics: { condition: 'AsksMetrics', variable: 'asks_metrics' },
  instances: { condition: 'OnInstances', variable: 'on_instances' },
};

const NO_VALUE = { Ref: 'AWS::NoValue' };

function wordOf(pattern: string, words: Readonly<Record<string, unknown>>): string | undefined {
  return Object.keys(words).find((word) => new RegExp(`[:/]${word}$`).test(pattern));
}

function actionsOf({ permissions }: Statement): readonly string[] {
  return permissions.map(({ action }) => action);
}

/** A statement as CloudFormation takes it. */
function forCloudFormation(statement: Statement, given: Needed | undefined): unknown {
  const { sid, resources, condition } = statement;
  const written = {
    Sid: sid,
    Effect: 'Allow',
    Action: actionsOf(statement),
    Resource: resourcesForCloudFormation(resources),
    ...(condition === undefined ? {} : { Condition: substituted(condition) }),
  };
  const needed = neededBy(statement) ?? given;
  return needed === undefined ? written : { 'Fn::If': [needed.condition, written, NO_VALUE] };
}

/** Without it a statement is left out. */
interface Needed {
  readonly condition: string;
  readonly test: string;
}

/** Its use; one whose resources are given from outside says nothing where none is. */
function neededBy({ only, resources }: Statement): Needed | undefined {
  const given = arnsIn(resources);
  if (only === undefined) return given && NEEDED[given];
  const { condition, variable } = CONDITIONS[only];
  return { condition, test: `var.${variable}` };
}

const NEEDED = {
  roles: { condition: 'HasRoles', test: 'length(compact([var.task_role_arn, var.execution_role_arn])) > 0' },
  secrets: { condition: 'HasSecrets', test: 'length(var.secret_arns) > 0' },
} as const;

function arnsIn(resources: readonly string[]): keyof typeof NEEDED | undefined {
  const words = resources.map((pattern) => wordOf(pattern, ARNS));
  if (words.every((word) => word === undefined)) return undefined;
  if (words.includes(undefined))
    throw new Error(`Some of ${resources.join(', ')} are given and some are not.`);
  return words.includes('SECRET') ? 'secrets' : 'roles';
}

function resourcesForCloudFormation(resources: readonly string[]): unknown {
  switch (arnsIn(resources)) {
    case undefined:
      return resources.map(sub);
    case 'secrets':
      return { Ref: 'SecretArns' };
    case 'roles':
      return resources.map((pattern) => {
        const parameter = ARNS[wordOf(pattern, ARNS) ?? '']?.parameter ?? '';
        return { 'Fn::If': [`Has${parameter.replace('Arn', '')}`, { Ref: parameter }, NO_VALUE] };
      });
  }
}

function sub(text: string): unknown {
  const written = replaced(text, ({ parameter }) => `\${${parameter}}`, {
    partition: '${AWS::Partition}',
    region: '${AWS::Region}',
    account: '${AWS::AccountId}',
  });
  return written === text ? text : { 'Fn::Sub': written };
}

interface Surroundings {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

function replaced(
  text: string,
  name: (names: { readonly parameter: string; readonly variable: string }) => string,
  { partition, region, account }: Surroundings,
): string {
  const whole = text
    .replace(/^arn:aws:/, `arn:${partition}:`)
    .replace(':REGION:', `:${region}:`)
    .replace(':ACCOUNT:', `:${account}:`);
  return Object.entries(NAMES).reduce(
    (so, [word, names]) => so.replaceAll(new RegExp(`(?<=[:/])${word}(?=[:/]|$)`, 'g'), name(names)),
    whole,
  );
}

function substituted(value: unknown): unknown {
  if (typeof value === 'string') return sub(value);
  if (Array.isArray(value)) return value.map(substituted);
  return Object.fromEntries(Object.entries(value as object).map(([key, each]) => [key, substituted(each)]));
}

/** A statement as Terraform takes it: lines that `terraform fmt` leaves as they are. */
function forTerraform(statement: Statement, given: Needed | undefined): string[] {
  const { sid, resources, condition } = statement;
  const attributes: [string, string][] = [
    ['Sid', hcl(sid)],
    ['Effect', hcl('Allow')],
    ['Action', hcl(actionsOf(statement))],
    ['Resource', resourcesForTerraform(resources)],
    ...(condition === undefined ? [] : [['Condition', hcl(condition)] as [string, string]]),
  ];
  const width = Math.max(...attributes.map(([key]) => key.length));
  const body = attributes.map(([key, value]) => `    ${key.padEnd(width)} = ${value}`);
  const needed = neededBy(statement) ?? given;
  return needed === undefined
    ? ['[{', ...body, '}],'].map(indented)
    : ['[for statement in [{', ...body, `}] : statement if ${needed.test}],`].map(indented);
}

function indented(line: string): string {
  return line.startsWith('    ') ? line.slice(2) : line;
}

function resourcesForTerraform(resources: readonly string[]): string {
  const variables = resources.map((pattern) => `var.${ARNS[wordOf(pattern, ARNS) ?? '']?.variable ?? ''}`);
  switch (arnsIn(resources)) {
    case undefined:
      return hcl(resources);
    case 'secrets':
      return variables.join(', ');
    case 'roles':
      return `compact([${variables.join(', ')}])`;
  }
}

function hcl(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(
      replaced(value, ({ variable }) => `\${var.${variable}}`, {
        partition: '${local.partition}',
        region: '${local.region}',
        account: '${local.account}',
      }),
    );
  }
  if (Array.isArray(value)) return `[${value.map(hcl).join(', ')}]`;
  const entries = Object.entries(value as object).map(([key, each]) => {
    const name = /^\w+$/.test(key) ? key : JSON.stringify(key);
    return `${name} = ${hcl(each)}`;
  });
  return `{ ${entries.join(', ')} }`;
}

/** The template with its statements written again. */
export function renderTemplate(text: string): string {
  return Object.entries(POLICIES).reduce((whole, [name, parts]) => {
    const written = parts.flatMap(({ statements, given }) =>
      statements.map((statement) => forCloudFormation(statement, given)),
    );
    const lines = stringify(written, { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd().split('\n');
    return betweenMarks(whole, name, lines);
  }, text);
}

/** The Terraform file with its statements written again. */
export function renderTerraform(text: string): string {
  return Object.entries(POLICIES).reduce((whole, [name, parts]) => {
    const lines = parts.flatMap(({ statements, given }) =>
      statements.flatMap((statement) => forTerraform(statement, given)),
    );
    return betweenMarks(whole, name, lines);
  }, text);
}

const FILES = { 'roles.yaml': renderTemplate, 'roles.tf': renderTerraform };

/** Writes the files, or with `check` only compares; returns what to exit with. */
export function run(check: boolean, root: URL): number {
  const folder = new URL('docs/your-own-service/', root);
  const stale = Object.entries(FILES).filter(([file, render]) => {
    const path = new URL(file, folder);
    const old = readFileSync(path, 'utf8');
    const fresh = render(old);
    if (!check && fresh !== old) writeFileSync(path, fresh);
    return fresh !== old;
  });
  if (!check || stale.length === 0) return 0;
  const names = stale.map(([file]) => file).join(' and ');
  console.error(
    `The statements in docs/your-own-service, ${names}, are out of date. Run: node scripts/roles.ts`,
  );
  return 1;
}

if (import.meta.main)
  process.exitCode = run(process.argv.includes('--check'), new URL('../', import.meta.url));
