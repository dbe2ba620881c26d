import { spawn } from 'node:child_process';
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
    const { exitCode, log } = await runBundle(env, folder, options.onOutput);
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
  const { exitCode, log } = await runBundle({ ...env, ...Object.fromEntries(state) }, folder, undefined);
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
  env: Record<string, string>,
  cwd: string,
  onOutput: StepOptions['onOutput'],
): Promise<{ exitCode: number | null; log: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(ROOT, 'dist', 'index.js')], { env, cwd });
    let log = '';
    const take = (chunk: Buffer): void => {
      log += chunk.toString('utf8');
      onOutput?.(log, (signal) => child.kill(signal));
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', reject);
    child.on('close', (exitCode) => {
      resolve({ exitCode, log });
    });
  });
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
