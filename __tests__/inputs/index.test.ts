import { describe, expect, it } from '@jest/globals';
import { InvalidInputs, readInputs, type ReadInputs } from '../../src/inputs/index.ts';
import { passwordsIn } from '../../src/inputs/build.ts';
import { secretsOfHeader, secretsOfQuery } from '../../src/inputs/gates.ts';

type Inputs = Readonly<Record<string, string>>;

function read(inputs: Inputs): ReadInputs {
  return readInputs((name) => inputs[name] ?? '', { workspace: '/workspace' });
}

function request(inputs: Inputs) {
  return read({ service: 'web', ...inputs }).request;
}

function problemsOf(inputs: Inputs): readonly string[] {
  try {
    read(inputs);
  } catch (error) {
    if (error instanceof InvalidInputs) return error.problems;
    throw error;
  }
  return [];
}

/** The inputs that the problems name, each once. */
function wrong(inputs: Inputs): readonly string[] {
  return [...new Set(problemsOf(inputs).map((each) => each.slice(0, each.indexOf(':'))))];
}

const ARN = 'arn:aws:ecs:us-east-1:111122223333';

describe('the request', () => {
  it('is the defaults where only a service is given', () => {
    expect(request({})).toMatchObject({
      mode: 'deploy',
      region: undefined,
      cluster: 'default',
      services: ['web'],
      image: { kind: 'none' },
      definition: { base: { kind: 'latest-of-service' }, environmentMode: 'merge', command: undefined },
      preDeploy: undefined,
      rollout: {
        desiredCount: undefined,
        forceNewDeployment: undefined,
        enableEcsManagedTags: undefined,
        propagateTags: undefined,
        wait: true,
        waitMinutes: 30,
        pollSeconds: 5,
        failedTaskLimit: 'auto',
        onFailure: 'rollback',
        onCancel: 'leave',
      },
      gate: { http: undefined, deadlineSeconds: 120, alarms: [], bakeMinutes: 0 },
      report: {
        summary: true,
        prComment: 'auto',
        githubToken: undefined,
        githubEnvironment: undefined,
        failureLogLines: 30,
      },
    });
  });

  it('holds what every group was given', () => {
    const { gate, rollout, definition, preDeploy, report, registries } = request({
      'desired-count': '1',
      'force-new-deployment': 'False',
      'propagate-tags': 'task_definition',
      'poll-interval-seconds': '0.1',
      'failed-task-limit': '4',
      'environment-variables': 'A= 1\nB-',
      secrets: 'C=/prod/c',
      command: 'python -m "my app"',
      cpu: ' .5 vCPU ',
      'pre-deploy-command': '["migrate"]',
      'pre-deploy-timeout-minutes': '2.5',
      'health-check-url': 'https://api.example.com/health?full=1',
      'health-check-status': '200,301-302',
      'health-check-body': '/ok|fine/i',
      'health-check-json': 'version=1.4.2\nchecks.0.name=db',
      'health-check-headers': 'X-Api-Key=abcdef\nAuthorization: Bearer 0123456789',
      alarms: '5xx, high\nslow',
      'bake-minutes': '1440',
      'pr-comment': 'True',
      'pr-number': '7',
      'failure-log-lines': '0',
      registries: '012345678901, 111122223333',
    });
    expect(rollout).toMatchObject({
      desiredCount: 1,
      forceNewDeployment: false,
      propagateTags: 'TASK_DEFINITION',
    });
    expect(rollout).toMatchObject({ pollSeconds: 0.1, failedTaskLimit: 4 });
    expect(definition).toMatchObject({
      environment: { set: { A: ' 1' }, remove: ['B'] },
      secrets: { set: { C: '/prod/c' }, remove: [] },
      command: ['python', '-m', 'my app'],
      cpu: '.5 vCPU',
    });
    expect(preDeploy).toEqual({ command: ['migrate'], container: undefined, timeoutMinutes: 2.5 });
    expect(gate).toEqual({
      http: {
        url: 'https://api.example.com/health?full=1',
        statuses: [
          { from: 200, to: 200 },
          { from: 301, to: 302 },
        ],
        body: { kind: 'pattern', source: 'ok|fine', flags: 'i' },
        json: { version: '1.4.2', 'checks.0.name': 'db' },
        headers: { 'X-Api-Key': 'abcdef', Authorization: 'Bearer 0123456789' },
        successes: 3,
        failures: 3,
        intervalSeconds: 5,
        timeoutSeconds: 5,
      },
      testUrl: undefined,
      metrics: [],
      promotion: 'auto',
      deadlineSeconds: 120,
      alarms: ['5xx, high', 'slow'],
      bakeMinutes: 1440,
    });
    expect(report).toMatchObject({ prComment: 'true', prNumber: 7, failureLogLines: 0 });
    expect(registries).toEqual(['012345678901', '111122223333']);
  });

  it.each<[Inputs, unknown]>([
    [{ image: 'nginx:1' }, { kind: 'reference', reference: 'nginx:1' }],
    [
      { images: 'app=nginx:1, side=envoy:2' },
      { kind: 'by-container', references: { app: 'nginx:1', side: 'envoy:2' } },
    ],
    [
      { 'image-tag': 'v1', 'ecr-repository': 'backend' },
      { kind: 'existing-tag', repository: 'backend', tag: 'v1' },
    ],
    [
      { context: '.', 'ecr-repository': 'backend' },
      { kind: 'build', repository: 'backend', context: '.' },
    ],
  ])('takes the image from %j', (inputs, expected) => {
    expect(request(inputs).image).toEqual(expected);
  });

  it('keeps the repository whatever the image is, for the choice of the container', () => {
    expect(request({ image: 'nginx:1', 'ecr-repository': 'backend' }).ecrRepository).toBe('backend');
  });

  it('finds the file of a task definition in the workspace', () => {
    expect(request({ 'task-definition': '.aws/task.json' }).definition.base).toMatchObject({
      path: '.aws/task.json',
    });
    expect(request({ 'task-definition': '/srv/task.json' }).definition.base).toMatchObject({
      path: '/srv/task.json',
    });
  });

  it('holds the build in the form that buildx takes', () => {
    const { build } = request({
      context: 'backend',
      'ecr-repository': 'backend',
      platforms: 'linux/amd64, linux/arm64',
      'build-args': 'A=1,2\nHTTP_PROXY',
      'build-secret-envs': 'npm=NPM_TOKEN, pip=PIP_TOKEN',
      'cache-from': 'type=registry,ref=a/b',
      provenance: 'TRUE',
      sbom: 'generator=docker/scout',
      'buildx-args': '--ulimit nofile=1024\n# a comment\n--label "a b"',
      'reuse-image': 'false',
    });
    expect(build).toMatchObject({
      platforms: ['linux/amd64', 'linux/arm64'],
      buildArgs: ['A=1,2', 'HTTP_PROXY'],
      secretEnvs: ['npm=NPM_TOKEN', 'pip=PIP_TOKEN'],
      cacheFrom: ['type=registry,ref=a/b'],
      provenance: 'true',
      sbom: 'generator=docker/scout',
      buildxArgs: ['--ulimit', 'nofile=1024', '--label', 'a b'],
      reuseImage: false,
    });
  });

  it('leaves after a failed rollback, unless told otherwise', () => {
    expect(request({ mode: 'rollback' }).rollout.onFailure).toBe('leave');
    expect(request({ mode: 'rollback', 'on-failure': 'rollback' }).rollout.onFailure).toBe('rollback');
    expect(request({ 'on-failure': 'leave' }).rollout.onFailure).toBe('leave');
  });

  it('takes white space for nothing', () => {
    expect(request({ image: ' \n', 'wait-for-minutes': '  ' }).image).toEqual({ kind: 'none' });
  });
});

