/**
 * Every `check:` script of package.json, in two lanes side by side: the linter takes as long as all others together. A
 * check that fails keeps no other from running; what failed is named at the end, above the closing line.
 */
import { readFile } from 'node:fs/promises';
import { runLanes } from './lanes.ts';

/** Takes a processor for itself. */
const LONGEST = 'check:lint';

async function main(): Promise<void> {
  const { scripts } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
    scripts: Readonly<Record<string, string>>;
  };
  const others = Object.keys(scripts).filter((name) => name.startsWith('check:') && name !== LONGEST);
  const ends = await runLanes([[LONGEST], others], (text) => process.stdout.write(text));
  const failed = ends.filter(({ exitCode }) => exitCode !== 0).map(({ script }) => script);
  if (failed.length > 0) process.stdout.write(`\nFailed: ${failed.join(', ')}\n`);
  process.stdout.write(`\n${ends.length - failed.length} passed, ${failed.length} failed\n`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}

await main();
