import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { COMPLETE, RECORD } from './calls-folder.js';

/** A jest reporter whose last line any machine can read: `N passed, N failed, N skipped`. */
export default class ClosingLine {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    completeRecord(results);
    process.stdout.write(`\n${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped\n`);
  }
}

/** Whoever reads the recorded calls has to know that they are those of all tests. */
function completeRecord({ wasInterrupted, numPassedTests, numFailedTests }) {
  const folder = process.env[RECORD];
  if (folder === undefined || wasInterrupted || !existsSync(folder)) return;
  writeFileSync(join(folder, COMPLETE), JSON.stringify({ passed: numPassedTests, failed: numFailedTests }));
}
