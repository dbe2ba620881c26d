/**
 * Certificates that a Docker engine trusts, by host: https://docs.docker.com/engine/security/certificates/. The engine
 * reads the folder of a host for each pull and push, BuildKit in it too (`RegistryHosts` in moby's daemon), and takes
 * every *.crt in it; it need not be started again.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Beside a ca.crt that the user may have. */
const NAME = 'ecs-fargate-deploy-tests.crt';

const HEAD = '# Made by the tests of ecs-fargate-deploy. The first folder made for it: ';

/** Text before a certificate is passed over; it says which folders are to go with it. */
export async function trust(root: string, hosts: readonly string[], certificate: string): Promise<void> {
  for (const host of hosts) {
    await distrust(root, [host]);
    const folder = join(root, host);
    const firstMade = await mkdir(folder, { recursive: true });
    await writeFile(join(folder, NAME), `${HEAD}${firstMade ?? ''}\n${certificate}`);
  }
}

/** Undoes `trust`, also that of an earlier run. Folders that are not empty stay. */
export async function distrust(root: string, hosts: readonly string[]): Promise<void> {
  // The first host came with the folders that all of them are in.
  for (const host of [...hosts].reverse()) {
    const path = join(root, host, NAME);
    if (!existsSync(path)) continue;
    const firstMade = firstLine(await readFile(path, 'utf8')).slice(HEAD.length);
    await rm(path);
    if (firstMade === '') continue;
    for (let folder = dirname(path); isWithin(folder, firstMade); folder = dirname(folder)) {
      const removed = await rmdir(folder).then(
        () => true,
        () => false,
      );
      if (!removed) break;
    }
  }
}

export function isTrusted(root: string, hosts: readonly string[]): boolean {
  return hosts.some((host) => existsSync(join(root, host, NAME)));
}

function firstLine(text: string): string {
  return text.slice(0, text.indexOf('\n'));
}

function isWithin(folder: string, parent: string): boolean {
  return folder === parent || folder.startsWith(`${parent}/`);
}
