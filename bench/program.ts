/** A program as the runner starts it, in a process of its own, and what it used. */
import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { receive } from '../simulator/api/protocol/request.ts';
import { closeServer } from '../simulator/front/traffic.ts';
import type { Simulator } from '../simulator/simulator.ts';

export interface Program {
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

export interface Use {
  readonly exitCode: number | null;
  readonly output: string;
  /** From its start to its end. */
  readonly exitMs: number;
  /** Of the user and of the system together. */
  readonly cpuMs: number;
  /** Its largest resident set. */
  readonly rssMb: number;
  /** Of code, up to the first request; only where it was asked for. */
  readonly loadedBytes?: number;
}

const USAGE = fileURLToPath(new URL('usage.cjs', import.meta.url));

/** Runs a program to its end. Rejects where it cannot be started, or was killed. */
export function use({ script, env, cwd }: Program, withLoaded = false): Promise<Use> {
  return new Promise((resolve, reject) => {
    const from = performance.now();
    const child = spawn(process.execPath, ['--require', USAGE, script], {
      cwd,
      env: { ...env, ...(withLoaded ? { BENCH_LOADED: 'yes' } : {}) },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    const texts = { output: '', usage: '' };
    for (const [from, to] of [
      [1, 'output'],
      [2, 'output'],
      [3, 'usage'],
    ] as const) {
      (child.stdio[from] as Readable).on('data', (chunk: Buffer) => {
        texts[to] += chunk.toString('utf8');
      });
    }
    let exitMs = 0;
    child.on('error', reject);
    child.on('exit', () => {
      exitMs = performance.now() - from;
    });
    child.on('close', (exitCode) => {
      if (texts.usage === '') {
        reject(new Error(`${script} did not end by itself:\n${texts.output}`));
        return;
      }
      resolve({ exitCode, output: texts.output, exitMs, ...(JSON.parse(texts.usage) as object) } as Use);
    });
  });
}

/** A way to the simulated AWS that sees what the simulator does not: connections, credentials, and when a call came. */
export interface Gate {
  readonly env: Readonly<Record<string, string>>;
  readonly seen: Seen;
  close(): Promise<void>;
}

export interface Seen {
  /** By host; each service of AWS has one of its own. */
  readonly connections: Map<string, number>;
  /** How often somebody fetched credentials. */
  credentials: number;
  calls: number;
  /** On the clock of `performance.now`. */
  firstCall: number | undefined;
}

const CREDENTIALS = '/credentials';

/** Services that have an endpoint of their own, as the SDK names them in AWS_ENDPOINT_URL_<NAME>. */
const SERVICES = [
  'ECS',
  'ECR',
  'ELASTIC_LOAD_BALANCING_V2',
  'CLOUDWATCH_LOGS',
  'CLOUDWATCH',
  'IAM',
  'SECRETS_MANAGER',
  'SSM',
  'APPLICATION_AUTO_SCALING',
];

/** Opens a way to a simulator, with a host for each service and credentials to fetch as from a container's agent. */
export async function openGate(sim: Simulator): Promise<Gate> {
  const seen: Seen = { connections: new Map(), credentials: 0, calls: 0, firstCall: undefined };
  const names = ['', ...SERVICES.map((name) => `_${name}`)];
  const servers = names.map((name) => hostOf(sim, seen, name));
  const urls = await Promise.all(servers.map(listen));
  return {
    env: {
      ...sim.env,
      ...Object.fromEntries(names.map((name, at) => [`AWS_ENDPOINT_URL${name}`, urls[at] ?? ''])),
    },
    seen,
    close: async () => {
      await Promise.all(servers.map(closeServer));
    },
  };
}

function hostOf(sim: Simulator, seen: Seen, name: string): Server {
  const server = createServer((incoming, outgoing) => {
    if (incoming.url === CREDENTIALS) {
      seen.credentials += 1;
      outgoing.end(JSON.stringify(credentials()));
      return;
    }
    seen.calls += 1;
    seen.firstCall ??= performance.now();
    const answer = async (): Promise<void> => {
      const reply = await sim.reply(await receive(incoming), sleep);
      if (reply.kind !== 'answer') incoming.socket.destroy();
      else outgoing.writeHead(reply.status, reply.headers).end(reply.body);
    };
    answer().catch(() => {
      incoming.socket.destroy();
    });
  });
  // As long as AWS keeps them, so that a pause between two looks ends none.
  server.keepAliveTimeout = 60_000;
  server.on('connection', () => {
    seen.connections.set(name, (seen.connections.get(name) ?? 0) + 1);
  });
  return server;
}

/** The variables of a job that fetches its credentials from a gate. */
export function fetchedCredentials({ env }: Gate): Record<string, string> {
  const { AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: secret, ...others } = env;
  if (key === undefined || secret === undefined) throw new Error('The gate has no credentials to give.');
  return { ...others, AWS_CONTAINER_CREDENTIALS_FULL_URI: `${env['AWS_ENDPOINT_URL'] ?? ''}${CREDENTIALS}` };
}

function credentials(): object {
  return {
    AccessKeyId: 'simulated',
    SecretAccessKey: 'simulated',
    Token: 'simulated',
    Expiration: new Date(Date.now() + 3_600_000).toISOString(),
  };
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    });
  });
}
