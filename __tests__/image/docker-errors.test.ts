import { describe, expect, it } from '@jest/globals';
import { explain } from '../../src/image/docker-errors.ts';

const HOST = '123456789012.dkr.ecr.us-east-1.amazonaws.com';
const CIRCUMSTANCES = {
  repository: { name: 'team/backend', region: 'us-east-1', host: HOST },
  platforms: ['linux/arm64'],
};
const of = (...lines: string[]): ReturnType<typeof explain> =>
  explain(lines, CIRCUMSTANCES, 'docker ended with exit code 1');
const push = (rest: string): string =>
  `ERROR: failed to solve: failed to push ${HOST}/team/backend:v1: ${rest}`;
const status = (call: string, answer: string): string =>
  push(
    `unexpected status from ${call} request to https://${HOST}/v2/team/backend/${call === 'PUT' ? 'manifests/v1' : 'blobs/uploads/'}: ${answer}`,
  );

describe('what a failed build says', () => {
  const FAILED = [
    '#7 0.113 installing',
    '#7 0.245 pip: connection reset by peer',
    '#7 ERROR: process "/bin/sh -c pip install" did not complete successfully: exit code: 1',
    '------',
    ' > [3/4] RUN pip install:',
    '0.113 installing',
    '0.245 pip: connection reset by peer',
    '------',
    'Dockerfile:3',
    '--------------------',
    '   3 | >>> RUN pip install',
    '--------------------',
    'ERROR: failed to solve: process "/bin/sh -c pip install" did not complete successfully: exit code: 1',
    '',
    'View build details: docker-desktop://dashboard/build/x',
  ];

  it('is its own error, with the step that failed', () => {
    expect(of(...FAILED)).toMatchObject({
      error: 'failed to solve: process "/bin/sh -c pip install" did not complete successfully: exit code: 1',
      cause: 'build-failed',
      hint: undefined,
      retryable: false,
      lines: expect.arrayContaining([' > [3/4] RUN pip install:', '0.245 pip: connection reset by peer']),
    });
  });

  it('is of a push where the engine pushes in a step of its own, as without images in containerd', () => {
    const lines = [
      `#6 pushing ${HOST}/team/backend:v1 with docker`,
      '#6 ERROR: received unexpected HTTP status: 503 Service Unavailable',
      '------',
      ` > pushing ${HOST}/team/backend:v1 with docker:`,
      '------',
      'ERROR: received unexpected HTTP status: 503 Service Unavailable',
    ];
    expect(of(...lines)).toMatchObject({ cause: 'push-failed', retryable: true });
  });

  it('is the same from a newer buildx, which says twice that it failed', () => {
    const newer = FAILED.map((line) => line.replace('ERROR: failed to', 'ERROR: failed to build: failed to'));
    expect(of(...newer).error).toBe(of(...FAILED).error);
  });

  it('is the last line where it marks none, and the exit code where it says nothing', () => {
    expect(of('unknown flag: --nope', "See 'docker buildx build --help'.").error).toBe(
      'unknown flag: --nope',
    );
    expect(of('', ' ').error).toBe('docker ended with exit code 1');
  });

  it.each<[string, string, 'build-failed' | 'push-failed', string | undefined]>([
    [
      'a step that fails',
      'ERROR: failed to solve: process "x" did not complete successfully: exit code: 1',
      'build-failed',
      undefined,
    ],
    [
      'a missing Dockerfile',
      'ERROR: failed to solve: failed to read dockerfile: open Dockerfile: no such file or directory',
      'build-failed',
      'inputs context and file',
    ],
    [
      'a file that is not in the context',
      'ERROR: failed to solve: failed to compute cache key: "/x": not found',
      'build-failed',
      '.dockerignore',
    ],
    [
      'a wrong target',
      'ERROR: failed to solve: target stage "x" could not be found',
      'build-failed',
      'input target',
    ],
    [
      'a missing secret',
      'ERROR: failed to solve: secret npm: not found',
      'build-failed',
      'build-secret-envs',
    ],
    [
      'Docker Hub’s limit',
      'ERROR: failed to solve: python:3: 429 Too Many Requests - toomanyrequests: You have reached your pull rate limit.',
      'build-failed',
      'docker/login-action',
    ],
    [
      'a private base image',
      'ERROR: failed to solve: x/y: pull access denied, repository does not exist or may require authorization',
      'build-failed',
      'docker/login-action',
    ],
    [
      'a base image of another account',
      'ERROR: failed to solve: 210987654321.dkr.ecr.us-east-1.amazonaws.com/base:1: unexpected status from HEAD request to https://210987654321.dkr.ecr.us-east-1.amazonaws.com/v2/base/manifests/1: 401 Unauthorized',
      'build-failed',
      'registries',
    ],
    [
      'a base image for another platform',
      'ERROR: failed to solve: x: no match for platform in manifest: not found',
      'build-failed',
      'no variant for linux/arm64',
    ],
    [
      'another architecture',
      'ERROR: failed to solve: process "/bin/sh -c true" did not complete successfully: exit code: 255 exec /bin/sh: exec format error',
      'build-failed',
      'docker/setup-qemu-action',
    ],
    [
      'what the docker driver cannot do',
      'ERROR: Multi-platform build is not supported for the docker driver.',
      'build-failed',
      'docker/setup-buildx-action',
    ],
    ['a builder that does not exist', 'ERROR: no builder "x" found', 'build-failed', 'docker buildx ls'],
    [
      'no engine',
      'ERROR: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
      'build-failed',
      'ubuntu-latest',
    ],
    ['no buildx', 'docker: unknown command: docker buildx', 'build-failed', 'docker/setup-buildx-action'],
    ['a full disk', 'ERROR: failed to solve: write /x: no space left on device', 'build-failed', 'disk'],
    [
      'an expired token',
      push('denied: Your authorization token has expired. Reauthenticate and try again.'),
      'push-failed',
      '12 hours',
    ],
    [
      'a permission that is missing',
      push(
        'denied: User: arn:aws:sts::1:assumed-role/a/b is not authorized to perform: ecr:InitiateLayerUpload on resource: arn',
      ),
      'push-failed',
      'Allow ecr:InitiateLayerUpload on the repository team/backend',
    ],
    ['a bare 403', status('POST', '403 Forbidden'), 'push-failed', 'ecr:PutImage'],
    ['a bare 401', status('HEAD', '401 Unauthorized'), 'push-failed', 'does not accept the credentials'],
    ['no credentials', push('no basic auth credentials'), 'push-failed', 'does not accept the credentials'],
    [
      'a missing repository',
      push(
        "name unknown: The repository with name 'team/backend' does not exist in the registry with id '123456789012'",
      ),
      'push-failed',
      'aws ecr create-repository --repository-name team/backend',
    ],
    [
      'a bare 404',
      status('POST', '404 Not Found'),
      'push-failed',
      'aws ecr create-repository --repository-name team/backend',
    ],
    [
      'an immutable tag',
      push(
        "tag invalid: The image tag 'v1' already exists in the 'team/backend' repository and cannot be overwritten because the repository is immutable.",
      ),
      'push-failed',
      'immutable',
    ],
    ['a quota', push('denied: image quota exceeded for repository'), 'push-failed', 'lifecycle policy'],
    [
      'a limit of the account',
      push(
        'LimitExceededException: The operation did not succeed because it would have exceeded a service limit for your account',
      ),
      'push-failed',
      'Service Quotas',
    ],
    ['a bare 400 of a manifest', status('PUT', '400 Bad Request'), 'push-failed', 'Service Quotas'],
  ])('%s: its cause and what to do', (_what, line, cause, hint) => {
    const told = of(line);
    expect(told).toMatchObject({ cause, retryable: false });
    if (hint === undefined) expect(told.hint).toBeUndefined();
    else expect(told.hint).toContain(hint);
  });
});

