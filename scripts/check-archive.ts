/**
 * What a runner downloads for `uses: org/ecs-fargate-deploy@...`: the archive that git makes of the commit, without
 * what .gitattributes marks with export-ignore. Prints its files and its size; exits 1 where anything else is in it,
 * where it has become large, or where the action that is in it does not start.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const EXPECTED = [
  '.github/actions/deploy/action.yml',
  'LICENSE',
  'README.md',
  'SECURITY.md',
  'action.yml',
  'dist/',
];
/** The bundle's own limit (check-dist.ts), and what is beside it: licences, README and the two action.yml are a tenth of that. */
const MAX_GZIPPED_BYTES = 460_000;

export interface Archive {
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  readonly gzippedBytes: number;
}

/** Unpacks the archive of HEAD into a folder and tells what is in it. */
export function unpackArchive(folder: string): Archive {
  const tar = execFileSync('git', ['archive', '--worktree-attributes', 'HEAD'], {
    cwd: ROOT,
    maxBuffer: 256 * 1024 * 1024,
  });
  execFileSync('tar', ['-x', '-C', folder], { input: tar });
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ name: path.slice(folder.length + 1), bytes: statSync(path).size }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  return { files, gzippedBytes: gzipSync(tar).length };
}

/** What is wrong with the archive; nothing where it is as it should be. */
export function problemsOf({ files, gzippedBytes }: Archive): string[] {
  const surplus = files.filter(
    ({ name }) => !EXPECTED.some((each) => (each.endsWith('/') ? name.startsWith(each) : name === each)),
  );
  const missing = ['action.yml', '.github/actions/deploy/action.yml', 'dist/index.js', 'LICENSE'].filter(
    (name) => !files.some((file) => file.name === name),
  );
  return [
    ...surplus.map(({ name }) => `${name} is in the archive: mark it with export-ignore in .gitattributes`),
    ...missing.map((name) => `${name} is not in the archive`),
    ...(gzippedBytes > MAX_GZIPPED_BYTES ? [`the archive has more than ${MAX_GZIPPED_BYTES} bytes`] : []),
  ];
}

/** Without inputs the action must say which one is missing, and fail. */
function doesNotStart(folder: string): string[] {
  const run = spawnSync(process.execPath, [join(folder, 'dist', 'index.js')], {
    env: { RUNNER_TEMP: folder, GITHUB_WORKSPACE: folder },
    encoding: 'utf8',
  });
  const isRight = run.status === 1 && /^::error::Invalid inputs?\b/m.test(run.stdout);
  return isRight ? [] : [`the action in the archive does not start:\n${run.stdout}${run.stderr}`];
}

function main(): void {
  const folder = mkdtempSync(join(tmpdir(), 'archive-'));
  try {
    const archive = unpackArchive(folder);
    for (const { name, bytes } of archive.files)
      process.stdout.write(`${String(bytes).padStart(9)}  ${name}\n`);
    const total = archive.files.reduce((sum, { bytes }) => sum + bytes, 0);
    process.stdout.write(
      `A runner downloads ${archive.gzippedBytes} bytes: ${archive.files.length} files of ${total} bytes\n`,
    );
    const problems = [...problemsOf(archive), ...doesNotStart(folder)];
    for (const problem of problems) process.stderr.write(`${problem}\n`);
    process.exitCode = problems.length === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) main();
