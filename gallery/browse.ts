/** The gallery in headless Chromium: what the check inspects, and pictures of it. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type BrowserContext, type Page } from 'playwright-core';

export type Scheme = 'light' | 'dark';

const BROWSERS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** A browser opens no connection of its own: the page is a file. */
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** There is no browser here, and none can be installed. */
export class NoBrowser extends Error {}

/** How a browser comes onto a machine without one: rejects where it cannot. */
type Install = () => void;

/**
 * The browser that CHROMIUM names, or one of the usual places; installs Debian's where there is none. Throws NoBrowser
 * where that fails.
 */
export function findBrowser(
  named = process.env['CHROMIUM'],
  isThere: (path: string) => boolean = existsSync,
  install: Install = installChromium,
): string {
  const all = [...(named === undefined ? [] : [named]), ...BROWSERS];
  const found = all.find(isThere);
  if (found !== undefined) return found;
  try {
    install();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new NoBrowser(`there is no Chromium, and none can be installed (${why}); CHROMIUM can name one`);
  }
  const installed = all.find(isThere);
  if (installed === undefined) throw new NoBrowser('there is no Chromium after it was installed');
  return installed;
}

function installChromium(): void {
  for (const args of [['update'], ['install', '-y', 'chromium', 'fonts-noto-color-emoji']]) {
    execFileSync('apt-get', args, {
      stdio: 'ignore',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  }
}

/** Opens the page in a new browser of that width, colour scheme and pixels a CSS pixel, its charts drawn. */
export async function withPage<T>(
  path: string,
  { width, scheme, scale = 1 }: { readonly width: number; readonly scheme: Scheme; readonly scale?: number },
  inspect: (page: Page) => Promise<T>,
): Promise<T> {
  const profile = await mkdtemp(join(tmpdir(), 'chromium-'));
  let context: BrowserContext | undefined;
  try {
    context = await chromium.launchPersistentContext(profile, {
      executablePath: findBrowser(),
      args: QUIET,
      headless: true,
      colorScheme: scheme,
      viewport: { width, height: 900 },
      deviceScaleFactor: scale,
    });
    const page = context.pages()[0] ?? (await context.newPage());
    await page.goto(pathToFileURL(path).href);
    await page.waitForSelector('html[data-drawn="yes"]', { timeout: 120_000 });
    return await inspect(page);
  } finally {
    await context?.close();
    await rm(profile, { recursive: true, force: true });
  }
}
