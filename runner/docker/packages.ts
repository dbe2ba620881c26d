/** Debian packages, unpacked into a folder: nothing is installed on the machine. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { command } from './command.ts';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** A release of Debian whose packages run on other ones, too. */
const NEWER = 'trixie';

/** From the machine's own sources. */
export async function unpackOwn(packages: readonly string[], folder: string): Promise<void> {
  const missing = await command('apt-cache', ['policy', ...packages]).then(
    (policy) => packages.some((name) => !new RegExp(`^${name}:\\n.*\\n  Candidate: [^(]`, 'm').test(policy)),
    () => true,
  );
  if (missing) await command('apt-get', ['update']);
  await unpack(packages, folder, {});
}

/** From a newer Debian, with package lists of their own: those of the machine stay as they are. */
export async function unpackNewer(packages: readonly string[], folder: string): Promise<void> {
  const apt = join(folder, 'apt');
  const parts = ['lists/partial', 'cache/archives/partial', 'etc/sources', 'etc/preferences', 'dpkg'];
  for (const part of parts) await mkdir(join(apt, part), { recursive: true });
  await writeFile(join(apt, 'dpkg', 'status'), '');
  await writeFile(
    join(apt, 'etc', 'sources.list'),
    `deb [signed-by=${KEYRING}] ${await debianMirror()} ${NEWER} main\n`,
  );
  await writeFile(
    join(apt, 'apt.conf'),
    [
      `Dir::Etc::sourcelist "${apt}/etc/sources.list";`,
      `Dir::Etc::sourceparts "${apt}/etc/sources";`,
      `Dir::Etc::preferencesparts "${apt}/etc/preferences";`,
      `Dir::State "${apt}";`,
      `Dir::State::lists "${apt}/lists";`,
      `Dir::State::status "${apt}/dpkg/status";`,
      `Dir::Cache "${apt}/cache";`,
      'APT::Sandbox::User "root";',
      'Acquire::Languages "none";',
    ].join('\n'),
  );
  const env = { APT_CONFIG: join(apt, 'apt.conf') };
  await command('apt-get', ['update'], { env });
  await unpack(packages, folder, env);
}

async function unpack(
  packages: readonly string[],
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const downloads = join(folder, 'downloads');
  await mkdir(downloads, { recursive: true });
  const before = new Set(await readdir(downloads));
  await command('apt-get', ['download', ...packages], { cwd: downloads, env });
  const files = (await readdir(downloads)).filter((name) => name.endsWith('.deb') && !before.has(name));
  for (const file of files) await command('dpkg-deb', ['-x', join(downloads, file), join(folder, 'root')]);
}

/** DEBIAN_MIRROR, otherwise the mirror of the machine's own sources. */
export async function debianMirror(): Promise<string> {
  const given = process.env['DEBIAN_MIRROR'];
  if (given !== undefined && given !== '') return given;
  const folder = '/etc/apt/sources.list.d';
  const names = existsSync(folder) ? (await readdir(folder)).map((name) => join(folder, name)) : [];
  for (const path of ['/etc/apt/sources.list', ...names]) {
    if (!existsSync(path)) continue;
    const [found] = /https?:\/\/[^\s\]]*\/debian\/?(?=\s|$)/m.exec(await readFile(path, 'utf8')) ?? [];
    if (found !== undefined) return found;
  }
  throw new Error('The sources of this machine name no mirror of Debian. Set DEBIAN_MIRROR to one.');
}
