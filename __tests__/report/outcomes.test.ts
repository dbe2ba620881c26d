import { describe, expect, test } from '@jest/globals';
import { RESULTS } from '../../src/model/index.ts';
import { renderComment } from '../../src/report/comment.ts';
import { renderSummary } from '../../src/report/summary.ts';
import { OUTCOMES } from './outcomes.ts';

describe.each(Object.entries(OUTCOMES))('%s', (_name, report) => {
  test('has this summary', () => {
    expect(renderSummary(report)).toMatchSnapshot();
  });

  test('has this comment', () => {
    expect(renderComment(report, 'prod/backend', undefined)).toMatchSnapshot();
  });
});

test('every result has its outcome', () => {
  expect(new Set(Object.values(OUTCOMES).map(({ result }) => result))).toEqual(new Set(RESULTS));
});
