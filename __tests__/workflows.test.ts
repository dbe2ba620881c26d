import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  holds,
  inputsOf,
  interpolate,
  readWorkflow,
  workflowFiles,
  workflowText,
} from '../runner/workflow.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const files = await workflowFiles();

describe('the workflows', () => {
  test('are these', () => {
    expect(files).toEqual([
      'check-dist.yml',
      'ci.yml',
      'codeql.yml',
      'deploy-backend.yml',
      'infra.yml',
      'plan-pr.yml',
      'redeploy.yml',
      'release.yml',
    ]);
  });

  test('pass actionlint', () => {
    const lint = join(ROOT, 'node_modules', '@tktco', 'node-actionlint', 'bin', 'node-actionlint.js');
    const { status, stdout } = spawnSync(process.execPath, [lint, '.github/workflows/*.yml'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    expect(stdout).toContain(`Checking ${files.length} workflow file(s)`);
    expect([status, stdout]).toEqual([0, expect.stringContaining('passed lint checks')]);
  });

  test.each(files)(
    '%s pins each action of others by the SHA of a commit, and names its version',
    async (file) => {
      const used = [...(await workflowText(file)).matchAll(/uses: (.+)/g)].map(([, text = '']) => text);
      expect(used.length).toBeGreaterThan(0);
      const pinned = /^(\.\/|[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/;
      expect(used.filter((each) => !pinned.test(each))).toEqual([]);
    },
  );

  test('pin an action to one and the same commit everywhere', async () => {
    const texts = await Promise.all(files.map(workflowText));
    const pins = texts.flatMap((text) => [...text.matchAll(/uses: ([^/\s]+\/[^/\s@]+)\S*@(\S+ # \S+)/g)]);
    const commits = new Map<string, Set<string>>();
    for (const [, action = '', pin = ''] of pins) {
      commits.set(action, (commits.get(action) ?? new Set()).add(pin));
    }
    expect(commits.size).toBeGreaterThan(5);
    expect([...commits].filter(([, pinned]) => pinned.size > 1)).toEqual([]);
  });

  test.each(files)('%s may read the code and nothing else, unless a job says what for', async (file) => {
    const { permissions, jobs } = await readWorkflow(file);
    expect(permissions).toEqual({ contents: 'read' });
    const text = await workflowText(file);
    for (const job of Object.values(jobs)) {
      for (const [scope, access] of Object.entries(job.permissions ?? {})) {
        if (access === 'write') expect(text).toMatch(new RegExp(`${scope}: write # to .+`));
      }
    }
  });

  test.each(files)('%s has a group and an end', async (file) => {
    const { concurrency, jobs } = await readWorkflow(file);
    expect(concurrency?.group).toBeTruthy();
    expect(Object.values(jobs).filter((job) => job['timeout-minutes'] === undefined)).toEqual([]);
  });

  test.each(files)('%s has no expression in a script, where its value could be a command', async (file) => {
    const { jobs } = await readWorkflow(file);
    const scripts = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
    expect(scripts.filter((script) => script.includes('${{'))).toEqual([]);
  });

  test('that deploy wait for each other, and no deployment is cancelled by the next', async () => {
    for (const file of ['deploy-backend.yml', 'redeploy.yml']) {
      const { concurrency } = await readWorkflow(file);
      const contexts = { inputs: { environment: 'prod' }, vars: {} };
      expect(interpolate(concurrency?.group ?? '', contexts)).toBe('deploy-backend-prod');
      expect(concurrency).toMatchObject({ 'cancel-in-progress': false });
    }
  });

  test('never run code of a pull request with the rights of the base branch', async () => {
    for (const file of files) expect(await workflowText(file)).not.toContain('pull_request_target');
  });
});

describe('reading a workflow', () => {
  const contexts = { github: { sha: 'abc', actor: 'octocat' }, vars: { URL: 'https://x' } };

  test('expressions have their values', () => {
    expect(interpolate('a ${{ github.sha }} b ${{ vars.NONE || vars.URL }}/c', contexts)).toBe(
      'a abc b https://x/c',
    );
    expect(interpolate('none', contexts)).toBe('none');
    expect(interpolate("${{ format('{0}-{1}', github.sha, 1) }}", contexts)).toBe('abc-1');
  });

  test('a condition holds or does not', () => {
    expect(holds(undefined, contexts)).toBe(true);
    expect(holds("vars.URL != '' && github.actor == 'octocat'", contexts)).toBe(true);
    expect(holds("${{ vars.NONE != '' }}", contexts)).toBe(false);
    expect(holds('vars.NONE', contexts)).toBe(false);
  });

  test('an unknown context is an error, as on GitHub', () => {
    expect(() => interpolate('${{ secret.x }}', contexts)).toThrow(/secret/);
  });

  test('inputs are texts', () => {
    expect(inputsOf({ with: { a: true, b: 2, c: '${{ github.sha }}' } }, contexts)).toEqual({
      a: 'true',
      b: '2',
      c: 'abc',
    });
  });
});
