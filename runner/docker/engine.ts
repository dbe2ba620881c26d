import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { command } from './command.ts';
import { startDaemon, type Daemon } from './daemon.ts';
import type { DockerTools } from './tools.ts';

/** A Docker engine of our own, beside any other one on the machine. */
export interface Engine extends Daemon {
  /** Value of DOCKER_HOST. */
  readonly host: string;
}

const BRIDGE = 'efd-docker0';

/**
 * An address of this machine that is none of loopback's: a registry there would count as insecure, and an error of it
 * would be followed by another attempt without TLS.
 */
export const ADDRESS = '172.30.94.1';

/**
 * Starts dockerd with images in containerd. Everything that it keeps is in `folder`; it sets up no firewall rules. It
 * trusts the certificates in `caBundle`.
 */
export async function startEngine(tools: DockerTools, folder: string, caBundle: string): Promise<Engine> {
  await mkdir(folder, { recursive: true });
  const host = `unix://${folder}/docker.sock`;
  await makeBridge();
  await writeFile(
    join(folder, 'daemon.json'),
    JSON.stringify({
      features: { 'containerd-snapshotter': true },
      bridge: BRIDGE,
      iptables: false,
      ip6tables: false,
      'ip-masq': false,
    }),
  );
  const path = `${tools.bin}:${process.env['PATH'] ?? ''}`;
  const daemon = await startDaemon(
    join(tools.bin, 'dockerd'),
    [
      ...['--config-file', join(folder, 'daemon.json')],
      ...['--data-root', join(folder, 'data')],
      ...['--exec-root', join(folder, 'exec')],
      ...['--pidfile', join(folder, 'docker.pid')],
      ...['--host', host],
    ],
    {
      env: { PATH: path, SSL_CERT_FILE: caBundle, HOME: folder },
      log: join(folder, 'dockerd.log'),
      isReady: () => answers(tools, host),
      seconds: 60,
    },
  );
  return {
    host,
    async stop() {
      await daemon.stop();
      await command('ip', ['link', 'delete', BRIDGE]);
    },
  };
}

async function answers(tools: DockerTools, host: string): Promise<boolean> {
  await command(join(tools.bin, 'docker'), ['version'], { env: { DOCKER_HOST: host } });
  return true;
}

/** Steps of a build get a network of their own on it. */
async function makeBridge(): Promise<void> {
  if (!existsSync(`/sys/class/net/${BRIDGE}`)) await command('ip', ['link', 'add', BRIDGE, 'type', 'bridge']);
  await command('ip', ['addr', 'replace', `${ADDRESS}/24`, 'dev', BRIDGE]);
  await command('ip', ['link', 'set', BRIDGE, 'up']);
}
