import { describe, expect, test } from '@jest/globals';
import { changesOf, comment, markerOf, reportOf, type Plan } from '../scripts/terraform-report.ts';
import { startGitHub } from '../simulator/front/github/github.ts';

function planOf(...changes: (readonly [string, ...string[]])[]): Plan {
  return {
    resource_changes: changes.map(([address, ...actions]) => ({ address, change: { actions } })),
  };
}

const PLAN = planOf(
  ['module.stack.aws_vpc.this', 'no-op'],
  ['module.stack.data.aws_region.this', 'read'],
  ['module.stack.aws_ecr_repository.this["a|b"]', 'create'],
  ['module.stack.aws_lb.this', 'update'],
  ['module.stack.aws_subnet.private["us-east-1a"]', 'delete', 'create'],
  ['module.stack.aws_ecs_service.this', 'create', 'delete'],
  ['module.stack.aws_kms_key.logs[0]', 'delete'],
);

describe('the report of a plan', () => {
  test('lists what takes something away first, and neither what stays nor what is read', () => {
    expect(changesOf(PLAN).map(({ action, address }) => `${action} ${address}`)).toEqual([
      'replace module.stack.aws_subnet.private["us-east-1a"]',
      'replace module.stack.aws_ecs_service.this',
      'destroy module.stack.aws_kms_key.logs[0]',
      'change module.stack.aws_lb.this',
      'add module.stack.aws_ecr_repository.this["a|b"]',
    ]);
  });

  test('has the sum, a row for each resource, and what Terraform says', () => {
    const report = reportOf('dev', PLAN, 'Plan: 2 to add, 1 to change, 2 to destroy.\n');
    expect(report.startsWith(`${markerOf('dev')}\n\n### Terraform plan: \`dev\`\n`)).toBe(true);
    expect(report).toContain('**2 to replace, 1 to destroy, 1 to change, 1 to add.**');
    expect(report).toContain('| replace | `module.stack.aws_ecs_service.this` |');
    // In a table no fence of Markdown can hold a bar as it is.
    const [, added = ''] = /^\| add \| <code>(.*)<\/code> \|$/m.exec(report) ?? [];
    expect(added.replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))).toBe(
      'module.stack.aws_ecr_repository.this["a|b"]',
    );
    expect(report).toContain('```\nPlan: 2 to add, 1 to change, 2 to destroy.\n```');
  });

  test('says where nothing changes, or outputs only', () => {
    expect(reportOf('dev', {}, 'No changes.')).toContain('\n\nNothing changes.\n\n');
    const outputs = { output_changes: { url: { actions: ['update'] }, same: { actions: ['no-op'] } } };
    expect(reportOf('dev', outputs, '')).toContain('**1 output.**');
  });

  test('keeps the beginning of a long text, and says that there is more', () => {
    const lines = Array.from({ length: 5000 }, (_, index) => `  + line ${index} ${'x'.repeat(20)}`);
    const report = reportOf('dev', PLAN, lines.join('\n'));
    expect(report.length).toBeLessThan(65_536);
    expect(report).toContain('  + line 0 x');
    expect(report).not.toContain('  + line 4999 ');
    expect(report).toMatch(/x\n… the rest is in the log of the job\n```/);
  });

  test('has a hundred rows at most', () => {
    const many = planOf(...Array.from({ length: 130 }, (_, index) => [`a.b[${index}]`, 'create'] as const));
    expect(reportOf('dev', many, '')).toContain('| add | `a.b[99]` |\n|  | and 30 more |\n');
  });

  test('lets no text of a plan out of its block', () => {
    const report = reportOf('dev', {}, '```\n@everyone <img src=x>');
    expect(report).toContain('````\n```\n@everyone <img src=x>\n````');
  });
});

describe('the comment on a pull request', () => {
  test('is written once for each environment, and brought up to date', async () => {
    const github = await startGitHub({ token: 'ghs_x' });
    try {
      const pullRequest = { api: github.url, repository: 'octo-org/video', number: 7, token: 'ghs_x' };
      // A page of others, and somebody who quotes a report.
      for (let count = 0; count < 100; count += 1) github.add(7, `comment ${count}`);
      github.add(7, `${markerOf('dev')} I quote`, { login: 'octocat', type: 'User' });
      await comment('dev', reportOf('dev', PLAN, 'one'), pullRequest);
      await comment('prod', reportOf('prod', PLAN, 'one'), pullRequest);
      await comment('dev', reportOf('dev', {}, 'two'), pullRequest);
      const own = github.comments.slice(101);
      expect(own.map(({ body }) => body.split('\n')[0])).toEqual([markerOf('dev'), markerOf('prod')]);
      expect(own[0]?.body).toContain('Nothing changes.');
    } finally {
      await github.close();
    }
  });

  test('that may not be written is an error with the answer', async () => {
    const github = await startGitHub({ permission: 'read' });
    try {
      const pullRequest = { api: github.url, repository: 'octo-org/video', number: 7, token: 'ghs_x' };
      await expect(comment('dev', 'text', pullRequest)).rejects.toThrow(
        /answered with 403: .*Resource not accessible by integration/,
      );
    } finally {
      await github.close();
    }
  });
});
