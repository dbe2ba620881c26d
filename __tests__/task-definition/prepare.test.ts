import { describe, expect, it } from '@jest/globals';
import type { DefinitionRequest, ProvidedImages, Request, ServiceSnapshot } from '../../src/model/index.ts';
import { prepareTaskDefinition, type PreparedDefinition } from '../../src/task-definition/prepare.ts';
import {
  definitionOf,
  digestOf,
  NO_DEFINITION_REQUEST,
  REPOSITORY,
  requestOf,
  revisionArn,
  snapshotOf,
} from '../fakes/literals.ts';
import { fakeLog } from '../fakes/log.ts';
import { fakeRevisions } from '../fakes/revisions.ts';

const RUNNING = [{ container: 'web', image: `${REPOSITORY}:1`, digest: digestOf('a') }];

function imageOf(letter: string): ProvidedImages {
  return {
    kind: 'one',
    image: {
      reference: `${REPOSITORY}@${digestOf(letter)}`,
      digest: digestOf(letter),
      tag: undefined,
      registry: undefined,
    },
  };
}

interface Situation {
  readonly aws?: ReturnType<typeof fakeRevisions>;
  readonly definition?: Partial<DefinitionRequest>;
  readonly rollout?: Partial<Request['rollout']>;
  readonly services?: readonly ServiceSnapshot[];
  readonly images?: ProvidedImages;
  readonly workspace?: string;
}

/** By default the service runs backend:7, the latest of its family, with image a. */
async function prepared(situation: Situation): Promise<PreparedDefinition & { said: readonly string[] }> {
  const log = fakeLog();
  const aws = situation.aws ?? fakeRevisions({ 'backend:7': definitionOf() });
  const request = requestOf({
    definition: { ...NO_DEFINITION_REQUEST, ...situation.definition },
    rollout: { ...requestOf().rollout, ...situation.rollout },
  });
  const result = await prepareTaskDefinition(
    {
      aws,
      log,
      workspace: situation.workspace ?? '/nowhere',
      resolve: (reference) =>
        Promise.resolve({ reference, digest: digestOf('a'), tag: undefined, registry: undefined }),
    },
    request,
    situation.services ?? [snapshotOf({ running: RUNNING })],
    situation.images ?? { kind: 'none' },
  );
  return { ...result, said: log.said };
}

describe('nothing is registered', () => {
  it('where the image is the one that runs, by digest, whatever tag the revision has', async () => {
    const { existingArn, changes, said } = await prepared({ images: imageOf('a') });
    expect(existingArn).toBe(revisionArn('backend:7'));
    expect(changes).toEqual([]);
    expect(said).toContain('Nothing differs from what runs.');
  });

  it('where nothing is asked for and the service runs the latest of its family', async () => {
    expect(await prepared({})).toMatchObject({ existingArn: revisionArn('backend:7'), changes: [] });
  });

  it('where the rendered value is there already', async () => {
    const web = { name: 'web', image: `${REPOSITORY}:1`, environment: [{ name: 'A', value: '1' }] };
    const aws = fakeRevisions({ 'backend:7': definitionOf([web]) });
    const definition = { environment: { set: { A: '1' }, remove: ['B'] } };
    expect(await prepared({ aws, definition })).toMatchObject({ existingArn: revisionArn('backend:7') });
  });

  it('for an explicit revision with nothing to render: it is deployed as it is, with its own image', async () => {
    const aws = fakeRevisions({
      'backend:5': definitionOf([{ name: 'web', image: 'web:5' }]),
      'backend:7': definitionOf(),
    });
    const base = { kind: 'revision', reference: 'backend:5' } as const;
    const result = await prepared({ aws, definition: { base } });
    expect(result.existingArn).toBe(revisionArn('backend:5'));
    expect(result.definition.containerDefinitions[0]?.image).toBe('web:5');
  });

  it('where the revision that runs was deregistered, and it stays where it is', async () => {
    const aws = fakeRevisions({ 'backend:7': definitionOf() }, { inactive: ['backend:7'] });
    const definition = { base: { kind: 'running' } } as const;
    expect(await prepared({ aws, definition })).toMatchObject({ existingArn: revisionArn('backend:7') });
  });

  it('where a file is what its family holds last, also without a service', async () => {
    const workspace = '/repository';
    for (const path of ['td.json', '/repository/td.json']) {
      const definition = { base: { kind: 'file', path, definition: definitionOf() } } as const;
      expect(await prepared({ workspace, definition, services: [] })).toMatchObject({
        existingArn: revisionArn('backend:7'),
        origin: 'the file td.json',
        changes: [],
      });
    }
  });
});