describe('cluster and services', () => {
  it.each<[Inputs, string]>([
    [{ service: `${ARN}:service/prod/web` }, 'prod'],
    [{ service: `api, ${ARN}:service/prod/web` }, 'prod'],
    [{ service: `${ARN}:service/prod/web`, cluster: 'prod' }, 'prod'],
    [{ service: `${ARN}:service/prod/web`, cluster: `${ARN}:cluster/prod` }, `${ARN}:cluster/prod`],
    [{ service: 'web', cluster: `${ARN}:cluster/prod` }, `${ARN}:cluster/prod`],
  ])('of %j', (inputs, cluster) => {
    expect(request(inputs).cluster).toBe(cluster);
  });

  it.each<[Inputs, string]>([
    [{ service: `${ARN}:service/prod/web`, cluster: 'dev' }, 'is not in the cluster of "dev"'],
    [
      { service: `${ARN}:service/prod/web, ${ARN}:service/dev/api` },
      `is not in the cluster of "${ARN}:service/prod/web"`,
    ],
    [
      { service: `${ARN}:service/prod/web`, cluster: 'arn:aws:ecs:us-east-1:999922223333:cluster/prod' },
      'is not in',
    ],
    [
      { service: `${ARN}:service/prod/web`, 'aws-region': 'eu-west-1' },
      'is in us-east-1, but this run is in eu-west-1',
    ],
  ])('%j is refused', (inputs, part) => {
    expect(problemsOf(inputs)).toEqual([expect.stringMatching(/^service: /)]);
    expect(problemsOf(inputs)[0]).toContain(part);
  });

  it.each(['Frankfurt', 'us-east-1a', 'US-EAST-1'])('refuses %s as the region of the job', (region) => {
    const readHere = (inputs: Inputs): ReadInputs =>
      readInputs((name) => ({ service: 'web', ...inputs })[name] ?? '', { workspace: '/w', region });
    expect(() => readHere({})).toThrow(
      expect.objectContaining({
        problems: [expect.stringContaining(`AWS_DEFAULT_REGION of this job says "${region}"`)],
      }),
    );
    expect(readHere({ 'aws-region': 'eu-central-1' }).request.region).toBe('eu-central-1');
  });

  it('refuses the ARN of a cluster in another region', () => {
    expect(wrong({ service: 'web', cluster: `${ARN}:cluster/prod`, 'aws-region': 'eu-west-1' })).toEqual([
      'cluster',
    ]);
  });
});

