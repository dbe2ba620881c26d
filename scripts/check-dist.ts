/**
 * Proves that `dist/` is what the sources make: rebuilds into a clean folder, compares every file both ways, bounds
 * the size of the bundle and of what a run loads before its first call, and starts it. Exits 1 with what differs.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { use } from '../bench/program.ts';
import { jobVariables } from '../runner/job.ts';
import { inputVariables } from '../runner/step.ts';
import { build } from './build.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Of all code: licences are text. */
const MAX_BYTES = 1_300_000;
const MAX_GZIPPED_BYTES = 420_000;

/** Of what a run loads before its first call of AWS. */
const MAX_START_BYTES = 550_000;

/** Of what a post step without work loads. */
const MAX_ENTRY_BYTES = 8_000;

function filesOf(folder: string): Map<string, Buffer> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  return new Map(names.map((name) => [name, readFileSync(join(folder, name))]));
}

function differences(committed: Map<string, Buffer>, built: Map<string, Buffer>): string[] {
  const names = new Set([...committed.keys(), ...built.keys()]);
  return [...names].sort().flatMap((name) => {
    const [old, fresh] = [committed.get(name), built.get(name)];
    if (old === undefined) return [`dist/${name} is missing`];
    if (fresh === undefined) return [`dist/${name} is not made by the build`];
    return old.equals(fresh) ? [] : [`dist/${name} differs from what the sources make`];
  });
}

/** Untracked and ignored files count too: users download what is tracked, and nothing else may be needed. */
function untracked(): string[] {
  const status = execFileSync('git', ['status', '--porcelain', '--ignored', '--', 'dist'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return status
    .split('\n')
    .filter((line) => line.startsWith('??') || line.startsWith('!!'))
    .map((line) => `${line.slice(3)} is not committed`);
}

function tooLarge(files: ReadonlyMap<string, Buffer>): string[] {
  const code = [...files].filter(([name]) => name.endsWith('.js')).map(([, content]) => content);
  const bytes = code.reduce((sum, { length }) => sum + length, 0);
  const gzipped = gzipSync(Buffer.concat(code)).length;
  const entry = files.get('index.js')?.length ?? 0;
  process.stdout.write(`dist/index.js: ${entry} bytes\n`);
  process.stdout.write(`dist/: ${bytes} bytes of code in ${code.length} files, ${gzipped} gzipped\n`);
  return [
    ...(entry > MAX_ENTRY_BYTES ? [`dist/index.js has more than ${MAX_ENTRY_BYTES} bytes`] : []),
    ...unloaded(files),
    ...(bytes > MAX_BYTES ? [`dist/ has more than ${MAX_BYTES} bytes of code`] : []),
    ...(gzipped > MAX_GZIPPED_BYTES
      ? [`dist/ has more than ${MAX_GZIPPED_BYTES} bytes of code, gzipped`]
      : []),
  ];
}

/** Chunks that no other file loads. */
function unloaded(files: ReadonlyMap<string, Buffer>): string[] {
  return [...files.keys()].flatMap((name) => {
    const [, id] = /^(\d+)\.index\.js$/.exec(name) ?? [];
    if (id === undefined) return [];
    const isLoaded = [...files].some(([other, text]) => other !== name && text.includes(`.e(${id})`));
    return isLoaded ? [] : [`dist/${name} is loaded by nothing`];
  });
}

/** Starts a deployment where nobody answers. */
async function loadsTooMuch(folder: string): Promise<string[]> {
  const nobody = { AWS_ENDPOINT_URL: 'http://127.0.0.1:9', AWS_REGION: 'us-east-1' };
  const keys = { AWS_ACCESS_KEY_ID: 'none', AWS_SECRET_ACCESS_KEY: 'none' };
  const env = {
    ...(await jobVariables(folder, {}, { ...nobody, ...keys }, {})),
    ...(await inputVariables({ service: 'backend' })),
  };
  const program = { script: join(ROOT, 'dist', 'index.js'), env, cwd: folder };
  const { loadedBytes = Number.NaN } = await use(program, true);
  process.stdout.write(`A run loads ${loadedBytes} bytes before its first call\n`);
  return loadedBytes <= MAX_START_BYTES
    ? []
    : [`a run loads more than ${MAX_START_BYTES} bytes before its first call`];
}

/** A bundle can be built and still not load; without inputs it must say which one is missing, and fail. */
function doesNotStart(folder: string): string[] {
  const run = spawnSync(process.execPath, [join(ROOT, 'dist', 'index.js')], {
    env: { RUNNER_TEMP: folder, GITHUB_WORKSPACE: folder },
    encoding: 'utf8',
  });
  const says = `${run.stdout}${run.stderr}`;
  const isRight = run.status === 1 && /^::error::Invalid inputs?\b/m.test(says);
  return isRight ? [] : [`dist/index.js does not start as it should (exit code ${run.status}):\n${says}`];
}

const folder = mkdtempSync(join(tmpdir(), 'dist-'));
try {
  const target = join(folder, 'dist');
  await build(target);
  const committed = filesOf(join(ROOT, 'dist'));
  const problems = [
    ...differences(committed, filesOf(target)),
    ...untracked(),
    ...tooLarge(committed),
    ...doesNotStart(folder),
    ...(await loadsTooMuch(folder)),
  ];
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (problems.length > 0) process.stderr.write('Run npm run build and commit dist/.\n');
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
