import type { Deployment } from '@aws-sdk/client-ecs';
import { describe, expect, test } from '@jest/globals';
import type { Aws } from '../../src/aws/clients.ts';
import { findInterrupted } from '../../src/rollout/find-interrupted.ts';
import { fakeClock } from '../fakes/clock.ts';
import {
  OLD_ID,
  OLD_REVISION,
  OUR_ID,
  OUR_REVISION,
  rolloutRequest,
  serviceDeploymentArn,
  serviceRevisionArn,
  snapshot,
} from './builders.ts';

const LAST_MONTH = new Date('2031-04-05T00:00:00Z');
const YESTERDAY = new Date('2031-05-04T00:00:00Z');
const NOW = new Date('2031-05-05T00:00:00Z');

const OLD: Deployment = { id: OLD_ID, status: 'PRIMARY', taskDefinition: OLD_REVISION, createdAt: YESTERDAY };

/** What a killed run of ours, to backend:8, has begun; ECS knows a service deployment to it of that time. */
function found(createdAt: Date, deployments: readonly Deployment[]): ReturnType<typeof findInterrupted> {
  const listed = [
    { arn: serviceDeploymentArn('ours'), revision: serviceRevisionArn(OUR_ID), createdAt },
    { arn: serviceDeploymentArn('old'), revision: serviceRevisionArn(OLD_ID), createdAt: YESTERDAY },
  ];
  const ecs = {
    describeServices: () => Promise.resolve({ services: [{ serviceName: 'web', deployments }] }),
    listServiceDeployments: ({ createdAt: limits }: { createdAt?: { after?: Date } }) =>
      Promise.resolve({
        serviceDeployments: listed
          .filter((each) => limits?.after === undefined || each.createdAt > limits.after)
          .map((each) => ({
            serviceDeploymentArn: each.arn,
            targetServiceRevisionArn: each.revision,
            createdAt: each.createdAt,
          })),
      }),
    describeServiceRevisions: ({ serviceRevisionArns }: { serviceRevisionArns: string[] }) =>
      Promise.resolve({
        serviceRevisions: serviceRevisionArns.map((arn) => ({
          serviceRevisionArn: arn,
          taskDefinition: arn === serviceRevisionArn(OUR_ID) ? OUR_REVISION : OLD_REVISION,
        })),
      }),
  };
  // The survey read one page: of what was deployed long ago it knows nothing.
  const before = snapshot({ knownServiceDeployments: [serviceDeploymentArn('old')] });
  const aws = { ecs } as unknown as Pick<Aws, 'ecs' | 'codeDeploy'>;
  return findInterrupted({ aws, clock: fakeClock() }, before, OUR_REVISION, rolloutRequest());
}

describe('what a killed run has begun', () => {
  test('is found by its entry', async () => {
    const ours = { id: OUR_ID, status: 'PRIMARY', taskDefinition: OUR_REVISION, createdAt: NOW };
    expect(await found(NOW, [ours, { ...OLD, status: 'ACTIVE' }])).toMatchObject({
      kind: 'started',
      started: { deploymentId: OUR_ID, serviceDeploymentArn: serviceDeploymentArn('ours') },
    });
  });

  test('is found by its service deployment, where the entry does not show yet', async () => {
    expect(await found(NOW, [OLD])).toMatchObject({
      kind: 'started',
      started: { serviceDeploymentArn: serviceDeploymentArn('ours') },
    });
  });

  test('is nothing where the revision was deployed long ago', async () => {
    expect(await found(LAST_MONTH, [OLD])).toEqual({ kind: 'untouched' });
  });
});
