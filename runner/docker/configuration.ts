import { createHash } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Folders in which Docker Desktop itself writes all the time. */
const LIVE = ['desktop', 'run'];

/** A digest of all that tells this machine, and the docker command of its user, where registries are and how to get in. */
export async function configurationDigest(): Promise<string> {
  const sum = createHash('sha256').update(await contentOf('/etc/hosts'));
  const own = process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker');
  for (const folder of [own, '/etc/docker']) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    const kept = entries.filter(
      ({ parentPath }) => !LIVE.some((live) => `${parentPath}/`.startsWith(`${join(folder, live)}/`)),
    );
    sum.update(folder).update(await statOf(folder));
    for (const entry of kept.sort((a, b) => pathOf(a).localeCompare(pathOf(b)))) {
      sum.update(pathOf(entry)).update(entry.isFile() ? await contentOf(pathOf(entry)) : '');
    }
  }
  return sum.digest('hex');
}

function pathOf({ parentPath, name }: { readonly parentPath: string; readonly name: string }): string {
  return join(parentPath, name);
}

/** Whether it is there. */
function statOf(folder: string): Promise<string> {
  return lstat(folder).then(
    () => 'there',
    () => 'not there',
  );
}

/** Of a file that only root may read, what can be seen of it. */
async function contentOf(path: string): Promise<Buffer | string> {
  return readFile(path).catch(async () => {
    const seen = await lstat(path).catch(() => undefined);
    return `${seen?.size} ${seen?.mtimeMs}`;
  });
}
