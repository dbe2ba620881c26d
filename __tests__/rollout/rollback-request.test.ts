import { describe, expect, test } from '@jest/globals';
import { Actors } from '../../src/rollout/acts.ts';
import { requestRollback } from '../../src/rollout/rollback-request.ts';
import { fakeClock, untilDone } from '../fakes/clock.ts';
import { awsError, OUR_REVISION, RESET, rollout, rolloutRequest, TIMEOUT } from './builders.ts';
import { FakeEcs, type Fault } from './fake-ecs.ts';

const HANGS: Fault = { error: TIMEOUT(), effect: false, afterMs: 80_000 };

/** Asks for the rollback of our rollout, which is under way, for half a minute. */
async function ask(
  fault: (call: string, ecs: FakeEcs) => Fault | undefined,
): Promise<{ readonly nowRunning: string; readonly sent: readonly string[] }> {
  const clock = fakeClock();
  const ecs = new FakeEcs(clock);
  await ecs.aws.ecsWrites.updateService({ service: 'web', taskDefinition: OUR_REVISION });
  const us = ecs.by('us');
  ecs.begin();
  ecs.accepted.length = 0;
  ecs.fault = (call) => fault(call, ecs);
  const ours = rollout({ deploymentId: us?.id ?? '', serviceDeploymentArn: us?.arn });
  const asking = requestRollback(
    { aws: ecs.aws, clock, actors: new Actors(), seconds: 30 },
    ours,
    rolloutRequest(),
  );
  const { nowRunning } = await untilDone(clock, asking);
  return { nowRunning, sent: ecs.accepted.map(({ kind }) => kind) };
}

describe('a rollback that nobody waits for', () => {
  test('is asked for once', async () => {
    const { nowRunning, sent } = await ask(() => undefined);
    expect(sent).toEqual(['stop']);
    expect(nowRunning).toContain('ECS was asked to roll backend:8 back');
  });

  test('is an update where ECS tells nothing of the service deployment', async () => {
    const { nowRunning, sent } = await ask((call) =>
      call === 'describeServiceDeployments' ? HANGS : undefined,
    );
    expect(sent).toEqual(['update']);
    expect(nowRunning).toContain('told to go back to backend:7');
  });

  test('is given up where ECS refuses both ways, and the refusal is said', async () => {
    const refused = { error: awsError('InvalidParameterException', 'Not now.'), effect: false };
    const { nowRunning, sent } = await ask((call) =>
      ['stopServiceDeployment', 'updateService'].includes(call) ? refused : undefined,
    );
    expect(sent).toEqual([]);
    expect(nowRunning).toContain('Not now.');
  });

  test('of settings alone leaves the revision as it is, and says so', async () => {
    const clock = fakeClock();
    const ecs = new FakeEcs(clock);
    await ecs.aws.ecsWrites.updateService({ service: 'web', taskDefinition: OUR_REVISION });
    ecs.succeed();
    const us = ecs.by('us');
    const ours = rollout({
      deploymentId: us?.id ?? '',
      serviceDeploymentArn: undefined,
      replacesTasks: false,
    });
    const asked = rolloutRequest({ desiredCount: 4 });
    ecs.desired = 4;
    const { nowRunning } = await requestRollback(
      { aws: ecs.aws, clock, actors: new Actors(), seconds: 30 },
      ours,
      asked,
    );
    expect(ecs.updates.at(-1)?.input).toMatchObject({ taskDefinition: OUR_REVISION, desiredCount: 2 });
    expect(nowRunning).toBe('Service "web": it was told to go back to backend:8.');
  });

  test('is no update beside a request that may have been taken', async () => {
    // What is PRIMARY shows the rollback a while later.
    const { sent } = await ask((call, ecs) => {
      ecs.isLate = ecs.stops.length > 0;
      if (call === 'stopServiceDeployment') return { error: RESET(), effect: true };
      return call === 'describeServiceDeployments' && ecs.stops.length > 0 ? HANGS : undefined;
    });
    expect(sent).toEqual(['stop']);
  });
});
