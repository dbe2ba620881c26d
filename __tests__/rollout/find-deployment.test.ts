import type { ServiceDeploymentBrief, ServiceRevision } from '@aws-sdk/client-ecs';
import { describe, expect, test } from '@jest/globals';
import type { EcsReads } from '../../src/aws/clients.ts';
import { findServiceDeployment } from '../../src/rollout/find-deployment.ts';
import { Cancelled } from '../../src/runtime/cancellation.ts';
import { fakeClock } from '../fakes/clock.ts';
import {
  DENIED,
  EXPIRED,
  OLD_REVISION,
  OUR_ID,
  OUR_REVISION,
  recordedLog,
  SERVER_ERROR,
  serviceDeploymentArn,
  serviceRevisionArn,
  snapshot,
  THROTTLED,
} from './builders.ts';

/** AWS's clock is years ahead of the runner's. */
const CREATED = new Date('2031-05-05T05:05:05Z');

/** A service deployment, seconds after UpdateService by AWS's clock. */
function brief(name: string, deploymentId: string, seconds = 1): ServiceDeploymentBrief {
  return {
    serviceDeploymentArn: serviceDeploymentArn(name),
    targetServiceRevisionArn: serviceRevisionArn(deploymentId),
    createdAt: new Date(CREATED.getTime() + seconds * 1000),
    status: 'IN_PROGRESS',
  };
}

function revision(deploymentId: string, taskDefinition: string): ServiceRevision {
  return { serviceRevisionArn: serviceRevisionArn(deploymentId), taskDefinition };
}

interface World {
  /** What ListServiceDeployments shows, look by look; the last one stays. An error is thrown. */
  readonly lists: readonly (readonly ServiceDeploymentBrief[] | Error)[];
  readonly revisions?: readonly ServiceRevision[] | Error;
  readonly abortAt?: number;
  readonly id?: string;
}

interface Found {
  readonly arn: string | undefined;
  readonly asked: { after: Date | undefined }[];
  readonly pauses: readonly number[];
  readonly lines: readonly string[];
  readonly warnings: readonly string[];
}

async function find({ lists, revisions = [], abortAt, id = OUR_ID }: World): Promise<Found> {
  const controller = new AbortController();
  const clock = fakeClock({
    during: (pause) => {
      if (pause === abortAt) controller.abort(new Cancelled('SIGINT'));
    },
  });
  const log = recordedLog();
  const asked: { after: Date | undefined }[] = [];
  const ecs = {
    listServiceDeployments: (input: { createdAt?: { after?: Date } }) => {
      const list = lists[Math.min(asked.length, lists.length - 1)];
      asked.push({ after: input.createdAt?.after });
      return list instanceof Error ? Promise.reject(list) : Promise.resolve({ serviceDeployments: list });
    },
    describeServiceRevisions: () =>
      revisions instanceof Error
        ? Promise.reject(revisions)
        : Promise.resolve({ serviceRevisions: revisions }),
  } as unknown as EcsReads;
  const arn = await findServiceDeployment(
    { aws: { ecs }, clock, signal: controller.signal, log },
    snapshot(),
    { id, createdAt: CREATED },
    OUR_REVISION,
  );
  return { arn, asked, pauses: clock.pauses, lines: log.lines, warnings: log.warnings };
}

describe('our service deployment is the one', () => {
  test('whose service revision has the number of our deployment', async () => {
    const { arn, pauses } = await find({ lists: [[brief('theirs', 'ecs-svc/9'), brief('ours', OUR_ID)]] });
    expect(arn).toBe(serviceDeploymentArn('ours'));
    expect(pauses).toEqual([]);
  });

  test('whose target is our revision, where the numbers do not tell', async () => {
    const { arn } = await find({
      lists: [[brief('theirs', 'ecs-svc/9', 2), brief('ours', 'ecs-svc/8', 1)]],
      revisions: [revision('ecs-svc/9', OLD_REVISION), revision('ecs-svc/8', OUR_REVISION)],
    });
    expect(arn).toBe(serviceDeploymentArn('ours'));
  });

  test('that is the oldest with our revision: a later one is a redeployment by somebody', async () => {
    const { arn } = await find({
      lists: [[brief('again', 'ecs-svc/9', 60), brief('ours', 'ecs-svc/8', 1)]],
      revisions: [revision('ecs-svc/9', OUR_REVISION), revision('ecs-svc/8', OUR_REVISION)],
    });
    expect(arn).toBe(serviceDeploymentArn('ours'));
  });

  test('that the survey did not know', async () => {
    const { arn } = await find({
      lists: [[brief('ours', 'ecs-svc/8'), brief('old', 'ecs-svc/7', -3)]],
      revisions: [revision('ecs-svc/7', OUR_REVISION), revision('ecs-svc/8', OUR_REVISION)],
    });
    expect(arn).toBe(serviceDeploymentArn('ours'));
  });
});

test("it is searched for by AWS's own clock, with five seconds to spare", async () => {
  const { asked } = await find({ lists: [[brief('ours', OUR_ID)]] });
  expect(asked).toEqual([{ after: new Date(CREATED.getTime() - 5_000) }]);
});

describe('ECS is eventually consistent', () => {
  test('a deployment that appears late is waited for', async () => {
    const { arn, pauses } = await find({ lists: [[], [], [brief('ours', OUR_ID)]] });
    expect(arn).toBe(serviceDeploymentArn('ours'));
    expect(pauses).toEqual([500, 1000]);
  });

  test('the last pause is followed by a look, too', async () => {
    const { arn, pauses } = await find({ lists: [[], [], [], [], [], [], [], [brief('ours', OUR_ID)]] });
    expect(arn).toBe(serviceDeploymentArn('ours'));
    expect(pauses).toEqual([500, 1000, 1000, 2000, 3000, 5000, 8000]);
  });

  test('one that never appears is given up within half a minute, with a warning', async () => {
    const { arn, pauses, warnings } = await find({ lists: [[brief('theirs', 'ecs-svc/9')]] });
    expect(arn).toBeUndefined();
    expect(pauses.reduce((sum, pause) => sum + pause, 0)).toBeLessThan(30_000);
    expect(warnings).toEqual([
      'The service deployment of backend:8 did not appear: following deployments[] of the service instead.',
    ]);
  });

  test.each([
    ['throttling', THROTTLED()],
    ['a server error', SERVER_ERROR()],
  ])('%s only costs time', async (_, error) => {
    const { arn } = await find({ lists: [error, [brief('ours', OUR_ID)]] });
    expect(arn).toBe(serviceDeploymentArn('ours'));
  });
});

describe('where it cannot be had', () => {
  test('denied: said once, at once, and deployments[] is followed', async () => {
    const { arn, pauses, lines } = await find({ lists: [DENIED()] });
    expect(arn).toBeUndefined();
    expect(pauses).toEqual([]);
    expect(lines).toEqual([
      'Service deployments cannot be read (ecs:ListServiceDeployments): following deployments[] of the service instead.',
    ]);
  });

  test('denied revisions: the number still tells', async () => {
    const { arn } = await find({ lists: [[brief('ours', OUR_ID)]], revisions: DENIED() });
    expect(arn).toBe(serviceDeploymentArn('ours'));
  });

  test('expired credentials are told to whoever asked', async () => {
    await expect(find({ lists: [EXPIRED()] })).rejects.toThrow('expired');
  });

  test('a cancelled job ends the search', async () => {
    await expect(find({ lists: [[]], abortAt: 1 })).rejects.toBeInstanceOf(Cancelled);
  });
});
