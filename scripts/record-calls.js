import { rmSync } from 'node:fs';

import { CALLS, RECORD } from './calls-folder.js';

/**
 * Before a run of jest. A run of all tests has the calls of the action recorded, wherever a test lives, and begins
 * anew; a run of some of them leaves the last record alone.
 */
export default function recordCalls(globalConfig) {
  if (!isWhole(globalConfig)) {
    delete process.env[RECORD];
    return;
  }
  rmSync(CALLS, { recursive: true, force: true });
  process.env[RECORD] = CALLS;
}

function isWhole(config) {
  const { testPathPatterns, testNamePattern, onlyChanged, onlyFailures, findRelatedTests, shard } = config;
  const filters = [testNamePattern, onlyChanged, onlyFailures, findRelatedTests, shard];
  return testPathPatterns.patterns.length === 0 && filters.every((filter) => !filter);
}
