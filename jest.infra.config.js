import config from './jest.config.js';

// These tests read the calls that `npm test` has recorded; they record none.
const { globalSetup: _, ...base } = config;

/**
 * The tests of infra/: they need terraform and moto, and say SKIPPED where one is missing. The provider sleeps for most
 * of an apply (a minute for a load balancer), so more of them run at a time than there are processors.
 */
export default { ...base, testMatch: ['<rootDir>/__tests__/infra/**/*.live.ts'], maxWorkers: 4 };
