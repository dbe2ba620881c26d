/** What GitHub's runner gives a step of a job, and what it makes of what the step leaves behind. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { Report } from '../src/report/report.ts';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

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

/** A folder for one step, gone afterwards, with the files of its workspace. */
export async function inAFolder<T>(
  files: StepOptions['files'],
  act: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'step-'));
  try {
    await Promise.all(Object.entries(files ?? {}).map(([name, text]) => writeIn(folder, name, text)));
    return await act(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeIn(folder: string, name: string, text: string): Promise<void> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

/** The environment of the job, without the inputs and files of a step. */
export async function jobVariables(
  folder: string,
  inputs: Readonly<Record<string, string>>,
  aws: Readonly<Record<string, string>>,
  { env, event }: Pick<StepOptions, 'env' | 'event'>,
): Promise<Record<string, string>> {
  return {
    PATH: '/usr/bin:/bin',
    HOME: folder,
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_WORKSPACE: folder,
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
    ...aws,
    ...(inputs['mode'] === 'plan' ? { AWS_ACCESS_KEY_ID: PLAN_CALLER } : {}),
    ...(await eventVariables(folder, event)),
    ...env,
  };
}

async function eventVariables(folder: string, event: StepOptions['event']): Promise<Record<string, string>> {
  if (event === undefined) return {};
  const path = join(folder, 'event.json');
  await writeFile(path, JSON.stringify(event.payload));
  return { GITHUB_EVENT_NAME: event.name, GITHUB_EVENT_PATH: path };
}

interface ActionFile {
  readonly inputs: Readonly<Record<string, { readonly default?: unknown } | null>>;
}

/** Read once: a test file runs many steps. */
let actionFile: Promise<ActionFile> | undefined;

async function readAction(): Promise<ActionFile> {
  return parse(await readFile(join(ROOT, 'action.yml'), 'utf8')) as ActionFile;
}

/** Every input of action.yml, with its default where none is given. Expressions are the runner's, not ours. */
export async function inputValues(
  inputs: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const action = await (actionFile ??= readAction());
  const unknown = Object.keys(inputs).filter((name) => !(name in action.inputs));
  if (unknown.length > 0) throw new Error(`action.yml has no input ${unknown.join(', ')}`);
  return Object.fromEntries(
    Object.entries(action.inputs).map(([name, input]) => {
      const standard = typeof input?.default === 'string' ? input.default : '';
      return [name, inputs[name] ?? standard.replace('${{ github.token }}', 'ghs_simulatedTokenOfTheJob')];
    }),
  );
}

/** The report of a step that may have left none. */
export async function readReport(outputs: StepResult['outputs'], log: string): Promise<() => Report> {
  const path = outputs['report'];
  const report = path === undefined ? undefined : (JSON.parse(await readFile(path, 'utf8')) as Report);
  return () => {
    if (report === undefined) throw new Error(`The step left no report:\n${log}`);
    return report;
  };
}

/** Texts of `::error::` and `::warning::`, as the runner decodes them. */
export function annotations(log: string, level: 'error' | 'warning'): string[] {
  return log
    .split('\n')
    .flatMap((line) => new RegExp(`^::${level}(?: [^:]*)?::(.*)$`).exec(line)?.[1] ?? [])
    .map((text) => text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%'));
}
