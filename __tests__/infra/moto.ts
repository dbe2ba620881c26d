/** moto: the rest of AWS, for Terraform. It keeps what is created and answers what was asked. */
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';

export interface Moto {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts moto with its shim on a free port. Rejects with what it printed where it ends before it answers. */
export async function startMoto(): Promise<Moto> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const script = fileURLToPath(new URL('moto_with_shim.py', import.meta.url));
  const child = spawn('python3', [script, '-H', '127.0.0.1', '-p', String(port)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let printed = '';
  child.stderr.on('data', (chunk: Buffer) => {
    printed = `${printed}${chunk.toString('utf8')}`.slice(-4_000);
  });
  const ended = new Promise<void>((resolve) => {
    child.on('close', () => {
      resolve();
    });
  });
  while (!(await isUp(url))) {
    if (child.exitCode !== null) throw new Error(`moto ended with ${child.exitCode}:\n${printed}`);
    await pause(200);
  }
  return {
    url,
    close: () => {
      child.kill();
      return ended;
    },
  };
}

function isUp(url: string): Promise<boolean> {
  return fetch(`${url}/moto-api/`).then(
    ({ ok }) => ok,
    () => false,
  );
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => {
        resolve(port);
      });
    });
  });
}
