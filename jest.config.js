/** Jest runs the TypeScript as native ES modules; types are checked by `npm run check:types`, not here. */
export default {
  testEnvironment: '<rootDir>/scripts/test-environment.js',
  testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/__tests__/docker/'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^undici$': '<rootDir>/scripts/without-undici.cjs' },
  transform: { '^.+\\.ts$': '<rootDir>/scripts/strip-types.js' },
  // Bundles at a time, for each worker: they mostly wait.
  maxConcurrency: 4,
  testSequencer: '<rootDir>/scripts/test-sequencer.js',
  globalSetup: '<rootDir>/scripts/record-calls.js',
  testTimeout: 60_000,
  // One more than processors: files of bundles mostly wait.
  maxWorkers: 3,
  reporters: ['default', '<rootDir>/scripts/closing-line.js'],
};
