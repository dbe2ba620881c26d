import { fileURLToPath } from 'node:url';

/** Where a whole run of jest leaves the calls that the action made in its tests, one JSON object a line. */
export const CALLS = fileURLToPath(new URL('../coverage/calls', import.meta.url));

/** The file in it that is there once such a run is over. */
export const COMPLETE = 'complete.json';

/** The environment variable that names the folder to the tests of a whole run. */
export const RECORD = 'RECORD_CALLS';
