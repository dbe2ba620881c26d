import { describe, expect, test } from '@jest/globals';
import { accepted, expectGreen, expectRed } from '../e2e/world.ts';
import { testInContainerd } from './given.ts';
import { HOST, dockerfile, inADockerWorld, inspect, run, tagsOf, type DockerWorld } from './world.ts';

/** A build of the same commit gives another image: only one that is used again has the same digest. */
function unique(world: DockerWorld): Promise<string> {
  return world.context('unique', {
    Dockerfile: dockerfile(run('/bin/busybox cat /proc/sys/kernel/random/uuid > /id')),
  });
}

const pushes = ({ endpoint }: DockerWorld): string[] =>
  endpoint.requests.filter((request) => /^(PUT|POST|PATCH) /.test(request));

describe('a second run of the same commit', () => {
  test.each([['mutable'], ['immutable']])('with the same inputs builds nothing (%s tags)', (kind) =>
    inADockerWorld({ immutable: kind === 'immutable' }, async (world) => {
      const { sim, step, repository, sha } = world;
      const inputs = { context: await unique(world), 'build-args': 'A=1' };
      const first = await step(inputs);
      expectGreen(first, 'succeeded');
      const before = [pushes(world).length, accepted(sim, 'GetAuthorizationToken').length];
      const again = await step(inputs);
      expectGreen(again, 'unchanged');
      expect(again.outputs['image']).toBe(first.outputs['image']);
      expect(again.report.build).toMatchObject({ reused: true, seconds: 0 });
      expect([pushes(world).length, accepted(sim, 'GetAuthorizationToken').length]).toEqual(before);
      expect((await tagsOf(repository)).map((tag) => tag.replace(/-[0-9a-f]{12}$/, '-hash'))).toEqual([
        sha,
        `${sha}-hash`,
      ]);
    }),
  );

  test('with other inputs builds again; an immutable tag of the commit stays, and the log says so', () =>
    inADockerWorld({ immutable: true }, async (world) => {
      const { step, repository, sha } = world;
      const context = await unique(world);
      const first = await step({ context });
      const other = await step({ context, 'build-args': 'A=1' });
      expectGreen(other, 'succeeded');
      expect(other.outputs['image-digest']).not.toBe(first.outputs['image-digest']);
      expect((await inspect(repository, sha)).digest).toBe(first.outputs['image-digest']);
      expect(other.report.image?.tag).toMatch(new RegExp(`^${sha}-[0-9a-f]{12}$`));
      expect(other.log).toContain(
        `Tag ${sha} exists already, built from this commit with other files or inputs, and cannot be moved`,
      );
      const third = await step({ context, 'build-args': 'A=1' });
      expect(third.outputs['image-digest']).toBe(other.outputs['image-digest']);
      expect(third.report.build?.reused).toBe(true);
    }));

  test('with other inputs moves a mutable tag of the commit', () =>
    inADockerWorld({}, async (world) => {
      const { step, repository, sha } = world;
      const context = await unique(world);
      await step({ context });
      const other = await step({ context, target: '', 'image-labels': 'a=b' });
      expect((await inspect(repository, sha)).digest).toBe(other.outputs['image-digest']);
    }));

  test('gives the image further tags without building it', () =>
    inADockerWorld({}, async (world) => {
      const { step, repository } = world;
      const context = await unique(world);
      const first = await step({ context });
      const tagged = await step({ context, 'push-tags': `v1, ${HOST}/${repository}:stable` });
      expectGreen(tagged, 'unchanged');
      expect(tagged.report.build?.reused).toBe(true);
      for (const tag of ['v1', 'stable']) {
        expect((await inspect(repository, tag)).digest).toBe(first.outputs['image-digest']);
      }
    }));

  test('does build where images are not to be used again', () =>
    inADockerWorld({}, async (world) => {
      const { step, repository, sha } = world;
      const inputs = { context: await unique(world), 'reuse-image': 'false', 'no-cache': 'true' };
      const first = await step(inputs);
      const second = await step(inputs);
      expectGreen(second, 'succeeded');
      expect(second.outputs['image-digest']).not.toBe(first.outputs['image-digest']);
      expect(await tagsOf(repository)).toEqual([sha]);
    }));

  test('is refused before the build where nothing could be pushed', () =>
    inADockerWorld({ immutable: true }, async (world) => {
      const { step, sha } = world;
      const inputs = { context: await unique(world), 'reuse-image': 'false' };
      expectGreen(await step(inputs), 'succeeded');
      const before = pushes(world).length;
      const again = await step(inputs);
      expectRed(again, 'failed', 'preflight-failed');
      expect(again.outputs['message']).toContain(`Tag ${sha} of ECR repository`);
      expect(pushes(world)).toHaveLength(before);
    }));
});

describe('immutable tags', () => {
  test('of a name that was asked for are found before the build', () =>
    inADockerWorld({ immutable: true }, async (world) => {
      const { step } = world;
      const context = await unique(world);
      expectGreen(await step({ context, 'push-tags': 'v1' }), 'succeeded');
      const before = pushes(world).length;
      const again = await step({ context, 'push-tags': 'v1', 'build-args': 'A=1' });
      expectRed(again, 'failed', 'preflight-failed');
      expect(again.outputs['message']).toContain('Tag v1 of ECR repository');
      expect(pushes(world)).toHaveLength(before);
    }));

  test('do not go with a cache in the repository', () =>
    inADockerWorld({ immutable: true }, async (world) => {
      const { step, endpoint } = world;
      const result = await step({ context: await unique(world), cache: 'registry' });
      expectRed(result, 'failed', 'preflight-failed');
      expect(result.errors[0]).toContain('Exclude the tag buildcache from immutability');
      expect(endpoint.requests).toEqual([]);
    }));

  testInContainerd('go with a cache in the repository whose tag is excluded', () =>
    inADockerWorld({ immutable: true, exceptions: ['build*'] }, async (world) => {
      const { step, repository } = world;
      const inputs = { context: await unique(world), cache: 'registry' };
      expectGreen(await step(inputs), 'succeeded');
      expectGreen(await step({ ...inputs, 'build-args': 'A=1' }), 'succeeded');
      expect(await tagsOf(repository)).toContain('buildcache');
    }),
  );
});
