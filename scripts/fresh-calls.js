import { rmSync } from 'node:fs';

import { CALLS } from './calls-folder.js';

/** Before a run of jest: the calls of the run before do not count. */
export default function freshCalls() {
  if (process.env.SIMULATOR_CALLS === CALLS) rmSync(CALLS, { recursive: true, force: true });
}
