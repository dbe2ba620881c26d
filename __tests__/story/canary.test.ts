/** No secret is seen anywhere, however a run ends. */
import { describe, expect, test } from '@jest/globals';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ANY_CANARY, canariesOf, canary, secretInputs, seenIn } from './canaries.ts';
import { inAWorld, step, tag } from './world.ts';

describe('no secret is seen', () => {
  test('of a plan, also of what runs now', () =>
    inAWorld({}, async (sim) => {
      await step(sim, { ...tag('v2'), 'environment-variables': `OLD=${canary('running')}` });
      const inputs = { ...secretInputs(sim), 'environment-variables': `OLD-\nNEW=${canary('environment')}` };
      const { shown, result } = await canariesOf(sim, { mode: 'plan', ...tag('v3'), ...inputs });
      expect(result.outputs['result']).toBe('planned');
      expect(shown).toEqual({});
    }));

  test('of a deployment that fails and is rolled back', () =>
    inAWorld({}, async (sim) => {
      const { shown, result } = await canariesOf(sim, { ...tag('crash-1'), ...secretInputs(sim) });
      expect(result.outputs['cause']).toBe('app-crashed');
      expect(shown).toEqual({});
    }));

  test('of a container, but where its own program prints it: in log and summary, and nowhere else', () =>
    inAWorld(
      {
        behaviours: {
          'talks-1': { exit: { afterSeconds: 3, code: 1 }, lastWords: [`using ${canary('printed')}`] },
        },
        tags: ['talks-1'],
      },
      async (sim) => {
        const { shown } = await canariesOf(sim, { ...tag('talks-1'), ...secretInputs(sim) });
        expect(Object.keys(shown).filter((place) => !['log', 'summary'].includes(place))).toEqual([]);
        expect(new Set(Object.values(shown).flat())).toEqual(new Set([canary('printed')]));
      },
    ));

  test('of a definition that AWS refuses, quoting it', () =>
    inAWorld({}, async (sim) => {
      sim.inject({
        action: 'RegisterTaskDefinition',
        effect: { kind: 'error', code: 'ClientException', message: `Bad value ${canary('environment')}.` },
      });
      const { shown, result } = await canariesOf(sim, { ...tag('v2'), ...secretInputs(sim) });
      expect(result.outputs['cause']).toBe('register-refused');
      expect(shown).toEqual({});
    }));

  test('of a task-definition file that cannot be read', () =>
    inAWorld({}, async (sim) => {
      const broken = `family: backend\ncontainerDefinitions:\n  - name: backend\n    environment:\n      - {name: A, value: ${canary('file')}\n   broken`;
      const { shown, result } = await canariesOf(
        sim,
        { ...tag('v2'), 'task-definition': 'task.yml' },
        { files: { 'task.yml': broken } },
      );
      expect(result.outputs['cause']).toBe('invalid-input');
      expect(shown).toEqual({});
    }));

  test('of a build, whose program prints what it was given', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'docker-'));
    try {
      await writeFile(join(folder, 'docker'), DOCKER);
      await chmod(join(folder, 'docker'), 0o755);
      await inAWorld({}, async (sim) => {
        const inputs = {
          ...secretInputs(sim),
          'ecr-repository': 'backend',
          context: '.',
          'reuse-image': 'false',
          'build-secrets': `npm=${canary('build-secret')}`,
          'build-secret-envs': 'pip=PIP_TOKEN',
          'build-args': `LICENCE=${canary('build-arg')}`,
        };
        const options = {
          files: { Dockerfile: 'FROM scratch\n' },
          env: { PATH: `${folder}:/usr/bin:/bin`, PIP_TOKEN: canary('build-env') },
        };
        const { shown, result } = await canariesOf(sim, inputs, options);
        expect(result.outputs['cause']).toBe('build-failed');
        expect(result.log).toContain('failed to solve');
        expect(shown).toEqual({});
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

/** Fails, and on the way prints the secrets that it was handed. */
const DOCKER = `#!/bin/sh
case "$*" in
*login*) cat >/dev/null;;
*"buildx build"*)
  echo "#5 using $PIP_TOKEN" >&2
  env | grep canary >&2
  echo "ERROR: failed to solve: with ${canary('build-secret')}" >&2
  exit 1;;
esac
`;

describe('a value that is no input', () => {
  test.each([
    ['health-check-headers', canary('header')],
    ['build-secrets', canary('build-secret')],
    ['environment-variables', canary('environment')],
    ['build-args', `=${canary('build-arg')}`],
    ['github-token', `${canary('token')} ${canary('token')}`],
  ])('is not quoted: %s', (input, text) =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, {
        ...tag('v2'),
        'health-check-url': 'http://127.0.0.1:9/',
        [input]: text,
      });
      expect(result.outputs['cause']).toBe('invalid-input');
      const seen = Object.entries(seenIn(result, [])).filter(([, shown]) => shown.match(ANY_CANARY) !== null);
      expect(seen.map(([place]) => place)).toEqual([]);
    }),
  );
});
