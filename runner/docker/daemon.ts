import { spawn, type ChildProcess } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A program that runs until it is told to stop. */
export interface Daemon {
  stop(): Promise<void>;
}

const STOP_MS = 15_000;

/** Starts a program in the background, with its output in a file, and waits until it is ready. */
export async function startDaemon(
  tool: string,
  args: readonly string[],
  options: {
    readonly env: Readonly<Record<string, string>>;
    readonly log: string;
    readonly isReady: () => Promise<boolean>;
    readonly seconds: number;
  },
): Promise<Daemon> {
  const log = openSync(options.log, 'w');
  const child = spawn(tool, args, { env: options.env, stdio: ['ignore', log, log] });
  const failed = new Promise<never>((_resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      reject(new Error(`${tool} ended with ${code ?? 'a signal'}:\n${tailOf(options.log)}`));
    });
  });
  failed.catch(() => undefined);
  const until = performance.now() + options.seconds * 1000;
  while (!(await Promise.race([options.isReady().catch(() => false), failed]))) {
    if (performance.now() > until) {
      child.kill('SIGKILL');
      throw new Error(`${tool} was not ready after ${options.seconds} s:\n${tailOf(options.log)}`);
    }
    await sleep(100);
  }
  return { stop: () => stop(child) };
}

function tailOf(path: string): string {
  return readFileSync(path, 'utf8').split('\n').slice(-15).join('\n');
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const killing = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await gone;
  clearTimeout(killing);
}
