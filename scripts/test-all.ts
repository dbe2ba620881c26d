/**
 * Runs every suite of the repository, some of them side by side, and ends with the sum of their closing lines:
 * `N passed, N failed, N skipped`. A suite that ends badly, or without a closing line, fails the run; the others run
 * all the same. What suites print stays apart: of two side by side the second is shown when the first is over.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * Scripts of package.json, in rounds. The lanes of a round run side by side, the suites of a lane one after the other.
 * The tests of infra/ hold its policies against the calls that `npm test` recorded, and mostly wait; Docker has the
 * machine to itself.
 */
const ROUNDS: readonly (readonly (readonly string[])[])[] = [
  [['test']],
  [['test:backend', 'test:gallery', 'test:commands'], ['test:infra']],
  [['test:docker']],
];

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

/** Shows what several write at once one after the other: the first as it comes, the others once it is their turn. */
export class Queue {
  readonly #print: (text: string) => void;
  readonly #waiting: { text: string; isOver: boolean }[] = [];

  constructor(print: (text: string) => void) {
    this.#print = print;
  }

  /** The next in the queue. */
  join(): { write: (text: string) => void; end: () => void } {
    const own = { text: '', isOver: false };
    this.#waiting.push(own);
    return {
      write: (text) => {
        own.text += text;
        this.#show();
      },
      end: () => {
        own.isOver = true;
        this.#show();
      },
    };
  }

  #show(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      this.#print(first.text);
      first.text = '';
      if (!first.isOver) return;
      this.#waiting.shift();
    }
  }
}

function runSuite(suite: string, show: (text: string) => void): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const from = performance.now();
    const child = spawn('npm', ['run', '--silent', suite], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const take = (text: string): void => {
      output += text;
      show(text);
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', take);
    child.on('error', reject);
    child.on('close', (exitCode) => {
      const seconds = Math.round((performance.now() - from) / 1000);
      resolve({ suite, exitCode, seconds, counts: closingLine(output) });
    });
  });
}

async function runLane(suites: readonly string[], queue: Queue): Promise<Ended[]> {
  const ends: Ended[] = [];
  for (const suite of suites) {
    const { write, end } = queue.join();
    write(`\n━━ npm run ${suite}\n`);
    ends.push(await runSuite(suite, write));
    end();
  }
  return ends;
}

async function main(): Promise<void> {
  const ends: Ended[] = [];
  const queue = new Queue((text) => process.stdout.write(text));
  for (const lanes of ROUNDS) {
    ends.push(...(await Promise.all(lanes.map((suites) => runLane(suites, queue)))).flat());
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
