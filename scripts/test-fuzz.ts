/** The long run of the properties in __tests__/fuzz: 20,000 cases of each, or FUZZ_RUNS. */
import { spawnSync } from 'node:child_process';

const runs = process.env['FUZZ_RUNS'] ?? '20000';
const jest = [
  '--experimental-vm-modules',
  '--no-warnings',
  'node_modules/jest/bin/jest.js',
  '__tests__/fuzz',
];
const { status } = spawnSync(process.execPath, [...jest, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, FUZZ_RUNS: runs },
});
process.exitCode = status ?? 1;
