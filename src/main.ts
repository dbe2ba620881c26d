import * as core from '@actions/core';
import { run, type Runner } from './action.ts';
import { finish } from './post.ts';

async function writeSummary(markdown: string): Promise<void> {
  if (process.env['GITHUB_STEP_SUMMARY'] === undefined) return;
  await core.summary.addRaw(markdown).write();
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

/** The runner starts the same bundle again as the post step; what was saved in the first run tells them apart. */
const isPost = core.getState('isPost') !== '';

core.saveState('isPost', 'true');

void (isPost ? finish(runner) : run(runner));
