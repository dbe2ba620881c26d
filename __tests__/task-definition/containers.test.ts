import { describe, expect, it } from '@jest/globals';
import type { DeployedImage, ProvidedImages, RunningImage } from '../../src/model/index.ts';
import { chooseContainers, imagesByContainer } from '../../src/task-definition/prepare.ts';
import { definitionOf, REPOSITORY } from '../fakes/literals.ts';

const IMAGE: DeployedImage = {
  reference: `${REPOSITORY}@sha256:b`,
  digest: 'sha256:b',
  tag: undefined,
  registry: undefined,
};
const ONE: ProvidedImages = { kind: 'one', image: IMAGE };

function chosen(
  containers: Readonly<Record<string, string>>,
  more: {
    provided?: ProvidedImages;
    named?: string[];
    ecrRepository?: string;
    running?: RunningImage[];
  } = {},
): string[] {
  const definition = definitionOf(Object.entries(containers).map(([name, image]) => ({ name, image })));
  return chooseContainers(definition, more.provided ?? ONE, {
    named: more.named ?? [],
    ecrRepository: more.ecrRepository,
    running: more.running ?? [],
  });
}

describe('the container that gets the image', () => {
  it.each([
    ['the only one', { web: 'nginx' }, {}, ['web']],
    ['the one that is named', { web: 'a', proxy: 'b' }, { named: ['proxy'] }, ['proxy']],
    ['all that are named', { web: 'a', proxy: 'b' }, { named: ['proxy', 'web'] }, ['proxy', 'web']],
    [
      'the only one from the repository of the image',
      { web: `${REPOSITORY}:1`, proxy: 'envoy' },
      {},
      ['web'],
    ],
    [
      'the only one from ecr-repository, by its name',
      { web: `${REPOSITORY}:1`, proxy: 'envoy' },
      { ecrRepository: 'backend', provided: { kind: 'none' } },
      ['web'],
    ],
    [
      'the only one from ecr-repository, by its address',
      { web: 'placeholder', proxy: `${REPOSITORY}:1` },
      { ecrRepository: REPOSITORY },
      ['proxy'],
    ],
    [
      'the only one that runs an image of the repository, whatever the base says',
      { web: 'placeholder', proxy: 'envoy' },
      { running: [{ container: 'web', image: `${REPOSITORY}:1`, digest: undefined }] },
      ['web'],
    ],
  ] as const)('is %s', (_which, containers, more, names) => {
    expect(chosen(containers, more as Parameters<typeof chosen>[1])).toEqual(names);
  });

  it.each([
    ['two are in the repository', { web: `${REPOSITORY}:1`, worker: `${REPOSITORY}:2` }, '"web", "worker"'],
    ['none is', { web: 'a', proxy: 'b' }, '"web", "proxy"'],
    ['a repository only begins like it', { web: `${REPOSITORY}-2:1`, proxy: 'b' }, '"web", "proxy"'],
  ])('cannot be guessed where %s', (_why, containers, names) => {
    expect(() => chosen(containers)).toThrow(
      `The task definition backend has 2 containers, and container-name does not say which one is meant. Containers: ${names}.`,
    );
  });

  it('must exist', () => {
    expect(() => chosen({ web: 'a', proxy: 'b' }, { named: ['wbe'] })).toThrow(
      'container-name: the task definition has no container "wbe". Its containers: "web", "proxy".',
    );
    const provided: ProvidedImages = { kind: 'by-container', images: { wbe: IMAGE } };
    expect(() => chosen({ web: 'a' }, { provided })).toThrow(
      'images: the task definition has no container "wbe"',
    );
  });
});

describe('the images of this run by container', () => {
  it('are none, the one for each chosen container, or those that were named', () => {
    expect(imagesByContainer({ kind: 'none' }, ['web'])).toEqual({});
    expect(imagesByContainer(ONE, ['web', 'worker'])).toEqual({ web: IMAGE, worker: IMAGE });
    expect(imagesByContainer({ kind: 'by-container', images: { web: IMAGE } }, ['web'])).toEqual({
      web: IMAGE,
    });
  });
});
