import { describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { expectGreen } from '../e2e/world.ts';
import { testInContainerd } from './given.ts';
import { HOST, dockerfile, forgetSteps, inADockerWorld, inspect, run, tagsOf } from './world.ts';

describe('a build', () => {
  test('is one plain manifest', () =>
    inADockerWorld({}, async ({ step, repository, sha, context }) => {
      const folder = await context('plain', { Dockerfile: dockerfile() });
      expectGreen(await step({ context: folder }), 'succeeded');
      expect((await inspect(repository, sha)).manifest.manifests).toBeUndefined();
    }));

  testInContainerd('is an index where attestations are asked for', () =>
    inADockerWorld({}, async ({ step, repository, sha, context }) => {
      const folder = await context('plain', { Dockerfile: dockerfile() });
      expectGreen(await step({ context: folder }), 'succeeded');
      const attested = await step({ context: folder, provenance: 'mode=max', 'reuse-image': 'false' });
      expectGreen(attested, 'succeeded');
      const { manifest } = await inspect(repository, sha);
      expect(manifest.manifests?.map(({ platform }) => platform?.architecture)).toEqual(['amd64', 'unknown']);
    }),
  );

  testInContainerd('for two platforms is an index of both, and is proven by one of its manifests', () =>
    inADockerWorld({}, async ({ step, repository, sha, context }) => {
      const folder = await context('multi', { Dockerfile: dockerfile() });
      const result = await step({ context: folder, platforms: 'linux/amd64, linux/arm64' });
      expectGreen(result, 'succeeded');
      const { manifest, digest } = await inspect(repository, sha);
      expect(manifest.manifests?.map(({ platform }) => platform?.architecture)).toEqual(['amd64', 'arm64']);
      expect(result.outputs['image-digest']).toBe(digest);
      expect(result.report.build?.platforms).toEqual(['linux/amd64', 'linux/arm64']);
    }),
  );

  test('gets the tags, the labels, the target and the file that are asked for', () =>
    inADockerWorld({}, async ({ step, repository, context, folder }) => {
      await context('many', {
        'deploy/Dockerfile': [
          'FROM scratch AS wanted',
          'ARG COLOUR',
          'COPY busybox /bin/busybox',
          'LABEL colour=$COLOUR',
          'FROM wanted AS other',
          'LABEL other=yes',
          '',
        ].join('\n'),
      });
      const result = await step({
        context: join(folder, 'many'),
        file: join(folder, 'many', 'deploy', 'Dockerfile'),
        target: 'wanted',
        'build-args': 'COLOUR=a "b" $c, d=e',
        'push-tags': `latest, ${HOST}/${repository}:v1`,
        'image-labels': 'com.example.team=video\norg.opencontainers.image.title=Mine',
        'reuse-image': 'false',
      });
      expectGreen(result, 'succeeded');
      expect(await tagsOf(repository)).toEqual(['latest', 'v1']);
      const labels = (await inspect(repository, 'v1')).config.config?.Labels ?? {};
      expect(labels).toMatchObject({
        colour: 'a "b" $c, d=e',
        'com.example.team': 'video',
        'org.opencontainers.image.title': 'Mine',
        'org.opencontainers.image.version': 'latest',
      });
      expect(labels).not.toHaveProperty('other');
      expect(JSON.stringify(result.report)).not.toContain('a \\"b\\" $c');
    }));

  testInContainerd('with a cache in the registry takes its steps from there', () =>
    inADockerWorld({}, async (world) => {
      const { step, repository, context } = world;
      const folder = await context('cached', {
        Dockerfile: dockerfile(run(`echo ${repository} > /slow`), run(`echo ${repository} > /slower`)),
      });
      const inputs = { context: folder, cache: 'registry', 'reuse-image': 'false' };
      expectGreen(await step(inputs), 'succeeded');
      expect(await tagsOf(repository)).toContain('buildcache');
      await forgetSteps(world, repository);
      const again = await step(inputs);
      expectGreen(again, 'unchanged');
      expect(again.report.build?.steps).toEqual({ total: 3, cached: 3 });
      expect(again.log).toContain('3 of 3 steps came out of a cache');
    }),
  );
});
