/** The gallery in headless Chromium: what the check inspects, and pictures of it. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type BrowserContext, type Page } from 'playwright-core';

export type Scheme = 'light' | 'dark';

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

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

/** Debian's Chromium, CHROMIUM where it is set, or another browser; installs Debian's where there is none. */
export function findBrowser(): string {
  const named = process.env['CHROMIUM'];
  const found = [...(named === undefined ? [] : [named]), ...BROWSERS].find(existsSync);
  if (found !== undefined) return found;
  const apt = (...args: readonly string[]): void => {
    execFileSync('apt-get', args, {
      stdio: 'ignore',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  };
  apt('update');
  apt('install', '-y', 'chromium', 'fonts-noto-color-emoji');
  return '/usr/bin/chromium';
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
