import { describe, expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { command } from '../../runner/docker/command.ts';
import { expectRed, mutations } from '../e2e/world.ts';
import { dockerfile, inADockerWorld, run, tagsOf } from './world.ts';

describe('a job that is cancelled during a build', () => {
  test('ends the build, touches nothing and leaves nothing behind', () =>
    inADockerWorld({}, async ({ sim, step, context, repository }) => {
      const folder = await context('slow', {
        Dockerfile: dockerfile(run('echo begun; /bin/busybox sleep 987')),
      });
      let cancelled = 0;
      let temp = '';
      const result = await step(
        { context: folder },
        {
          onOutput: (log, kill) => {
            temp = /--metadata-file (\S+)\/metadata\.json/.exec(log)?.[1] ?? temp;
            if (cancelled > 0 || !/#\d+ [\d.]+ begun/.test(log)) return;
            cancelled = performance.now();
            expect(existsSync(temp)).toBe(true);
            kill('SIGINT');
          },
        },
      );
      expectRed(result, 'cancelled', 'cancelled');
      // The runner kills what has not ended 10 s after the cancellation.
      expect(result.report.durationSeconds).toBeLessThan(60);
      expect(await programs('sleep 987')).toEqual([]);
      expect(await programs(temp)).toEqual([]);
      expect([mutations(sim), await tagsOf(repository)]).toEqual([[], []]);
      expect(existsSync(temp)).toBe(false);
    }));
});

/** Command lines that hold a text. */
async function programs(text: string): Promise<string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  const lines = await Promise.all(ids.map((id) => command('cat', [`/proc/${id}/cmdline`]).catch(() => '')));
  return lines.map((line) => line.replaceAll('\0', ' ')).filter((line) => line.includes(text));
}
