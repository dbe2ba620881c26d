import { readdirSync, readFileSync } from 'node:fs';

import { describe, expect, it, test } from '@jest/globals';
import { parse } from 'yaml';

import { readInputs } from '../src/inputs/index.ts';
import { CODEDEPLOY_POLICY, POLICY, renderPolicy } from '../scripts/readme-policy.ts';
import type { ActionFile } from '../scripts/readme-tables.ts';
import { inAWorld, step } from './story/world.ts';

const readme = readFileSync('README.md', 'utf8');
const guide = readFileSync('docs/permissions.md', 'utf8');
const permissions = POLICY.flatMap((statement) => statement.permissions);
const ofCodeDeploy = CODEDEPLOY_POLICY.flatMap((statement) => statement.permissions);
const actions = [...permissions, ...ofCodeDeploy].map(({ action }) => action);

/** The service prefix of the IAM actions of each client interface of src/aws/calls.ts. */
const PREFIXES: Readonly<Record<string, string>> = {
  EcsReads: 'ecs',
  EcsWrites: 'ecs',
  EcrReads: 'ecr',
  EcrWrites: 'ecr',
  LoadBalancerReads: 'elasticloadbalancing',
  LogReads: 'logs',
  AlarmReads: 'cloudwatch',
  MetricReads: 'cloudwatch',
  RoleReads: 'iam',
  SecretReads: 'secretsmanager',
  ParameterReads: 'ssm',
  ScalingReads: 'application-autoscaling',
  CodeDeployReads: 'codedeploy',
  CodeDeployWrites: 'codedeploy',
};

/** What IAM asks for besides the calls themselves: RegisterTaskDefinition hands over roles and tags, Docker pushes. */
const BESIDES_CALLS = [
  ...['ecs:TagResource', 'iam:PassRole'],
  ...['ecr:BatchCheckLayerAvailability', 'ecr:InitiateLayerUpload', 'ecr:UploadLayerPart'],
  ...['ecr:CompleteLayerUpload', 'ecr:PutImage', 'ecr:GetDownloadUrlForLayer'],
  'codedeploy:RegisterApplicationRevision',
];

interface Call {
  readonly method: string;
  readonly action: string;
}

/** Every method of the client interfaces. */
function interfaceCalls(): Call[] {
  const text = readFileSync('src/aws/calls.ts', 'utf8');
  const interfaces = [...text.matchAll(/^export interface (\w+(?:Reads|Writes)) \{\n(.*?)^\}/gms)];
  return interfaces.flatMap(([, name = '', body = '']) =>
    [...body.matchAll(/^ {2}(\w+): Call</gm)].map(([, method = '']) => ({
      method,
      action: `${PREFIXES[name] ?? name}:${method.charAt(0).toUpperCase()}${method.slice(1)}`,
    })),
  );
}

/** The commands that task-definitions.ts sends itself. */
function rawActions(): string[] {
  const text = readFileSync('src/aws/task-definitions.ts', 'utf8');
  return [...text.matchAll(/new (\w+)Command\(/g)].map(([, name = '']) => `ecs:${name}`);
}

function source(): string {
  return readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && name !== 'aws/clients.ts')
    .map((name) => readFileSync(`src/${name}`, 'utf8'))
    .join('\n');
}

describe('the IAM policy', () => {
  it('allows every call that the action makes, and nothing else', () => {
    const text = source();
    const made = interfaceCalls().filter(({ method }) => text.includes(`.${method}(`));
    const expected = [...made.map(({ action }) => action), ...rawActions(), ...BESIDES_CALLS];
    expect(made.length).toBeGreaterThan(15);
    expect(rawActions()).toHaveLength(2);
    expect([...new Set(actions)].sort()).toEqual([...new Set(expected)].sort());
  });

  it('names an action once under one condition, and a statement once', () => {
    const named = POLICY.flatMap(({ permissions: of, condition }) =>
      of.map(({ action }) => JSON.stringify([action, condition ?? null])),
    );
    expect(new Set(named).size).toBe(named.length);
    expect(new Set(POLICY.map(({ sid }) => sid)).size).toBe(POLICY.length);
  });

  it('changes nothing outside of the service, its family and its roles, save removing a revision', () => {
    const writes = POLICY.filter(({ resources }) => resources.includes('*'))
      .flatMap((statement) => statement.permissions)
      .filter(({ action }) => !/:(Describe|List|Get|BatchGet)/.test(action));
    expect(writes.map(({ action }) => action)).toEqual(['ecs:DeregisterTaskDefinition']);
  });

  it('hands roles to ECS tasks only', () => {
    const statement = POLICY.find((each) => each.permissions.some(({ action }) => action === 'iam:PassRole'));
    expect(statement?.condition).toEqual({
      StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
    });
  });

  it('fits into a managed policy, which holds 6,144 characters', () => {
    const json = /<!-- policy -->\n\n```json\n(.*?)```/s.exec(guide)?.[1] ?? '';
    expect(JSON.stringify(JSON.parse(json)).length).toBeLessThan(6_144);
  });

  it('needs none of the permissions that may be left out', async () => {
    const optional = permissions.filter(({ without }) => without !== undefined);
    expect(optional.length).toBeGreaterThan(10);
    await inAWorld({}, async (sim) => {
      for (const { action } of optional) {
        sim.inject({ action: action.split(':')[1] ?? '', effect: { kind: 'denied' } });
      }
      const result = await step(sim, {
        'ecr-repository': '123456789012.dkr.ecr.us-east-1.amazonaws.com/backend',
        'image-tag': 'v2',
      });
      expect(result.outputs['result']).toBe('succeeded');
    });
  });
});

describe('docs/permissions.md', () => {
  it('holds the current policies', () => {
    expect(renderPolicy(guide)).toBe(guide);
  });
});

describe('README.md', () => {
  const action = parse(readFileSync('action.yml', 'utf8')) as ActionFile;
  const examples = [...readme.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text = '']) => text);

  test.each(examples)('has examples that the action accepts: %s', (text) => {
    const steps = stepsOf(parse(text)).filter(({ uses }) => uses.includes('ecs-fargate-deploy'));
    expect(steps).toHaveLength(1);
    const given = steps[0]?.with ?? {};
    expect(Object.keys(given).filter((name) => !Object.hasOwn(action.inputs, name))).toEqual([]);
    const inputs = { ...defaults(action), ...given };
    const value = (name: string): string => String(inputs[name] ?? '').replace(/\$\{\{.*?\}\}/g, 'abc123');
    expect(() => readInputs(value, { workspace: '/workspace' })).not.toThrow();
    for (const [, output = ''] of text.matchAll(/steps\.deploy\.outputs\.([\w-]+)/g)) {
      expect(action.outputs).toHaveProperty([output]);
    }
  });

  it('names only npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: object };
    const named = [...readme.matchAll(/npm (?:run )?(start|test|(?<=run )\w[\w:]*)/g)];
    expect(named.length).toBeGreaterThan(2);
    for (const [, name = ''] of named) expect(scripts).toHaveProperty([name]);
  });
});

interface Step {
  readonly uses: string;
  readonly with?: Readonly<Record<string, string | number>>;
}

/** The steps of a workflow, or of an example that is a list of steps. */
function stepsOf(document: unknown): readonly Step[] {
  if (Array.isArray(document)) return document as Step[];
  const { jobs } = document as { jobs: Record<string, { steps: Step[] }> };
  return Object.values(jobs).flatMap(({ steps }) => steps);
}

function defaults(action: ActionFile): Record<string, string> {
  return Object.fromEntries(
    Object.entries(action.inputs).map(([name, input]) => [name, input.default ?? '']),
  );
}
