import config from './jest.config.js';

// Only `npm test` records calls.
const { globalSetup: _, ...base } = config;

/** The tests of `npm run test:docker`: one engine, so one file after the other. */
export default {
  ...base,
  testMatch: ['<rootDir>/__tests__/docker/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testSequencer: '<rootDir>/scripts/docker-sequencer.js',
  testTimeout: 300_000,
  maxWorkers: 1,
};
