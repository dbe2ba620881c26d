import { describe, expect, it } from '@jest/globals';
import { Masks } from '../../src/runtime/masks.ts';

describe('the masks', () => {
  it.each([
    ['hide a secret wherever it is', ['s3cret'], 'a s3cret, s3cret!', 'a ***, ***!'],
    ['hide a secret that holds another one whole', ['abc', 'abcdef'], 'abcdef abc', '*** ***'],
    ['hide each line of a secret of several lines', ['first\r\nsecond'], 'x second y first', 'x *** y ***'],
    ['hide a secret without the spaces around it', ['  s3cret \n'], 'a s3cret b', 'a *** b'],
    ['take a secret literally', ['a.c$&'], 'abc a.c$&', 'abc ***'],
    ['leave a secret of one or two characters', ['ab', 'x'], 'abx', 'abx'],
    ['hide nothing where there is no secret', [], 'as it is', 'as it is'],
  ])('%s', (_rule, secrets, text, shown) => {
    expect(new Masks(secrets).mask(text)).toBe(shown);
  });

  it('hide secrets that become known later', () => {
    const masks = new Masks();
    masks.add('later');
    expect(masks.mask('sooner or later')).toBe('sooner or ***');
  });

  it('hide secrets in every text of a value, and leave its shape', () => {
    const value = { a: 'x s3cret', list: ['s3cret', 1, null], deep: { s3cret: true } };
    expect(new Masks(['s3cret']).maskIn(value)).toEqual({
      a: 'x ***',
      list: ['***', 1, null],
      deep: { '***': true },
    });
  });
});
