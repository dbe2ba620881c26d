import base from './jest.config.js';

// These tests read the calls of another run; their own do not belong there.
process.env.SIMULATOR_CALLS = '';

/** The tests of infra/: they need terraform and moto, and say SKIPPED where one is missing. */
export default { ...base, testMatch: ['<rootDir>/__tests__/infra/**/*.live.ts'] };
