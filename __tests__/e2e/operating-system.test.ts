/** What the operating system may do to the bundle: full disks, missing files, a log that nobody reads, neighbours. */
import { describe, expect, test } from '@jest/globals';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { annotations } from '../../runner/job.ts';
import { startStep, type BareStep, type StartedStep } from '../../runner/step.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { stubDocker } from './stub-docker.ts';
import { accepted, inAWorld, mutations, production, QUICK, tag } from './world.ts';

/** A folder that is gone afterwards. */
async function inAFolder(act: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'machine-'));
  try {
    await act(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The step of a job in `folder`, whose files for the runner are as `more` says; without them the runner has none. */
function start(
  sim: Simulator,
  folder: string,
  inputs: Readonly<Record<string, string>>,
  more: Partial<BareStep> = {},
): Promise<StartedStep> {
  const all = { ...QUICK, cluster: 'demo', service: 'backend', ...inputs };
  return startStep({ folder, inputs: all, aws: sim.env, ...more });
}

/** Everything that was set, by the workflow command that stands in for the file. */
function outputsOf(log: string): Record<string, string> {
  return Object.fromEntries(
    [...log.matchAll(/^::set-output name=([\w-]+)::(.*)$/gm)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  );
}

/** What the runner shows the post step of what was saved by commands, the last of each name. */
function savedIn(log: string): Record<string, string> {
  const saved = log.matchAll(/^::save-state name=(\w+)::(.*)$/gm);
  return Object.fromEntries([...saved].map(([, name = '', value = '']) => [`STATE_${name}`, value]));
}

const FULL = '/dev/full';

describe('a disk that is full', () => {
  test.concurrent('changes nothing of a deployment that goes well, and is said', () =>
    inAWorld({}, (sim) =>
      inAFolder(async (folder) => {
        const env = { GITHUB_OUTPUT: FULL, GITHUB_STATE: FULL, GITHUB_STEP_SUMMARY: FULL };
        const { exitCode, log } = await (await start(sim, folder, tag('v2'), { env, fileBytes: 0 })).end;
        expect([exitCode, production(sim)]).toEqual([0, 'backend:2 COMPLETED']);
        expect(annotations(log, 'error')).toEqual([]);
        const warnings = annotations(log, 'warning');
        expect(warnings).toEqual([
          expect.stringMatching(/^The state for the post step could not be saved \(ENOSPC/),
          expect.stringMatching(/^The report could not be written \(EFBIG/),
          expect.stringMatching(/^The outputs could not be written \(ENOSPC/),
          expect.stringMatching(/^The job summary could not be written \(ENOSPC/),
        ]);
        expect(log).toContain('✅ Deployed');
      }),
    ),
  );

  test.concurrent(
    'leaves one that fails undone, red and explained, and the post step has nothing to do',
    () =>
      inAWorld({}, (sim) =>
        inAFolder(async (folder) => {
          const env = {
            GITHUB_OUTPUT: FULL,
            GITHUB_STATE: FULL,
            GITHUB_STEP_SUMMARY: FULL,
            RUNNER_TEMP: '/dev/null/temp',
          };
          const { exitCode, log } = await (await start(sim, folder, tag('crash-1'), { env })).end;
          expect([exitCode, production(sim)]).toEqual([1, 'backend:1 COMPLETED']);
          expect(annotations(log, 'error')).toEqual([expect.stringMatching(/exit code 1|exited/)]);
          const before = mutations(sim);
          // Nothing was saved: the runner starts the post step all the same.
          const post = await (await start(sim, folder, tag('crash-1'), { env, half: 'post' })).end;
          expect([post.exitCode, post.log, mutations(sim)]).toEqual([0, '', before]);
        }),
      ),
  );

  test.concurrent('is the reason that a build gives', () =>
    inAWorld({}, (sim) =>
      inAFolder(async (folder) => {
        const docker = await stubDocker();
        await writeFile(join(folder, 'Dockerfile'), 'FROM scratch\n');
        const inputs = { 'ecr-repository': 'backend', context: '.' };
        const env = { PATH: docker.path };
        const { exitCode, log } = await (await start(sim, folder, inputs, { env, fileBytes: 0 })).end;
        const [error = ''] = annotations(log, 'error');
        expect([exitCode, mutations(sim)]).toEqual([1, []]);
        expect(error).toMatch(/^The Docker configuration of this run could not be written to .*EFBIG/);
        expect(log).toContain('Cause: build-failed');
        expect((await readdir(folder)).filter((name) => name.includes('docker'))).toEqual([]);
      }),
    ),
  );
});

describe('a runner without files', () => {
  test.concurrent('gets the outputs by its log', () =>
    inAWorld({}, (sim) =>
      inAFolder(async (folder) => {
        const env = { GITHUB_WORKSPACE: '', RUNNER_TEMP: '', GITHUB_STEP_SUMMARY: '', TMPDIR: folder };
        const { exitCode, log } = await (await start(sim, folder, tag('v2'), { env })).end;
        expect([exitCode, annotations(log, 'warning')]).toEqual([0, []]);
        expect(outputsOf(log)).toMatchObject({ result: 'succeeded', changed: 'true' });
        // A flag that this Node does not know would be told of in the midst of the log.
        expect(log).not.toContain('unrecognized flag');
      }),
    ),
  );

  test.concurrent('that names files which are not there is told so once', () =>
    inAWorld({}, (sim) =>
      inAFolder(async (folder) => {
        const names = [
          'GITHUB_OUTPUT',
          'GITHUB_STATE',
          'GITHUB_STEP_SUMMARY',
          'GITHUB_ENV',
          'GITHUB_EVENT_PATH',
        ];
        const env = Object.fromEntries(names.map((name) => [name, join(folder, 'gone', name)]));
        const { exitCode, log } = await (await start(sim, folder, tag('v2'), { env })).end;
        expect([exitCode, production(sim)]).toEqual([0, 'backend:2 COMPLETED']);
        expect(annotations(log, 'warning')).toHaveLength(3);
      }),
    ),
  );
});

describe('a log that nobody reads any more', () => {
  test.concurrent.each([
    ['v2', 0, 'succeeded', 'backend:2 COMPLETED'],
    ['crash-1', 1, 'rolled-back', 'backend:1 COMPLETED'],
  ] as const)('ends no deployment of %s', (image, code, result, runs) =>
    inAWorld({ speed: 20 }, (sim) =>
      inAFolder(async (folder) => {
        const env = { GITHUB_OUTPUT: join(folder, 'output') };
        await writeFile(env.GITHUB_OUTPUT, '');
        const started = await start(sim, folder, tag(image), { env });
        started.onOutput((log) => {
          if (log.includes('::group::Watch')) started.closeOutput();
        });
        const { exitCode, log } = await started.end;
        expect([exitCode, production(sim)]).toEqual([code, runs]);
        expect(log).not.toContain('::group::Gate');
        expect(await readFile(env.GITHUB_OUTPUT, 'utf8')).toMatch(
          new RegExp(`^result<<(.*)\n${result}\n\\1$`, 'm'),
        );
        expect((await readdir(folder)).filter((name) => name.includes('report'))).toHaveLength(1);
      }),
    ),
  );
});

describe('a program that writes ten megabytes in one line', () => {
  test.concurrent('is logged, and ends the step as any other does', () =>
    inAWorld({}, (sim) =>
      inAFolder(async (folder) => {
        const line = `#9 ${'x'.repeat(10_000_000)}`;
        const stderr = `${line}\n#10 ERROR: process "/bin/sh -c make" did not complete\n`;
        const docker = await stubDocker([{ when: '^buildx build', exitCode: 1, stderr }]);
        await writeFile(join(folder, 'Dockerfile'), 'FROM scratch\n');
        const env = { PATH: docker.path, GITHUB_OUTPUT: join(folder, 'output') };
        await writeFile(env.GITHUB_OUTPUT, '');
        const inputs = { 'ecr-repository': 'backend', context: '.' };
        const { exitCode, log } = await (await start(sim, folder, inputs, { env })).end;
        expect([exitCode, mutations(sim)]).toEqual([1, []]);
        expect(log).toContain('Cause: build-failed');
        const [error = ''] = annotations(log, 'error');
        expect(error).toContain('did not complete');
        expect(error.length).toBeLessThan(10_000);
        expect((await readFile(env.GITHUB_OUTPUT, 'utf8')).length).toBeLessThan(10_000);
      }),
    ),
  );
});

describe('a workspace that cannot be written to', () => {
  test.concurrent('is enough, with a definition and a context in it', () =>
    inAWorld({}, (sim) =>
      inAFolder(async (folder) => {
        const [workspace, temp] = [join(folder, 'workspace'), join(folder, 'temp')];
        const docker = await stubDocker();
        await mkdir(workspace);
        await mkdir(temp);
        await writeFile(join(workspace, 'Dockerfile'), 'FROM scratch\n');
        await Promise.all([chmod(workspace, 0o555), chmod(temp, 0o777), chmod(folder, 0o755)]);
        await docker.openToAll();
        const inputs = { 'ecr-repository': 'backend', context: '.' };
        const env = { GITHUB_WORKSPACE: workspace, RUNNER_TEMP: temp, HOME: temp, PATH: docker.path };
        const { exitCode, log } = await (await start(sim, workspace, inputs, { env, user: NOBODY })).end;
        expect([exitCode, annotations(log, 'error')]).toEqual([0, []]);
        expect(await readdir(workspace)).toEqual(['Dockerfile']);
      }),
    ),
  );
});

/** Of whoever may do everything, permissions keep nothing: the step is another user's there. */
const NOBODY = process.getuid?.() === 0 ? 65_534 : undefined;

describe('two steps at the same time in one workspace', () => {
  test.concurrent('build and deploy each their own, and leave nothing but their reports', () =>
    inAWorld({}, (sim) =>
      inAFolder(async (folder) => {
        await writeFile(join(folder, 'Dockerfile'), 'FROM scratch\n');
        const docker = await stubDocker();
        const both = await Promise.all(
          ['backend', 'worker'].map(async (service) => {
            const inputs = {
              service,
              'ecr-repository': 'backend',
              context: '.',
              'build-args': `FOR=${service}`,
            };
            const env = { PATH: docker.path };
            const ended = await (await start(sim, folder, inputs, { env })).end;
            await (
              await start(sim, folder, inputs, { env: { ...env, ...savedIn(ended.log) }, half: 'post' })
            ).end;
            return ended;
          }),
        );
        const outputs = both.map(({ log }) => outputsOf(log));
        expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
        expect(accepted(sim, 'UpdateService')).toHaveLength(2);
        expect(new Set(outputs.map((each) => each['image-digest'])).size).toBe(2);
        const reports = outputs.map(({ report = '' }) => report);
        const services = await Promise.all(
          reports.map(async (path) =>
            (JSON.parse(await readFile(path, 'utf8')) as { services: { name: string }[] }).services.map(
              ({ name }) => name,
            ),
          ),
        );
        expect(services).toEqual([['backend'], ['worker']]);
        const left = (await readdir(folder)).filter((name) => !['Dockerfile', '.docker'].includes(name));
        expect(left.sort()).toEqual(reports.map((path) => path.slice(folder.length + 1)).sort());
      }),
    ),
  );
});
