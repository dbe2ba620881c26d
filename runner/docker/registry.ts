import { hash } from 'bcryptjs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { startDaemon, type Daemon } from './daemon.ts';
import type { DockerTools } from './tools.ts';

/** A real OCI registry on loopback. */
export interface OciRegistry extends Daemon {
  readonly url: string;
}

/** Starts docker-registry, which lets in one user by a password (htpasswd). */
export async function startRegistry(
  tools: DockerTools,
  folder: string,
  user: { readonly username: string; readonly password: string },
): Promise<OciRegistry> {
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  await writeFile(join(folder, 'htpasswd'), `${user.username}:${await hash(user.password, 5)}\n`);
  await writeFile(
    join(folder, 'config.json'),
    // YAML, of which JSON is a part.
    JSON.stringify({
      version: 0.1,
      log: { level: 'warn' },
      storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
      http: { addr: `127.0.0.1:${port}`, relativeurls: true },
      auth: { htpasswd: { realm: 'registry', path: join(folder, 'htpasswd') } },
    }),
  );
  const url = `http://127.0.0.1:${port}`;
  const daemon = await startDaemon(
    'setpriv',
    // It must not outlive this process, however that ends.
    ['--pdeathsig', 'TERM', join(tools.bin, 'docker-registry'), 'serve', join(folder, 'config.json')],
    {
      env: { PATH: process.env['PATH'] ?? '' },
      log: join(folder, 'registry.log'),
      isReady: async () => (await fetch(`${url}/v2/`)).status === 401,
      seconds: 30,
    },
  );
  return { url, stop: () => daemon.stop() };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => {
        resolve(port);
      });
    });
  });
}
