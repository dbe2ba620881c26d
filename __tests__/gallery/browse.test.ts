import { describe, expect, test } from '@jest/globals';
import { findBrowser, NoBrowser } from '../../gallery/browse.ts';

const CHROMIUM = '/usr/bin/chromium';

function neverInstalled(): never {
  throw new Error('It was to be found.');
}

describe('the browser of the gallery', () => {
  test('is the one that CHROMIUM names', () => {
    expect(findBrowser('/opt/chrome', () => true, neverInstalled)).toBe('/opt/chrome');
  });

  test('is one of the usual places where that one is not there', () => {
    expect(findBrowser('/opt/chrome', (path) => path === CHROMIUM, neverInstalled)).toBe(CHROMIUM);
  });

  test('is installed where there is none', () => {
    const machine = new Set<string>();
    const install = (): void => {
      machine.add(CHROMIUM);
    };
    expect(findBrowser(undefined, (path) => machine.has(path), install)).toBe(CHROMIUM);
  });

  test.each<[string, () => void, RegExp]>([
    [
      'nothing can be installed',
      () => {
        throw new Error('spawn apt-get ENOENT');
      },
      /^there is no Chromium, .*\(spawn apt-get ENOENT\); CHROMIUM can name one$/,
    ],
    ['the package has none', () => undefined, /^there is no Chromium after it was installed$/],
  ])('cannot be had where %s', (_where, install, why) => {
    const find = (): string => findBrowser(undefined, () => false, install);
    expect(find).toThrow(NoBrowser);
    expect(find).toThrow(why);
  });
});
