import { describe, expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expectGreen, expectRed } from '../e2e/world.ts';
import { given } from './given.ts';
import { HOST, dockerfile, inADockerWorld } from './world.ts';

describe('the Docker configuration of a run', () => {
  test('is private, holds the token for the time of the run only, and keeps what the user has', () =>
    inADockerWorld({}, async ({ step, context }) => {
      let seen:
        | Promise<{ mode: number; folderMode: number; config: Record<string, unknown>; path: string }>
        | undefined;
      const result = await step(
        { context: await context('any', { Dockerfile: dockerfile() }) },
        {
          onOutput: (log) => {
            const folder = /--metadata-file (\S+)\/metadata\.json/.exec(log)?.[1];
            if (folder !== undefined) seen ??= look(folder);
          },
        },
      );
      expectGreen(result, 'succeeded');
      const { mode, folderMode, config, path } = (await seen)!;
      expect([mode & 0o777, folderMode & 0o777]).toEqual([0o600, 0o700]);
      expect(config).toMatchObject({ detachKeys: 'ctrl-e,e' });
      expect(Object.keys(config['auths'] as object).sort()).toEqual([HOST, 'registry.example.com']);
      expect(config).not.toHaveProperty(['credHelpers', HOST]);
      expect(result.post).toMatchObject({ exitCode: 0 });
      expect(result.post.log).toContain('Removed the credentials of the build.');
      expect(existsSync(path)).toBe(false);
    }));

  test('has the contexts and the builders of the user', () =>
    inADockerWorld(
      {
        prepare: async (docker) => {
          await docker('context', 'create', 'mine', '--docker', `host=${given().dockerHost}`);
          await docker('context', 'use', 'mine');
        },
      },
      async ({ step, context }) => {
        const folder = await context('any', { Dockerfile: dockerfile() });
        const options = { env: { DOCKER_HOST: '' } };
        expectGreen(await step({ context: folder }, options), 'succeeded');
      },
    ));

  test('has the current builder of the user, which is left as it is', () =>
    inADockerWorld(
      {
        prepare: async (docker) => {
          const image = 'image=127.0.0.1:1/no/buildkit:1';
          await docker('buildx', 'create', '--name', 'theirs', '--use', '--driver-opt', image);
        },
      },
      async ({ step, context }) => {
        const result = await step({ context: await context('any', { Dockerfile: dockerfile() }) });
        // Its image cannot be had here, which is how we know that it was this one.
        expectRed(result, 'failed', 'build-failed');
        expect(result.log).toContain('Builder: theirs (docker-container), the current one.');
        expect(result.outputs['message']).toContain('127.0.0.1:1');
        expect(result.post.log).not.toContain('Removed builder');
      },
    ));

  test('lets a builder of ours go again, whatever became of it', () =>
    inADockerWorld({}, async ({ step, context, home }) => {
      const result = await step({
        context: await context('any', { Dockerfile: dockerfile() }),
        // A cache in S3 is beyond the docker driver, and without containerd any cache that is written.
        'cache-to': 'type=s3,region=us-east-1,bucket=none,name=x',
        'buildkit-image': '127.0.0.1:1/no/buildkit:1',
      });
      expectRed(result, 'failed', 'build-failed');
      expect(result.outputs['message']).toMatch(/^A builder could not be started: /);
      const because = given().containerdStore ? 'a cache in s3' : 'writing a cache';
      expect(result.log).toContain(`cannot do what is asked for (${because})`);
      expect(result.post.log).toMatch(/Removed builder ecs-fargate-deploy-[0-9a-f]{8}\./);
      expect(await readdir(join(home, '.docker'))).toEqual(['cli-plugins', 'config.json']);
    }));
});

async function look(
  folder: string,
): Promise<{ mode: number; folderMode: number; config: Record<string, unknown>; path: string }> {
  const path = join(folder, 'config.json');
  const [file, own, text] = await Promise.all([stat(path), stat(folder), readFile(path, 'utf8')]);
  return { mode: file.mode, folderMode: own.mode, config: JSON.parse(text) as Record<string, unknown>, path };
}
