/**
 * Tells what a plan of Terraform changes: in the job's summary, and on a pull request as a comment, which later runs
 * bring up to date. Needs Node and nothing installed, since .github/workflows/terraform.yml runs it in a bare checkout.
 *
 *   terraform show -json PLAN | node scripts/terraform-report.ts ENVIRONMENT TEXT
 *
 * TEXT is the file with what `terraform plan` printed. The JSON holds sensitive values; only addresses and actions are
 * taken from it.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { text as textOf } from 'node:stream/consumers';

import { code, codeBlock, details, table } from '../src/report/markdown.ts';

/** What of `terraform show -json` is read (developer.hashicorp.com/terraform/internals/json-format). */
export interface Plan {
  readonly resource_changes?: readonly {
    readonly address: string;
    readonly change: { readonly actions: readonly string[] };
  }[];
  readonly output_changes?: Readonly<Record<string, { readonly actions: readonly string[] }>>;
}

type Action = 'replace' | 'destroy' | 'change' | 'add' | 'forget';

interface Change {
  readonly action: Action;
  readonly address: string;
}

/** What takes something away comes first. */
const ORDER: readonly Action[] = ['replace', 'destroy', 'forget', 'change', 'add'];

/** GitHub takes comments of up to 65,536 characters. */
const LONGEST_TEXT = 50_000;
const MOST_ROWS = 100;

/** Pure: the resources that a plan changes, what takes something away first. */
export function changesOf({ resource_changes: all = [] }: Plan): Change[] {
  const changes = all.flatMap(({ address, change }) => {
    const action = actionOf(change.actions);
    return action === undefined ? [] : [{ action, address }];
  });
  return changes.sort((one, other) => ORDER.indexOf(one.action) - ORDER.indexOf(other.action));
}

function actionOf(actions: readonly string[]): Action | undefined {
  if (actions.includes('create') && actions.includes('delete')) return 'replace';
  const words = { create: 'add', delete: 'destroy', update: 'change', forget: 'forget' } as const;
  return Object.entries(words).find(([name]) => actions.includes(name))?.[1];
}

export function markerOf(environment: string): string {
  return `<!-- terraform-plan: ${environment} -->`;
}

/** Pure: the report, with a marker by which its comment is found again. */
export function reportOf(environment: string, plan: Plan, text: string): string {
  const changes = changesOf(plan);
  const outputs = Object.entries(plan.output_changes ?? {}).filter(
    ([, { actions }]) => !actions.includes('no-op'),
  );
  return [
    markerOf(environment),
    `### Terraform plan: ${code(environment)}`,
    sumOf(changes, outputs.length),
    ...(changes.length === 0 ? [] : [rowsOf(changes)]),
    details('What Terraform says', codeBlock(cut(text).split('\n'))),
  ].join('\n\n');
}

function sumOf(changes: readonly Change[], outputs: number): string {
  const counts = ORDER.flatMap((action) => {
    const count = changes.filter((change) => change.action === action).length;
    return count === 0 ? [] : [`${count} to ${action}`];
  });
  const all = outputs === 0 ? counts : [...counts, `${outputs} ${outputs === 1 ? 'output' : 'outputs'}`];
  return all.length === 0 ? 'Nothing changes.' : `**${all.join(', ')}.**`;
}

function rowsOf(changes: readonly Change[]): string {
  const rows = changes.slice(0, MOST_ROWS).map(({ action, address }) => [action, code(address)]);
  const more = changes.length - rows.length;
  return table(['', 'Resource'], more > 0 ? [...rows, ['', `and ${more} more`]] : rows);
}

/** The beginning says what happens to which resource, so the end is what goes; the sum is in the report anyhow. */
function cut(text: string): string {
  const plain = text.replace(/^\n+|\s+$/g, '');
  if (plain.length <= LONGEST_TEXT) return plain;
  const end = plain.lastIndexOf('\n', LONGEST_TEXT);
  return `${plain.slice(0, end === -1 ? LONGEST_TEXT : end)}\n… the rest is in the log of the job`;
}

interface PullRequest {
  readonly api: string;
  readonly repository: string;
  readonly number: number;
  readonly token: string;
}

interface Comment {
  readonly id: number;
  readonly body?: string;
  readonly user: { readonly type: string } | null;
}

/** Writes the comment of an environment, or brings it up to date. Throws what GitHub answers otherwise. */
export async function comment(environment: string, body: string, pullRequest: PullRequest): Promise<void> {
  const { repository, number } = pullRequest;
  const found = await findComment(environment, pullRequest);
  await (found === undefined
    ? call(pullRequest, 'POST', `/repos/${repository}/issues/${number}/comments`, { body })
    : call(pullRequest, 'PATCH', `/repos/${repository}/issues/comments/${found.id}`, { body }));
}

async function findComment(environment: string, pullRequest: PullRequest): Promise<Comment | undefined> {
  const { repository, number } = pullRequest;
  for (let page = 1; ; page += 1) {
    const path = `/repos/${repository}/issues/${number}/comments?per_page=100&page=${page}`;
    const comments = (await call(pullRequest, 'GET', path)) as readonly Comment[];
    const found = comments.find(
      ({ body, user }) => user?.type === 'Bot' && body?.startsWith(markerOf(environment)) === true,
    );
    if (found !== undefined || comments.length < 100) return found;
  }
}

async function call(
  { api, token }: PullRequest,
  method: string,
  path: string,
  body?: object,
): Promise<unknown> {
  const response = await fetch(`${api}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      accept: 'application/vnd.github+json',
      'x-github-api-version': '2022-11-28',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} answered with ${response.status}: ${answer}`);
  return JSON.parse(answer);
}

async function main(environment: string, file: string): Promise<void> {
  const plan = JSON.parse(await textOf(process.stdin)) as Plan;
  const report = reportOf(environment, plan, readFileSync(file, 'utf8'));
  const { GITHUB_STEP_SUMMARY, GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_TOKEN, PULL_REQUEST } = process.env;
  if (GITHUB_STEP_SUMMARY !== undefined) appendFileSync(GITHUB_STEP_SUMMARY, `${report}\n`);
  if (PULL_REQUEST === undefined || PULL_REQUEST === '') return;
  await comment(environment, report, {
    api: GITHUB_API_URL ?? 'https://api.github.com',
    repository: GITHUB_REPOSITORY ?? '',
    number: Number(PULL_REQUEST),
    token: GITHUB_TOKEN ?? '',
  });
}

if (import.meta.main) await main(process.argv[2] ?? '', process.argv[3] ?? '');
