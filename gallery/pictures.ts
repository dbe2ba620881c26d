/**
 * Pictures of the gallery.
 *
 *   node gallery/pictures.ts <page> <folder>               the tops of two summaries in the README, light and dark
 *   node gallery/pictures.ts <page> <folder> <title> ...   those runs with all they show, narrow and wide, light and dark
 */
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { withPage, type Scheme } from './browse.ts';

const SCHEMES: readonly Scheme[] = ['light', 'dark'];

/** Name of the picture, the run whose summary it is, and what of the summary comes after the picture. */
const README = {
  success: { title: 'Proven healthy', until: 'h3' },
  failure: { title: 'Failed and rolled back: the program crashes', until: 'table' },
};

const [path = '', folder = '.', ...titles] = process.argv.slice(2);

function sceneOf(page: Page, title: string): Locator {
  return page.locator('section.scene', { has: page.locator('h2', { hasText: title }) }).first();
}

function faceOf(page: Page, title: string, face: string): Locator {
  return sceneOf(page, title)
    .locator('.face', { has: page.locator('h3', { hasText: face }) })
    .first();
}

/** Side by side in the README, each half a page wide. */
const HALF = 520;

async function takeForReadme(scheme: Scheme): Promise<void> {
  await withPage(path, { width: HALF, scheme, scale: 2 }, async (page) => {
    for (const [name, { title, until }] of Object.entries(README)) {
      const summary = faceOf(page, title, 'Job summary').locator('.markdown');
      const [box, end] = [await summary.boundingBox(), await summary.locator(until).first().boundingBox()];
      if (box === null || end === null) throw new Error(`The summary of "${title}" has no ${until}.`);
      const clip = { ...box, height: end.y - box.y - 8 };
      await page.screenshot({ path: join(folder, `${name}-${scheme}.png`), clip, fullPage: true });
    }
  });
}

async function takeWhole(scheme: Scheme, width: number): Promise<void> {
  await withPage(path, { width, scheme }, async (page) => {
    for (const title of titles) {
      const name = `${title.toLowerCase().replace(/[^a-z]+/g, '-')}-${width}-${scheme}.png`;
      await sceneOf(page, title).screenshot({ path: join(folder, name) });
    }
  });
}

for (const scheme of SCHEMES) {
  if (titles.length === 0) await takeForReadme(scheme);
  else for (const width of [400, 1280]) await takeWhole(scheme, width);
}
