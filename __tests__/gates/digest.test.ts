import { describe, expect, it } from '@jest/globals';
import { digestGate } from '../../src/gates/digest.ts';
import type { DeployedImage, GateResult } from '../../src/model/index.ts';
import { denied } from '../fakes/aws-errors.ts';
import { digestOf, REPOSITORY, rolloutOf } from '../fakes/literals.ts';

function image(letter: string | undefined, repository = REPOSITORY): DeployedImage {
  const digest = letter === undefined ? undefined : digestOf(letter);
  return {
    reference: `${repository}${digest === undefined ? ':1' : `@${digest}`}`,
    digest,
    tag: undefined,
    registry: undefined,
  };
}

interface Fakes {
  /** Digests of the service revision by container; `denied`: its call is. */
  readonly revision?: Readonly<Record<string, string>> | 'denied';
  readonly tasks?: Readonly<Record<string, string>> | 'denied';
  /** What a second task runs. */
  readonly secondTask?: Readonly<Record<string, string>>;
  /** Manifests of the index that ECR holds; `denied`: the call is; `gone`: ECR does not have it any more. */
  readonly index?: readonly string[] | 'denied' | 'gone';
}

async function gate(images: Readonly<Record<string, DeployedImage>>, fakes: Fakes): Promise<GateResult> {
  const rollout = rolloutOf();
  const ofTasks = fakes.tasks ?? {};
  const ecs = {
    describeServiceDeployments: () =>
      fakes.revision === 'denied'
        ? Promise.reject(denied())
        : Promise.resolve({ serviceDeployments: [{ targetServiceRevision: { arn: 'rev' } }] }),
    describeServiceRevisions: () =>
      Promise.resolve({
        serviceRevisions: [
          {
            containerImages: Object.entries(fakes.revision ?? {}).map(([containerName, letter]) => ({
              containerName,
              imageDigest: digestOf(letter),
            })),
          },
        ],
      }),
    listTasks: () => (ofTasks === 'denied' ? Promise.reject(denied()) : Promise.resolve({ taskArns: ['t'] })),
    describeTasks: () =>
      Promise.resolve({
        tasks: [ofTasks, fakes.secondTask ?? {}].map((containers) => ({
          startedBy: rollout.deploymentId,
          taskDefinitionArn: rollout.taskDefinitionArn,
          containers: Object.entries(containers).map(([name, letter]) => ({
            name,
            imageDigest: digestOf(letter),
          })),
        })),
      }),
  };
  const { index = [] } = fakes;
  const ecr = () => ({
    batchGetImage: () =>
      index === 'denied'
        ? Promise.reject(denied())
        : Promise.resolve({
            images: (index === 'gone' ? [] : [index]).map((letters) => ({
              imageManifest: JSON.stringify({
                manifests: letters.map((letter) => ({ digest: digestOf(letter) })),
              }),
            })),
          }),
  });
  return digestGate({ ecs, ecr } as unknown as Parameters<typeof digestGate>[0], rollout, images);
}

describe('what runs', () => {
  it.each<[string, Readonly<Record<string, DeployedImage>>, Fakes, string]>([
    ['passes where it is the digest of the image', { web: image('a') }, { revision: { web: 'a' } }, 'passed'],
    [
      'passes where it is a manifest in its index',
      { web: image('a') },
      { revision: { web: 'b' }, index: ['c', 'b'] },
      'passed',
    ],
    [
      'passes by its tasks where the revision may not be read',
      { web: image('a') },
      { revision: 'denied', tasks: { web: 'a' } },
      'passed',
    ],
    ['fails where it is another digest', { web: image('a') }, { revision: { web: 'b' } }, 'failed'],
    [
      'fails where its index holds other manifests only',
      { web: image('a') },
      { revision: { web: 'b' }, index: ['c', 'd'] },
      'failed',
    ],
    ['fails by its tasks', { web: image('a') }, { revision: 'denied', tasks: { web: 'b' } }, 'failed'],
    [
      'fails by its tasks where the revision tells of another container alone',
      { web: image('a') },
      { revision: { side: 'c' }, tasks: { web: 'b' } },
      'failed',
    ],
    [
      'passes by its tasks where the revision tells of another container alone',
      { web: image('a') },
      { revision: { side: 'c' }, tasks: { web: 'a' } },
      'passed',
    ],
    [
      'fails by the one task that runs another digest',
      { web: image('a') },
      { revision: 'denied', tasks: { web: 'b' }, secondTask: { web: 'a' } },
      'failed',
    ],
    [
      'is not evaluated where the index is gone from ECR',
      { web: image('a') },
      { revision: { web: 'b' }, index: 'gone' },
      'skipped',
    ],
    [
      'fails for one container although the digest of another is not known',
      { side: image(undefined, 'nginx'), web: image('a') },
      { revision: { side: 'c', web: 'b' } },
      'failed',
    ],
    ['is not evaluated where this run brings no image', {}, {}, 'skipped'],
    [
      'is not evaluated where the digest is not known',
      { web: image(undefined, 'nginx') },
      { revision: { web: 'a' } },
      'skipped',
    ],
    ['is not evaluated where ECS does not say', { web: image('a') }, { revision: {}, tasks: {} }, 'skipped'],
    [
      'is not evaluated where ECS may not be asked',
      { web: image('a') },
      { revision: 'denied', tasks: 'denied' },
      'skipped',
    ],
    [
      'is not evaluated where the index may not be read',
      { web: image('a') },
      { revision: { web: 'b' }, index: 'denied' },
      'skipped',
    ],
    [
      'is not evaluated where the index is in another registry',
      { web: image('a', 'ghcr.io/org/web') },
      { revision: { web: 'b' } },
      'skipped',
    ],
  ])('%s', async (_rule, images, fakes, state) => {
    expect(await gate(images, fakes)).toMatchObject({ gate: 'digest', state });
  });

  it('is named where it is wrong', async () => {
    expect((await gate({ web: image('a') }, { revision: { web: 'b' } })).detail).toBe(
      `container "web" runs ${digestOf('b')}, not ${digestOf('a')}`,
    );
  });
});
