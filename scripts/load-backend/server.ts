import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const START_SECONDS = 30;
const LOOK_MILLISECONDS = 20;
/** Clock ticks of /proc/PID/stat in a second, on every Linux. */
const TICKS = 100;

export interface Setting {
  readonly backend: string;
  readonly python: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** What a process has used, as /proc tells it. */
export interface Usage {
  readonly parent: number;
  readonly memoryMiB: number;
  readonly peakMiB: number;
}

/** The service as a process of its own, on one core where the machine lets choose. */
export class Server {
  /** The most that the server and its children had in memory at the same time, in MiB. */
  peakMiB = 0;
  /** The most that one child had, in MiB. */
  childPeakMiB = 0;
  readonly process: ChildProcess;
  readonly port: number;
  private watching = true;

  private constructor(child: ChildProcess, port: number) {
    this.process = child;
    this.port = port;
  }

  static async start({ backend, python, environment = {} }: Setting): Promise<Server> {
    const port = await freePort();
    const onOneCore = spawnSync('taskset', ['-c', '0', 'true']).status === 0;
    const service = ['-m', 'app'];
    const argv = onOneCore ? ['-c', '0', python, ...service] : service;
    const child = spawn(onOneCore ? 'taskset' : python, argv, {
      cwd: backend,
      env: { PATH: process.env['PATH'], HOST: '127.0.0.1', PORT: String(port), ...environment },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const server = new Server(child, port);
    for (let tries = START_SECONDS * 10; !(await server.isReady()); tries -= 1) {
      if (tries === 0 || child.exitCode !== null) throw new Error('The service does not become ready.');
      await sleep(100);
    }
    void server.watch();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  /** Seconds of processor time that the server's children have used and are using. */
  childSeconds(): number {
    const fields = statOf(this.pid);
    const ended = (Number(fields[13]) + Number(fields[14])) / TICKS;
    const running = this.children().map((pid) => {
      const own = statOf(pid);
      return (Number(own[11]) + Number(own[12])) / TICKS;
    });
    return running.reduce((total, seconds) => total + seconds, ended);
  }

  children(): number[] {
    return pids().filter((pid) => usageOf(pid)?.parent === this.pid);
  }

  /** The resident memory of the server alone, in MiB. */
  memoryMiB(): number {
    return usageOf(this.pid)?.memoryMiB ?? 0;
  }

  async stop(): Promise<void> {
    this.watching = false;
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await ended;
  }

  private async isReady(): Promise<boolean> {
    return fetch(`${this.url}/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  private async watch(): Promise<void> {
    while (this.watching) {
      const usages = this.children().flatMap((pid) => usageOf(pid) ?? []);
      const sum = usages.reduce((total, { memoryMiB }) => total + memoryMiB, this.memoryMiB());
      this.peakMiB = Math.max(this.peakMiB, sum);
      this.childPeakMiB = Math.max(this.childPeakMiB, ...usages.map(({ peakMiB }) => peakMiB));
      await sleep(LOOK_MILLISECONDS);
    }
  }
}

/** What `/proc/PID/status` tells. Pure. */
export function usageIn(status: string): Usage {
  const number = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  return { parent: number('PPid'), memoryMiB: number('VmRSS') / 1024, peakMiB: number('VmHWM') / 1024 };
}

/** Undefined of a process that has ended meanwhile. */
function usageOf(pid: number): Usage | undefined {
  try {
    return usageIn(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** The fields behind the name in `/proc/PID/stat`: the third of proc(5) is the first here. */
function statOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  } catch {
    return Array<string>(20).fill('0');
  }
}

function pids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
