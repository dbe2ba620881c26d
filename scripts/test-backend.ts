/**
 * Runs the tests of `backend/` in a virtual environment of their own: finds a Python, installs the locked requirements
 * with pip (from whatever index it is configured for), and brings ffmpeg from Debian's packages where it is missing
 * and may be installed. The last line is `N passed, N failed, N skipped`. What cannot run here is skipped with its
 * reason and counted; with `--strict` (in CI, where everything can be had) that is a failure.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BACKEND = fileURLToPath(new URL('../backend', import.meta.url));
const VENV = join(BACKEND, '.venv');
const PYTHONS = ['python3', 'python3.12', 'python3.13', 'python3.14', 'python3.11'];
const OLDEST = [3, 11] as const;

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Why the tests cannot run here. */
class CannotRun extends Error {}

function run(command: string, args: readonly string[]): { ok: boolean; out: string } {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: BACKEND, encoding: 'utf8' });
  return { ok: status === 0, out: `${stdout}${stderr}` };
}

function isNewEnough(python: string): boolean {
  const test = `import sys; sys.exit(sys.version_info < (${OLDEST.join(', ')}))`;
  return run(python, ['-c', test]).ok;
}

function findPython(): string {
  const found = PYTHONS.find(isNewEnough);
  if (found === undefined) throw new CannotRun(`there is no Python ${OLDEST.join('.')} or newer`);
  return found;
}

/** A line of an error that tells the most: pip and venv end with it. */
function lastLine(text: string): string {
  const lines = text.split('\n').filter((line) => /error/i.test(line));
  return (lines.at(-1) ?? text.trim().split('\n').at(-1) ?? '').trim();
}

/** Makes the environment again whenever the locked requirements have changed. */
export function prepare(): string {
  const python = join(VENV, 'bin', 'python');
  const stamp = join(VENV, 'requirements');
  const desired = ['requirements.txt', 'requirements-dev.txt']
    .map((name) => readFileSync(join(BACKEND, name), 'utf8'))
    .join('');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === desired) return python;
  rmSync(VENV, { recursive: true, force: true });
  const made = run(findPython(), ['-m', 'venv', VENV]);
  if (!made.ok) throw new CannotRun(`no virtual environment can be made: ${lastLine(made.out)}`);
  const requirements = ['--require-hashes', '--only-binary', ':all:', '-r', 'requirements-dev.txt'];
  // One retry: where one of several indexes is out of reach, pip would otherwise wait for it at every package.
  const options = ['--disable-pip-version-check', '--retries', '1'];
  const installed = run(python, ['-m', 'pip', 'install', ...options, ...requirements]);
  if (!installed.ok) throw new CannotRun(`the requirements cannot be installed: ${lastLine(installed.out)}`);
  writeFileSync(stamp, desired);
  return python;
}

/** Only a machine's owner may install packages; elsewhere the tests that need ffmpeg are skipped by themselves. */
export function bringFfmpeg(): void {
  if (run('ffprobe', ['-version']).ok || process.getuid?.() !== 0) return;
  process.stdout.write('Installing ffmpeg\n');
  if (run('apt-get', ['update']).ok) run('apt-get', ['install', '-y', '--no-install-recommends', 'ffmpeg']);
}

/** Pure: the counts in pytest's JUnit file; a test that could not be set up has failed. */
export function countsOf(junit: string): Counts {
  const suite = /<testsuite [^>]*>/.exec(junit)?.[0];
  if (suite === undefined) throw new Error('The report of pytest has no suite');
  const number = (name: string): number => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const failed = number('failures') + number('errors');
  const skipped = number('skipped');
  return { passed: number('tests') - failed - skipped, failed, skipped };
}

function pytest(python: string): Counts {
  const folder = mkdtempSync(join(tmpdir(), 'backend-'));
  try {
    const report = join(folder, 'junit.xml');
    const { status } = spawnSync(python, ['-m', 'pytest', '-q', `--junitxml=${report}`], {
      cwd: BACKEND,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 };
    const counts = countsOf(readFileSync(report, 'utf8'));
    return status !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function test(): Counts {
  try {
    const python = prepare();
    bringFfmpeg();
    return pytest(python);
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    process.stdout.write(`SKIPPED the tests of backend/: ${error.message}\n`);
    return { passed: 0, failed: 0, skipped: 1 };
  }
}

function main(): void {
  const counts = test();
  const isStrict = process.argv.includes('--strict');
  if (isStrict && counts.skipped > 0) process.stdout.write('Nothing may be skipped here (--strict)\n');
  process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
  process.exitCode = counts.failed > 0 || (isStrict && counts.skipped > 0) ? 1 : 0;
}

if (import.meta.main) main();
