import { exec as runTool } from '@actions/exec';
import { AsyncLocalStorage } from 'node:async_hooks';
import type { ChildProcess } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import { StringDecoder } from 'node:string_decoder';

/** A program to run, without a shell. */
export interface Command {
  /** Name or path of the program. */
  readonly tool: string;
  readonly args: readonly string[];
  /** The whole environment of the program; it inherits nothing else. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Text for its standard input. */
  readonly input?: string;
  /** It is ended after so many seconds. */
  readonly deadlineSeconds: number;
  /** Gets each line of both outputs as it is written. */
  readonly onLine?: (line: string) => void;
}

/** How a program ended. */
export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  /** The last lines of both outputs, in the order in which they came. */
  readonly lastLines: readonly string[];
}

/** Runs programs. Rejects with the signal's reason once it is aborted, with `ToolMissing` or `DeadlinePassed`. */
export type Exec = (command: Command, signal: AbortSignal) => Promise<Ended>;

export class ToolMissing extends Error {
  constructor(tool: string, cause: unknown) {
    super(`There is no program "${tool}" on this machine.`, { cause });
    this.name = 'ToolMissing';
  }
}

export class DeadlinePassed extends Error {
  constructor({ tool, deadlineSeconds }: Command) {
    super(`"${tool}" did not end within ${deadlineSeconds} seconds.`);
    this.name = 'DeadlinePassed';
  }
}

/** From the request to end to the kill: the runner kills this process ten seconds after it cancels the job. */
const GRACE_MS = 4_000;

/** How long a program that has ended may keep its outputs open through others that it started. */
const LINGER_MS = 2_000;

const KEPT_LINES = 400;

const KEPT_STDOUT = 1024 * 1024;

/** Nothing is printed: what the program says goes to `onLine` and into the result. */
export const execute: Exec = async (command, signal) => {
  signal.throwIfAborted();
  const process = new Running();
  const output = new Output(command.onLine);
  const end = (): void => {
    process.end();
  };
  const late = new AbortController();
  late.signal.addEventListener('abort', end, { once: true });
  signal.addEventListener('abort', end, { once: true });
  const deadline = setTimeout(() => {
    late.abort();
  }, command.deadlineSeconds * 1000);
  try {
    const exitCode = await process.observe(() => start(command, output));
    if (signal.aborted) throw signal.reason as Error;
    if (late.signal.aborted) throw new DeadlinePassed(command);
    return { exitCode, ...output.finish() };
  } finally {
    clearTimeout(deadline);
    signal.removeEventListener('abort', end);
    process.forget();
  }
};

async function start(command: Command, output: Output): Promise<number> {
  try {
    return await runTool(`"${command.tool}"`, [...command.args], {
      cwd: command.cwd,
      env: { ...command.env },
      silent: true,
      ignoreReturnCode: true,
      delay: LINGER_MS,
      ...(command.input === undefined ? {} : { input: Buffer.from(command.input) }),
      listeners: {
        stdout: (data) => {
          output.take('stdout', data);
        },
        stderr: (data) => {
          output.take('stderr', data);
        },
      },
    });
  } catch (error) {
    if (error instanceof Error && /Unable to locate executable|ENOENT/.test(error.message)) {
      throw new ToolMissing(command.tool, error);
    }
    throw error;
  }
}

/** The child of one call. @actions/exec gives no handle of it; Node's own channel tells of each process that is made. */
const running = new AsyncLocalStorage<Running>();

subscribe('child_process', (message) => {
  running.getStore()?.take((message as { process: ChildProcess }).process);
});

class Running {
  #child: ChildProcess | undefined;
  #killing: NodeJS.Timeout | undefined;
  #isToEnd = false;

  observe<T>(start: () => Promise<T>): Promise<T> {
    return running.run(this, start);
  }

  take(child: ChildProcess): void {
    this.#child = child;
    // A program that ends without reading its input breaks the pipe; its exit code tells the rest. The input is there,
    // and not yet written to, in the next tick.
    process.nextTick(() => child.stdin?.on('error', () => undefined));
    if (this.#isToEnd) setImmediate(() => this.#child?.kill('SIGTERM'));
  }

  /** Asks it to end, and kills it where it does not. */
  end(): void {
    this.#isToEnd = true;
    this.#child?.kill('SIGTERM');
    this.#killing = setTimeout(() => this.#child?.kill('SIGKILL'), GRACE_MS);
  }

  forget(): void {
    clearTimeout(this.#killing);
  }
}

/** Cuts two streams of bytes into lines and keeps the last of them. */
class Output {
  readonly #onLine: ((line: string) => void) | undefined;
  readonly #streams = { stdout: new Lines(), stderr: new Lines() };
  #stdout = '';
  #last: string[] = [];

  constructor(onLine: ((line: string) => void) | undefined) {
    this.#onLine = onLine;
  }

  take(stream: 'stdout' | 'stderr', data: Buffer): void {
    const { text, lines } = this.#streams[stream].take(data);
    if (stream === 'stdout' && this.#stdout.length < KEPT_STDOUT)
      this.#stdout = (this.#stdout + text).slice(0, KEPT_STDOUT);
    for (const line of lines) this.#emit(line);
  }

  finish(): { stdout: string; lastLines: string[] } {
    for (const stream of Object.values(this.#streams)) {
      const rest = stream.rest();
      if (rest !== '') this.#emit(rest);
    }
    return { stdout: this.#stdout, lastLines: this.#last };
  }

  #emit(line: string): void {
    this.#last.push(line);
    if (this.#last.length > 2 * KEPT_LINES) this.#last = this.#last.slice(-KEPT_LINES);
    this.#onLine?.(line);
  }
}

/** Letters of a line that are kept; a program may print a whole file as one. Secrets are masked in it before it is shortened for the log. */
const LONGEST_LINE = 64 * 1024;

/** A letter may arrive in two pieces, and so may a line. */
class Lines {
  readonly #decoder = new StringDecoder('utf8');
  #open = '';
  /** Letters of the open line that were dropped. */
  #dropped = 0;

  take(data: Buffer): { text: string; lines: string[] } {
    const text = this.#decoder.write(data);
    const [first = '', ...others] = text.split('\n');
    this.#add(first);
    const lines = others.map((next) => {
      const line = this.#close();
      this.#add(next);
      return line;
    });
    return { text, lines };
  }

  rest(): string {
    this.#add(this.#decoder.end());
    return this.#close();
  }

  #add(text: string): void {
    const room = LONGEST_LINE - this.#open.length;
    this.#open += text.slice(0, room);
    this.#dropped += Math.max(0, text.length - room);
  }

  #close(): string {
    const line = this.#open.endsWith('\r') ? this.#open.slice(0, -1) : this.#open;
    const whole = this.#dropped === 0 ? line : `${line}… (${this.#dropped} characters more)`;
    this.#open = '';
    this.#dropped = 0;
    return whole;
  }
}
