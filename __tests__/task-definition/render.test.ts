import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DefinitionRequest, DeployedImage, JsonObject } from '../../src/model/index.ts';
import { registrable } from '../../src/task-definition/shape.ts';
import { render, rendersAnything, type Rendering } from '../../src/task-definition/render.ts';
import { definitionOf, digestOf, NO_DEFINITION_REQUEST, REPOSITORY } from '../fakes/literals.ts';
import { anyDefinition } from './definitions.ts';

const NEW: DeployedImage = {
  reference: `${REPOSITORY}@${digestOf('b')}`,
  digest: digestOf('b'),
  tag: '2',
  registry: undefined,
};

function renderingOf(request: Partial<DefinitionRequest>, more: Partial<Rendering> = {}): Rendering {
  return {
    request: { ...NO_DEFINITION_REQUEST, ...request },
    containers: ['web'],
    images: {},
    running: [],
    ...more,
  };
}

/** The rendered fields of the container `web` that has these fields. */
function rendered(fields: JsonObject, request: Partial<DefinitionRequest>): JsonObject {
  const base = definitionOf([{ name: 'web', image: 'i', ...fields }]);
  const { name, image, ...rest } = render(base, renderingOf(request)).containerDefinitions[0]!;
  expect([name, image]).toEqual(['web', 'i']);
  return rest;
}

describe('the image', () => {
  const base = definitionOf([
    { name: 'web', image: 'web:base' },
    { name: 'proxy', image: 'proxy:base' },
    { name: 'new', image: 'new:base' },
  ]);
  const running = [
    { container: 'web', image: 'web:7', digest: digestOf('c') },
    { container: 'proxy', image: 'proxy:7', digest: digestOf('d') },
  ];

  it('of this run goes into its container; one that gets none keeps, by digest, what runs', () => {
    const { containerDefinitions } = render(base, renderingOf({}, { images: { web: NEW }, running }));
    expect(containerDefinitions).toEqual([
      { name: 'web', image: NEW.reference },
      { name: 'proxy', image: `proxy@${digestOf('d')}` },
      { name: 'new', image: 'new:base' },
    ]);
  });

  it('that runs is kept by its tag where its digest is not known', () => {
    const unknown = [{ container: 'web', image: 'web:7', digest: undefined }];
    expect(render(base, renderingOf({}, { running: unknown })).containerDefinitions[0]?.image).toBe('web:7');
  });

  it('of a container that is called like a method of every object stays as it is', () => {
    const odd = definitionOf([{ name: 'constructor', image: 'a' }]);
    expect(render(odd, renderingOf({}, { images: { web: NEW } }))).toEqual(odd);
  });
});

describe('the environment', () => {
  const base = {
    environment: [
      { name: 'A', value: '1' },
      { name: 'B', value: '' },
    ],
    secrets: [{ name: 'S', valueFrom: 'arn:s' }],
  };

  it.each<[string, Partial<DefinitionRequest>, JsonObject]>([
    [
      'updates a name in its place and appends a new one',
      { environment: { set: { C: 'x=y', A: '2' }, remove: [] } },
      {
        environment: [
          { name: 'A', value: '2' },
          { name: 'B', value: '' },
          { name: 'C', value: 'x=y' },
        ],
        secrets: base.secrets,
      },
    ],
    [
      'loses the names that go, and keeps the empty value of another',
      { environment: { set: {}, remove: ['A', 'UNKNOWN'] } },
      { environment: [{ name: 'B', value: '' }], secrets: base.secrets },
    ],
    [
      'loses a name that becomes a secret',
      { secrets: { set: { A: 'arn:a' }, remove: [] } },
      {
        environment: [{ name: 'B', value: '' }],
        secrets: [
          { name: 'S', valueFrom: 'arn:s' },
          { name: 'A', valueFrom: 'arn:a' },
        ],
      },
    ],
    [
      'takes a name from the secrets',
      { environment: { set: { S: 'plain' }, remove: [] } },
      { environment: [...base.environment, { name: 'S', value: 'plain' }], secrets: [] },
    ],
    [
      'is exactly what was given with environment-mode: replace',
      { environmentMode: 'replace', environment: { set: { Z: '26' }, remove: [] } },
      { environment: [{ name: 'Z', value: '26' }], secrets: [] },
    ],
  ])('%s', (_rule, request, expected) => {
    expect(rendered(base, request)).toEqual(expected);
  });

  it('of a container without one gets no empty list of secrets', () => {
    expect(rendered({}, { environment: { set: { A: '1' }, remove: [] } })).toEqual({
      environment: [{ name: 'A', value: '1' }],
    });
  });

  it('keeps every other entry as it is written, for AWS to judge', () => {
    const written = [{ name: 'PORT', value: 8080 }, { name: 'X', value: '1', fieldOfTomorrow: true }, 'odd'];
    expect(rendered({ environment: written }, { environment: { set: { A: '1' }, remove: [] } })).toEqual({
      environment: [...written, { name: 'A', value: '1' }],
    });
  });
});

