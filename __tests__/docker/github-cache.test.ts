/** `cache: gha`: the cache of GitHub Actions, with a service that answers as GitHub's does. */
import { describe, expect } from '@jest/globals';
import { createHash } from 'node:crypto';
import { startActionsCache, type ActionsCache } from '../../simulator/front/github/actions-cache/server.ts';
import { cacheToken } from '../../simulator/front/github/actions-cache/token.ts';
import { expectGreen } from '../e2e/world.ts';
import { given, testOnOwnEngine } from './given.ts';
import { dockerfile, everythingOf, inADockerWorld, run, type DockerWorld } from './world.ts';

const MAIN = 'refs/heads/main';
const FILES = { Dockerfile: dockerfile(run('echo slow > /slow'), run('echo slower > /slower')) };
const STEPS = 3;

const TOKEN = cacheToken([{ scope: MAIN, may: 'read and write' }]);

/** What the runner gives to a step. */
function jobOf({ url }: Pick<ActionsCache, 'url'>, token = TOKEN): Record<string, string> {
  return { ACTIONS_CACHE_URL: url, ACTIONS_RUNTIME_TOKEN: token };
}

/** A world with the cache service of its repository. */
function withACache(test: (world: DockerWorld, cache: ActionsCache) => Promise<void>): Promise<void> {
  return inADockerWorld({}, async (world) => {
    const cache = await startActionsCache(given().address);
    try {
      await test(world, cache);
    } finally {
      await cache.close();
    }
  });
}

/** A build with the cache, on a builder that has forgotten everything. */
async function build(
  { step, context, docker }: DockerWorld,
  env: Record<string, string>,
  inputs: Record<string, string> = {},
): ReturnType<DockerWorld['step']> {
  await docker('builder', 'prune', '--all', '--force');
  const folder = await context('cached', FILES);
  const result = await step({ context: folder, cache: 'gha', 'reuse-image': 'false', ...inputs }, { env });
  expect(everythingOf(result)).not.toContain(env['ACTIONS_RUNTIME_TOKEN']);
  return result;
}

/** The name under which BuildKit keeps what belongs to a scope, in a branch. */
function indexOf(scope: string, branch: string): string {
  return `index-${scope}-1-${createHash('sha256').update(branch).digest('hex').slice(0, 8)}`;
}

const keysOf = ({ entries }: ActionsCache): string[] => entries.map(({ key }) => key);

/** Kinds of calls that change the cache. */
const writes = ({ requests }: ActionsCache): string[] => requests.filter((line) => !line.startsWith('GET '));

describe('the cache of GitHub Actions', () => {
  testOnOwnEngine('is written by a build, and the next one takes its steps from there', () =>
    withACache(async (world, cache) => {
      const first = await build(world, jobOf(cache));
      expectGreen(first, 'succeeded');
      expect(first.report.build?.steps).toEqual({ total: STEPS, cached: 0 });
      const keys = keysOf(cache);
      const scope = `${world.repository.replace('/', '-')}-linux-amd64`;
      expect(keys.filter((key) => key.startsWith('index-'))).toEqual([`${indexOf(scope, MAIN)}#1`]);
      expect(keys.filter((key) => key.startsWith('buildkit-blob-1-sha256:'))).toHaveLength(STEPS);
      expect(new Set(cache.entries.map((entry) => entry.scope))).toEqual(new Set([MAIN]));

      const second = await build(world, jobOf(cache));
      expectGreen(second, 'unchanged');
      expect(second.report.build?.steps).toEqual({ total: STEPS, cached: STEPS });
      expect(second.log).toContain(`${STEPS} of ${STEPS} steps came out of a cache`);
      expect(second.outputs['image-digest']).toBe(first.outputs['image-digest']);
    }),
  );

  testOnOwnEngine('is one for each set of platforms', () =>
    withACache(async (world, cache) => {
      const files = { Dockerfile: dockerfile() };
      const inputs = { context: await world.context('two', files), platforms: 'linux/amd64, linux/arm64' };
      expectGreen(await build(world, jobOf(cache), inputs), 'succeeded');
      const scope = `${world.repository.replace('/', '-')}-linux-amd64-linux-arm64`;
      expect(keysOf(cache)).toContain(`${indexOf(scope, MAIN)}#1`);
    }),
  );

  testOnOwnEngine('is read, and not written, by a job that may not', () =>
    withACache(async (world, cache) => {
      const job = { ...jobOf(cache), ACTIONS_CACHE_MODE: 'read' };
      expectGreen(await build(world, job), 'succeeded');
      expect([writes(cache), keysOf(cache)]).toEqual([[], []]);

      expectGreen(await build(world, jobOf(cache)), 'succeeded');
      const before = [writes(cache).length, cache.entries.length];
      const read = await build(world, job);
      expectGreen(read, 'unchanged');
      expect(read.report.build?.steps).toEqual({ total: STEPS, cached: STEPS });
      expect([writes(cache).length, cache.entries.length]).toEqual(before);
    }),
  );

  testOnOwnEngine('of a branch is read by a job of another one, which has its own', () =>
    withACache(async (world, cache) => {
      expectGreen(await build(world, jobOf(cache)), 'succeeded');
      const token = cacheToken([
        { scope: MAIN, may: 'read' },
        { scope: 'refs/pull/7/merge', may: 'read and write' },
      ]);
      const branch = await build(world, jobOf(cache, token));
      expect(branch.report.build?.steps).toEqual({ total: STEPS, cached: STEPS });
      const scope = `${world.repository.replace('/', '-')}-linux-amd64`;
      const own = cache.entries.filter((entry) => entry.scope !== MAIN);
      expect(own.map(({ key }) => key)).toEqual([`${indexOf(scope, 'refs/pull/7/merge')}#1`]);
    }),
  );

  const spoilt: readonly [string, (cache: ActionsCache) => Promise<void> | void][] = [
    ['answers with an error', (cache) => void (cache.failing = 500)],
    ['does not answer', (cache) => cache.close()],
  ];
  for (const [what, spoil] of spoilt) {
    testOnOwnEngine(`does not fail a build where it ${what}`, () =>
      withACache(async (world, cache) => {
        await spoil(cache);
        const result = await build(world, jobOf(cache));
        expectGreen(result, 'succeeded');
        expect(result.report.build?.steps).toEqual({ total: STEPS, cached: 0 });
        expect(keysOf(cache)).toEqual([]);
      }),
    );
  }

  testOnOwnEngine('does not fail a build whose token it does not let write', () =>
    withACache(async (world, cache) => {
      const token = cacheToken([{ scope: MAIN, may: 'read' }]);
      expectGreen(await build(world, jobOf(cache, token)), 'succeeded');
      expect(cache.requests).toContain('POST /_apis/artifactcache/caches 403');
      expect(keysOf(cache)).toEqual([]);
    }),
  );
});
