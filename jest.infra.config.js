import config from './jest.config.js';

// These tests read the calls that `npm test` has recorded; they record none.
const { globalSetup: _, ...base } = config;

/** The tests of infra/: they need terraform and moto, and say SKIPPED where one is missing. */
export default { ...base, testMatch: ['<rootDir>/__tests__/infra/**/*.live.ts'] };