describe('another attempt', () => {
  it.each([
    [status('PUT', '503 Service Unavailable')],
    [status('POST', '500 Internal Server Error')],
    [status('HEAD', '502 Bad Gateway')],
    [status('PUT', '429 Too Many Requests')],
    [push('toomanyrequests: Rate exceeded')],
    [
      push(
        `failed to do request: Post "https://${HOST}/v2/x": read tcp 10.0.0.1:5->10.0.0.2:443: read: connection reset by peer`,
      ),
    ],
    [push('failed to copy: write tcp: broken pipe')],
    [push('failed to do request: net/http: TLS handshake timeout')],
    [push('failed to copy: unexpected EOF')],
    [
      'Error response from daemon: login attempt to https://x/v2/ failed with status: 503 Service Unavailable',
    ],
    ['Error response from daemon: Get "https://x/v2/": EOF'],
  ])('helps where it says %s', (line) => {
    expect(of(line).retryable).toBe(true);
  });

  it.each([
    ['Error response from daemon: login attempt to https://x/v2/ failed with status: 401 Unauthorized'],
    [
      'ERROR: failed to solve: process "/bin/sh -c curl: (56) connection reset; 503 Service Unavailable" did not complete successfully: exit code: 1',
    ],
    ['ERROR: failed to solve: dockerfile parse error on line 5: unknown instruction: RUM'],
    [
      'ERROR: failed to solve: x: 429 Too Many Requests - toomanyrequests: You have reached your pull rate limit',
    ],
    ['ERROR: Cannot connect to the Docker daemon: connection reset'],
    [status('POST', '403 Forbidden')],
  ])('does not where it says %s', (line) => {
    expect(of(line).retryable).toBe(false);
  });
});
