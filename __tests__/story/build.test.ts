import { describe, expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { accepted, expectGreen, expectRed, inAWorld, mutations, step } from './world.ts';
import { stubDocker, type DockerCall } from '../e2e/stub-docker.ts';

const SHA = '0123456789abcdef0123456789abcdef01234567';
const URI = '123456789012.dkr.ecr.us-east-1.amazonaws.com/backend';
const BUILD = { 'ecr-repository': 'backend', context: '.' };
const FILES = { Dockerfile: 'FROM scratch\n' };

const buildOf = (calls: readonly DockerCall[]): DockerCall | undefined =>
  calls.find(({ args }) => args.slice(0, 2).join(' ') === 'buildx build');

/** Every value of an option. */
function valuesOf(call: DockerCall | undefined, option: string): string[] {
  const args = call?.args ?? [];
  return args.flatMap((arg, at) => (arg === option ? [args[at + 1] ?? ''] : []));
}

describe('a build', () => {
  test(
    'logs in by standard input, builds in a configuration of its own, and deploys what was pushed',
    () =>
      inAWorld({}, async (sim) => {
        const docker = await stubDocker();
        const result = await step(
          sim,
          { ...BUILD, registries: '210987654321' },
          { files: FILES, env: { PATH: docker.path } },
        );
        expectGreen(result, 'succeeded');
        const calls = await docker.calls();
        const logins = calls.filter(({ args }) => args[0] === 'login');
        expect(logins.map(({ args, input }) => [args, input])).toEqual(
          ['123456789012', '210987654321'].map((account) => [
            ['login', '--username', 'AWS', '--password-stdin', `${account}.dkr.ecr.us-east-1.amazonaws.com`],
            'simulated-123456789012-password',
          ]),
        );
        const build = buildOf(calls);
        expect(valuesOf(build, '--tag')).toEqual([
          `${URI}:${SHA}`,
          expect.stringMatching(`^${URI}:${SHA}-[0-9a-f]{12}$`),
        ]);
        expect(valuesOf(build, '--platform')).toEqual(['linux/amd64']);
        expect(valuesOf(build, '--label')).toContain(`org.opencontainers.image.revision=${SHA}`);
        expect(Object.keys(build?.env ?? {}).filter((name) => /^(INPUT|STATE)_/.test(name))).toEqual([]);
        expect(build?.env['DOCKER_CONFIG']).toMatch(/ecs-fargate-deploy-docker-/);
        expect(existsSync(build?.env['DOCKER_CONFIG'] ?? '')).toBe(false);
        expect(result.outputs['image']).toBe(`${URI}@${result.outputs['image-digest'] ?? ''}`);
        expect(result.report.build).toMatchObject({ reused: false, steps: { total: 2, cached: 1 } });
        expect(result.log.indexOf('::add-mask::simulated-')).toBeLessThan(result.log.indexOf('Logged in to'));
        expect(JSON.stringify([result.report, result.summary])).not.toContain(
          'simulated-123456789012-password',
        );
      }),
  );

  test('is for the platform of the task definition', () =>
    inAWorld({}, async (sim) => {
      const docker = await stubDocker();
      const definition = {
        family: 'backend',
        containerDefinitions: [
          { name: 'backend', image: `${URI}:v1`, portMappings: [{ containerPort: 8000 }] },
        ],
        requiresCompatibilities: ['FARGATE'],
        networkMode: 'awsvpc',
        cpu: '256',
        memory: '512',
        executionRoleArn: 'arn:aws:iam::123456789012:role/ecs-execution',
        runtimePlatform: { cpuArchitecture: 'ARM64', operatingSystemFamily: 'LINUX' },
      };
      const files = { ...FILES, 'task.json': JSON.stringify(definition) };
      const inputs = { ...BUILD, 'task-definition': 'task.json' };
      const result = await step(sim, inputs, { files, env: { PATH: docker.path } });
      expectGreen(result, 'succeeded');
      expect(valuesOf(buildOf(await docker.calls()), '--platform')).toEqual(['linux/arm64']);
      const wrong = await step(
        sim,
        { ...inputs, platforms: 'linux/amd64' },
        { files, env: { PATH: docker.path } },
      );
      expectRed(wrong, 'failed', 'preflight-failed');
      expect(wrong.outputs['message']).toContain(
        'would be built for linux/amd64, and the task runs on linux/arm64',
      );
    }),
  );

  test('of a pull request has the head as its commit, not the merge commit', () =>
    inAWorld({}, async (sim) => {
      const docker = await stubDocker();
      const head = 'f'.repeat(40);
      const event = { name: 'pull_request', payload: { pull_request: { number: 7, head: { sha: head } } } };
      const result = await step(sim, BUILD, { files: FILES, event, env: { PATH: docker.path } });
      expectGreen(result, 'succeeded');
      expect(valuesOf(buildOf(await docker.calls()), '--tag')[0]).toBe(`${URI}:${head}`);
    }),
  );

  test('again of the same commit asks docker nothing', () =>
    inAWorld({}, async (sim) => {
      const docker = await stubDocker();
      const options = { files: FILES, env: { PATH: docker.path } };
      const first = await step(sim, BUILD, options);
      const before = (await docker.calls()).length;
      const again = await step(sim, BUILD, options);
      expectGreen(again, 'unchanged');
      expect(again.outputs['image']).toBe(first.outputs['image']);
      expect(await docker.calls()).toHaveLength(before);
      expect(accepted(sim, 'GetAuthorizationToken')).toHaveLength(1);
      const tagged = await step(sim, { ...BUILD, 'push-tags': 'stable' }, options);
      expectGreen(tagged, 'unchanged');
      expect(await docker.calls()).toHaveLength(before);
      expect(accepted(sim, 'PutImage').at(-1)?.body).toMatchObject({ imageTag: 'stable' });
    }),
  );

  test('makes a builder where the docker driver is not enough, and removes it after the job', () =>
    inAWorld({}, async (sim) => {
      const docker = await stubDocker([{ when: '^info', stdout: '[["Backing Filesystem","extfs"]]\n' }]);
      const inputs = { ...BUILD, cache: 'gha', 'buildkit-image': 'mirror.example.com/buildkit:1' };
      const result = await step(sim, inputs, {
        files: FILES,
        env: { PATH: docker.path, ACTIONS_CACHE_MODE: 'write' },
      });
      expectGreen(result, 'succeeded');
      const lines = (await docker.calls()).map(({ args }) => args.join(' '));
      const name = /--builder (ecs-fargate-deploy-[0-9a-f]{8})/.exec(lines.join('\n'))?.[1] ?? 'none';
      expect(lines).toEqual(
        expect.arrayContaining([
          `buildx create --name ${name} --driver docker-container --driver-opt image=mirror.example.com/buildkit:1`,
          `buildx inspect --bootstrap ${name}`,
          `buildx rm --force ${name}`,
        ]),
      );
      expect(lines.at(-1)).toBe(`buildx rm --force ${name}`);
      const scope = 'type=gha,scope=backend-linux-amd64';
      const build = buildOf(await docker.calls());
      expect(valuesOf(build, '--cache-from')).toEqual([scope]);
      expect(valuesOf(build, '--cache-to')).toEqual([`${scope},mode=max,ignore-error=true`]);
    }),
  );

  test('takes the given builder, and the current one where it is in a container', () =>
    inAWorld({}, async (sim) => {
      const docker = await stubDocker([
        { when: '^buildx inspect', stdout: 'Name:   builder-7\nDriver: docker-container\n\nNodes:\n' },
      ]);
      const options = { files: FILES, env: { PATH: docker.path } };
      await step(sim, { ...BUILD, platforms: 'linux/amd64,linux/arm64' }, options);
      await step(sim, { ...BUILD, builder: 'mine', 'reuse-image': 'false' }, options);
      const builds = (await docker.calls()).filter(({ args }) => args[1] === 'build');
      expect(builds.map((call) => valuesOf(call, '--builder'))).toEqual([['builder-7'], ['mine']]);
    }),
  );

  test('that a registry interrupts is tried again, with growing pauses', () =>
    inAWorld({}, async (sim) => {
      const docker = await stubDocker([
        {
          when: '^buildx build',
          exitCode: 1,
          stderr: `ERROR: failed to solve: failed to push ${URI}:x: read: connection reset by peer\n`,
          times: 1,
        },
        {
          when: '^login',
          exitCode: 1,
          stderr: 'Error response from daemon: Get "https://x/v2/": EOF\n',
          times: 1,
        },
      ]);
      const result = await step(sim, BUILD, { files: FILES, env: { PATH: docker.path } });
      expectGreen(result, 'succeeded');
      expect(result.log.match(/Trying again in 2 s\./g)).toHaveLength(2);
    }),
  );
});

describe('a build that cannot be', () => {
  test.each<[string, Parameters<typeof stubDocker>[0], string, string]>([
    [
      'without buildx',
      [{ when: '^buildx', exitCode: 1, stderr: 'docker: unknown command: docker buildx\n' }],
      'The docker command has no buildx: docker: unknown command: docker buildx.',
      'docker/setup-buildx-action',
    ],
    [
      'that says nothing',
      [{ when: '^buildx build', exitCode: 3 }],
      'The image could not be built: docker ended with exit code 3.',
      '',
    ],
    [
      'that pushes nothing',
      [{ when: '^buildx build', stderr: 'WARNING: No output specified\n' }],
      'The build succeeded, but buildx did not say which digest was pushed (containerimage.digest).',
      'buildx-args',
    ],
    [
      'without an engine',
      [
        {
          when: '^(login|buildx inspect|info)',
          exitCode: 1,
          stderr: 'Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?\n',
        },
      ],
      'The login to 123456789012.dkr.ecr.us-east-1.amazonaws.com failed: Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?',
      'Docker is not running on this runner',
    ],
  ])('%s says so', (_what, behaviours, message, hint) =>
    inAWorld({}, async (sim) => {
      const docker = await stubDocker(behaviours);
      const result = await step(sim, BUILD, { files: FILES, env: { PATH: docker.path } });
      expect(result.exitCode).toBe(1);
      expect(['build-failed', 'push-failed']).toContain(result.outputs['cause']);
      expect(result.outputs['message']).toBe(message);
      expect(result.errors[0]).toContain(hint);
      expect(mutations(sim)).toEqual([]);
      expect(result.post.log).toContain('Removed the credentials of the build.');
    }),
  );

  test('without docker says so', () =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, BUILD, { files: FILES, env: { PATH: '/nowhere' } });
      expectRed(result, 'failed', 'build-failed');
      expect(result.outputs['message']).toBe('There is no docker command on this runner.');
      expect(result.errors[0]).toContain('ubuntu-latest');
    }),
  );
});
