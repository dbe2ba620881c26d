import { describe, expect, it, test } from '@jest/globals';
import { maskableLines, Masks } from '../../src/runtime/masks.ts';

describe('the masks', () => {
  it.each([
    ['hide a secret wherever it is', ['s3cret'], 'a s3cret, s3cret!', 'a ***, ***!'],
    ['hide a secret that holds another one whole', ['abc', 'abcdef'], 'abcdef abc', '*** ***'],
    ['hide each line of a secret of several lines', ['first\r\nsecond'], 'x second y first', 'x *** y ***'],
    ['hide a secret without the spaces around it', ['  s3cret \n'], 'a s3cret b', 'a *** b'],
    ['take a secret literally', ['a.c$&'], 'abc a.c$&', 'abc ***'],
    ['leave a secret of one or two characters', ['ab', 'x'], 'abx', 'abx'],
    ['hide a secret as JSON writes it', ['a"b\\c'], String.raw`{"x":"a\"b\\c"}`, '{"x":"***"}'],
    ['hide a secret as a URL writes it', ['s3cr3t/db+pw'], '?p=s3cr3t%2Fdb%2Bpw&q', '?p=***&q'],
    [
      'hide a secret as HTML writes it',
      ['s3<&">t'],
      '<td>s3&lt;&amp;&quot;&gt;t, s3&lt;&amp;"&gt;t',
      '<td>***, ***',
    ],
    ['hide nothing where there is no secret', [], 'as it is', 'as it is'],
  ])('%s', (_rule, secrets, text, shown) => {
    expect(new Masks(secrets).mask(text)).toBe(shown);
  });

  it.each([
    ['in the middle of a secret', 'token: s3cret-of', 'token: ***'],
    ['after three of its letters', 'token: s3c', 'token: s3c'],
    ['where none begins', 'token: none', 'token: none'],
  ])('hide what a text ends with that was cut %s', (_where, text, shown) => {
    expect(new Masks(['s3cret-of-many-letters', 's3cret']).maskEnd(text)).toBe(shown);
  });

  it('hide secrets that become known later', () => {
    const masks = new Masks();
    masks.add('later');
    expect(masks.mask('sooner or later')).toBe('sooner or ***');
  });

  it('hide secrets in every text of a value, and leave its shape and its keys', () => {
    const value = { a: 'x s3cret', list: ['s3cret', 1, null], deep: { s3cret: true } };
    expect(new Masks(['s3cret']).maskIn(value)).toEqual({
      a: 'x ***',
      list: ['***', 1, null],
      deep: { s3cret: true },
    });
  });

  it.each(['https', 'production', 'Prod', 'service', '8080', 'services:', '"name",', '---', 'eu-central-1'])(
    'leave the common word %s, which links and logs are full of',
    (word) => {
      const text = `https://x/Prod/production/8080 ${word}`;
      expect(new Masks([word]).mask(text)).toBe(text);
    },
  );

  it('hide what only begins like a common word', () => {
    expect(new Masks(['production-x7Kq', 'prod']).mask('prod production-x7Kq')).toBe('prod ***');
  });
});

describe('names that anybody may read', () => {
  const masks = new Masks();
  masks.spare(['checkout', 'octo-org/video', 'demo']);

  test.each(['checkout', 'Checkout', 'check', 'octo-org', 'video', 'octo-org/video', 'demo', '"checkout",'])(
    '%s is no mask, nor is a part of one: the runner hides it in the middle of links',
    (secret) => {
      expect(masks.add(secret)).toEqual([]);
    },
  );

  test.each(['checkout-7Kq', 'octo-org-token', 'my checkout'])('%s is more than a name', (secret) => {
    expect(masks.add(secret)).toEqual([secret]);
  });

  test('hide the other lines of a secret that holds one', () => {
    expect(masks.add('service: x\n checkout\ns3cret-line')).toEqual(['service: x', 's3cret-line']);
    expect(masks.mask('checkout s3cret-line')).toBe('checkout ***');
  });
});

test.each(['eal', 'lust', 'Ment'])('%s, a part of the words of every link, is no mask', (secret) => {
  expect(maskableLines(secret)).toEqual([]);
});

test('the lines of a secret that the runner is told to hide', () => {
  expect(maskableLines('name: web\nservices:\n  prod\n s3cret \n\nab')).toEqual(['name: web', 's3cret']);
});
