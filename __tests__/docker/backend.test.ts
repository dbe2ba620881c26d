import { describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PYTHON_BASE } from '../../runner/docker/python-base.ts';
import { expectGreen, production } from '../e2e/world.ts';
import { pythonBase } from './given.ts';
import { HOST, ROOT, inADockerWorld, inspect } from './world.ts';

describe('a build', () => {
  test('of backend/ is pushed and deployed by its digest, and runs that commit', () =>
    inADockerWorld({}, async ({ sim, step, repository, docker }) => {
      await pythonBase();
      // The commit is that of the work tree, whatever the event that started the job is about.
      const sha = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim();
      const url = sim.loadBalancers['web']?.url ?? '';
      const result = await step({
        context: join(ROOT, 'backend'),
        'build-args': `GIT_SHA=${sha}\nPYTHON_IMAGE=${PYTHON_BASE}`,
        'health-check-url': `${url}/version`,
        'health-check-json': `version=${sha}`,
      });
      expectGreen(result, 'succeeded');
      const pushed = await inspect(repository, sha);
      expect(result.outputs).toMatchObject({
        image: `${HOST}/${repository}@${pushed.digest ?? ''}`,
        'image-digest': pushed.digest,
        registry: HOST,
      });
      expect(production(sim)).toBe('backend:2 COMPLETED');
      expect(result.report.services[0]?.gates).toContainEqual(
        expect.objectContaining({ gate: 'digest', state: 'passed' }),
      );
      expect(pushed.config.config?.Labels).toMatchObject({
        'org.opencontainers.image.source': 'https://github.com/octo-org/video',
        'org.opencontainers.image.revision': sha,
        'org.opencontainers.image.version': sha,
        'org.opencontainers.image.title': 'video',
      });
      expect(result.report.build).toMatchObject({
        reused: false,
        digest: pushed.digest,
        platforms: ['linux/amd64'],
        sizeBytes: expect.any(Number),
        tags: [
          `${HOST}/${repository}:${sha}`,
          expect.stringMatching(`^${HOST}/${repository}:${sha}-[0-9a-f]{12}$`),
        ],
      });
      expect(result.summary).toContain(pushed.digest);
      const image = result.outputs['image'] ?? '';
      const { health, version } = await answersOf(docker, image);
      expect(health).toMatchObject({ status: 'ok' });
      expect(JSON.stringify(version)).toContain(sha);
    }));
});

/** What a container of the image answers, on the port that it has in ECS. */
async function answersOf(
  docker: (...args: string[]) => Promise<string>,
  image: string,
): Promise<{ health: unknown; version: unknown }> {
  const container = (
    await docker('run', '--detach', '--network', 'host', '--read-only', '--tmpfs', '/tmp', image)
  ).trim();
  try {
    const ask = async (path: string): Promise<unknown> =>
      (await fetch(`http://127.0.0.1:8000${path}`)).json();
    for (let count = 0; !(await isUp()); count += 1) {
      if (count === 100)
        throw new Error(`The container does not answer:\n${await docker('logs', container)}`);
      await sleep(100);
    }
    return { health: await ask('/health'), version: await ask('/version') };
  } finally {
    await docker('rm', '--force', container);
  }
}

async function isUp(): Promise<boolean> {
  return fetch('http://127.0.0.1:8000/health').then(
    () => true,
    () => false,
  );
}
