import * as core from '@actions/core';
import { setFlagsFromString } from 'node:v8';
import { run, type ActionSystem, type Runner } from './action.ts';
import { createAws } from './aws/clients.ts';
import { systemClock } from './runtime/clock.ts';
import { execute } from './runtime/exec.ts';
import { download } from './runtime/http.ts';

async function writeSummary(markdown: string): Promise<void> {
  if ((process.env['GITHUB_STEP_SUMMARY'] ?? '') === '') return;
  await core.summary.addRaw(markdown).write({ overwrite: true });
}

const runner: Runner = {
  getInput: (name) => core.getInput(name, { trimWhitespace: false }),
  setSecret: core.setSecret,
  saveState: core.saveState,
  getState: core.getState,
  console: {
    info: core.info,
    warning: (text) => {
      core.warning(text);
    },
    startGroup: core.startGroup,
    endGroup: core.endGroup,
  },
  publisher: {
    info: core.info,
    warning: (text) => {
      core.warning(text);
    },
    setOutput: core.setOutput,
    setFailed: core.setFailed,
    writeSummary,
  },
  env: process.env,
};

const system: Omit<ActionSystem, 'signal'> = {
  clock: systemClock,
  date: () => new Date(),
  random: Math.random,
  connectAws: createAws,
  connectGitHub: async (...asked) => (await import('./github/client.ts')).connectGitHub(...asked),
  ask: async (...asked) => (await import('./gates/probe.ts')).probe(...asked),
  download,
  exec: execute,
};

/** The step, until its end or that of the job. */
export async function runStep(signal: AbortSignal): Promise<void> {
  // Answers of AWS are read and forgotten: V8 would rather take tens of megabytes for them than collect more often. With
  // many services that is 40 % of the memory, and less than a twentieth of the processor's time.
  setFlagsFromString('--semi-space-growth-factor=1');
  await run(runner, { ...system, signal });
}

/** The post step. It does nothing about a cancellation: it is short, and the runner ends it. */
export async function runPost(): Promise<void> {
  const { finish } = await import('./post.ts');
  await finish(runner, { ...system, signal: new AbortController().signal });
}
