/** The programs of a Docker engine: the machine's own where it has them all, else Debian's. */
import { existsSync } from 'node:fs';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { which } from './command.ts';
import { unpackNewer, unpackOwn } from './packages.ts';

export interface DockerTools {
  /** A folder with every program, by its name. */
  readonly bin: string;
  readonly buildx: string;
  /** In words, for the log. */
  readonly origin: string;
}

const ENGINE = ['dockerd', 'containerd', 'containerd-shim-runc-v2', 'runc'];

/** Always from packages: a registry is on hardly any machine, and the shell of the test images has to be a static one. */
const PACKAGED = ['docker-registry', 'busybox'];

const PLUGIN_FOLDERS = [
  join(homedir(), '.docker/cli-plugins'),
  '/usr/local/lib/docker/cli-plugins',
  '/usr/local/libexec/docker/cli-plugins',
  '/usr/lib/docker/cli-plugins',
  '/usr/libexec/docker/cli-plugins',
];

/** `cache` keeps what was downloaded for the next time. */
export async function findTools(cache: string): Promise<DockerTools> {
  const root = join(cache, 'root');
  const own = await Promise.all(ENGINE.map(which));
  const ownBuildx = PLUGIN_FOLDERS.map((folder) => join(folder, 'docker-buildx')).find(existsSync);
  const hasEngine = own.every((path) => path !== undefined);
  if (!existsSync(join(cache, 'complete'))) {
    for (const stale of [root, join(cache, 'downloads')]) await rm(stale, { recursive: true, force: true });
    if (!hasEngine || ownBuildx === undefined) {
      await unpackNewer(['docker-buildx', 'docker.io', 'docker-cli', 'containerd', 'tini'], cache);
      await unpackOwn(['runc'], cache);
    }
    await unpackOwn(['docker-registry', 'busybox-static'], cache);
    await writeFile(join(cache, 'complete'), '');
  }
  const folders = ['usr/bin', 'usr/sbin', 'bin', 'sbin'].map((part) => join(root, part));
  const inRoot = (name: string): string | undefined =>
    folders.map((folder) => join(folder, name)).find(existsSync);
  const bin = join(cache, 'bin');
  await rm(bin, { recursive: true, force: true });
  await mkdir(bin, { recursive: true });
  const engine = ['docker', ...ENGINE, 'docker-proxy', 'docker-init', 'ctr'];
  for (const name of [...engine, ...PACKAGED]) {
    const isOwn = engine.includes(name) && (hasEngine || name === 'docker');
    const path = isOwn ? ((await which(name)) ?? inRoot(name)) : inRoot(name);
    if (path !== undefined) await symlink(path, join(bin, name));
  }
  const buildx = ownBuildx ?? join(root, 'usr/libexec/docker/cli-plugins/docker-buildx');
  return { bin, buildx, origin: hasEngine ? "this machine's own Docker" : "Debian's packages of Docker" };
}
