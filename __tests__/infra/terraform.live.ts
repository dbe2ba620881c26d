import { copyFile, mkdir, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sayIfSkipped, withoutTerraform } from './tools.ts';
import { infraWorkspace, makeWorkspace } from './workspace.ts';
import type { Workspace } from './workspace.ts';

const missing = await withoutTerraform();
sayIfSkipped('fmt, validate and terraform test', missing);

(missing === undefined ? describe : describe.skip)('infra/', () => {
  let workspace: Workspace;
  let environment: Workspace;
  let account: Workspace;
  let variables: Workspace;

  beforeAll(async () => {
    workspace = await infraWorkspace({});
    environment = await infraWorkspace({}, 'environments/prod');
    account = await infraWorkspace({}, 'account');
    variables = await makeWorkspace({}, await variablesAlone(workspace.folder));
    for (const each of [workspace, environment, account, variables]) {
      await each.succeed(['init', '-backend=false', '-no-color']);
    }
  }, 900_000);

  afterAll(() => Promise.all([workspace, environment, account, variables].map((each) => each.remove())));

  test('is formatted as terraform fmt does', async () => {
    expect(await workspace.succeed(['fmt', '-check', '-recursive', '-no-color'])).toBe('');
  });

  // In the folder of an environment, where the stack has a provider: without one, Terraform starts one for each module.
  test('is valid', async () => {
    for (const each of [environment, account]) {
      expect(await each.succeed(['validate', '-no-color'])).toContain('The configuration is valid.');
    }
  }, 600_000);

  test('is initialised as it is locked', async () => {
    const locked = await mkdtemp(join(tmpdir(), 'locked-'));
    await copyFile(join(workspace.folder, 'versions.tf'), join(locked, 'versions.tf'));
    const folder = await makeWorkspace({}, locked);
    const lock = fileURLToPath(new URL('../../infra/environments/prod/.terraform.lock.hcl', import.meta.url));
    await copyFile(lock, join(folder.folder, '.terraform.lock.hcl'));
    const printed = await folder.succeed(['init', '-lockfile=readonly', '-no-color']);
    expect(printed).toContain('from the dependency lock file');
    await folder.remove();
  }, 600_000);

  test('passes its own tests, without an account and without a network', async () => {
    const parts = (await testsOf(workspace.folder)).filter((name) => name !== VALIDATIONS);
    const chosen = parts.map((name) => `-filter=tests/${name}`);
    expect(passed(await workspace.succeed(['test', '-no-color', ...chosen]))).toBeGreaterThanOrEqual(26);
    expect(passed(await variables.succeed(['test', '-no-color']))).toBeGreaterThanOrEqual(28);
    expect(passed(await account.succeed(['test', '-no-color']))).toBeGreaterThanOrEqual(4);
  }, 600_000);
});

/** The tests of what the variables refuse: no run of theirs gets as far as a resource. */
const VALIDATIONS = 'validations.tftest.hcl';

function testsOf(folder: string): Promise<string[]> {
  return readdir(join(folder, 'tests'));
}

/** A configuration of the variables of `infra/`, so that what they refuse is seen without the modules being read for each. */
async function variablesAlone(infra: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'variables-'));
  await mkdir(join(folder, 'tests'));
  const files = (await readdir(infra)).filter((name) => /^(variables.*|versions)\.tf$/.test(name));
  for (const file of [...files, join('tests', VALIDATIONS)])
    await copyFile(join(infra, file), join(folder, file));
  return folder;
}

/** How many runs passed. Throws what was printed where that is not said. */
function passed(output: string): number {
  const [, number] = /Success! (\d+) passed, 0 failed\./.exec(output) ?? [];
  if (number === undefined) throw new Error(output);
  return Number(number);
}