describe('secrets of a build', () => {
  const build = { service: 'web', 'ecr-repository': 'backend', context: '.' };

  it.each<[Inputs, string]>([
    [
      { 'build-secrets': 'npm=a', 'build-secret-files': 'npm=.npmrc' },
      'build-secret-files: the secret "npm" is in build-secrets too',
    ],
    [
      { 'build-secret-files': 'npm=.npmrc', 'build-secret-envs': 'npm=NPM' },
      'build-secret-envs: the secret "npm" is in build-secret-files too',
    ],
    [
      { 'build-secret-files': 'id=npm,src=.npmrc' },
      'build-secret-files: that is the form of the command line. Write npm=',
    ],
    [
      { 'build-secrets': 'id=npm,env=NPM_TOKEN' },
      'build-secrets: that is the form of the command line. Write npm=',
    ],
  ])('%j are refused', (inputs, words) => {
    expect(problemsOf({ ...build, ...inputs })).toEqual([expect.stringContaining(words)]);
    expect(problemsOf({ ...build, ...inputs }).join()).not.toContain('NPM_TOKEN');
  });

  it('may have values of any form', () => {
    expect(problemsOf({ ...build, 'build-secrets': 'id=a,b=c\nnpm=id=x,src=y' })).toEqual([]);
  });
});

describe('a value that is not allowed', () => {
  it.each<[string, string]>([
    ['wait-for-minutes', '10x'],
    ['wait-for-minutes', '0'],
    ['wait-for-minutes', '361'],
    ['poll-interval-seconds', '0'],
    ['desired-count', '1.5'],
    ['force-new-deployment', 'yes'],
    ['propagate-tags', 'TASK'],
    ['preflight', 'on'],
    ['failed-task-limit', '0'],
    ['failed-task-limit', 'Auto'],
    ['on-failure', 'roll'],
    ['on-cancel', 'rollback-all'],
    ['health-check-url', 'ftp://example.com'],
    ['health-check-url', 'api.example.com/health'],
    ['health-check-status', '2xx'],
    ['health-check-status', '299-200'],
    ['health-check-status', '600'],
    ['health-check-body', '/(/'],
    ['health-check-body', '/a/g'],
    ['health-check-json', 'version'],
    ['health-check-headers', 'no header'],
    ['health-check-headers', 'X-A=1\nx-a: 2'],
    ['health-check-headers', 'X-A='],
    ['health-check-successes', '0'],
    ['health-check-failures', '1.5'],
    ['health-check-interval-seconds', '-1'],
    ['health-check-timeout-seconds', '0'],
    ['health-check-deadline-seconds', '0'],
    ['bake-minutes', '1441'],
    ['failure-log-lines', '-1'],
    ['pr-number', '0'],
    ['pr-comment', 'never'],
    ['comment-key', 'a --> b'],
    ['comment-key', 'a\nb'],
    ['github-token', 'a b'],
    ['pre-deploy-timeout-minutes', '0'],
    ['log-configuration-log-driver', 'syslogd'],
    ['environment-variables', 'A'],
    ['cache', 'local'],
    ['provenance', 'max'],
  ])('%s: %j', (name, text) => {
    const surroundings = {
      service: 'web',
      'ecr-repository': 'backend',
      context: '.',
      'pre-deploy-command': 'migrate',
      'health-check-url': 'https://example.com',
    };
    expect(problemsOf({ ...surroundings, [name]: text })).toEqual([
      expect.stringMatching(new RegExp(`^${name}: .+\\.\\)?$`, 's')),
    ]);
  });

  it('is reported with all others, in one error', () => {
    const inputs = {
      'wait-for-minutes': '10x',
      mode: 'Plan',
      image: 'https://x',
      images: 'app=x:1',
      service: '',
    };
    expect(wrong(inputs)).toEqual(['mode', 'image', 'wait-for-minutes', 'images', 'service']);
    expect(() => read(inputs)).toThrow(/^Invalid inputs, 5 problems:\n- mode: /);
  });

  it('is a sentence to a person where it is the only one', () => {
    expect(() => read({ service: 'web', 'wait-for-minutes': '10x' })).toThrow(
      'Invalid input: wait-for-minutes: "10x" is not a number of minutes. Give a number above 0 and up to 360, such as 30.',
    );
  });
});

