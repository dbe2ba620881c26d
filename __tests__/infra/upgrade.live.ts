import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeAccount } from './account.ts';
import { startMoto } from './moto.ts';
import type { Moto } from './moto.ts';
import { changesIn, replaced } from './planned.ts';
import type { Change } from './planned.ts';
import { sayIfSkipped, withoutMoto } from './tools.ts';
import {
  awsEnvironment,
  infraWorkspace,
  useLocalState,
  useLoopbackBuckets,
  useSettings,
  variables,
} from './workspace.ts';
import type { Workspace } from './workspace.ts';

const missing = await withoutMoto();
sayIfSkipped('moving a stack from the former layout', missing);

/** The state of a stack that was applied from `infra/` itself, with `nat = "single"` and the defaults otherwise. */
const FIRST_LAYOUT = fileURLToPath(new URL('states/first-layout.json', import.meta.url));
const GIVEN = variables({ github_repository: 'octo-org/video', state_bucket: 'octo-states' });

(missing === undefined ? describe : describe.skip)('a stack of the former layout', () => {
  let moto: Moto;
  let workspace: Workspace;
  let changes: readonly Change[];

  beforeAll(async () => {
    moto = await startMoto();
    await makeAccount(moto, 'backend-prod');
    workspace = await infraWorkspace(awsEnvironment(moto.url), 'environments/prod');
    await useLoopbackBuckets(workspace);
    await useLocalState(workspace);
    await useSettings(workspace, { role_path: '/', repository_name: 'backend-prod', nat: 'single' });
    await copyFile(FIRST_LAYOUT, join(workspace.folder, 'terraform.tfstate'));
    await workspace.succeed(['init', '-no-color']);
    changes = await changesIn(workspace, ['-refresh=false', ...GIVEN]);
  }, 600_000);

  afterAll(async () => {
    await Promise.all([moto.close(), workspace.remove()]);
  });

  test('moves into its folder, and nothing is replaced', () => {
    expect(changes.length).toBeGreaterThan(60);
    expect(replaced(changes)).toEqual([]);
  });

  test('loses nothing but the policy that its plan role no longer needs', () => {
    const destroyed = changes.filter(
      ({ actions }) => actions.includes('delete') && !actions.includes('create'),
    );
    expect(destroyed.map(({ address }) => address)).toEqual([
      'module.stack.module.deploy_role.aws_iam_role_policy.plan_infra',
    ]);
  });

  test('leaves its repository and the identity provider to the stack of the account', () => {
    const forgotten = changes.filter(({ actions }) => actions.includes('forget'));
    expect(forgotten.map(({ address }) => address.replace(/\[0\]$/, '')).sort()).toEqual([
      'module.registry.aws_ecr_lifecycle_policy.this',
      'module.registry.aws_ecr_repository.this',
      'module.stack.module.deploy_role.aws_iam_openid_connect_provider.github',
    ]);
  });

  test('gets the tag that its roles know it by, on all that can have one', () => {
    const untagged = changes.filter(
      ({ before, after }) =>
        before !== null && after !== null && 'tags_all' in after && stackOf(after) !== 'backend-prod',
    );
    expect(untagged.map(({ address }) => address)).toEqual([]);
  });
});

function stackOf(values: Readonly<Record<string, unknown>>): unknown {
  return (values['tags_all'] as Readonly<Record<string, unknown>> | null)?.['Stack'];
}
