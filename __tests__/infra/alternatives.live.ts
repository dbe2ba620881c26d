import { describe, expect, test } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { sayIfSkipped, withoutTerraform } from './tools.ts';
import { makeWorkspace } from './workspace.ts';

const missing = await withoutTerraform();
sayIfSkipped('the Terraform of docs/alternatives', missing);

(missing === undefined ? describe : describe.skip)('docs/alternatives', () => {
  test.each(['lambda', 'beanstalk'])(
    '%s is formatted, and valid',
    async (name) => {
      const folder = fileURLToPath(new URL(`../../docs/alternatives/${name}`, import.meta.url));
      const workspace = await makeWorkspace({}, folder);
      try {
        expect(await workspace.succeed(['fmt', '-check', '-no-color'])).toBe('');
        await workspace.succeed(['init', '-backend=false', '-no-color']);
        expect(await workspace.succeed(['validate', '-no-color'])).toContain('The configuration is valid.');
      } finally {
        await workspace.remove();
      }
    },
    120_000,
  );
});