describe('the rules between inputs', () => {
  const web = { service: 'web' };
  const url = { ...web, 'health-check-url': 'https://example.com' };
  const repository = { ...web, 'ecr-repository': 'backend' };
  const noWait = { ...web, 'wait-for-service-stability': 'false' };
  const back = { ...web, mode: 'rollback' };
  const build = { ...repository, context: '.' };
  const noService = { 'task-definition': 'task.json' };

  it.each<[string, Inputs, readonly string[]]>([
    [
      'image excludes the other sources',
      { ...repository, image: 'a:1', images: 'b=c:1', 'image-tag': 'd', context: '.' },
      ['images', 'image-tag', 'context'],
    ],
    ['a repository needs an image', { ...web, 'ecr-repository': 'backend' }, ['ecr-repository']],
    [
      'a repository needs an image, in a plan as well',
      { ...web, 'ecr-repository': 'backend', mode: 'plan', 'container-name': 'a' },
      ['ecr-repository'],
    ],
    ['a tag needs a repository', { ...web, 'image-tag': 'v1' }, ['ecr-repository']],
    ['a build needs a repository', { ...web, context: '.' }, ['ecr-repository']],
    [
      'build inputs need a context',
      { ...web, file: 'Dockerfile', 'reuse-image': 'false', cache: 'gha' },
      ['file', 'cache', 'reuse-image'],
    ],
    ['images name their containers', { ...web, images: 'a=b:1', 'container-name': 'a' }, ['container-name']],
    ['something to start from', {}, ['service']],
    ['running needs a service', { 'task-definition': 'running' }, ['task-definition']],
    [
      'a name is in one environment',
      { ...web, 'environment-variables': 'A=1\nB=2', secrets: 'B=/b\nC=/c' },
      ['secrets'],
    ],
    ['replace needs an environment', { ...web, 'environment-mode': 'replace' }, ['environment-mode']],
    [
      'pre-deploy inputs need a command',
      { ...web, 'pre-deploy-container': 'a', 'pre-deploy-timeout-minutes': '1' },
      ['pre-deploy-container', 'pre-deploy-timeout-minutes'],
    ],
    ['rollback needs a service', { mode: 'rollback' }, ['service']],
    [
      'rollback takes nothing new',
      { ...back, image: 'a:1', 'task-definition': 'a', cpu: '256', 'pre-deploy-command': 'a' },
      ['image', 'task-definition', 'cpu', 'pre-deploy-command'],
    ],
    [
      'a rollout needs a service',
      {
        ...noService,
        'desired-count': '1',
        alarms: 'a',
        metrics: 'requests >= 1',
        'health-check-url': 'https://a',
      },
      ['desired-count', 'health-check-url', 'alarms', 'metrics'],
    ],
    [
      'an evaluation needs waiting',
      {
        ...noWait,
        'health-check-url': 'https://a',
        alarms: 'a',
        metrics: 'requests >= 1',
        'bake-minutes': '1',
        'on-failure': 'leave',
      },
      ['health-check-url', 'alarms', 'metrics', 'bake-minutes', 'on-failure'],
    ],
    [
      'and so do its details',
      { ...noWait, 'health-check-json': 'a=b', 'health-check-deadline-seconds': '1' },
      ['health-check-json', 'health-check-deadline-seconds'],
    ],
    [
      'expectations need a URL',
      { ...web, 'health-check-json': 'a=b', 'health-check-status': '204' },
      ['health-check-json', 'health-check-status'],
    ],
  ])('%s', (_rule, inputs, expected) => {
    expect([...wrong(inputs)].sort()).toEqual([...expected].sort());
  });

  it.each<[string, Inputs]>([
    [
      'a revision with something to render',
      { ...web, 'task-definition': 'a:1', 'environment-variables': 'A=1' },
    ],
    ['a family without a service', { 'task-definition': 'a', image: 'a:1' }],
    ['a plan of a build', { ...build, mode: 'plan', file: 'Dockerfile', 'health-check-url': 'https://a' }],
    [
      'a rollback that is evaluated',
      { ...url, mode: 'rollback', alarms: 'a', 'bake-minutes': '1', 'desired-count': '2' },
    ],
    ['a pace of asking that nothing needs', { ...web, 'health-check-interval-seconds': '1' }],
    ['a deadline for the targets alone', { ...web, 'health-check-deadline-seconds': '10' }],
    ['no waiting', noWait],
    [
      'a name that moves from one environment to the other',
      { ...web, 'environment-variables': 'A-', secrets: 'A=/a' },
    ],
    ['replace with an environment', { ...web, 'environment-mode': 'replace', secrets: 'A=/a' }],
    [
      'defaults in so many words',
      {
        ...noWait,
        mode: 'deploy',
        cluster: 'default',
        'bake-minutes': '0.0',
        pull: 'FALSE',
        'health-check-status': '200-299',
      },
    ],
  ])('allow %s', (_what, inputs) => {
    expect(problemsOf(inputs)).toEqual([]);
  });
});

