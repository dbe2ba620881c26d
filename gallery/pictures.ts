/**
 * Pictures of the gallery.
 *
 *   node gallery/pictures.ts <page> <folder>               the summaries in the README, light and dark
 *   node gallery/pictures.ts <page> <folder> <title> ...   those runs with all they show, narrow and wide, light and dark
 */
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { withPage, type Scheme } from './browse.ts';

const SCHEMES: readonly Scheme[] = ['light', 'dark'];

/** Name of the picture, and the run whose summary it is. */
const README = {
  success: 'Proven healthy',
  failure: 'Failed and rolled back: the program crashes',
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

async function takeForReadme(scheme: Scheme): Promise<void> {
  await withPage(path, { width: 780, scheme }, async (page) => {
    for (const [name, title] of Object.entries(README)) {
      const summary = faceOf(page, title, 'Job summary').locator('.markdown');
      await summary.screenshot({ path: join(folder, `${name}-${scheme}.png`) });
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
