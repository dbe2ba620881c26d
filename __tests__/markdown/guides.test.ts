import { readFileSync, readdirSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { STOP_REASONS } from '../../src/ecs/stop-reasons.ts';
import { CAUSE_GUIDE, CAUSES } from '../../src/model/index.ts';
import { run } from '../../scripts/guides.ts';
import { causeIndex, causesByPhase, withCode } from '../../scripts/guides/causes.ts';
import { costTable, platformTable, sizeTable, variantTable } from '../../scripts/guides/costs.ts';
import { platformCosts } from '../../scripts/stack-cost/platforms.ts';
import { anchorsOf } from '../../scripts/markdown.ts';

const INPUTS = ['aws-region', 'cluster', 'service', 'mode', 'on-cancel', 'memory', 'wait-for-minutes'];
const ROOT = pathToFileURL(`${process.cwd()}/`);

describe('the guide to the causes', () => {
  const text = causesByPhase(INPUTS);

  test('has each cause once, with all that is known of it', () => {
    for (const cause of CAUSES) {
      expect(text.split(`#### \`${cause}\`\n`)).toHaveLength(2);
      expect(text).toContain(CAUSE_GUIDE[cause].meaning);
      expect(text).toContain(CAUSE_GUIDE[cause].log);
    }
  });

  test('has each stop reason', () => {
    for (const { says } of STOP_REASONS) expect(text).toContain(`| \`${says}\` |`);
  });

  test('is linked to from its index', () => {
    const links = [...causeIndex().matchAll(/\(#([\w-]+)\)/g)].map(([, anchor = '']) => anchor);
    expect(links).toEqual([...CAUSES]);
    expect([...anchorsOf(text)]).toEqual(expect.arrayContaining(links));
  });

  test.each([
    ['raise wait-for-minutes.', 'raise `wait-for-minutes`.'],
    [
      'Check the inputs service, cluster and aws-region.',
      'Check the inputs `service`, `cluster` and `aws-region`.',
    ],
    ['on-cancel: rollback does it', '`on-cancel: rollback` does it'],
    ['run mode: rollback to go back', 'run `mode: rollback` to go back'],
    ['the memory of the task (input memory)', 'the memory of the task (input `memory`)'],
    ['the cluster of the service', 'the cluster of the service'],
  ])('shows inputs as code: %s', (plain, shown) => {
    expect(withCode(plain, INPUTS)).toBe(shown);
  });
});

describe('the costs', () => {
  test('have a column for each environment and add up', () => {
    const [head, , ...rows] = costTable().split('\n');
    expect(head).toBe('| US dollars a month | defaults | dev | staging | prod |');
    const columns = rows.map((row) => row.split('|').map((cell) => cell.trim()));
    const [total = 0, ...prod] = columns
      .slice(0, -1)
      .map((cells) => Number(cells[5]?.replaceAll('*', '')))
      .reverse();
    expect(Math.abs(prod.reduce((sum, each) => sum + each, 0) - total)).toBeLessThan(0.1);
  });

  test('under load are those of the most tasks', () => {
    const last = costTable().split('\n').at(-1) ?? '';
    expect(last).toMatch(/^\| The same, under load all month \| 261\.76 \(4 tasks\) \|/);
    expect(last).toContain('(8 tasks)');
  });

  test('of sizes double with them, up to the largest of Fargate', () => {
    const rows = sizeTable().split('\n');
    expect(rows).toContain('| `cpu = 1024`, `memory = 2048` | 1 vCPU, 2 GB | 36.04 | 28.84 |');
    expect(rows).toContain('| `cpu = 16384`, `memory = 32768` | 16 vCPU, 32 GB | 576.64 | 461.36 |');
  });

  test('of variants say what they save', () => {
    expect(variantTable()).toContain('| `nat = "single"` | −36.50 |  | −36.50 |');
  });

  test('of platforms are those of the same service', () => {
    expect(platformTable().split('\n')).toHaveLength(2 + platformCosts().length);
    const byName = Object.fromEntries(platformCosts().map((cost) => [cost.platform, cost]));
    // 2 x 28.84 for the tasks, 16.52 for the load balancer, 4 addresses of 3.65.
    expect(byName['This stack, Fargate']?.most).toBeCloseTo(57.67 + 16.51 + 14.6, 1);
    // 400,000 GB-seconds, a million requests and their way in.
    expect(byName['Lambda']?.least).toBeCloseTo(5.33 + 0.2 + 1, 2);
    for (const { least, most } of platformCosts()) expect(least).toBeLessThanOrEqual(most);
  });
});

test('what is generated in the guides is up to date', () => {
  expect(run(true, ROOT)).toBe(0);
});

test('docs/workflows.md lists every variable that the workflows read, and no other', () => {
  const folder = '.github/workflows';
  const workflows = readdirSync(folder).map((file) => readFileSync(`${folder}/${file}`, 'utf8'));
  const read = workflows.flatMap((text) =>
    [...text.matchAll(/\bvars\.([A-Z_]+)/g)].map(([, name = '']) => name),
  );
  const rows = readFileSync('docs/workflows.md', 'utf8').match(/^\| `[A-Z_]{4,}`.*$/gm) ?? [];
  const listed = rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name),
  );
  expect(listed.sort()).toEqual([...new Set(read)].sort());
});
