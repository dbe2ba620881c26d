/** The programs of a Docker engine: the machine's own where it has them all, otherwise Debian's. */
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
  /** Where those of the engine are from, in words. */
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

/** `cache` keeps what was downloaded for the next time. Without `engine`, only the docker command and buildx are of it. */
export async function findTools(
  cache: string,
  { engine }: { readonly engine: boolean },
): Promise<DockerTools> {
  const root = join(cache, 'root');
  const own = await Promise.all(ENGINE.map(which));
  const ownBuildx = PLUGIN_FOLDERS.map((folder) => join(folder, 'docker-buildx')).find(existsSync);
  const hasEngine = own.every((path) => path !== undefined);
  if (ownBuildx === undefined || (engine && !hasEngine)) {
    await once(cache, 'engine', async () => {
      await unpackNewer(['docker-buildx', 'docker.io', 'docker-cli', 'containerd', 'tini'], cache);
      await unpackOwn(['runc'], cache);
    });
  }
  await once(cache, 'registry', () => unpackOwn(['docker-registry', 'busybox-static'], cache));
  const bin = await linkPrograms(cache, root, hasEngine);
  const buildx = ownBuildx ?? join(root, 'usr/libexec/docker/cli-plugins/docker-buildx');
  return { bin, buildx, origin: hasEngine ? "this machine's programs" : "Debian's packages" };
}

/** Packages that a killed run has fetched in part are fetched again. */
async function once(cache: string, name: string, unpack: () => Promise<void>): Promise<void> {
  const note = join(cache, `complete-${name}`);
  if (existsSync(note)) return;
  await rm(join(cache, 'downloads'), { recursive: true, force: true });
  await unpack();
  await writeFile(note, '');
}

async function linkPrograms(cache: string, root: string, hasEngine: boolean): Promise<string> {
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
  return bin;
}
