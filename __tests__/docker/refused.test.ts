import { describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { expectGreen, expectRed, mutations, production } from '../e2e/world.ts';
import { HOST, dockerfile, everythingOf, inADockerWorld, run, tagsOf } from './world.ts';

describe('before a build begins', () => {
  test('a missing repository is found, with the command that makes it', () =>
    inADockerWorld({}, async ({ sim, step, context, endpoint }) => {
      const result = await step({
        context: await context('any', { Dockerfile: dockerfile() }),
        'ecr-repository': 'no/such-repository',
      });
      expectRed(result, 'failed', 'preflight-failed');
      expect(result.outputs['message']).toBe(
        'ECR repository "no/such-repository" was not found in us-east-1.',
      );
      expect(result.errors[0]).toContain(
        'aws ecr create-repository --repository-name no/such-repository --image-tag-mutability IMMUTABLE --region us-east-1',
      );
      expect([endpoint.requests, mutations(sim)]).toEqual([[], []]);
    }));

  test('another platform than that of the service is refused', () =>
    inADockerWorld({}, async ({ step, context, endpoint }) => {
      const result = await step({
        context: await context('any', { Dockerfile: dockerfile() }),
        platforms: 'linux/arm64',
      });
      expectRed(result, 'failed', 'preflight-failed');
      expect(result.outputs['message']).toContain(
        'the image would be built for linux/arm64, and the task runs on linux/amd64',
      );
      expect(endpoint.requests).toEqual([]);
    }));

  test('what else is wrong with the deployment is found, such as a missing log group', () =>
    inADockerWorld({}, async ({ sim, step, context, endpoint }) => {
      const result = await step({
        context: await context('any', { Dockerfile: dockerfile() }),
        'log-configuration-options': 'awslogs-group=/no/such/group',
      });
      expectRed(result, 'failed', 'preflight-failed');
      expect(result.outputs['message']).toContain('/no/such/group');
      expect([endpoint.requests, mutations(sim)]).toEqual([[], []]);
    }));

  test.each([
    ['a folder', { context: 'no/such/folder' }, 'context: the folder "no/such/folder" does not exist.'],
    ['a Dockerfile', { context: '.' }, 'context: there is no Dockerfile in ".".'],
    ['a file', { context: '.', file: 'Other' }, 'file: the Dockerfile "Other" does not exist.'],
  ])('%s that is missing is found', (_what, inputs, message) =>
    inADockerWorld({}, async ({ step, endpoint }) => {
      const result = await step(inputs);
      expectRed(result, 'failed', 'invalid-input');
      expect(result.outputs['message']).toBe(message);
      expect(endpoint.requests).toEqual([]);
    }),
  );
});

describe('a login', () => {
  test('with a wrong password fails with what the registry says, and shows no password', () =>
    inADockerWorld({}, async ({ sim, step, context, repository }) => {
      sim.world.registry.password = 'a-wrong-password';
      const result = await step({ context: await context('any', { Dockerfile: dockerfile() }) });
      expectRed(result, 'failed', 'push-failed');
      expect(result.outputs['message']).toMatch(new RegExp(`^The login to ${HOST} failed: .*401`));
      expect(result.errors[0]).toContain('The registry does not accept the token.');
      const shown = everythingOf(result).replace(/^::add-mask::.*$/gm, '');
      const forms = ['a-wrong-password', 'QVdTOmEtd3JvbmctcGFzc3dvcmQ=', 'YS13cm9uZy1wYXNzd29yZA=='];
      expect(forms.filter((form) => shown.includes(form))).toEqual([]);
      for (const form of forms) expect(result.log).toContain(`::add-mask::${form}`);
      expect(result.log).not.toContain('::add-mask::AWS\n');
      expect(await tagsOf(repository)).toEqual([]);
    }));

  test('without the permission for a token says which one', () =>
    inADockerWorld({}, async ({ sim, step, context }) => {
      sim.inject({ action: 'GetAuthorizationToken', effect: { kind: 'denied' } });
      const result = await step({ context: await context('any', { Dockerfile: dockerfile() }) });
      expectRed(result, 'failed', 'access-denied');
      expect(result.outputs['message']).toContain('ecr:GetAuthorizationToken');
    }));

  test('goes to further registries that are asked for', () =>
    inADockerWorld({}, async ({ step, context }) => {
      const result = await step({
        context: await context('any', { Dockerfile: dockerfile() }),
        registries: '210987654321',
      });
      expectGreen(result, 'succeeded');
      for (const host of [HOST, HOST.replace('123456789012', '210987654321')]) {
        expect(result.log).toContain(`Logged in to ${host}.`);
      }
    }));
});

describe('a build that fails', () => {
  test('says what the build itself says, once, and touches nothing', () =>
    inADockerWorld({}, async ({ sim, step, context, endpoint, repository }) => {
      const folder = await context('broken', {
        Dockerfile: dockerfile(run('echo ::error::not a command; echo the reason >&2; exit 3')),
      });
      const result = await step({ context: folder });
      expectRed(result, 'failed', 'build-failed');
      expect(result.outputs['message']).toMatch(
        /^The image could not be built: failed to solve: process "\/bin\/busybox sh -c .*" did not complete successfully: exit code: 3\.$/,
      );
      expect(result.summary).toContain('the reason');
      expect(result.log).not.toContain('\n::error::not a command');
      expect(result.log).not.toContain('Trying again');
      expect(production(sim)).toBe('backend:1 COMPLETED');
      expect(mutations(sim)).toEqual([]);
      expect(await tagsOf(repository)).toEqual([]);
      expect(endpoint.requests.filter((request) => request.startsWith('PUT'))).toEqual([]);
    }));

  test.each([
    ['a missing file', {}, ['COPY nothing /nothing'], 'Check that the file is in the context'],
    ['an unknown option', { 'buildx-args': '--no-such-option' }, [], 'Check buildx-args'],
    ['a builder that does not exist', { builder: 'nope' }, [], 'docker buildx ls'],
  ])('for %s says what to do', (_why, inputs, lines, hint) =>
    inADockerWorld({}, async ({ step, context }) => {
      const folder = await context('wrong', { Dockerfile: dockerfile(...lines) });
      const result = await step({ context: folder, ...inputs });
      expectRed(result, 'failed', 'build-failed');
      expect(result.errors[0]).toContain(hint);
    }),
  );

  test('for a stage that the Dockerfile does not have is no build: it is found before', () =>
    inADockerWorld({}, async ({ step, context }) => {
      const folder = await context('wrong', { Dockerfile: dockerfile() });
      const result = await step({ context: folder, target: 'nope' });
      expectRed(result, 'failed', 'invalid-input');
      expect(result.errors[0]).toContain('target: the Dockerfile has no stage "nope".');
    }));

  test('for want of a digest says so', () =>
    inADockerWorld({}, async ({ step, context, folder }) => {
      const result = await step({
        context: await context('any', { Dockerfile: dockerfile() }),
        'buildx-args': `--output type=local,dest=${join(folder, 'out')} --push=false`,
      });
      expectRed(result, 'failed', 'build-failed');
      expect(result.outputs['message']).toContain('containerimage.digest');
    }));
});
