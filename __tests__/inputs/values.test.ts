import { describe, expect, it } from '@jest/globals';

import { amount, either, flag, line, oneOf, oneOfInAnyCase, quoted, whole } from '../../src/inputs/values.ts';

const minutes = amount('minutes', { above: 0, most: 360 }, 30);
const tasks = whole('tasks', { least: 0 }, 2);

describe('a boolean', () => {
  it.each(['true', 'True', 'TRUE', 'tRuE', ' true\n'])('%j is true', (text) => {
    expect(flag(text)).toEqual({ kind: 'value', value: true });
  });

  it.each(['false', 'False', 'FALSE'])('%j is false', (text) => {
    expect(flag(text)).toEqual({ kind: 'value', value: false });
  });

  it.each(['yes', 'no', 'on', '1', '0', 'y', 'truee'])('%j is neither', (text) => {
    expect(flag(text)).toEqual({
      kind: 'problems',
      problems: [`"${text}" is not a boolean. Give true or false.`],
    });
  });
});

describe('a number', () => {
  it.each([
    ['30', 30],
    ['0.5', 0.5],
    ['.5', 0.5],
    ['5.', 5],
    ['+5', 5],
    [' 360 ', 360],
    ['007', 7],
  ])('%j is %d', (text, expected) => {
    expect(minutes(text)).toEqual({ kind: 'value', value: expected });
  });

  it.each([
    ['10x', '"10x" is not a number of minutes. Give a number above 0 and up to 360, such as 30.'],
    ['1e2', '"1e2" is not a number of minutes. Give a number above 0 and up to 360, such as 30.'],
    ['0x10', '"0x10" is not a number of minutes. Give a number above 0 and up to 360, such as 30.'],
    ['1,5', '"1,5" is not a number of minutes. Give a number above 0 and up to 360, such as 30.'],
    ['.', '"." is not a number of minutes. Give a number above 0 and up to 360, such as 30.'],
    ['Infinity', '"Infinity" is not a number of minutes. Give a number above 0 and up to 360, such as 30.'],
    ['0', '"0" is not above 0. Give a number above 0 and up to 360, such as 30.'],
    ['-1', '"-1" is not above 0. Give a number above 0 and up to 360, such as 30.'],
    ['360.1', '"360.1" is more than 360. Give a number above 0 and up to 360, such as 30.'],
  ])('%j is refused', (text, sentence) => {
    expect(minutes(text)).toEqual({ kind: 'problems', problems: [sentence] });
  });

  it('is a zero where it is 0', () => {
    expect(tasks('0')).toEqual({ kind: 'value', value: 0 });
    expect(tasks('-0')).toEqual({ kind: 'value', value: 0 });
  });

  it.each([
    ['1.5', '"1.5" is not a whole number of tasks. Give a whole number of 0 or more, such as 2.'],
    ['-1', '"-1" is less than 0. Give a whole number of 0 or more, such as 2.'],
    ['two', '"two" is not a whole number of tasks. Give a whole number of 0 or more, such as 2.'],
    ['9'.repeat(400), `"${'9'.repeat(100)}..." is too large. Give a whole number of 0 or more, such as 2.`],
  ])('%j is refused where it must be whole', (text, sentence) => {
    expect(tasks(text)).toEqual({ kind: 'problems', problems: [sentence] });
  });
});

describe('a choice', () => {
  const mode = oneOf(['deploy', 'plan', 'rollback']);

  it('is exactly one of the list', () => {
    expect(mode(' plan ')).toEqual({ kind: 'value', value: 'plan' });
    expect(mode('Plan')).toEqual({
      kind: 'problems',
      problems: ['"Plan" is not known. Give deploy, plan or rollback.'],
    });
    expect(mode('pla')).toEqual({
      kind: 'problems',
      problems: ['"pla" is not known. Give deploy, plan or rollback.'],
    });
  });

  it('has the spelling of the list where any case is allowed', () => {
    expect(oneOfInAnyCase(['SERVICE', 'NONE'])('service')).toEqual({ kind: 'value', value: 'SERVICE' });
    expect(oneOfInAnyCase(['SERVICE', 'NONE'])('task')).toEqual({
      kind: 'problems',
      problems: ['"task" is not known. Give SERVICE or NONE.'],
    });
  });
});

describe('text', () => {
  it('is one line without the spaces around it', () => {
    expect(line('  a b \n')).toEqual({ kind: 'value', value: 'a b' });
    expect(line('a\nb')).toEqual({
      kind: 'problems',
      problems: [String.raw`"a\nb" has a line break. Give one line.`],
    });
  });

  it('is quoted on one line and cut', () => {
    expect(quoted('a"\n::error::')).toBe(String.raw`"a\"\n::error::"`);
    expect(quoted('x'.repeat(101))).toBe(`"${'x'.repeat(100)}..."`);
  });

  it('lists choices as a person does', () => {
    expect(['', 'a', 'a or b', 'a, b or c']).toEqual([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(either));
  });
});
