import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { command, which, type Docker } from './command.ts';
import { debianMirror, unpackOwn } from './packages.ts';

/** The base that the tests build `backend/` on: its build argument PYTHON_IMAGE. */
export const PYTHON_BASE = 'python:3.12-slim';

/** The repository that the simulated jobs are of. Each image of the tests has it, and each container of one. */
export const LABEL = 'org.opencontainers.image.source=https://github.com/octo-org/video';

/** The base that a Dockerfile takes by itself, pinned by its digest. Pure. Throws where there is none. */
export function pinnedBase(dockerfile: string): string {
  const pinned = /^ARG PYTHON_IMAGE=(\S+@sha256:[0-9a-f]{64})$/m.exec(dockerfile)?.[1];
  if (pinned === undefined) throw new Error('The Dockerfile pins no base by its digest.');
  return pinned;
}

/**
 * Sees to it that the engine has the base image of the backend. One that is there already stays as it is. Otherwise it is
 * the pinned one of Docker Hub where that can be reached, and one of the same name made of Debian's packages where it
 * cannot, with Python, ffmpeg, and the wheels of the requirements to install from.
 */
export async function providePythonBase(cache: string, docker: Docker, backend: string): Promise<string> {
  const has = await docker(['image', 'ls', '--quiet', PYTHON_BASE]);
  if (has.trim() !== '') return 'the engine, as it was';
  const pinned = pinnedBase(await readFile(join(backend, 'Dockerfile'), 'utf8'));
  const hadPinned = await works(docker(['image', 'inspect', pinned]));
  if (hadPinned || (await works(docker(['pull', '--quiet', pinned])))) {
    await docker(['tag', pinned, PYTHON_BASE]);
    // The tag alone holds it then, so that it goes with the tag.
    if (!hadPinned) await docker(['image', 'rm', pinned]);
    return 'Docker Hub';
  }
  const requirements = join(backend, 'requirements.txt');
  const work = await mkdtemp(join(cache, 'base-'));
  try {
    const tar = join(work, 'base.tar');
    await Promise.all([unpackOwn(['mmdebstrap'], cache), downloadWheels(join(work, 'wheels'), requirements)]);
    await writeFile(join(work, 'pip.conf'), '[global]\nno-index = true\nfind-links = /wheels\n');
    await command('perl', [
      join(cache, 'root/usr/bin/mmdebstrap'),
      ...[
        '--variant=apt',
        '--dpkgopt=force-unsafe-io',
        '--include=python3,python3-venv,ca-certificates,ffmpeg',
      ],
      `--customize-hook=copy-in ${join(work, 'wheels')} /`,
      `--customize-hook=copy-in ${join(work, 'pip.conf')} /etc`,
      '--customize-hook=chmod -R a+rX "$1/wheels" "$1/etc/pip.conf"',
      // What only weighs: the compiler of the graphics drivers is half of it.
      '--customize-hook=cd "$1/usr" && rm -rf lib/*/libLLVM* lib/*/dri share/doc share/man share/locale',
      ...['bookworm', tar, await debianMirror()],
    ]);
    await docker(['import', '--change', `LABEL ${LABEL}`, tar, PYTHON_BASE]);
    return "Debian's packages";
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function works(command: Promise<string>): Promise<boolean> {
  return command.then(
    () => true,
    () => false,
  );
}

/** As the machine's own pip finds them: the index comes from its configuration. */
async function downloadWheels(folder: string, requirements: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const python = (await which('python3')) ?? 'python3';
  await command(python, [
    // An index that cannot be reached is not asked again for each package.
    ...[
      '-m',
      'pip',
      'download',
      '--quiet',
      '--retries',
      '0',
      '--no-deps',
      '--dest',
      folder,
      '--requirement',
      requirements,
    ],
    ...['--only-binary', ':all:', '--python-version', '3.11', '--implementation', 'cp'],
    ...[
      '--platform',
      'manylinux2014_x86_64',
      '--platform',
      'manylinux_2_17_x86_64',
      '--platform',
      'manylinux_2_28_x86_64',
    ],
  ]);
}
