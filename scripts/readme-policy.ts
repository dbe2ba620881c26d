/**
 * Writes the IAM policies of deployments and of plans in docs/permissions.md, with their reasons, between the markers
 * `<!-- policy -->`, `<!-- /policy -->`, `<!-- statements -->`, `<!-- /statements -->`, `<!-- optional -->`,
 * `<!-- /optional -->`, `<!-- plan-policy -->` and `<!-- /plan-policy -->`. They come from the files from which Terraform
 * makes the roles.
 *
 *   node scripts/readme-policy.ts           writes docs/permissions.md
 *   node scripts/readme-policy.ts --check   exits 1 where docs/permissions.md differs from what would be written
 */
import { readFileSync, writeFileSync } from 'node:fs';

import { between, table } from './readme-tables.ts';

/** What a deployment may do or not; each has statements that it alone needs. */
export const USES = ['build', 'pre-deploy', 'alarms', 'metrics', 'instances'] as const;

export type Use = (typeof USES)[number];

const WITHOUT: Readonly<Record<Use, string>> = {
  build: 'Without `context`',
  'pre-deploy': 'Without `pre-deploy-command`',
  alarms: 'Without `alarms`',
  metrics: 'Without `metrics`',
  instances: 'In the network mode `awsvpc`, as on Fargate',
};

interface Permission {
  readonly action: string;
  /** What a deployment does without it; undefined: it cannot do without it. */
  readonly without?: string;
}

/** A statement of infra/modules/deploy-role/policies/*.json. Words in capitals are placeholders. */
export interface Statement {
  readonly sid: string;
  /** The one use that needs it; undefined: every deployment does. */
  readonly only?: Use;
  /** One sentence for a person who reviews the policy. */
  readonly why: string;
  readonly permissions: readonly Permission[];
  readonly resources: readonly string[];
  readonly condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

const POLICIES = new URL('../infra/modules/deploy-role/policies/', import.meta.url);

/**
 * Every permission that a deployment uses, as narrow as IAM allows (Service Authorization Reference: Amazon ECS,
 * Amazon ECR, Elastic Load Balancing V2, Amazon CloudWatch Logs). Actions that support no resource have `*`.
 */
export const POLICY = read('deploy');

/** Every permission that `mode: plan` uses. */
export const PLAN_POLICY = read('plan');

/** What a deployment uses besides of CodeDeploy, for services that that deploys. */
export const CODEDEPLOY_POLICY = read('codedeploy');

/** What `mode: plan` uses besides of CodeDeploy. */
export const CODEDEPLOY_PLAN_POLICY = read('codedeploy-plan');

function read(name: string): readonly Statement[] {
  return JSON.parse(readFileSync(new URL(`${name}.json`, POLICIES), 'utf8')) as readonly Statement[];
}

/** The guide with the policies written again. Throws where a marker is missing. */
export function renderPolicy(
  guide: string,
  policy: readonly Statement[] = POLICY,
  plan: readonly Statement[] = PLAN_POLICY,
): string {
  const statements = table(
    ['Statement', 'Why', 'May be left out'],
    policy.map(({ sid, why, only }) => [`\`${sid}\``, why, only === undefined ? '' : WITHOUT[only]]),
  );
  const optional = table(
    ['Permission', 'Without it'],
    policy.flatMap(({ permissions }) =>
      permissions.flatMap(({ action, without }) =>
        without === undefined ? [] : [[`\`${action}\``, without]],
      ),
    ),
  );
  const parts = { policy: fenced(policy), statements, optional, 'plan-policy': fenced(plan) };
  return Object.entries(parts).reduce((text, [marker, content]) => between(text, marker, content), guide);
}

function fenced(policy: readonly Statement[]): string {
  return `\`\`\`json\n${JSON.stringify(document(policy), null, 2)}\n\`\`\``;
}

/** The policy as IAM takes it. */
export function document(policy: readonly Statement[]): object {
  return {
    Version: '2012-10-17',
    Statement: policy.map(({ sid, permissions, resources, condition }) => ({
      Sid: sid,
      Effect: 'Allow',
      Action: one(permissions.map(({ action }) => action)),
      Resource: one(resources),
      ...(condition === undefined ? {} : { Condition: condition }),
    })),
  };
}

function one(list: readonly string[]): string | readonly string[] {
  const [first, ...others] = list;
  return first !== undefined && others.length === 0 ? first : list;
}

/** A guide with the statements for CodeDeploy written again, between the markers `codedeploy-policy`. */
export function renderCodeDeployPolicy(
  guide: string,
  policy: readonly Statement[] = CODEDEPLOY_POLICY,
): string {
  const content = [
    fenced(policy),
    'These may be left out:',
    table(
      ['Permission', 'Without it'],
      policy.flatMap(({ permissions }) =>
        permissions.flatMap(({ action, without }) =>
          without === undefined ? [] : [[`\`${action}\``, without]],
        ),
      ),
    ),
  ];
  return between(guide, 'codedeploy-policy', content.join('\n\n'));
}

/** The files with policies in them. */
const FILES = [
  ['docs/permissions.md', (text: string) => renderPolicy(text)],
  ['docs/progressive-delivery.md', (text: string) => renderCodeDeployPolicy(text)],
] as const;

/** Writes the files, or with `check` only compares; returns what to exit with. */
export function run(check: boolean, folder: URL): number {
  const changed = FILES.flatMap(([name, render]) => {
    const path = new URL(name, folder);
    const text = readFileSync(path, 'utf8');
    const rendered = render(text);
    return rendered === text ? [] : [{ name, path, rendered }];
  });
  for (const { name, path, rendered } of changed) {
    if (check) {
      console.error(
        `The IAM policies of ${name} are not the current ones. Run: node scripts/readme-policy.ts`,
      );
    } else writeFileSync(path, rendered);
  }
  return check && changed.length > 0 ? 1 : 0;
}

if (import.meta.main)
  process.exitCode = run(process.argv.includes('--check'), new URL('../', import.meta.url));
