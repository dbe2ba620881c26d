/**
 * Checks the gallery in headless Chromium: at 360 and 1280 pixels, in light and dark, nothing is wider than the
 * window, every chart is drawn, and every text can be told from its ground.
 *
 *   node gallery/check.ts [page]    default: writes the gallery into a temporary folder first
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { findBrowser, NoBrowser, withPage, type Scheme } from './browse.ts';
import { writeGallery } from './main.ts';
import { SCENES } from './scenes.ts';

const WIDTHS = [360, 1280];
const SCHEMES: readonly Scheme[] = ['light', 'dark'];

/** What is wrong with the page as it is shown; empty where nothing is. */
async function problemsOf(page: Page, width: number): Promise<string[]> {
  const seen = await page.evaluate(IN_PAGE);
  return [
    ...(seen.width > width ? [`the page is ${seen.width} pixels wide: ${seen.wide.join(', ')}`] : []),
    ...(seen.scenes === SCENES.length ? [] : [`${seen.scenes} of ${SCENES.length} runs are shown`]),
    ...(seen.charts > 0 && seen.drawn === seen.charts
      ? []
      : [`${seen.drawn} of ${seen.charts} charts are drawn`]),
    ...seen.pale.map((text) => `too pale to read: ${text}`),
  ];
}

interface Seen {
  readonly width: number;
  readonly wide: readonly string[];
  readonly scenes: number;
  readonly charts: number;
  readonly drawn: number;
  readonly pale: readonly string[];
}

/**
 * Runs in the page, which knows no TypeScript. Folded parts are opened first: they must not overflow either. Contrast
 * as WCAG 2.2 computes it; 4.5 is its level AA for text.
 */
const IN_PAGE = `(() => {
  for (const each of document.querySelectorAll('details')) each.open = true;
  const width = document.documentElement.scrollWidth;
  const wide = [...document.querySelectorAll('body *')]
    .filter((each) => each.getBoundingClientRect().right > innerWidth + 1 && !each.closest('.table, pre, .log'))
    .slice(0, 5)
    .map((each) => each.tagName + '.' + each.className);
  const charts = [...document.querySelectorAll('pre.mermaid')];
  const channel = (value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  const light = ([red, green, blue]) => 0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue);
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const ground = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const [red, green, blue, alpha = 1] = numbers(getComputedStyle(at).backgroundColor);
      if (alpha === 1) return [red, green, blue];
    }
    return [255, 255, 255];
  };
  const pale = [...document.querySelectorAll('p, li, td, th, summary, h1, h2, h3, a, sub, .log div, pre span')]
    .filter((each) => each.textContent.trim() !== '' && each.closest('svg') === null)
    .filter((each) => {
      const [one, two] = [light(numbers(getComputedStyle(each).color)), light(ground(each))].sort((a, b) => b - a);
      return (one + 0.05) / (two + 0.05) < 4.5;
    });
  return {
    width,
    wide,
    scenes: document.querySelectorAll('section.scene').length,
    charts: charts.length,
    drawn: charts.filter((each) => each.querySelector('svg .task, svg rect') !== null).length,
    pale: [...new Set(pale.map((each) => each.textContent.trim().slice(0, 60)))].slice(0, 5),
  };
})()`;

declare module 'playwright-core' {
  interface Page {
    evaluate(script: typeof IN_PAGE): Promise<Seen>;
  }
}

async function check(path: string): Promise<number> {
  let failures = 0;
  for (const scheme of SCHEMES) {
    for (const width of WIDTHS) {
      const problems = await withPage(path, { width, scheme }, (page) => problemsOf(page, width));
      console.log(`${problems.length === 0 ? 'ok    ' : 'FAILED'} ${width} pixels, ${scheme}`);
      for (const problem of problems) console.error(`       ${problem}`);
      failures += problems.length === 0 ? 0 : 1;
    }
  }
  const all = SCHEMES.length * WIDTHS.length;
  console.log(`\n${all - failures} passed, ${failures} failed, 0 skipped`);
  return failures === 0 ? 0 : 1;
}

/** Why there is nothing to look with; undefined where there is. */
function withoutBrowser(): string | undefined {
  try {
    findBrowser();
    return undefined;
  } catch (error) {
    if (error instanceof NoBrowser) return error.message;
    throw error;
  }
}

const given = process.argv[2];
const missing = withoutBrowser();
if (missing !== undefined) {
  const all = SCHEMES.length * WIDTHS.length;
  console.log(`SKIPPED the gallery: ${missing}\n\n0 passed, 0 failed, ${all} skipped`);
} else if (given !== undefined) {
  process.exitCode = await check(given);
} else {
  const folder = await mkdtemp(join(tmpdir(), 'gallery-'));
  const path = await writeGallery(folder, (line) => {
    console.log(line);
  });
  process.exitCode = await check(path);
  await rm(folder, { recursive: true, force: true });
}
