import { describe, expect, test } from '@jest/globals';
import { soundsLikeCredential } from '../../src/inputs/doubts.ts';
import { readInputs } from '../../src/inputs/index.ts';

function warningsOf(inputs: Readonly<Record<string, string>>): readonly string[] {
  const all: Readonly<Record<string, string>> = { service: 'web', ...inputs };
  return readInputs((name) => all[name] ?? '', { workspace: '/w' }).warnings;
}

const BUILD = { 'ecr-repository': 'backend', context: '.' };

describe('what is hardly meant', () => {
  test.each<[Record<string, string>, RegExp]>([
    [{ ...BUILD, 'build-args': 'A=1,B_2=2' }, /^build-args: the value of A holds ",B_2="/],
    [
      { ...BUILD, 'push-tags': 'latest, feature/login' },
      /^push-tags: feature\/login names a repository of Docker Hub.*write feature-login/,
    ],
    [{ command: 'NODE_ENV=x node app.js' }, /^command: it begins with the assignment NODE_ENV=…/],
    [{ 'pre-deploy-command': 'A=1 ./migrate' }, /^pre-deploy-command: it begins with the assignment A=…/],
    [
      { 'environment-variables': 'DB_PASSWORD=x\nAPI_KEY=y' },
      /^environment-variables: DB_PASSWORD, API_KEY sound/,
    ],
    [{ ...BUILD, 'build-args': 'NPM_TOKEN=x' }, /^build-args: NPM_TOKEN sounds like a credential/],
    [{ 'environment-variables': 'A=1,B=2' }, /^environment-variables: the value of A holds ",B="/],
    [{ 'environment-variables': 'A="x y"' }, /^environment-variables: the value of A stands in quotes/],
    [{ 'environment-variables': "A='x'" }, /^environment-variables: the value of A stands in quotes/],
    [
      { 'environment-variables': 'A = 1' },
      /^environment-variables: the value of A begins or ends with a space/,
    ],
    [
      { 'environment-variables': 'VERSION=v-$GITHUB_SHA' },
      /^environment-variables: the value of VERSION holds \$GITHUB_SHA, and nothing expands it/,
    ],
    [
      { 'environment-variables': 'ID=AKIAIOSFODNN7EXAMPLE' },
      /^environment-variables: ID sounds like a credential/,
    ],
    [
      { 'environment-variables': 'DATABASE_URL=postgres://u:p@h/db' },
      /^environment-variables: DATABASE_URL sounds like a credential/,
    ],
    [
      { command: 'npm run migrate && npm start' },
      /^command: it has the word &&, which only a shell understands/,
    ],
    [{ command: 'node app.js | tee log' }, /^command: it has the word \|/],
    [{ command: 'cd /app' }, /^command: it has the word cd/],
    [
      { 'pre-deploy-command': 'migrate --url $DATABASE_URL' },
      /^pre-deploy-command: it has the variable \$DATABASE_URL/,
    ],
  ])('%j is a warning', (inputs, words) => {
    expect(warningsOf(inputs)).toEqual([expect.stringMatching(words)]);
  });

  test.each<Record<string, string>>([
    { ...BUILD, 'build-args': 'A=1, two, three\nB=x=1,y=2' },
    {
      ...BUILD,
      'push-tags': 'v1, 123456789012.dkr.ecr.us-east-1.amazonaws.com/web:v1\nghcr.io/o/web, o/web:v1',
    },
    { command: 'node app.js --env=x' },
    { command: '["sh", "-c", "A=1 node app.js"]' },
    {
      'environment-variables': 'DB_PASSWORD=\nTOKEN_TTL=1\nSECRET_NAME=a\nKEYBOARD=de\nPASSWORD_FILE=/run/x',
    },
    { 'environment-variables': 'DB_PASSWORD-' },
    { 'environment-variables': 'A=it"s\nB="\nC=a=1,b\nURL=https://h/x?a=1,b=2\nPRICE=$5' },
    { 'environment-variables': 'REDIS=redis://h:6379/0\nMAIL=mailto:a@b' },
    { command: 'sh -c "npm run migrate && npm start"' },
    { command: '["/bin/bash", "-c", "echo $HOME; true"]' },
    { command: 'node app.js --filter a&&b --price 5$' },
  ])('%j is none', (inputs) => {
    expect(warningsOf(inputs)).toEqual([]);
  });

  test.each([
    ['DB_PASSWORD', true],
    ['GITHUB_TOKEN', true],
    ['apiKey', true],
    ['AWS_SECRET_ACCESS_KEY', true],
    ['SENTRY_DSN', true],
    ['PRIVATE_KEY', true],
    ['LOG_LEVEL', false],
    ['AUTHOR', false],
    ['MONKEY', false],
    ['TOKEN_URL', false],
    ['SECRET_ARN', false],
    ['MAX_TOKENS', false],
  ])('%s: %j', (name, expected) => {
    expect(soundsLikeCredential(name)).toBe(expected);
  });
});
