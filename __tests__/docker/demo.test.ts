import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { command } from '../../runner/docker/command.ts';
import { DEMO, KEPT_DEMO } from '../../runner/docker/leftovers.ts';
import { PYTHON_BASE } from '../../runner/docker/python-base.ts';
import { given, pythonBase } from './given.ts';
import { ROOT, inADockerWorld, type DockerWorld } from './world.ts';

test('the demonstration builds backend/ where Docker works, and deploys that commit', () =>
  inADockerWorld({}, async (world) => {
    await pythonBase();
    const commit = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim();
    const before = await containers(world);
    await keepingTheirs(world, async () => {
      const shown = await demonstration(world);
      expect(shown).toContain(`is built for real: backend/ at ${commit}`);
      expect(shown).toContain(`GET /health  {"status":"ok"}`);
      expect(shown).toContain(`GET /version  {"version":"${commit}"}`);
      expect(shown).toContain(`image-tag: ${commit}`);
      expect(shown).toContain('The step is green: succeeded.');
    });
    expect(await containers(world)).toEqual(before);
  }));

/** As a person at a shell runs it, whose Docker writes what it writes. */
async function demonstration({ folder }: DockerWorld): Promise<string> {
  const { bin, dockerHost, buildx } = given();
  const home = join(folder, 'person');
  await mkdir(join(home, '.docker', 'cli-plugins'), { recursive: true });
  await symlink(buildx, join(home, '.docker', 'cli-plugins', 'docker-buildx'));
  return command(process.execPath, ['demo/main.ts'], {
    cwd: ROOT,
    env: {
      HOME: home,
      DOCKER_HOST: dockerHost,
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
      PYTHON_IMAGE: PYTHON_BASE,
    },
  });
}

/** The engine may be one on which a person has tried the demonstration: that image is there again afterwards. */
async function keepingTheirs({ docker }: DockerWorld, action: () => Promise<void>): Promise<void> {
  const had = (await docker('image', 'ls', '--quiet', DEMO)) !== '';
  if (had) await docker('tag', DEMO, KEPT_DEMO);
  try {
    await action();
  } finally {
    await docker('image', 'rm', '--force', DEMO);
    if (had) await docker('tag', KEPT_DEMO, DEMO);
    if (had) await docker('image', 'rm', KEPT_DEMO);
  }
}

async function containers({ docker }: DockerWorld): Promise<string> {
  return docker('ps', '--all', '--quiet');
}
