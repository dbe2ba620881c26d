/** A builder in a container: made because the engine cannot do what is asked for, and gone after the job. */
import { afterAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { isBefore, parseBuildxVersion } from '../../src/image/buildx.ts';
import type { StepOptions, StepResult } from '../../runner/step.ts';
import { startActionsCache, type ActionsCache } from '../../simulator/front/github/actions-cache/server.ts';
import { cacheToken } from '../../simulator/front/github/actions-cache/token.ts';
import { accepted, expectGreen, expectRed, mutations } from '../e2e/world.ts';
import { startEngineWithBuildkit, type EngineWithBuildkit } from './buildkit.ts';
import { given } from './given.ts';
import {
  HOST,
  dockerfile,
  everythingOf,
  inADockerWorld,
  inspect,
  run,
  tagsOf,
  type DockerWorld,
} from './world.ts';

const started = await startEngineWithBuildkit();
const isThere = !('whyNot' in started);
if (!isThere) process.stdout.write(`SKIPPED: a builder in a container: ${started.whyNot}.\n`);

/** Only a newer buildx tells BuildKit of the second version of GitHub's cache service. */
const buildx = parseBuildxVersion(execFileSync(given().buildx, ['version'], { encoding: 'utf8' }));
const speaksV2 = !isBefore(buildx, { major: 0, minor: 21 });
if (!speaksV2) process.stdout.write("SKIPPED: the second version of GitHub's cache needs buildx 0.21.\n");

function ready(): EngineWithBuildkit {
  if ('whyNot' in started) throw new Error(started.whyNot);
  return started;
}

afterAll(async () => {
  if (isThere) await started.engine.stop();
});

const FILES = { Dockerfile: dockerfile(run('echo slow > /slow'), run('echo slower > /slower')) };

/** Runs the bundle with the plain engine; nothing of a builder may be left afterwards. */
async function step(
  world: DockerWorld,
  inputs: Readonly<Record<string, string>>,
  options: StepOptions = {},
): Promise<StepResult> {
  const { engine, image } = ready();
  const result = await world.step(
    { 'buildkit-image': image, 'reuse-image': 'false', ...inputs },
    { ...options, env: { DOCKER_HOST: engine.host, ...options.env } },
  );
  expect(result.post.log).toMatch(/Removed builder ecs-fargate-deploy-[0-9a-f]{8}\./);
  expect(await engine.leftovers()).toEqual([]);
  return result;
}

/** Containers and volumes of the engine at this very moment. */
function present(): string[] {
  const { engine } = ready();
  const ask = (...args: string[]): string =>
    execFileSync(join(given().bin, 'docker'), args, { encoding: 'utf8', env: { DOCKER_HOST: engine.host } });
  const all = `${ask('ps', '--format', '{{.Names}} {{.Image}}')}${ask('volume', 'ls', '--format', '{{.Name}}')}`;
  return all.split('\n').filter((line) => line !== '');
}

(isThere ? describe : describe.skip)('a builder in a container', () => {
  test('builds what plain Docker cannot, and what it pushed is deployed', () =>
    inADockerWorld({}, async (world) => {
      const inputs = {
        context: await world.context('multi', { Dockerfile: dockerfile() }),
        platforms: 'linux/amd64, linux/arm64',
        provenance: 'mode=max',
        cache: 'registry',
      };
      let seen: string[] = [];
      const first = await step(world, inputs, { beforePost: () => void (seen = present()) });
      expectGreen(first, 'succeeded');
      expect(first.log).toContain(
        'cannot do what is asked for (several platforms, writing a cache, provenance)',
      );
      const [, name = ''] =
        /Builder: (ecs-fargate-deploy-[0-9a-f]{8}), made for this run/.exec(first.log) ?? [];
      expect(seen).toEqual([`buildx_buildkit_${name}0 ${ready().image}`, `buildx_buildkit_${name}0_state`]);

      const { digest, manifest } = await inspect(world.repository, world.sha);
      const architectures = manifest.manifests?.map(({ platform }) => platform?.architecture);
      expect(architectures).toEqual(['amd64', 'arm64', 'unknown', 'unknown']);
      expect(await tagsOf(world.repository)).toEqual([world.sha, 'buildcache'].sort());
      expect(first.outputs['image-digest']).toBe(digest);
      const [registered] = accepted(world.sim, 'RegisterTaskDefinition');
      expect(registered?.body).toMatchObject({
        containerDefinitions: [{ image: `${HOST}/${world.repository}@${digest ?? ''}` }],
      });
    }));

  test('has nothing in it, and takes its steps from the cache in the registry', () =>
    inADockerWorld({}, async (world) => {
      const inputs = { context: await world.context('cached', FILES), cache: 'registry' };
      const first = await step(world, inputs);
      expectGreen(first, 'succeeded');
      expect(first.report.build?.steps).toEqual({ total: 3, cached: 0 });
      const second = await step(world, inputs);
      expectGreen(second, 'unchanged');
      expect(second.report.build?.steps).toEqual({ total: 3, cached: 3 });
      expect(second.outputs['image-digest']).toBe(first.outputs['image-digest']);
    }));

  test('has the cache of GitHub Actions', () =>
    inADockerWorld({}, async (world) => {
      const requests = await withGitHubCache(world, ({ url }) => ({ ACTIONS_CACHE_URL: url }));
      expect(requests).toContain('POST /_apis/artifactcache/caches 201');
    }));

  (speaksV2 ? test : test.skip)('has the second version of that cache', () =>
    inADockerWorld({}, async (world) => {
      const requests = await withGitHubCache(world, ({ url }) => ({
        ACTIONS_RESULTS_URL: url,
        ACTIONS_CACHE_SERVICE_V2: 'true',
      }));
      expect(requests).toContain(
        'POST /twirp/github.actions.results.api.v1.CacheService/CreateCacheEntry 200',
      );
    }),
  );

  test.each([
    ['this account', HOST],
    ['another account', HOST.replace('123456789012', '210987654321')],
  ])('comes from a registry of %s, which the run logs in to', (_whose, host) =>
    inADockerWorld({}, async (world) => {
      const reference = await pushed(world, host);
      try {
        const inputs = {
          context: await world.context('any', { Dockerfile: dockerfile() }),
          provenance: 'true',
          'buildkit-image': reference,
        };
        let seen: string[] = [];
        const result = await step(world, inputs, { beforePost: () => void (seen = present()) });
        expectGreen(result, 'succeeded');
        expect(seen[0]).toContain(` ${reference}`);
      } finally {
        await ready()
          .engine.docker('rmi', '--force', reference)
          .catch(() => undefined);
      }
    }),
  );

  test('is gone after a build that failed', () =>
    inADockerWorld({}, async (world) => {
      const context = await world.context('wrong', { Dockerfile: dockerfile(run('echo no good; exit 3')) });
      const result = await step(world, { context, provenance: 'true' });
      expectRed(result, 'failed', 'build-failed');
      expect(result.errors[0]).toContain('exit code: 3');
      expect([mutations(world.sim), await tagsOf(world.repository)]).toEqual([[], []]);
    }));

  test.each([
    ['its start', /booting buildkit/, 0],
    ['a build', /#\d+ [\d.]+ begun/, 2],
  ])('is gone after %s was cancelled', (_what, moment, least) =>
    inADockerWorld({}, async (world) => {
      const script = 'echo begun; /bin/busybox sleep 987';
      const context = await world.context('slow', { Dockerfile: dockerfile(run(script)) });
      let seen: string[] | undefined;
      const result = await step(
        world,
        { context, provenance: 'true' },
        {
          onOutput: (log, kill) => {
            if (seen !== undefined || !moment.test(log)) return;
            seen = present();
            kill('SIGINT');
          },
        },
      );
      expectRed(result, 'cancelled', 'cancelled');
      expect(seen?.length).toBeGreaterThanOrEqual(least);
      expect([mutations(world.sim), await tagsOf(world.repository)]).toEqual([[], []]);
    }),
  );

  test("is the user's own where that is the current one, and stays", () =>
    inADockerWorld(
      {
        prepare: async (docker) => {
          const { engine, image } = ready();
          const made = ['--driver', 'docker-container', '--driver-opt', `image=${image}`];
          await docker('buildx', 'create', '--name', 'theirs', ...made, engine.host);
          // For every engine, not only for the one of the moment.
          await docker('buildx', 'use', '--global', 'theirs');
        },
      },
      async (world) => {
        const { engine } = ready();
        const context = await world.context('multi', { Dockerfile: dockerfile() });
        const result = await world.step(
          { context, platforms: 'linux/amd64, linux/arm64' },
          { env: { DOCKER_HOST: engine.host } },
        );
        expectGreen(result, 'succeeded');
        expect(result.log).toContain('Builder: theirs (docker-container), the current one.');
        const container = 'buildx_buildkit_theirs0';
        expect(await engine.leftovers()).toEqual([container, `${container}_state`]);
        await engine.docker('rm', '--force', container);
        await engine.docker('volume', 'rm', `${container}_state`);
      },
    ));
});

/** Two builds with a cache service of their own, the second of which has all from there. Resolves to its calls. */
async function withGitHubCache(
  world: DockerWorld,
  variables: (cache: ActionsCache) => Record<string, string>,
): Promise<readonly string[]> {
  const cache = await startActionsCache(given().address);
  const token = cacheToken([{ scope: 'refs/heads/main', may: 'read and write' }]);
  const env = { ACTIONS_RUNTIME_TOKEN: token, ...variables(cache) };
  try {
    const inputs = { context: await world.context('cached', FILES), cache: 'gha' };
    const first = await step(world, inputs, { env });
    expectGreen(first, 'succeeded');
    expect(new Set(cache.entries.map(({ scope }) => scope))).toEqual(new Set(['refs/heads/main']));
    const second = await step(world, inputs, { env });
    expectGreen(second, 'unchanged');
    expect(second.report.build?.steps).toEqual({ total: 3, cached: 3 });
    expect([first, second].map(everythingOf).join('\n')).not.toContain(token);
    return cache.requests;
  } finally {
    await cache.close();
  }
}

/** BuildKit in a repository of the registry, and no longer in the engine; resolves to its reference. */
async function pushed({ sim }: DockerWorld, host: string): Promise<string> {
  const { registry } = given();
  const { engine, image } = ready();
  const name = 'tools/buildkit';
  sim.world.registry.create(name, 'MUTABLE', []);
  const reference = `${host}/${name}:tests`;
  await engine.docker('login', '--username', registry.username, '--password', registry.password, host);
  await engine.docker('tag', image, reference);
  await engine.docker('push', '--quiet', reference);
  await engine.docker('rmi', reference);
  await engine.docker('logout', host);
  return reference;
}
