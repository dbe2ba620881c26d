/**
 * Runs the steps of a job of a workflow as the GitHub runner does: conditions, environment, `run` by bash, outputs and
 * summary through files. What a step `uses` is done by who calls: the action itself, artifacts, credentials.
 */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  holds,
  inputsOf,
  interpolate,
  readWorkflow,
  type Contexts,
  type Status,
  type Step,
} from './workflow.ts';

export interface JobRun {
  readonly status: Status;
  /** What the job hands to others. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Names of the steps that ran, or what they run or use, in order. */
  readonly ran: readonly string[];
  readonly log: string;
  readonly summary: string;
}

/** What a step `uses` finds when it runs. */
export interface Used {
  readonly inputs: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly contexts: Contexts;
}

/** Does what an action does, and answers with its outputs. A rejection fails the step. */
export type Action = (used: Used) => Promise<Readonly<Record<string, string>>>;

export interface JobOptions {
  readonly file: string;
  readonly job: string;
  /** `github`, `inputs`, `vars`, `secrets`, `needs` and others; `steps` and `env` are added. */
  readonly contexts: Contexts;
  /** Folder in which scripts run. */
  readonly workspace: string;
  /** Of the machine: PATH and what stubs need. */
  readonly env: Readonly<Record<string, string>>;
  /** By the name before the `@`, such as `actions/upload-artifact`. What is not here does nothing. */
  readonly actions?: Readonly<Record<string, Action>>;
}

/** Runs the steps one after the other; a failed one makes the rest wait for `failure()` or `always()`. */
export async function runJob(options: JobOptions): Promise<JobRun> {
  const { file, job: name, contexts } = options;
  const { env: ofWorkflow = {}, defaults, jobs } = await readWorkflow(file);
  const job = jobs[name];
  if (job?.steps === undefined) throw new Error(`${file} has no job ${name} with steps`);
  const temp = await mkdtemp(join(tmpdir(), 'runner-'));
  const files = { output: join(temp, '.output'), summary: join(temp, '.summary') };
  try {
    await writeFile(files.summary, '');
    const steps: Record<string, object> = {};
    const ran: string[] = [];
    let [status, log]: [Status, string] = ['success', ''];
    const shell = job.defaults?.run?.shell ?? defaults?.run?.shell;
    const base = envOf([ofWorkflow, job.env ?? {}], { ...contexts, env: {} });
    for (const step of job.steps) {
      const seen = { ...contexts, steps, runner: { temp }, env: base };
      if (!holds(step.if, seen, status)) continue;
      ran.push(step.name ?? step.uses?.split('@')[0] ?? step.run ?? '');
      await writeFile(files.output, '');
      const env = {
        ...options.env,
        ...runnerEnv(options, temp, files),
        ...base,
        ...envOf([step.env ?? {}], seen),
      };
      const { ok, outputs, text } = await runOne(
        { ...(shell === undefined ? {} : { shell }), ...step },
        seen,
        env,
        options,
      );
      log += text;
      const all = { ...outputs, ...readOutputs(await readFile(files.output, 'utf8')) };
      if (step.id !== undefined) steps[step.id] = { outputs: all, outcome: ok ? 'success' : 'failure' };
      if (!ok) status = 'failure';
    }
    const outputs = envOf([job.outputs ?? {}], { ...contexts, steps });
    return { status, outputs, ran, log, summary: await readFile(files.summary, 'utf8') };
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
}

type Texts = Readonly<Record<string, string | number | boolean>>;

function envOf(layers: readonly Texts[], contexts: Contexts): Record<string, string> {
  const entries = layers.flatMap((layer) => Object.entries(layer));
  return Object.fromEntries(entries.map(([name, value]) => [name, interpolate(String(value), contexts)]));
}

function runnerEnv(
  { contexts, workspace }: JobOptions,
  temp: string,
  files: { readonly output: string; readonly summary: string },
): Record<string, string> {
  const github = (contexts['github'] ?? {}) as Readonly<Record<string, unknown>>;
  return {
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_WORKSPACE: workspace,
    GITHUB_OUTPUT: files.output,
    GITHUB_STEP_SUMMARY: files.summary,
    GITHUB_REPOSITORY: typeof github['repository'] === 'string' ? github['repository'] : '',
    GITHUB_SHA: typeof github['sha'] === 'string' ? github['sha'] : '',
    RUNNER_TEMP: temp,
  };
}

interface Ran {
  readonly ok: boolean;
  readonly outputs: Readonly<Record<string, string>>;
  readonly text: string;
}

async function runOne(
  step: Step,
  contexts: Contexts,
  env: Readonly<Record<string, string>>,
  options: JobOptions,
): Promise<Ran> {
  if (step.run !== undefined) return runScript(step, step.run, env, options.workspace);
  const action = options.actions?.[step.uses?.split('@')[0] ?? ''];
  if (action === undefined) return { ok: true, outputs: {}, text: '' };
  try {
    return { ok: true, outputs: await action({ inputs: inputsOf(step, contexts), env, contexts }), text: '' };
  } catch (error) {
    return { ok: false, outputs: {}, text: `${String(error)}\n` };
  }
}

/** Without a shell named, a failure in the middle of a pipe does not count (GitHub docs, "jobs.<job_id>.steps[*].shell"). */
async function runScript(
  { shell }: Step,
  script: string,
  env: Readonly<Record<string, string>>,
  workspace: string,
): Promise<Ran> {
  const file = join(env['RUNNER_TEMP'] ?? tmpdir(), 'script.sh');
  await mkdir(workspace, { recursive: true });
  await writeFile(file, script);
  const flags = shell === 'bash' ? ['--noprofile', '--norc', '-eo', 'pipefail'] : ['-e'];
  return new Promise((resolve, reject) => {
    const child = spawn('bash', [...flags, file], { cwd: workspace, env });
    let text = '';
    const take = (chunk: Buffer): void => {
      text += chunk.toString('utf8');
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ ok: code === 0, outputs: {}, text });
    });
  });
}

/** `name=value` lines, and `name<<END`, lines, `END`. */
function readOutputs(text: string): Record<string, string> {
  const outputs: Record<string, string> = {};
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const [, long, delimiter = ''] = /^([\w-]+)<<(.+)$/.exec(line) ?? [];
    const [, short, value = ''] = /^([\w-]+)=(.*)$/.exec(line) ?? [];
    if (long !== undefined) {
      const end = lines.indexOf(delimiter, at + 1);
      outputs[long] = lines.slice(at + 1, end).join('\n');
      at = end;
    } else if (short !== undefined) outputs[short] = value;
  }
  return outputs;
}
