import { existsSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { CALLS, COMPLETE } from './calls-folder.js';

/** A jest reporter whose last line any machine can read: `N passed, N failed, N skipped`. */
export default class ClosingLine {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    tellWhatRan(results);
    process.stdout.write(`\n${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped\n`);
  }
}

/** Whoever reads the calls that simulators got has to know whose they are. */
function tellWhatRan({ testResults }) {
  if (process.env.SIMULATOR_CALLS !== CALLS || !existsSync(CALLS)) return;
  const files = testResults.map(({ testFilePath }) => testFilePath).filter((path) => path.includes('/e2e/'));
  writeFileSync(join(CALLS, COMPLETE), JSON.stringify(files.map((path) => basename(path))));
}