describe('the other fields of a container', () => {
  it.each<[string, JsonObject, Partial<DefinitionRequest>, JsonObject]>([
    [
      'environment files replace the list, with their type',
      { environmentFiles: [{ value: 'old', type: 's3' }] },
      { envFiles: ['arn:aws:s3:::b/a.env'] },
      { environmentFiles: [{ value: 'arn:aws:s3:::b/a.env', type: 's3' }] },
    ],
    [
      'labels are merged by name',
      { dockerLabels: { a: '1', b: '2' } },
      { dockerLabels: { set: { b: '3', c: '4' }, remove: ['a'] } },
      { dockerLabels: { b: '3', c: '4' } },
    ],
    [
      'a command replaces the command',
      { command: ['old'] },
      { command: ['new', ''] },
      { command: ['new', ''] },
    ],
    [
      'log options are merged by name, and secret options stay',
      {
        logConfiguration: {
          logDriver: 'awslogs',
          options: { a: '1' },
          secretOptions: [{ name: 's', valueFrom: 'x' }],
        },
      },
      { logOptions: { set: { b: '2' }, remove: [] } },
      {
        logConfiguration: {
          logDriver: 'awslogs',
          options: { a: '1', b: '2' },
          secretOptions: [{ name: 's', valueFrom: 'x' }],
        },
      },
    ],
    [
      'another log driver starts with the given options alone',
      { logConfiguration: { logDriver: 'awslogs', options: { a: '1' } } },
      { logDriver: 'splunk', logOptions: { set: { b: '2' }, remove: [] } },
      { logConfiguration: { logDriver: 'splunk', options: { b: '2' } } },
    ],
  ])('%s', (_rule, fields, request, expected) => {
    expect(rendered(fields, request)).toEqual(expected);
  });

  it('are left alone in the containers that are not named', () => {
    const base = definitionOf([{ name: 'proxy', image: 'p', command: ['run'] }, 'web']);
    const request = { command: ['new'], environment: { set: { A: '1' }, remove: [] } };
    expect(render(base, renderingOf(request)).containerDefinitions[0]).toEqual(base.containerDefinitions[0]);
  });
});

describe('the fields of the task', () => {
  it('are replaced by those that were given', () => {
    const base = definitionOf(['web'], {
      cpu: '256',
      memory: '512',
      taskRoleArn: 'old',
      fieldOfTomorrow: [],
    });
    const request = { cpu: '1024', taskRoleArn: 'new', executionRoleArn: 'exec' };
    expect(render(base, renderingOf(request))).toEqual({
      ...base,
      cpu: '1024',
      taskRoleArn: 'new',
      executionRoleArn: 'exec',
    });
  });
});

describe('something is to be rendered', () => {
  it.each<[Partial<DefinitionRequest>, boolean]>([
    [{}, false],
    [{ containers: ['web'], showEnvironmentValues: ['A'] }, false],
    [{ environment: { set: { A: '' }, remove: [] } }, true],
    [{ secrets: { set: {}, remove: ['A'] } }, true],
    [{ dockerLabels: { set: { a: '' }, remove: [] } }, true],
    [{ logOptions: { set: {}, remove: ['a'] } }, true],
    [{ logDriver: 'awslogs' }, true],
    [{ envFiles: ['a'] }, true],
    [{ command: [] }, true],
    [{ cpu: '256' }, true],
    [{ memory: '512' }, true],
    [{ taskRoleArn: 'a' }, true],
    [{ executionRoleArn: 'a' }, true],
    [{ environmentMode: 'replace' }, true],
  ])('%j: %s', (request, anything) => {
    expect(rendersAnything({ ...NO_DEFINITION_REQUEST, ...request })).toBe(anything);
  });
});

describe('any definition', () => {
  const names = fc.uniqueArray(fc.constantFrom('A', 'B', 'LOG_LEVEL', 'Z'), { maxLength: 3 });
  const changes = fc
    .tuple(names, names)
    .map(([set, remove]) => ({ set: Object.fromEntries(set.map((name) => [name, `new ${name}`])), remove }));
  /** No name is set on both sides: the inputs refuse that. */
  const apart = fc.tuple(changes, changes).map(([one, other]) => {
    const set = Object.entries(other.set).filter(([name]) => !Object.hasOwn(one.set, name));
    return { environment: one, secrets: { ...other, set: Object.fromEntries(set) } };
  });
  const others = fc.record({
    dockerLabels: changes,
    logOptions: changes,
    logDriver: fc.constantFrom(undefined, 'awslogs', 'splunk'),
    command: fc.constantFrom(undefined, [], ['a']),
    envFiles: fc.constantFrom([], ['arn:aws:s3:::b/a']),
    environmentMode: fc.constantFrom('merge' as const, 'replace' as const),
    cpu: fc.constantFrom(undefined, '512'),
  });
  const anyRequest = fc.tuple(apart, others).map(([environments, rest]) => ({ ...environments, ...rest }));

  it('rendered twice is rendered once', () => {
    fc.assert(
      fc.property(anyDefinition, anyRequest, (definition, request) => {
        const rendering = renderingOf(request, {
          images: { web: NEW },
          running: [{ container: 'proxy', image: 'p:1', digest: digestOf('a') }],
        });
        const once = render(definition, rendering);
        expect(render(once, rendering)).toEqual(once);
      }),
    );
  });

  it('that AWS described, rendered without inputs, is itself, unknown fields included', () => {
    fc.assert(
      fc.property(anyDefinition, (definition) => {
        const described = { ...definition, revision: 7, status: 'ACTIVE', taskDefinitionArn: 'arn' };
        expect(render(registrable(described), renderingOf({}))).toEqual(definition);
      }),
    );
  });

  it('is not changed by being rendered', () => {
    fc.assert(
      fc.property(anyDefinition, anyRequest, (definition, request) => {
        const before = structuredClone(definition);
        render(definition, renderingOf(request, { images: { web: NEW } }));
        expect(definition).toEqual(before);
      }),
    );
  });
});
