import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BRIDGE, makeBridge, removeBridge, type Bridge } from './bridge.ts';
import { command } from './command.ts';
import { startDaemon, type Daemon } from './daemon.ts';
import type { DockerTools } from './tools.ts';

/** A Docker engine of our own, beside any other one on the machine. */
export interface Engine extends Daemon {
  /** Value of DOCKER_HOST. */
  readonly host: string;
}

export interface EngineOptions {
  /** Whether images are kept in containerd; they are by default. */
  readonly containerdStore?: boolean;
  /** A second engine needs another one. */
  readonly bridge?: Bridge;
}

/**
 * Starts dockerd. Everything that it keeps is in `folder`; it sets up no firewall rules. It trusts the certificates in
 * `caBundle`.
 */
export async function startEngine(
  tools: Pick<DockerTools, 'bin'>,
  folder: string,
  caBundle: string,
  { containerdStore = true, bridge = BRIDGE }: EngineOptions = {},
): Promise<Engine> {
  await mkdir(folder, { recursive: true });
  const host = `unix://${folder}/docker.sock`;
  await makeBridge(bridge, { subnet: true });
  await writeFile(
    join(folder, 'daemon.json'),
    JSON.stringify({
      features: { 'containerd-snapshotter': containerdStore },
      bridge: bridge.name,
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
  ).catch(async (error: unknown) => {
    await removeBridge(bridge);
    throw error;
  });
  return {
    host,
    async stop() {
      await daemon.stop();
      await removeBridge(bridge);
    },
  };
}

async function answers(tools: Pick<DockerTools, 'bin'>, host: string): Promise<boolean> {
  await command(join(tools.bin, 'docker'), ['version'], { env: { DOCKER_HOST: host } });
  return true;
}
