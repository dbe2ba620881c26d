/**
 * Runs the checks and every suite of the repository, some of them side by side, and ends with the sum of their closing
 * lines: `N passed, N failed, N skipped`. One that ends badly, or without a closing line, fails the run; the others run
 * all the same. What they print stays apart: of two side by side the second is shown when the first is over.
 */
import { runLanes, type Ended } from './lanes.ts';

/** Holds the policies of infra/ against the calls that `npm test` has recorded. */
const PERMISSIONS = 'permissions.live';

/**
 * Scripts of package.json with their arguments, in rounds. The lanes of a round run side by side, the scripts of a lane
 * one after the other. All but `check` and `test` mostly wait: for providers, processes, browsers, images.
 */
const ROUNDS: readonly (readonly (readonly string[])[])[] = [
  [['check', 'test'], [`test:infra --testPathIgnorePatterns ${PERMISSIONS}`]],
  [['test:docker'], ['test:commands'], [`test:infra ${PERMISSIONS}`, 'test:backend', 'test:gallery']],
];

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
export function sum(
  ends: readonly { readonly exitCode: number | null; readonly counts: Counts | undefined }[],
): Counts {
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

async function main(): Promise<void> {
  const print = (text: string): void => {
    process.stdout.write(text);
  };
  const all: Ended[] = [];
  for (const lanes of ROUNDS) all.push(...(await runLanes(lanes, print)));
  const ends = all.map((ended) => ({ ...ended, counts: closingLine(ended.output) }));
  print('\n');
  for (const { script, exitCode, seconds, counts } of ends) {
    const said =
      counts === undefined ? 'no closing line' : `${counts.passed} passed, ${counts.failed} failed`;
    print(`${script.padEnd(52)} ${seconds} s, exit code ${exitCode}, ${said}\n`);
  }
  const { passed, failed, skipped } = sum(ends);
  print(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}

if (import.meta.main) await main();
