import { fileURLToPath } from 'node:url';

/** Where a run of jest leaves the calls that simulators got, one JSON object a line. */
export const CALLS = fileURLToPath(new URL('../coverage/calls', import.meta.url));

/** The file in it that lists the end-to-end test files that ran, once the run is over. */
export const COMPLETE = 'complete.json';