describe('a new revision is registered', () => {
  it('for another image, and the change says from what to what', async () => {
    const { existingArn, changes } = await prepared({ images: imageOf('b') });
    expect(existingArn).toBeUndefined();
    expect(changes).toEqual([
      {
        path: 'containerDefinitions[web].image',
        kind: 'changed',
        before: `${REPOSITORY}@${digestOf('a')}`,
        after: `${REPOSITORY}@${digestOf('b')}`,
      },
    ]);
  });

  it.each([
    ['forced', { forceNewDeployment: true }, 'complete'],
    ['failed', {}, 'failed'],
  ] as const)(
    'where the revision that runs was deregistered and has to be deployed again: %s',
    async (_why, rollout, state) => {
      const aws = fakeRevisions({ 'backend:7': definitionOf() }, { inactive: ['backend:7'] });
      const services = [snapshotOf({ running: RUNNING, rollout: state })];
      const definition = { base: { kind: 'running' } } as const;
      expect((await prepared({ aws, services, rollout, definition })).existingArn).toBeUndefined();
    },
  );

  it('for an explicit revision that was deregistered', async () => {
    const aws = fakeRevisions(
      { 'backend:5': definitionOf(['old']), 'backend:7': definitionOf() },
      { inactive: ['backend:5'] },
    );
    const base = { kind: 'revision', reference: 'backend:5' } as const;
    expect(await prepared({ aws, definition: { base } })).toMatchObject({
      existingArn: undefined,
      origin: 'backend:5 (deregistered: its content is registered again)',
    });
  });

  it('with what Terraform changed in the latest revision, and the image that runs', async () => {
    const aws = fakeRevisions({
      'backend:7': definitionOf(),
      'backend:9': definitionOf([{ name: 'web', image: `${REPOSITORY}:terraform`, cpu: 512 }]),
    });
    const { definition, said, existingArn } = await prepared({ aws });
    expect(definition.containerDefinitions).toEqual([
      { name: 'web', image: `${REPOSITORY}@${digestOf('a')}`, cpu: 512 },
    ]);
    expect(existingArn).toBeUndefined();
    expect(said).toContain('Base: backend:9, the latest revision of its family.');
    expect(said[0]).toContain(
      'Container "web" keeps backend@sha256:aaaaaaaaaaaa, which runs; the base names backend:terraform.',
    );
    expect(said.find((line) => line.includes('did not ask for'))).toContain('containerDefinitions[web].cpu');
  });
});

describe('a container that gets no image from this run', () => {
  const base = definitionOf([
    { name: 'web', image: `${REPOSITORY}:1` },
    { name: 'proxy', image: 'envoy:2' },
  ]);
  const running = [...RUNNING, { container: 'proxy', image: 'envoy:1', digest: digestOf('e') }];

  it('ships as the base writes it, where it is a sidecar of another registry', async () => {
    const aws = fakeRevisions({ 'backend:7': base });
    const services = [snapshotOf({ running })];
    const { definition } = await prepared({ aws, services, images: imageOf('b') });
    expect(definition.containerDefinitions.map((container) => container.image)).toEqual([
      `${REPOSITORY}@${digestOf('b')}`,
      'envoy:2',
    ]);
  });

  it('keeps what the running revision says where ECS names no digests', async () => {
    const aws = fakeRevisions({
      'backend:7': definitionOf([{ name: 'web', image: 'web:7' }]),
      'backend:8': definitionOf([{ name: 'web', image: 'web:8' }]),
    });
    const services = [snapshotOf({ running: [] })];
    expect((await prepared({ aws, services })).definition.containerDefinitions[0]?.image).toBe('web:7');
  });

  it('ships as the base writes it where ECS leaves this one container out', async () => {
    const aws = fakeRevisions({
      'backend:7': definitionOf(['web', { name: 'proxy', image: 'envoy:1' }]),
      'backend:8': definitionOf(['web', { name: 'proxy', image: 'envoy:2' }]),
    });
    const { definition } = await prepared({ aws, services: [snapshotOf({ running: RUNNING })] });
    expect(definition.containerDefinitions[1]?.image).toBe('envoy:2');
  });

  it('takes the image of the base where nothing like it runs', async () => {
    const aws = fakeRevisions({
      'backend:7': definitionOf(),
      'backend:8': definitionOf(['web', { name: 'new', image: 'new:1' }]),
    });
    expect((await prepared({ aws })).definition.containerDefinitions[1]?.image).toBe('new:1');
  });
});

describe('the fields of the task', () => {
  it('need no container to be chosen', async () => {
    const aws = fakeRevisions({
      'backend:7': definitionOf([
        { name: 'a', image: 'a' },
        { name: 'b', image: 'b' },
      ]),
    });
    const services = [snapshotOf()];
    expect((await prepared({ aws, services, definition: { cpu: '512' } })).definition['cpu']).toBe('512');
  });

  it('do not save the fields of a container from needing one', async () => {
    const aws = fakeRevisions({
      'backend:7': definitionOf([
        { name: 'a', image: 'a' },
        { name: 'b', image: 'b' },
      ]),
    });
    const definition = { cpu: '512', command: ['run'] };
    await expect(prepared({ aws, services: [snapshotOf()], definition })).rejects.toMatchObject({
      conclusion: { cause: 'invalid-input' },
      message:
        'The task definition backend has 2 containers, and container-name does not say which one is meant. Containers: "a", "b".',
    });
  });
});

describe('environment values', () => {
  it('are in neither the log nor the changes, but for names that are listed', async () => {
    const set = { PASSWORD: 'new-s3cret', LEVEL: 'debug' };
    const web = {
      name: 'web',
      image: `${REPOSITORY}:1`,
      environment: [{ name: 'PASSWORD', value: 'old-s3cret' }],
    };
    const aws = fakeRevisions({ 'backend:7': definitionOf([web]) });
    const { said, changes } = await prepared({
      aws,
      definition: { environment: { set, remove: [] }, showEnvironmentValues: ['LEVEL'] },
    });
    expect(JSON.stringify([said, changes])).not.toContain('s3cret');
    expect(said).toContain('+ containerDefinitions[web].environment[LEVEL]: debug');
    expect(said).toContain('~ containerDefinitions[web].environment[PASSWORD]: changed');
  });
});
