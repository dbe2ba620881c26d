import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { faultOf } from '../scripts/check-all-ran.ts';

const COMMANDS = `ok      QUICKSTART.md:20 export A=1 (0 s)
SKIPPED QUICKSTART.md:31 gh repo create
        it needs an account on GitHub
SKIPPED QUICKSTART.md:52 terraform init
        terraform is not installed

1 passed, 0 failed, 2 skipped
`;

describe('a run that is to skip nothing', () => {
  test.each([
    ['everything ran', '\n61 passed, 0 failed, 0 skipped\n', undefined, undefined],
    ['all is skipped', '\n0 passed, 0 failed, 61 skipped\n', undefined, 'No test ran.'],
    [
      'one is skipped',
      'SKIPPED planning: moto is not installed\n\n60 passed, 0 failed, 1 skipped\n',
      undefined,
      '1 skipped here, where everything has to run.',
    ],
    ['nobody says so', 'done\n', undefined, 'The suite does not say how many tests ran.'],
    [
      'one reason of two is none',
      COMMANDS,
      /needs an account/,
      '1 skipped here, where everything has to run.',
    ],
    ['both reasons are good', COMMANDS, /needs an account|not installed/, undefined],
    ['no reason is given', COMMANDS, undefined, '2 skipped here, where everything has to run.'],
  ])('%s', (_, output, allowed, fault) => {
    expect(faultOf(output, allowed)).toBe(fault);
  });

  test.each([
    [['-e', 'console.log("2 passed, 0 failed, 0 skipped")'], 0],
    [['-e', 'console.log("2 passed, 0 failed, 1 skipped")'], 1],
    [['-e', 'console.log("2 passed, 0 failed, 0 skipped"); process.exitCode = 3'], 3],
  ])('ends as the suite did, or with 1: %j', (args, code) => {
    const script = ['scripts/check-all-ran.ts', '--allow', 'nothing', process.execPath, ...args];
    const { status, stdout } = spawnSync(process.execPath, script, { encoding: 'utf8' });
    expect([status, stdout]).toEqual([code, expect.stringContaining('2 passed')]);
  });
});
