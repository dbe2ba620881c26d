import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandsOf, EXCEPTIONS, filesOf, unused } from '../scripts/guide-commands.ts';

const GUIDE = `# Title

\`\`\`sh
# A comment
first --option
second \\
  --more
\`\`\`

\`\`\`yaml
not: a command
\`\`\`

Words with \`not a command\`.

\`\`\`sh
export A="$(third)"
\`\`\`
`;

describe('the commands of a guide', () => {
  test('are the lines of its shell blocks', () => {
    expect(commandsOf(GUIDE)).toEqual([
      { text: 'first --option', line: 5 },
      { text: 'second \\\n  --more', line: 6 },
      { text: 'export A="$(third)"', line: 17 },
    ]);
  });

  test('are many, and every exception is needed', () => {
    const commands = ['README.md', 'DEPLOYMENT.md', 'docs/your-own-service.md', 'QUICKSTART.md'].flatMap(
      (file) => commandsOf(readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')),
    );
    expect(commands.length).toBeGreaterThan(30);
    expect(unused(EXCEPTIONS, commands)).toEqual([]);
  });

  test('files that are to be saved are the blocks below their paths', () => {
    const markdown = 'Save this as `a/b.yml`:\n\n```yaml\na: 1\n```\n\n```yaml\nb: 2\n```\n';
    expect(filesOf(markdown)).toEqual({ 'a/b.yml': 'a: 1\n' });
  });

  test('every reason to skip one is allowed in CI, where nothing else may be skipped', () => {
    const ci = readFileSync(new URL('../.github/workflows/ci.yml', import.meta.url), 'utf8');
    const allowed = new RegExp(/--allow '(.+)' npm run test:commands/.exec(ci)?.[1] ?? 'nothing');
    expect(EXCEPTIONS.filter(({ reason }) => !allowed.test(reason))).toEqual([]);
  });

  test('an exception that nothing needs is found', () => {
    const stale = { pattern: /^never /, reason: 'none' };
    expect(unused([...EXCEPTIONS, stale], commandsOf('```sh\ngh x\n```'))).toContain(stale);
  });

  test('what sets a variable for GitHub is read all the same', () => {
    const text =
      'gh variable set URL --repo "$REPOSITORY" --body "$(terraform -chdir=infra output -raw url)"';
    const exception = EXCEPTIONS.find(({ pattern }) => pattern.test(text));
    expect(exception?.instead?.(text)).toBe('test -n "$(terraform -chdir=infra output -raw url)"');
  });
});

describe('docs/your-own-service.md', () => {
  const guide = readFileSync(new URL('../docs/your-own-service.md', import.meta.url), 'utf8');
  const commands = commandsOf(guide).map(({ text }) => text);

  /** What the commands that read the definition export. */
  function read(containerDefinitions: readonly object[]): Record<string, string> {
    const folder = mkdtempSync(join(tmpdir(), 'definition-'));
    try {
      writeFileSync(
        join(folder, 'definition.json'),
        JSON.stringify({ taskDefinition: { containerDefinitions } }),
      );
      const reading = commands.filter((text) => /^export \w+="\$\(jq .* definition\.json\)"$/.test(text));
      const script = [...reading, 'env'].join('\n');
      const { stdout: env, stderr } = spawnSync('bash', ['-euc', script], { cwd: folder, encoding: 'utf8' });
      // A command that fails inside of an export does not end the shell.
      expect(stderr).toBe('');
      const pairs = env
        .split('\n')
        .map((line) => [line.replace(/=.*/, ''), line.replace(/^[^=]*=/, '')] as const);
      return Object.fromEntries(
        pairs.filter(([name]) => ['ECR_REPOSITORY', 'LOG_GROUP', 'SECRET_ARNS'].includes(name)),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  const secret = (name: string): string =>
    `arn:aws:secretsmanager:us-east-1:123456789012:secret:${name}-AbCdEf`;

  test('finds the container with an image in ECR, and the secrets of all', () => {
    expect(
      read([
        {
          image: 'public.ecr.aws/datadog/agent:7',
          logConfiguration: { options: { 'awslogs-group': '/ecs/agent' } },
          secrets: [{ valueFrom: secret('key') }],
        },
        {
          image: `123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/web@sha256:${'0'.repeat(64)}`,
          logConfiguration: { options: { 'awslogs-group': '/ecs/web' } },
          secrets: [{ valueFrom: `${secret('database')}:password::` }, { valueFrom: '/web/parameter' }],
        },
      ]),
    ).toEqual({
      ECR_REPOSITORY: 'shop/web',
      LOG_GROUP: '/ecs/web',
      SECRET_ARNS: `${secret('database')},${secret('key')}`,
    });
  });

  test('leaves empty what a service does not have', () => {
    expect(read([{ image: '123456789012.dkr.ecr.us-east-1.amazonaws.com/web:v1' }])).toEqual({
      ECR_REPOSITORY: 'web',
      LOG_GROUP: '',
      SECRET_ARNS: '',
    });
    expect(read([{ image: 'nginx' }])).toEqual({ ECR_REPOSITORY: '', LOG_GROUP: '', SECRET_ARNS: '' });
  });
});

test.each(['docs/your-own-service.md', 'QUICKSTART.md', 'DEPLOYMENT.md'])(
  '%s uses no variable that it has not set',
  (file) => {
    const text = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
    const commands = commandsOf(text).map((each) => each.text);
    const known = new Set(commands.flatMap((each) => /^export (\w+)=/.exec(each)?.[1] ?? []));
    const used = commands.flatMap((each) =>
      [...each.matchAll(/\$\{?([A-Z_]+)\b/g)].map(([, name = '']) => name),
    );
    expect(used.filter((name) => !known.has(name))).toEqual([]);
  },
);
