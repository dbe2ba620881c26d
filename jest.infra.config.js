import base from './jest.config.js';

/** The tests of infra/: they need terraform and moto, and say SKIPPED where one is missing. */
export default { ...base, testMatch: ['<rootDir>/__tests__/infra/**/*.live.ts'] };
