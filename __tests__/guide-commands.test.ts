import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
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
