/**
 * Runs every suite of the repository, one after the other, and ends with the sum of their closing lines:
 * `N passed, N failed, N skipped`. A suite that ends badly, or without a closing line, fails the run; the others run
 * all the same.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Scripts of package.json, the quickest to tell of a mistake first. */
const SUITES = ['test', 'test:backend', 'test:infra', 'test:docker', 'test:gallery', 'test:commands'];

interface Ended {
  readonly suite: string;
  readonly exitCode: number | null;
  readonly seconds: number;
  readonly counts: Counts | undefined;
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The last closing line of an output; undefined where there is none. */
export function closingLine(output: string): Counts | undefined {
  const lines = output.matchAll(/^(?:\w+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm);
  const last = [...lines].at(-1);
  if (last === undefined) return undefined;
  const [passed = 0, failed = 0, skipped = 0] = last
    .slice(1)
    .map((digits: string | undefined) => Number(digits ?? 0));
  return { passed, failed, skipped };
}

/** The sum; a suite that ended badly without counting a failure is one. */
export function sum(ends: readonly Pick<Ended, 'exitCode' | 'counts'>[]): Counts {
  return ends.reduce(
    (total, { exitCode, counts }) => {
      const { passed, failed, skipped } = counts ?? { passed: 0, failed: 0, skipped: 0 };
      const uncounted = (exitCode !== 0 || counts === undefined) && failed === 0 ? 1 : 0;
      return {
        passed: total.passed + passed,
        failed: total.failed + failed + uncounted,
        skipped: total.skipped + skipped,
      };
    },
    { passed: 0, failed: 0, skipped: 0 },
  );
}

function runSuite(suite: string): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const from = performance.now();
    const child = spawn('npm', ['run', '--silent', suite], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
      process.stdout.write(chunk);
    });
    child.on('error', reject);
    child.on('close', (exitCode) => {
      const seconds = Math.round((performance.now() - from) / 1000);
      resolve({ suite, exitCode, seconds, counts: closingLine(output) });
    });
  });
}

async function main(): Promise<void> {
  const ends: Ended[] = [];
  for (const suite of SUITES) {
    process.stdout.write(`\n━━ npm run ${suite}\n`);
    ends.push(await runSuite(suite));
  }
  process.stdout.write('\n');
  for (const { suite, exitCode, seconds, counts } of ends) {
    const said =
      counts === undefined ? 'no closing line' : `${counts.passed} passed, ${counts.failed} failed`;
    process.stdout.write(`${suite.padEnd(14)} ${seconds} s, exit code ${exitCode}, ${said}\n`);
  }
  const { passed, failed, skipped } = sum(ends);
  process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}

if (import.meta.main) await main();
