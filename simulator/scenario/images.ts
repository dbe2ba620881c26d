import type { ImageBehaviour } from '../state/image-behaviour.ts';

const traceback = [
  'Traceback (most recent call last):',
  '  File "/app/main.py", line 12, in <module>',
  '    settings = Settings()',
  'RuntimeError: DATABASE_URL is not set',
];

/** What a tag's first word promises: `crash-1` crashes, `slow-2026` is slow. README.md shows this table. */
const conventions = {
  crash: { exit: { afterSeconds: 3, code: 1 }, lastWords: traceback },
  latecrash: { exit: { afterSeconds: 75, code: 1 }, lastWords: traceback },
  oom: { exit: { afterSeconds: 4, code: 137, outOfMemory: true }, logs: ['Loading the model into memory'] },
  unhealthy: { targetHealth: { kind: 'status-mismatch', status: 502 } },
  silent: { targetHealth: { kind: 'timeout' } },
  sick: { containerHealth: { status: 'UNHEALTHY', afterSeconds: 15 } },
  slow: { targetHealth: { kind: 'healthy', afterSeconds: 150 } },
  missing: { pullFailure: 'not-found' },
  denied: { pullFailure: 'denied' },
  ratelimited: { pullFailure: 'rate-limited' },
  unreachable: { pullFailure: 'unreachable' },
  wrongplatform: { pullFailure: 'wrong-platform' },
  nospace: { pullFailure: 'no-space' },
  secretless: { startFailure: 'secret-missing' },
  logless: { startFailure: 'log-group-missing' },
  noexec: { startFailure: 'no-executable' },
  badcommand: { exit: { afterSeconds: 1, code: 127 }, lastWords: ['/bin/sh: 1: unicorn: not found'] },
  execformat: {
    exit: { afterSeconds: 1, code: 255 },
    lastWords: ['exec /usr/local/bin/uvicorn: exec format error'],
  },
  error500: { http: { healthStatus: 500, versionStatus: 500 } },
  stale: { version: 'v0' },
  clinging: { neverDrains: true },
} as const satisfies Record<string, ImageBehaviour>;

export type Convention = keyof typeof conventions;

/** Every word that a tag can begin with, in the order of the table. */
export const conventionNames = Object.keys(conventions) as Convention[];

/** The behaviour that a tag promises by its first word, or undefined for an ordinary tag. */
export function behaviourByConvention(tag: string): ImageBehaviour | undefined {
  const word = tag.split('-')[0] ?? tag;
  return conventionNames.includes(word as Convention) ? conventions[word as Convention] : undefined;
}
