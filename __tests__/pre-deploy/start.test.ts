import { describe, expect, test } from '@jest/globals';
import type { RunTaskCommandInput, RunTaskCommandOutput } from '@aws-sdk/client-ecs';
import { runTaskInput, startTask, type StartContext } from '../../src/pre-deploy/start.ts';
import { Cancelled } from '../../src/runtime/cancellation.ts';
import { Deadline } from '../../src/runtime/wait.ts';
import { awsError, denied, expired, throttled, unanswered } from '../fakes/aws-errors.ts';
import { fakeClock } from '../fakes/clock.ts';
import { revisionArn, snapshotOf } from '../fakes/literals.ts';
import { fakeLog } from '../fakes/log.ts';

const REVISION = revisionArn('backend:8');
const network = { awsvpcConfiguration: { subnets: ['subnet-1'], securityGroups: ['sg-1'] } };

describe('the task beside the service', () => {
  test("runs in its network, on its launch type and platform, with its tasks' tags", () => {
    const placement = {
      networkConfiguration: network,
      launchType: 'FARGATE',
      platformVersion: '1.4.0',
    } as const;
    const service = snapshotOf({ placement, enableEcsManagedTags: true, propagateTags: 'TASK_DEFINITION' });
    expect(runTaskInput(service, REVISION, 'web', ['migrate', '--all'])).toEqual({
      cluster: service.address.cluster,
      taskDefinition: REVISION,
      count: 1,
      startedBy: 'ecs-fargate-deploy',
      launchType: 'FARGATE',
      platformVersion: '1.4.0',
      networkConfiguration: network,
      enableECSManagedTags: true,
      propagateTags: 'TASK_DEFINITION',
      overrides: { containerOverrides: [{ name: 'web', command: ['migrate', '--all'] }] },
    });
  });

  test('runs on its capacity providers, which exclude a launch type', () => {
    const capacityProviderStrategy = [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }];
    const placement = { capacityProviderStrategy, launchType: 'FARGATE' } as const;
    const input = runTaskInput(snapshotOf({ placement }), REVISION, 'web', ['migrate']);
    expect(input).toMatchObject({ capacityProviderStrategy });
    expect(input).not.toHaveProperty('launchType');
  });

  test('says nothing of what the service says nothing of, and takes no tags of a service', () => {
    const service = snapshotOf({ placement: { capacityProviderStrategy: [] }, propagateTags: 'SERVICE' });
    expect(Object.keys(runTaskInput(service, REVISION, 'web', ['migrate'])).sort()).toEqual(
      ['cluster', 'count', 'overrides', 'startedBy', 'taskDefinition'].sort(),
    );
  });
});

const INPUT = runTaskInput(snapshotOf(), REVISION, 'web', ['migrate']);
const STARTED = { tasks: [{ taskArn: 'task/1' }], failures: [] };

/** RunTask answers with these, one after the other. */
function ecsThat(...answers: (Error | object)[]): {
  ctx: StartContext;
  sent: RunTaskCommandInput[];
  said: readonly string[];
  abort: () => void;
} {
  const sent: RunTaskCommandInput[] = [];
  const log = fakeLog();
  const controller = new AbortController();
  const runTask = (input: RunTaskCommandInput): Promise<RunTaskCommandOutput> => {
    sent.push(input);
    const answer = answers[Math.min(sent.length, answers.length) - 1];
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve({ $metadata: {}, ...answer });
  };
  return {
    ctx: { aws: { ecsWrites: { runTask } }, clock: fakeClock(), signal: controller.signal, log },
    sent,
    said: log.said,
    abort: () => {
      controller.abort(new Cancelled('SIGINT'));
    },
  };
}

/** Later than anything here takes. */
const LATER = Deadline.of(fakeClock(), 3_600_000);

describe('starting the task', () => {
  test('sends the same token again after throttling and lost answers', async () => {
    const { ctx, sent } = ecsThat(throttled(), unanswered(), unanswered(), unanswered(), STARTED);
    await expect(startTask(ctx, INPUT, LATER)).resolves.toBe('task/1');
    expect(sent).toHaveLength(5);
    expect(new Set(sent.map(({ clientToken }) => clientToken)).size).toBe(1);
    expect(sent[0]).toEqual({ ...INPUT, clientToken: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  });

  test('uses another token each time that a task is started', async () => {
    const { ctx, sent } = ecsThat(STARTED);
    await startTask(ctx, INPUT, LATER);
    await startTask(ctx, INPUT, LATER);
    expect(sent[0]?.clientToken).not.toBe(sent[1]?.clientToken);
  });

  test.each<[string, Error | object, string, string]>([
    [
      'ECS refuses',
      awsError('InvalidParameterException', 'Network Configuration must be provided.'),
      'pre-deploy-task-failed',
      'ECS did not start the pre-deploy task (InvalidParameterException: Network Configuration must be provided.).',
    ],
    [
      'there is no place for it',
      { tasks: [], failures: [{ reason: 'RESOURCE:MEMORY', detail: 'no instance' }, { reason: 'AGENT' }] },
      'pre-deploy-task-failed',
      'ECS did not start the pre-deploy task (RESOURCE:MEMORY: no instance; AGENT).',
    ],
    [
      'ECS says nothing',
      {},
      'pre-deploy-task-failed',
      'ECS did not start the pre-deploy task (it gave no reason).',
    ],
    ['access is denied', denied(), 'access-denied', 'AWS denied access while starting the pre-deploy task'],
    [
      'the credentials expired',
      expired(),
      'credentials-expired',
      'The AWS credentials expired while starting',
    ],
    ['throttling does not end', throttled(), 'throttled', 'AWS kept throttling while starting'],
    ['nothing answers', unanswered(), 'pre-deploy-task-failed', 'while starting the pre-deploy task'],
  ])('fails where %s', async (_where, answer, cause, message) => {
    const { ctx } = ecsThat(answer);
    await expect(startTask(ctx, INPUT, LATER)).rejects.toMatchObject({
      conclusion: { cause },
      message: expect.stringContaining(message),
    });
  });

  test('ends with the job, and says what is not known', async () => {
    const { ctx, said, abort } = ecsThat(unanswered());
    abort();
    await expect(startTask(ctx, INPUT, LATER)).rejects.toBeInstanceOf(Cancelled);
    expect(said).toEqual([
      'ECS did not answer whether the pre-deploy task was started; it would be started by "ecs-fargate-deploy".',
    ]);
  });
});
