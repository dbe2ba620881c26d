import * as core from '@actions/core';
import { run } from './run.ts';

async function writeSummary(markdown: string): Promise<void> {
  if (process.env['GITHUB_STEP_SUMMARY'] === undefined) return;
  await core.summary.addRaw(markdown).write();
}

void run({
  getInput: (name) => core.getInput(name, { trimWhitespace: false }),
  setSecret: core.setSecret,
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
    setOutput: core.setOutput,
    setFailed: core.setFailed,
    writeSummary,
  },
  env: process.env,
});
