/**
 * Pictures of the gallery, for the README and for a person to look at.
 *
 *   node gallery/pictures.ts <page> <folder> [title ...]    one of each scene whose title is named, light and dark
 */
import { join } from 'node:path';
import { withPage, type Scheme } from './browse.ts';

const [path = '', folder = '.', ...titles] = process.argv.slice(2);

for (const scheme of ['light', 'dark'] satisfies Scheme[]) {
  for (const width of [360, 1280]) {
    await withPage(path, { width, scheme }, async (page) => {
      for (const title of titles) {
        const scene = page.locator('section.scene', { has: page.locator('h2', { hasText: title }) }).first();
        const name = `${title.toLowerCase().replace(/[^a-z]+/g, '-')}-${width}-${scheme}.png`;
        await scene.screenshot({ path: join(folder, name) });
      }
      if (titles.length === 0)
        await page.screenshot({ path: join(folder, `gallery-${width}-${scheme}.png`) });
    });
  }
}
