/** The commands of a guide, and which of them cannot run on a machine without AWS and GitHub. */
import { codeBlocksOf } from './markdown.ts';

export interface Command {
  readonly text: string;
  /** Line of the guide, from 1. */
  readonly line: number;
}

/** Pure: the commands in the ```sh blocks, without comments; a line that ends with a backslash goes on. */
export function commandsOf(markdown: string): Command[] {
  return codeBlocksOf(markdown, 'sh').flatMap(({ code, line: first }) => {
    const commands: Command[] = [];
    let begun: Command | undefined;
    for (const [index, line] of code.split('\n').entries()) {
      if (line.trim() === '' || line.trim().startsWith('#')) continue;
      const text = begun === undefined ? line : `${begun.text}\n${line}`;
      const command = { text, line: begun?.line ?? first + index };
      begun = line.endsWith('\\') ? command : undefined;
      if (begun === undefined) commands.push(command);
    }
    return commands;
  });
}

export interface Exception {
  /** Of the beginning of a command. */
  readonly pattern: RegExp;
  readonly reason: string;
  /** What stands in for it: what later commands need, or the part that can run. Shell; it must succeed. */
  readonly instead?: (text: string) => string;
}

/** Commands that cannot run without accounts, each with what stands in for it. */
export const EXCEPTIONS: readonly Exception[] = [
  {
    pattern: /^npm (ci && npm test|run test:\w+)$/,
    reason: 'it is a test run of its own, as this is one',
  },
  {
    pattern: /^export TF_VAR_github_owner_id="\$\(gh api /,
    reason: 'it asks GitHub',
    instead: () => 'export TF_VAR_github_owner_id=123456',
  },
  {
    pattern: /^export TF_VAR_github_repository_id="\$\(gh api /,
    reason: 'it asks GitHub',
    instead: () => 'export TF_VAR_github_repository_id=456789',
  },
  {
    pattern: /^gh variable set .* --body "\$\(terraform /,
    reason: 'it needs an account on GitHub; the value is read all the same, and must not be empty',
    instead: (text) => `test -n ${/"\$\(.*\)"$/.exec(text)?.[0] ?? ''}`,
  },
  {
    pattern: /^jq .* \| gh variable set /,
    reason: 'it needs an account on GitHub; what it would set is read all the same, and must be variables',
    instead: (text) => `${text.replace(/ \| gh .*/, '')} | grep --extended-regexp '^[A-Z_]+=.'`,
  },
  {
    pattern: /^export (OWNER|REPOSITORY)_ID="\$\(gh api /,
    reason: 'it asks GitHub',
    instead: (text) => `${text.split('=')[0] ?? ''}=456789`,
  },
  {
    pattern: /^export SERVICE_URL=https:/,
    reason: 'your load balancer is in AWS only; that of the simulated AWS stands in',
  },
  {
    pattern: /^curl .*raw\.githubusercontent\.com\/org\/ecs-fargate-deploy\/v1\//,
    reason: 'it asks GitHub; the file of this commit is taken',
    instead: (text) => `cp "$ACTION/${/\/v1\/(\S+)/.exec(text)?.[1] ?? ''}" .`,
  },
  {
    pattern: /^gh pr create /,
    reason: 'it needs an account on GitHub; the workflow runs here on the event',
    instead: () => 'run_workflow pull_request',
  },
  {
    pattern: /^gh pr merge /,
    reason: 'it needs an account on GitHub; the branch is merged and the workflow runs here on the event',
    instead: () =>
      'git switch --quiet main && git merge --quiet ecs && git push --quiet && run_workflow push',
  },
  {
    pattern: /^gh workflow run ecs\.yml /,
    reason: 'it needs an account on GitHub; the workflow runs here on the event',
    instead: (text) => `run_workflow workflow_dispatch ${/-f (\S+)$/.exec(text)?.[1] ?? ''}`,
  },
  { pattern: /^gh /, reason: 'it needs an account on GitHub' },
  {
    pattern: /^curl .*"\$SERVICE_URL/,
    reason: 'the load balancer of the stack is in AWS only; the tests of backend/ ask the service itself',
  },
];

/** Pure: the YAML blocks that a guide tells to save, by path: "Save this as `path`:" stands before them. */
export function filesOf(markdown: string): Readonly<Record<string, string>> {
  const found = markdown.matchAll(/^Save this as `([^`]+)`:\n\n```yaml\n(.*?)^```$/gms);
  return Object.fromEntries([...found].map(([, path = '', text = '']) => [path, text]));
}

/** Pure: exceptions that no command of the guides needs any more. */
export function unused(exceptions: readonly Exception[], commands: readonly Command[]): Exception[] {
  return exceptions.filter(({ pattern }) => !commands.some(({ text }) => pattern.test(text)));
}
