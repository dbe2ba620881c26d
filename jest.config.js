/** Jest runs the TypeScript as native ES modules; types are checked by `npm run check:types`, not here. */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/__tests__/docker/'],
  extensionsToTreatAsEsm: ['.ts'],
  // TypeScript rewrites `./x.ts` to `./x.js` on the way to Jest; the files are still `.ts`.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['ts-jest', { useESM: true }] },
  globalSetup: '<rootDir>/scripts/record-calls.js',
  testTimeout: 60_000,
  maxWorkers: 2,
  reporters: ['default', '<rootDir>/scripts/closing-line.js'],
};
