import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { readInputs } from '../../src/inputs/index.ts';
import { callOf, readWorkflow, workflowFiles, workflowText } from '../../runner/workflow.ts';
import { actionsOf, callsOf, evaluate, examplesOf, workflowsOf } from './examples.ts';

const ACTION = parse(readFileSync('action.yml', 'utf8')) as {
  readonly inputs: Readonly<Record<string, { readonly default?: string }>>;
};

const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '*.md'], {
  encoding: 'utf8',
})
  .split('\0')
  .filter((file) => file !== '');
const examples = files.flatMap((file) => examplesOf(file, readFileSync(file, 'utf8')));

describe('every example of the guides', () => {
  test('is found', () => {
    expect(new Set(examples.map(({ at }) => at.split(':')[0]))).toContain('README.md');
    expect(examples.length).toBeGreaterThan(4);
  });

  test.each(examples)('has inputs that the action takes: $at', ({ inputs }) => {
    expect(Object.keys(inputs).filter((name) => !(name in ACTION.inputs))).toEqual([]);
    const get = (name: string): string => inputs[name] ?? evaluate(ACTION.inputs[name]?.default ?? '');
    expect(() => readInputs(get, { workspace: '/workspace' })).not.toThrow();
  });
});

describe('every call of a reusable workflow in the guides', () => {
  const calls = files.flatMap((file) => callsOf(file, readFileSync(file, 'utf8')));

  test('is found, of each of the four', () => {
    expect([...new Set(calls.map(({ file }) => file))].sort()).toEqual([
      'deploy.yml',
      'plan.yml',
      'promote.yml',
      'redeploy.yml',
    ]);
  });

  test.each(calls)(
    'gives what the workflow takes and needs: $at $file',
    async ({ file, inputs, permissions }) => {
      const { inputs: taken = {} } = callOf(await readWorkflow(file)) ?? {};
      expect(inputs.filter((name) => !(name in taken))).toEqual([]);
      const needed = Object.entries(taken).flatMap(([name, { required }]) =>
        required === true ? [name] : [],
      );
      expect(needed.filter((name) => !inputs.includes(name))).toEqual([]);
      expect(permissions).toMatchObject({ contents: 'read', 'id-token': 'write' });
    },
  );
});

test('the guides name the versions of actions that the workflows use', async () => {
  const workflows = (await Promise.all((await workflowFiles()).map(workflowText))).join('\n');
  const own = new Map(actionsOf(workflows).map(({ action, major }) => [action, major]));
  const texts = [...files, 'infra/outputs.tf', 'demo/main.ts'].map((file) => [
    file,
    readFileSync(file, 'utf8'),
  ]);
  const before = /<tr><th>Before<\/th>.*?<\/table>/gs;
  const others = texts.flatMap(([file = '', text = '']) =>
    actionsOf(text.replaceAll(before, ''))
      .filter(({ action, major }) => own.has(action) && own.get(action) !== major)
      .map(({ action, major }) => `${file}: ${action}@v${major}, here v${own.get(action)}`),
  );
  expect(own.size).toBeGreaterThan(5);
  expect(others).toEqual([]);
});

test('every whole workflow of the guides passes actionlint', () => {
  const workflows = files.flatMap((file) => workflowsOf(file, readFileSync(file, 'utf8')));
  const folder = mkdtempSync(join(tmpdir(), 'workflows-'));
  try {
    for (const { at, code } of workflows) {
      writeFileSync(join(folder, `${at.replace(/\W+/g, '-')}.yml`), `${code}\n`);
    }
    const lint = join('node_modules', '@tktco', 'node-actionlint', 'bin', 'node-actionlint.js');
    const { status, stdout } = spawnSync(process.execPath, [lint, join(folder, '*.yml')], {
      encoding: 'utf8',
    });
    expect(workflows.length).toBeGreaterThan(2);
    expect(stdout).toContain(`Checking ${workflows.length} workflow file(s)`);
    expect([status, stdout]).toEqual([0, expect.stringContaining('passed lint checks')]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe('an example', () => {
  const step = '- uses: org/ecs-fargate-deploy@v1\n  with:\n    bake-minutes: 1.50\n    no-cache: yes\n';

  test('is found in a list of steps and in a whole workflow, with its inputs as they are written', () => {
    const workflow = `jobs:\n  deploy:\n    steps:\n${step.replaceAll(/^/gm, '      ').trimEnd()}\n`;
    const markdown = `\`\`\`yaml\n${step}\`\`\`\n\n\`\`\`yaml\n${workflow}\`\`\`\n`;
    const inputs = { 'bake-minutes': '1.50', 'no-cache': 'yes' };
    expect(examplesOf('a.md', markdown)).toEqual([
      { at: 'a.md:2', inputs },
      { at: 'a.md:9', inputs },
    ]);
  });

  test('that is no YAML is an error', () => {
    expect(() => examplesOf('a.md', '```yaml\na: 1\na: 2\n```\n')).toThrow('a.md:2');
  });

  test('with an expression that nobody knows is an error', () => {
    expect(() => evaluate('${{ env.X }}')).toThrow('No value for the expression env.X');
  });
});
