import { spawn, type SpawnOptions } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  annotations,
  inAFolder,
  inputValues,
  jobVariables,
  readReport,
  ROOT,
  type StepOptions,
  type StepResult,
} from './job.ts';

export { PLAN_CALLER, type StepOptions, type StepResult } from './job.ts';

/**
 * Runs the committed bundle as the GitHub runner runs a JavaScript action (actions/runner, NodeScriptActionHandler):
 * a process of its own, inputs with action.yml's defaults as INPUT_* variables, files for outputs and summary, and
 * nothing else of this process's environment.
 */
export function runStep(
  inputs: Readonly<Record<string, string>>,
  aws: Readonly<Record<string, string>>,
  options: StepOptions = {},
): Promise<StepResult> {
  return inAFolder(options.files, async (folder) => {
    const files = {
      output: join(folder, 'output'),
      summary: join(folder, 'summary'),
      state: join(folder, 'state'),
    };
    await Promise.all(Object.values(files).map((file) => writeFile(file, '')));
    const env = {
      ...(await inputVariables(inputs)),
      ...(await jobVariables(folder, inputs, aws, options)),
      GITHUB_OUTPUT: files.output,
      GITHUB_STEP_SUMMARY: files.summary,
      GITHUB_STATE: files.state,
    };
    const { exitCode, log } = await runBundle('main', env, folder, options.onOutput);
    const outputs = readValues(await readFile(files.output, 'utf8'));
    const summary = await readFile(files.summary, 'utf8');
    const report = await readReport(outputs, log);
    options.beforePost?.();
    return {
      exitCode,
      log,
      outputs,
      summary,
      errors: annotations(log, 'error'),
      warnings: annotations(log, 'warning'),
      get report() {
        return report();
      },
      post: await runPost(env, folder, files),
    };
  });
}

/** The post step has its own summary, and what was saved as STATE_* variables. */
async function runPost(
  env: Record<string, string>,
  folder: string,
  files: StepFiles,
): Promise<StepResult['post']> {
  const saved = readValues(await readFile(files.state, 'utf8'));
  const state: [string, string][] = Object.entries(saved).map(([name, value]) => [`STATE_${name}`, value]);
  await writeFile(files.summary, '');
  const { exitCode, log } = await runBundle('post', { ...env, ...Object.fromEntries(state) }, folder);
  return { exitCode, log, summary: await readFile(files.summary, 'utf8') };
}

interface StepFiles {
  readonly output: string;
  readonly summary: string;
  readonly state: string;
}

/** The inputs of a step, with their defaults, as variables: spaces become underscores, letters capitals; hyphens stay. */
export async function inputVariables(
  inputs: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const values = Object.entries(await inputValues(inputs));
  return Object.fromEntries(
    values.map(([name, value]) => [`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`, value]),
  );
}

function runBundle(
  half: Half,
  env: Record<string, string>,
  cwd: string,
  onOutput?: StepOptions['onOutput'],
): Promise<EndedHalf> {
  const { end, onOutput: hear, kill } = startProgram([process.execPath, bundle(half)], { env, cwd });
  if (onOutput !== undefined) {
    hear((log) => {
      onOutput(log, kill);
    });
  }
  return end;
}

/** How a half of a step ended, and what it printed. */
export interface EndedHalf {
  readonly exitCode: number | null;
  readonly log: string;
}

/** A half of a step that runs. */
export interface StartedStep {
  readonly end: Promise<EndedHalf>;
  /** Called with everything printed so far each time something is printed. */
  readonly onOutput: (hear: (log: string) => void) => void;
  /** From now on nobody reads what it prints. */
  readonly closeOutput: () => void;
  readonly kill: (signal: NodeJS.Signals) => void;
}

/** A half of a step on a machine that is less than good; files for outputs, summary and state only where `env` names some. */
export interface BareStep {
  /** Where it runs; its workspace and RUNNER_TEMP unless `env` says otherwise. */
  readonly folder: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly aws: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly half?: Half;
  /** How large it may make a file; no limit otherwise. */
  readonly fileBytes?: number;
  /** The id of the user that it runs as; this process's otherwise. */
  readonly user?: number | undefined;
}

/** Starts one half of a step. */
export async function startStep(step: BareStep): Promise<StartedStep> {
  const { folder, inputs, aws, env = {}, half = 'main', fileBytes, user } = step;
  const all = { ...(await inputVariables(inputs)), ...(await jobVariables(folder, inputs, aws, { env })) };
  const limited = fileBytes === undefined ? [] : ['/usr/bin/prlimit', `--fsize=${fileBytes}`];
  return startProgram([...limited, process.execPath, bundle(half)], {
    env: all,
    cwd: folder,
    ...(user === undefined ? {} : { uid: user, gid: user }),
  });
}

type Half = 'main' | 'post';

/** The file that action.yml names for a half. */
function bundle(half: Half): string {
  return join(ROOT, 'dist', half === 'main' ? 'index.js' : 'post.js');
}

function startProgram([command = '', ...args]: readonly string[], options: SpawnOptions): StartedStep {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const { stdout, stderr } = child;
  let log = '';
  let hear: (log: string) => void = () => undefined;
  for (const output of [stdout, stderr]) {
    output.on('data', (chunk: Buffer) => {
      log += chunk.toString('utf8');
      hear(log);
    });
  }
  return {
    end: new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (exitCode) => {
        resolve({ exitCode, log });
      });
    }),
    onOutput: (listener) => {
      hear = listener;
    },
    closeOutput: () => {
      stdout.destroy();
      stderr.destroy();
    },
    kill: (signal) => child.kill(signal),
  };
}

/** `name<<delimiter`, lines, `delimiter` (GitHub docs, "Setting an output parameter"). */
function readValues(text: string): Record<string, string> {
  const outputs: Record<string, string> = {};
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const [, name, delimiter] = /^(.+?)<<(.+)$/.exec(lines[at] ?? '') ?? [];
    if (name === undefined || delimiter === undefined) continue;
    const end = lines.indexOf(delimiter, at);
    outputs[name] = lines.slice(at + 1, end).join('\n');
    at = end;
  }
  return outputs;
}
