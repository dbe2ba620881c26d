/** Programs in the foreground, and the signals that end them early. */
import { spawn } from 'node:child_process';

const interruption = new AbortController();

/**
 * From now on SIGINT and SIGTERM end what runs in the foreground, and nothing else: this process cleans up and ends by
 * itself. With `parent`, so does the end of the process that started it, however that ends.
 */
export function watchForInterruption({ parent }: { readonly parent: boolean }): void {
  const interrupt = (): void => {
    interruption.abort(new Error('Interrupted.'));
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  if (parent) process.stdin.on('close', interrupt).resume().unref();
}

/** Throws after a signal. */
export function throwIfInterrupted(): void {
  interruption.signal.throwIfAborted();
}

/**
 * Runs a program in the foreground and resolves to its exit code. Its standard input ends when it is to end, which also
 * reaches one of another user.
 */
export function run(
  tool: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Promise<number> {
  throwIfInterrupted();
  return new Promise((resolve, reject) => {
    const child = spawn(tool, args, { ...options, stdio: ['pipe', 'inherit', 'inherit'] });
    const end = (): void => {
      child.stdin.end();
      child.kill('SIGTERM');
    };
    interruption.signal.addEventListener('abort', end);
    child.stdin.on('error', () => undefined);
    child.on('error', reject);
    child.on('close', (code) => {
      interruption.signal.removeEventListener('abort', end);
      resolve(code ?? 1);
    });
  });
}
