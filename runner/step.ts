import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { Report } from '../src/report/report.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The access key of a step that plans: it signs in with a role of its own, which only reads. */
export const PLAN_CALLER = 'simulated-plan-role';

/** What a step of a workflow left behind. */
export interface StepResult {
  readonly exitCode: number | null;
  /** The job log, workflow commands included. */
  readonly log: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  /** Decoded texts of the error annotations, in order. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly report: Report;
  /** What the post step added, which runs whatever became of the step. */
  readonly post: { readonly exitCode: number | null; readonly log: string; readonly summary: string };
}

export interface StepOptions {
  /** Files of the workspace, by name. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** What started the workflow; a push to main without a payload otherwise. */
  readonly event?: { readonly name: string; readonly payload: object };
  /** Called with everything printed so far each time something is printed; may send a signal. */
  readonly onOutput?: (log: string, kill: (signal: NodeJS.Signals) => void) => void;
  /** Called between the step and its post step. */
  readonly beforePost?: () => void;
}

/**
 * Runs the committed bundle as the GitHub runner runs a JavaScript action (actions/runner, NodeScriptActionHandler):
 * a process of its own, inputs with action.yml's defaults as INPUT_* variables, files for outputs and summary, and
 * nothing else of this process's environment.
 */
export async function runStep(
  inputs: Readonly<Record<string, string>>,
  aws: Readonly<Record<string, string>>,
  options: StepOptions = {},
): Promise<StepResult> {
  const folder = await mkdtemp(join(tmpdir(), 'step-'));
  try {
    const files = {
      output: join(folder, 'output'),
      summary: join(folder, 'summary'),
      state: join(folder, 'state'),
    };
    await Promise.all(Object.values(files).map((file) => writeFile(file, '')));
    await Promise.all(Object.entries(options.files ?? {}).map(([name, text]) => writeIn(folder, name, text)));
    const env = {
      ...runnerVariables(folder, files),
      ...(await inputVariables(inputs)),
      ...aws,
      ...(inputs['mode'] === 'plan' ? { AWS_ACCESS_KEY_ID: PLAN_CALLER } : {}),
      ...(await eventVariables(folder, options.event)),
      ...options.env,
    };
    const { exitCode, log } = await runBundle(env, folder, options.onOutput);
    const outputs = readValues(await readFile(files.output, 'utf8'));
    const summary = await readFile(files.summary, 'utf8');
    const report = await readReport(outputs['report']);
    options.beforePost?.();
    return {
      exitCode,
      log,
      outputs,
      summary,
      errors: annotations(log, 'error'),
      warnings: annotations(log, 'warning'),
      get report() {
        if (report === undefined) throw new Error(`The step left no report:\n${log}`);
        return report;
      },
      post: await runPost(env, folder, files),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeIn(folder: string, name: string, text: string): Promise<void> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
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

async function readReport(path: string | undefined): Promise<Report | undefined> {
  return path === undefined ? undefined : (JSON.parse(await readFile(path, 'utf8')) as Report);
}

interface StepFiles {
  readonly output: string;
  readonly summary: string;
  readonly state: string;
}

function runnerVariables(folder: string, files: StepFiles): Record<string, string> {
  return {
    PATH: '/usr/bin:/bin',
    HOME: folder,
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_WORKSPACE: folder,
    GITHUB_OUTPUT: files.output,
    GITHUB_STEP_SUMMARY: files.summary,
    GITHUB_STATE: files.state,
    GITHUB_REPOSITORY: 'octo-org/video',
    GITHUB_SHA: '0123456789abcdef0123456789abcdef01234567',
    GITHUB_REF: 'refs/heads/main',
    GITHUB_ACTOR: 'octocat',
    GITHUB_EVENT_NAME: 'push',
    GITHUB_RUN_ID: '42',
    GITHUB_SERVER_URL: 'https://github.com',
    // Nobody answers there: a test that wants a GitHub starts one.
    GITHUB_API_URL: 'http://127.0.0.1:9',
    RUNNER_TEMP: folder,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

async function eventVariables(folder: string, event: StepOptions['event']): Promise<Record<string, string>> {
  if (event === undefined) return {};
  const path = join(folder, 'event.json');
  await writeFile(path, JSON.stringify(event.payload));
  return { GITHUB_EVENT_NAME: event.name, GITHUB_EVENT_PATH: path };
}

/** Spaces become underscores, letters capitals; hyphens stay. Expressions are the runner's, not ours. */
async function inputVariables(inputs: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const action = parse(await readFile(join(ROOT, 'action.yml'), 'utf8')) as {
    inputs: Record<string, { default?: unknown } | null>;
  };
  const unknown = Object.keys(inputs).filter((name) => !(name in action.inputs));
  if (unknown.length > 0) throw new Error(`action.yml has no input ${unknown.join(', ')}`);
  return Object.fromEntries(
    Object.entries(action.inputs).map(([name, input]) => {
      const standard = typeof input?.default === 'string' ? input.default : '';
      const value = inputs[name] ?? standard.replace('${{ github.token }}', 'ghs_simulatedTokenOfTheJob');
      return [`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`, value];
    }),
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

/** Texts of `::error::` and `::warning::`, as the runner decodes them. */
function annotations(log: string, level: 'error' | 'warning'): string[] {
  return log
    .split('\n')
    .flatMap((line) => new RegExp(`^::${level}(?: [^:]*)?::(.*)$`).exec(line)?.[1] ?? [])
    .map((text) => text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%'));
}
