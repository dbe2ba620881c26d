import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { command } from '../../runner/docker/command.ts';
import { given, pythonBase } from './given.ts';
import { ROOT, inADockerWorld } from './world.ts';

test('the demonstration builds backend/ where Docker works, and deploys that commit', () =>
  inADockerWorld({}, async ({ folder, docker }) => {
    await pythonBase();
    const { bin, dockerHost, buildx } = given();
    // The demonstration is a person at a shell, whose Docker writes what it writes.
    const home = join(folder, 'person');
    await mkdir(join(home, '.docker', 'cli-plugins'), { recursive: true });
    await symlink(buildx, join(home, '.docker', 'cli-plugins', 'docker-buildx'));
    const commit = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim();
    const shown = await command(process.execPath, ['demo/main.ts'], {
      cwd: ROOT,
      env: { HOME: home, DOCKER_HOST: dockerHost, PATH: `${bin}:${process.env['PATH'] ?? ''}` },
    });
    expect(shown).toContain(`is built for real: backend/ at ${commit}`);
    expect(shown).toContain(`GET /health  {"status":"ok"}`);
    expect(shown).toContain(`GET /version  {"version":"${commit}"}`);
    expect(shown).toContain(`image-tag: ${commit}`);
    expect(shown).toContain('The step is green: result=succeeded');
    expect((await docker('ps', '--all', '--quiet')).trim()).toBe('');
    await docker('image', 'rm', '--force', 'ecs-fargate-deploy-demo');
  }));
