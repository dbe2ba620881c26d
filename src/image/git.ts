import type { ProcessContext } from '../context.ts';

const GIT_SECONDS = 20;

/**
 * The first line that git prints; undefined where it fails: no work tree, a shallow one, or no git. In a container the
 * work tree often belongs to somebody else, which git refuses to read without being told that it may.
 */
export async function gitLine(ctx: ProcessContext, args: readonly string[]): Promise<string | undefined> {
  const { exec, env, workspace, signal } = ctx;
  const home = { PATH: env['PATH'] ?? '', HOME: env['HOME'] ?? '' };
  const command = { tool: 'git', env: home, cwd: workspace, deadlineSeconds: GIT_SECONDS };
  try {
    const ended = await exec({ ...command, args: ['-c', 'safe.directory=*', ...args] }, signal);
    const line = ended.exitCode === 0 ? ended.stdout.split('\n', 1)[0]?.trim() : undefined;
    return line === '' ? undefined : line;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error) return undefined;
    throw error;
  }
}
