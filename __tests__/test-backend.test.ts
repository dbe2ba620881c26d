import { describe, expect, test } from '@jest/globals';
import { countsOf } from '../scripts/test-backend.ts';

const suite = (attributes: string): string =>
  `<?xml version="1.0"?><testsuites><testsuite name="pytest" ${attributes} time="1.5"><testcase/></testsuite></testsuites>`;

describe("the counts in pytest's report", () => {
  test('are those of its suite', () => {
    expect(countsOf(suite('errors="0" failures="0" skipped="2" tests="10"'))).toEqual({
      passed: 8,
      failed: 0,
      skipped: 2,
    });
  });

  test('count what could not be set up as failed', () => {
    expect(countsOf(suite('errors="1" failures="2" skipped="0" tests="5"'))).toEqual({
      passed: 2,
      failed: 3,
      skipped: 0,
    });
  });

  test('cannot be read where there is no suite', () => {
    expect(() => countsOf('')).toThrow('no suite');
  });
});
