/**
 * Runs a workflow of the repository in this folder as GitHub would: the jobs whose conditions hold, each through the
 * workflow of this project that it calls, and the action as its bundle. What would be asked of GitHub is left out.
 *
 *   node scripts/guides/run-workflow.ts <file> <event> <file of variables> [input=value ...]
 *
 * Exits 1 where a job failed.
 */
import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, parseDocument } from 'yaml';
import { runJob, type Used } from '../../runner/workflow-job.ts';
import { runStep } from '../../runner/step.ts';
import { calledBy, holds, type Contexts, type Workflow } from '../../runner/workflow.ts';

const OWN = '$/.github/actions/deploy';
const DOCKER = fileURLToPath(new URL('../../__tests__/fakes/docker-cli.ts', import.meta.url));

const [file = '', event = '', variables = '', ...given] = process.argv.slice(2);

/** `NAME=value` lines. */
function pairs(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

async function contextsHere(): Promise<Contexts> {
  const sha = execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim();
  const pullRequest = {
    number: 1,
    pull_request: { number: 1, head: { sha, repo: { full_name: 'octo-org/video' } } },
  };
  const payload = event === 'pull_request' ? pullRequest : {};
  return {
    github: {
      event_name: event,
      sha,
      repository: 'octo-org/video',
      actor: 'octocat',
      ref: 'refs/heads/main',
      event: payload,
    },
    vars: pairs((await readFile(variables, 'utf8')).split('\n')),
    inputs: pairs(given),
    secrets: {},
  };
}

async function act({ inputs }: Used, payload: object): Promise<Record<string, string>> {
  const bin = await mkdtemp(join(tmpdir(), 'docker-'));
  await writeFile(join(bin, 'docker'), `#!/bin/sh\nexec '${process.execPath}' '${DOCKER}' "$@"\n`);
  await chmod(join(bin, 'docker'), 0o755);
  const { exitCode, outputs, log } = await runStep(inputs, awsVariables(), {
    files: { Dockerfile: await readFile('Dockerfile', 'utf8') },
    env: { PATH: `${bin}:/usr/bin:/bin`, DOCKER_CALLS: join(bin, 'calls') },
    event: { name: event, payload },
  });
  process.stdout.write(log);
  process.stdout.write(`${outputs['result'] ?? ''} after ${outputs['duration-seconds'] ?? ''} s\n`);
  if (exitCode !== 0) throw new Error('The step is red.');
  return { ...outputs };
}

/** All of AWS is in one place for the action: not what stands beside it for the roles. */
function awsVariables(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      /^AWS_(?!ENDPOINT_URL_)/.test(name) && value !== undefined ? [[name, value]] : [],
    ),
  );
}

const contexts = await contextsHere();
const text = await readFile(file, 'utf8');
const problems = parseDocument(text).errors;
if (problems.length > 0) throw new Error(`${file}: ${problems.join('; ')}`);
const { jobs } = parse(text) as Workflow;
const chosen = Object.entries(jobs).filter(([, job]) => holds(job.if, contexts));
if (chosen.length === 0) throw new Error(`No job of ${file} runs on ${event}`);
for (const [name, job] of chosen) {
  const called = await calledBy(job, contexts);
  const { status, log, ran } = await runJob({
    file: called.file,
    job: 'run',
    contexts: called.contexts,
    workspace: process.cwd(),
    env: { PATH: process.env['PATH'] ?? '' },
    actions: { [OWN]: (used) => act(used, (contexts['github'] as { event: object }).event) },
  });
  process.stdout.write(`${log}${name}: ${status}, after ${ran.join(', ')}\n`);
  if (status !== 'success') process.exitCode = 1;
}
