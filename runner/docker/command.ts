import { spawn } from 'node:child_process';

/** The docker command, on one engine. */
export type Docker = (words: readonly string[]) => Promise<string>;

/** Runs a program to its end, shows nothing, and resolves to what it printed. Rejects with its last lines. */
export function command(
  tool: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string | undefined>> } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(tool, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, ...options.env },
    });
    let stdout = '';
    let all = '';
    child.stdout.on('data', (data: Buffer) => {
      stdout += data.toString();
      all += data.toString();
    });
    child.stderr.on('data', (data: Buffer) => {
      all += data.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(stdout);
      else
        reject(new Error(`${tool} ${args.join(' ')} ended with ${code ?? 'a signal'}:\n${all.slice(-2000)}`));
    });
  });
}

/** The path of a program, or undefined. */
export async function which(tool: string): Promise<string | undefined> {
  return command('sh', ['-c', 'command -v "$1"', 'sh', tool]).then(
    (path) => path.trim(),
    () => undefined,
  );
}
