import { describe, expect, it } from '@jest/globals';
import { describeRequest } from '../../src/report/public-request.ts';
import { HTTP_CHECK, NO_DEFINITION_REQUEST, requestOf } from '../fakes/literals.ts';

const SECRET = 'hunter2';

/** A request that holds a secret wherever one can be. */
const FULL = requestOf({
  image: {
    kind: 'build',
    repository: 'backend',
    context: `https://ci:${SECRET}@git.example/a.git?t=${SECRET}`,
  },
  build: {
    ...requestOf().build,
    buildArgs: [`NPM_TOKEN=${SECRET}`],
    buildContexts: [`deps=https://ci:${SECRET}@git.example/deps.git`],
    secrets: [`npm=${SECRET}=more`],
    secretFiles: [`cert=./${SECRET}.pem`],
    secretEnvs: [`token=${SECRET}`],
    buildxArgs: ['--secret', `id=${SECRET}`, `--build-arg=TOKEN=${SECRET}`],
    cacheTo: [`type=s3,bucket=b,secret_access_key=${SECRET},mode=max`],
    cacheFrom: [`type=gha,token=${SECRET}`],
  },
  definition: {
    ...NO_DEFINITION_REQUEST,
    environment: { set: { PASSWORD: SECRET }, remove: ['OLD'] },
    secrets: { set: { DB: `arn:aws:secretsmanager:x:${SECRET}` }, remove: [] },
    dockerLabels: { set: { label: SECRET }, remove: [] },
    logOptions: { set: { 'splunk-token': SECRET }, remove: [] },
    command: ['sh', '-c', SECRET],
  },
  preDeploy: { command: ['migrate', SECRET], container: 'web', timeoutMinutes: 15 },
  gate: {
    ...requestOf().gate,
    http: {
      ...HTTP_CHECK,
      url: `https://api.example.com/health?token=${SECRET}`,
      headers: { Authorization: `Bearer ${SECRET}` },
    },
  },
  report: { ...requestOf().report, githubToken: SECRET },
});

describe('the request in the report', () => {
  it('shows no secret, wherever one can stand', () => {
    expect(JSON.stringify(describeRequest(FULL))).not.toContain(SECRET);
  });

  it('names what it hides', () => {
    expect(describeRequest(FULL)).toMatchObject({
      cluster: 'prod',
      services: ['backend'],
      build: {
        buildArgs: ['NPM_TOKEN'],
        secrets: ['npm'],
        secretFiles: ['cert'],
        secretEnvs: ['token'],
        cacheTo: ['type=s3,bucket=b,secret_access_key=…,mode=max'],
      },
      definition: {
        environment: { set: ['PASSWORD'], remove: ['OLD'] },
        secrets: { set: ['DB'] },
        command: 'given',
      },
      preDeploy: { command: 'given', container: 'web', timeoutMinutes: 15 },
      gate: { http: { url: 'https://api.example.com/health?…', headers: ['Authorization'] } },
      report: { githubToken: 'given' },
    });
  });

  it('leaves what was not asked for undefined', () => {
    expect(describeRequest(requestOf())).toMatchObject({
      preDeploy: undefined,
      gate: { http: undefined },
      definition: { command: undefined },
      report: { githubToken: undefined },
    });
  });
});
