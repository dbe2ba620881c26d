/** Jest runs the TypeScript as native ES modules; types are checked by `npm run check:types`, not here. */
export default {
  testEnvironment: '<rootDir>/scripts/test-environment.js',
  testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/__tests__/docker/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '<rootDir>/scripts/strip-types.js' },
  // Bundles at a time, for each of two workers: they mostly wait.
  maxConcurrency: 4,
  testSequencer: '<rootDir>/scripts/test-sequencer.js',
  globalSetup: '<rootDir>/scripts/record-calls.js',
  testTimeout: 60_000,
  maxWorkers: 2,
  reporters: ['default', '<rootDir>/scripts/closing-line.js'],
};
