import { describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expectGreen, expectRed } from '../e2e/world.ts';
import { dockerfile, everythingOf, inADockerWorld, inspect, run } from './world.ts';

const SECRETS = {
  given: 'given-s3cret-value=with "quotes", commas',
  env: 'first-line-of-env-s3cret\nsecond-line-of-env-s3cret',
  file: 'file-s3cret-one\nfile-s3cret-two',
};
const LINES = Object.values(SECRETS).flatMap((secret) => secret.split('\n'));

/** The step fails unless the secret is, to the letter, what it should be; then it prints it. */
function check(id: string, expected: string): string {
  const sum = createHash('sha256').update(expected).digest('hex');
  const script = `echo "${sum}  /run/secrets/${id}" | /bin/busybox sha256sum -c && /bin/busybox cat /run/secrets/${id}`;
  return run(script).replace('RUN ', `RUN --mount=type=secret,id=${id} `);
}

const INPUTS = {
  'build-secrets': `given=${SECRETS.given}`,
  'build-secret-envs': 'env=SECRET_OF_THE_JOB',
};

describe('secrets of a build', () => {
  test('reach it whole, and are nowhere else: not in the image, the log, the summary or the report', () =>
    inADockerWorld({}, async ({ step, repository, sha, context, folder }) => {
      const path = await context('secrets', {
        Dockerfile: dockerfile(...Object.entries(SECRETS).map(([id, secret]) => check(id, secret))),
      });
      const secretFile = join(folder, 'a, "b".txt');
      await writeFile(secretFile, SECRETS.file);
      const result = await step(
        { ...INPUTS, context: path, 'build-secret-files': `file=${secretFile}` },
        { env: { SECRET_OF_THE_JOB: SECRETS.env } },
      );
      expectGreen(result, 'succeeded');
      const { config } = await inspect(repository, sha);
      const left = [withoutMasking(everythingOf(result)), JSON.stringify(config)].join('\n');
      expect(LINES.filter((line) => left.includes(line))).toEqual([]);
      // What the step printed is there, hidden.
      expect(result.log).toMatch(/#\d+ [\d.]+ \*\*\*/);
    }));

  test.each([
    [
      'build-secret-envs',
      { 'build-secret-envs': 'env=NOT_SET' },
      'the variable NOT_SET of secret "env" is not set',
    ],
    [
      'build-secret-files',
      { 'build-secret-files': 'file=no/such/file' },
      'the file of secret "file" cannot be read',
    ],
  ])('that are missing (%s) are found before the build', (_input, inputs, message) =>
    inADockerWorld({}, async ({ step, context, endpoint }) => {
      const path = await context('missing', { Dockerfile: dockerfile() });
      const result = await step({ context: path, ...inputs });
      expectRed(result, 'failed', 'invalid-input');
      expect(result.outputs['message']).toContain(message);
      expect(endpoint.requests).toEqual([]);
    }),
  );

  test('that the Dockerfile asks for and nobody gives are named', () =>
    inADockerWorld({}, async ({ step, context }) => {
      const step1 = run('/bin/busybox cat /run/secrets/npm').replace(
        'RUN ',
        'RUN --mount=type=secret,id=npm,required=true ',
      );
      const path = await context('asks', { Dockerfile: dockerfile(step1) });
      const result = await step({ context: path });
      expectRed(result, 'failed', 'build-failed');
      expect(result.errors[0]).toContain('build-secrets, build-secret-envs or build-secret-files');
    }));
});

/** The runner reads these lines and shows none of them. */
function withoutMasking(log: string): string {
  return log
    .split('\n')
    .filter((line) => !line.startsWith('::add-mask::'))
    .join('\n');
}
