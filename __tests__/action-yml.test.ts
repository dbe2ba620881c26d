import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

import { readInputs, readRequest } from '../src/inputs/index.ts';
import { InputReader } from '../src/inputs/reader.ts';

interface Input {
  readonly description: string;
  readonly default?: unknown;
}

interface Action {
  readonly inputs: Readonly<Record<string, Input>>;
  readonly outputs: Readonly<Record<string, { readonly description: string }>>;
  readonly runs: Readonly<Record<string, string>>;
}

const action = parse(readFileSync('action.yml', 'utf8')) as Action;
const facts = { workspace: '/workspace' };

/** Reads everything once, and says which inputs were asked for, how often, and with which defaults. */
function read(get: (name: string) => string) {
  const asked: string[] = [];
  const reader = new InputReader((name) => {
    asked.push(name);
    return get(name);
  });
  const request = readRequest(reader, facts);
  return { asked, reader, request };
}

const stated = (name: string): string => {
  const written = action.inputs[name]?.default;
  return typeof written === 'string' ? written : '';
};

describe('action.yml', () => {
  it('runs the bundle on node24, as the step and as its post step', () => {
    expect(action.runs).toEqual({ using: 'node24', main: 'dist/index.js', post: 'dist/post.js' });
  });

  it('names inputs and outputs in kebab-case and describes each', () => {
    for (const [name, { description }] of Object.entries({ ...action.inputs, ...action.outputs })) {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(description).toMatch(/^\S.+\.$/s);
    }
  });

  it('states defaults as strings, never as YAML booleans or numbers', () => {
    for (const [name, input] of Object.entries(action.inputs)) {
      if ('default' in input) expect([name, typeof input.default]).toEqual([name, 'string']);
    }
  });

  it('has the outputs of the contract', () => {
    expect(Object.keys(action.outputs)).toEqual([
      'result',
      'cause',
      'message',
      'changed',
      'image',
      'image-digest',
      'registry',
      'task-definition-arn',
      'previous-task-definition-arn',
      'service-deployment-arn',
      'deployment-id',
      'codedeploy-deployment-id',
      'stage',
      'stage-expires',
      'url',
      'console-url',
      'duration-seconds',
      'report',
    ]);
  });
});

describe('action.yml and the code', () => {
  it('know the same inputs, and the code asks for each once', () => {
    expect(read(() => '').asked.sort()).toEqual(Object.keys(action.inputs).sort());
  });

  it('state the same default for every input; that of the token is an expression of the runner', () => {
    const { defaults } = read(() => '').reader;
    const inCode = Object.fromEntries(defaults);
    const inFile = Object.fromEntries(Object.keys(action.inputs).map((name) => [name, stated(name)]));
    expect({ ...inCode, 'github-token': '${{ github.token }}' }).toEqual(inFile);
  });

  it('come to the same request, whether the runner fills in the defaults or not', () => {
    const filledIn = read((name) => (name === 'github-token' ? '' : stated(name)));
    expect(filledIn.request).toEqual(read(() => '').request);
    expect(filledIn.reader.problems).toEqual([]);
    expect(Object.keys(action.inputs).filter((name) => filledIn.reader.isSet(name))).toEqual([]);
  });

  it('accept every input at its default', () => {
    const inputs: Record<string, string> = { service: 'web' };
    expect(() =>
      readInputs((name) => inputs[name] ?? (name === 'github-token' ? '' : stated(name)), facts),
    ).not.toThrow();
  });
});
