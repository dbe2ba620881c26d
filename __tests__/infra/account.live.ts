import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeBucket, makeIdentityProvider, makeRepository } from './account.ts';
import { startMoto } from './moto.ts';
import type { Moto } from './moto.ts';
import { sayIfSkipped, withoutMoto } from './tools.ts';
import {
  awsEnvironment,
  backend,
  differences,
  infraWorkspace,
  useLoopbackBuckets,
  variables,
} from './workspace.ts';
import type { Workspace } from './workspace.ts';

const missing = await withoutMoto();
sayIfSkipped('applying the stack of the account', missing);

const GIVEN = variables({
  state_bucket: 'octo-states',
  repositories: ['backend', 'backend-dev'],
  adopt_repositories: ['backend-dev'],
  adopt_identity_provider: true,
});

(missing === undefined ? describe : describe.skip)('the stack of the account', () => {
  let moto: Moto;
  let account: Workspace;

  beforeAll(async () => {
    moto = await startMoto();
    account = await infraWorkspace(awsEnvironment(moto.url), 'account');
    await useLoopbackBuckets(account);
  }, 900_000);

  afterAll(async () => {
    await Promise.all([moto.close(), account.remove()]);
  });

  test('takes what the account has already, and keeps its state in its own bucket', async () => {
    await makeBucket(moto, 'octo-states');
    await makeRepository(moto, 'backend-dev', 'KMS');
    await makeIdentityProvider(moto);
    await account.succeed(['init', '-no-color', ...backend('octo-states')]);
    const printed = await account.succeed(['apply', '-auto-approve', '-no-color', ...GIVEN]);
    expect(printed).toMatch(/Resources: 3 imported, \d+ added, \d+ changed, 0 destroyed/);
    expect(await differences(account, GIVEN)).toBe('');
  }, 600_000);

  test('is never destroyed by mistake', async () => {
    const refused = await account.terraform(['destroy', '-auto-approve', '-no-color', ...GIVEN]);
    for (const kept of [
      'aws_s3_bucket.state',
      'aws_ecr_repository.this',
      'aws_iam_openid_connect_provider',
    ]) {
      expect(refused.output).toContain(`Resource ${kept}`);
    }
    expect(refused.output).toContain('prevent_destroy');
  }, 900_000);
});