describe('rules of going on, and of counts', () => {
  const promote = { service: 'web', mode: 'promote' };
  const arn = `${ARN}:service-deployment/prod/web/AbC1`;

  it.each<[string, Inputs, readonly string[]]>([
    ['no task and a gate', { service: 'web', 'desired-count': '0', alarms: 'a' }, ['alarms']],
    [
      'no task and a URL with a bake',
      { service: 'web', 'desired-count': '0', 'health-check-url': 'https://a.example', 'bake-minutes': '5' },
      ['health-check-url', 'bake-minutes'],
    ],
    ['promote without a service', { mode: 'promote' }, ['service']],
    ['promote with an image', { ...promote, image: 'a:1' }, ['image']],
    [
      'promote with a definition',
      { ...promote, 'task-definition': 'web', cpu: '256' },
      ['task-definition', 'cpu'],
    ],
    [
      'promote that waits for nothing',
      { ...promote, 'wait-for-service-stability': 'false' },
      ['wait-for-service-stability'],
    ],
    [
      'a deployment of a deploy',
      { service: 'web', 'service-deployment-arn': arn },
      ['service-deployment-arn'],
    ],
    ['a deployment by its id', { ...promote, 'service-deployment-arn': 'AbC1' }, ['service-deployment-arn']],
  ])('refuse %s', (_what, inputs, names) => {
    expect(wrong(inputs)).toEqual(names);
  });

  it.each<[string, Inputs]>([
    ['no task alone', { service: 'web', 'desired-count': '0' }],
    [
      'promote with its gates',
      { ...promote, 'service-deployment-arn': arn, 'test-url': 'https://a.example' },
    ],
    ['rollback of one deployment', { service: 'web', mode: 'rollback', 'service-deployment-arn': arn }],
    [
      'expectations of a test URL alone',
      { service: 'web', 'test-url': 'https://a.example', 'health-check-status': '204' },
    ],
  ])('allow %s', (_what, inputs) => {
    expect(problemsOf(inputs)).toEqual([]);
  });
});

