import { describe, expect, test } from '@jest/globals';
import { expectGreen, expectRed } from '../e2e/world.ts';
import { given } from './given.ts';
import { dockerfile, inADockerWorld, tagsOf } from './world.ts';

const UPLOAD = /^POST \/v2\/team\/.*\/blobs\/uploads\//;
const MANIFEST = /^PUT \/v2\/team\/.*\/manifests\//;

describe('a registry that refuses', () => {
  test.each([
    [503, 'UNAVAILABLE', 'Service Unavailable'],
    [429, 'TOOMANYREQUESTS', 'Rate exceeded'],
  ])('for the moment (%i) is asked again', (status, code, message) =>
    inADockerWorld({}, async ({ step, context, endpoint, repository, sha }) => {
      // BuildKit itself tries a few times before it gives up; an engine that pushes in its place does not.
      endpoint.refuse(MANIFEST, { status, code, message }, given().containerdStore ? 8 : 2);
      const result = await step({
        context: await context('any', { Dockerfile: dockerfile() }),
        'reuse-image': 'false',
      });
      expectGreen(result, 'succeeded');
      expect(result.log).toMatch(/The image could not be pushed: .* Trying again in 2 s\./);
      expect(await tagsOf(repository)).toEqual([sha]);
    }),
  );

  test('a login for the moment is asked again', () =>
    inADockerWorld({}, async ({ step, context, endpoint }) => {
      endpoint.refuse(/^GET \/v2\/ ?$/, { status: 503, code: 'UNAVAILABLE', message: 'Service Unavailable' });
      const result = await step({ context: await context('any', { Dockerfile: dockerfile() }) });
      expectGreen(result, 'succeeded');
      expect(result.log).toMatch(/The login to .* failed: .*(?:401|503).* Trying again in 2 s\./);
    }));

  test('for want of a permission names it', () =>
    inADockerWorld({}, async ({ step, context, endpoint, repository }) => {
      endpoint.refuse(
        UPLOAD,
        {
          status: 403,
          code: 'DENIED',
          message: `User: arn:aws:sts::123456789012:assumed-role/deployer/simulated is not authorized to perform: ecr:InitiateLayerUpload on resource: arn:aws:ecr:us-east-1:123456789012:repository/${repository} because no identity-based policy allows the ecr:InitiateLayerUpload action`,
        },
        100,
      );
      const result = await step({ context: await context('any', { Dockerfile: dockerfile() }) });
      expectRed(result, 'failed', 'push-failed');
      expect(result.errors[0]).toMatch(
        /Allow ecr:InitiateLayerUpload on the repository|needs ecr:BatchCheck/,
      );
      expect(result.log).not.toContain('Trying again');
    }));

  test('for a quota says so', () =>
    inADockerWorld({}, async ({ step, context, endpoint }) => {
      endpoint.refuse(
        MANIFEST,
        {
          status: 400,
          code: 'QUOTA',
          message:
            'LimitExceededException: The operation did not succeed because it would have exceeded a service limit for your account',
        },
        100,
      );
      const result = await step({ context: await context('any', { Dockerfile: dockerfile() }) });
      expectRed(result, 'failed', 'push-failed');
      // BuildKit does not pass on what ECR says; an engine that pushes in its place does.
      const certain = given().containerdStore ? 'or a quota is used up' : 'A quota of ECR is used up';
      expect(result.errors[0]).toContain(certain);
    }));

  test('because the repository went away meanwhile says how to make it', () =>
    inADockerWorld({}, async ({ sim, step, context, repository }) => {
      const result = await step(
        { context: await context('any', { Dockerfile: dockerfile() }) },
        {
          onOutput: (log) => {
            if (log.includes('Logged in to')) sim.world.registry.repositories.delete(repository);
          },
        },
      );
      expectRed(result, 'failed', 'push-failed');
      expect(result.errors[0]).toContain(`aws ecr create-repository --repository-name ${repository}`);
    }));
});