describe('secrets', () => {
  it('are the token, header values with and without their scheme, and build secrets', () => {
    const { secrets } = read({
      service: 'web',
      'ecr-repository': 'backend',
      context: '.',
      'github-token': 'ghs_abc',
      'health-check-url': 'https://example.com',
      'health-check-headers': 'Authorization: Bearer t0ken\nX-Canary=true\nX-Key= k3y ',
      'build-secrets': 'npm= np=m ',
    });
    expect([...secrets].sort()).toEqual([' np=m ', 'Bearer t0ken', 'ghs_abc', 'k3y', 't0ken']);
  });

  it.each([
    ['X-Env', 'production', []],
    ['X-Forwarded-Proto', 'https', []],
    ['X-Forwarded-Host', 'a-very-long-name.internal.example.com', []],
    ['User-Agent', 'Mozilla/5.0 (compatible; checker)', []],
    ['X-Tenant', 'service', []],
    ['X-Tenant', '3f2a9c5e8b7d4f10aa55', ['3f2a9c5e8b7d4f10aa55']],
    ['X-Tenant', '3f2a9c5e8b7d4f10aa5', []],
    ['X-Api-Key', 'abc', ['abc']],
    ['cookie', 'sid=1', ['sid=1']],
    ['X-Functions-Token', 't0k', ['t0k']],
    ['Client-Secret', 's3c', ['s3c']],
    ['Authorization', 'Basic dXNlcg==', ['Basic dXNlcg==', 'dXNlcg==']],
    ['X-Any', 'Bearer t0ken', ['Bearer t0ken', 't0ken']],
  ])('a header %s: %s has the secrets %j', (name, value, secrets) => {
    expect(secretsOfHeader(name, value)).toEqual(secrets);
  });

  it.each([
    ['https://x/h', []],
    ['https://x/h?verbose=1&env=production', []],
    ['https://x/h?token=a%2Fb&plain=1', ['a/b', 'a%2Fb']],
    ['https://x/h?id=3f2a9c5e8b7d4f10aa55#top', ['3f2a9c5e8b7d4f10aa55', '3f2a9c5e8b7d4f10aa55']],
    ['https://x/h?token=&key', []],
  ])('the query of %s has the secrets %j', (url, secrets) => {
    expect(secretsOfQuery(url)).toEqual(secrets);
  });

  it.each([
    ['https://x-access-token:t0k@github.com/o/r.git#main', ['t0k']],
    ['https://ghp_0123456789abcdef@github.com/o/r.git', ['ghp_0123456789abcdef']],
    ['https://git@github.com/o/r.git', []],
    ['ssh://git@github.com/o/r.git', []],
    ['./app', []],
  ])('the address %s has the secrets %j', (address, secrets) => {
    expect(passwordsIn(address)).toEqual(secrets);
  });

  it('of a build: its secrets, the arguments that sound like one, and the passwords of its addresses', () => {
    const { secrets } = read({
      service: 'web',
      'ecr-repository': 'backend',
      context: 'https://u:c0ntext@github.com/o/r.git',
      'build-args': 'NPM_TOKEN=t0k\nNODE_ENV=production\nGITHUB_TOKEN',
      'build-contexts': 'x=https://u:0ther@github.com/o/x.git',
    });
    expect([...secrets].sort()).toEqual(['0ther', 'c0ntext', 't0k']);
  });

  it('are in no problem', () => {
    const leak = 'hunter2';
    const problems = problemsOf({
      'github-token': `${leak} ${leak}`,
      'health-check-url': `https://user:${leak}@example.com`,
      'health-check-headers': `${leak} a\nX-A=${leak}\u2028\nX-B: ${leak}\nX-b=${leak}\n${leak} x=1`,
      'build-secrets': `${leak} 1\na=${leak}\na=${leak}\n${leak}/+=\nb=`,
      'build-args': `a b=${leak}\n A=${leak}\nA=${leak}`,
      'environment-variables': `A=${leak}\nA=${leak}\n${leak}`,
      secrets: `A=${leak}!\nA B=${leak}`,
      'docker-labels': leak,
      'log-configuration-options': leak,
    }).join('\n');
    expect(problems).toContain('health-check-headers: ');
    expect(problems).not.toContain(leak);
  });

  it.each([
    'https://user:hunter2@',
    'user:hunter2@example.com',
    'https://hunter2@example.com/',
    'https://a b:hunter2@x',
    'ht!tp://x/h?token=hunter2',
    'example.com/h?token=hunter2',
  ])('are not repeated from the URL %j', (text) => {
    const [problem, ...others] = problemsOf({ service: 'web', 'health-check-url': text });
    expect(others).toEqual([]);
    expect(problem).toMatch(/^health-check-url: /);
    expect(problem).not.toContain('hunter2');
  });
});
