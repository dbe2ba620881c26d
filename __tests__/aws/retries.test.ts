import { describe, expect, test } from '@jest/globals';
import { CancellableRetries, type Aws } from '../../src/aws/clients.ts';
import { patientReads } from '../../src/aws/writes.ts';
import { Cancelled } from '../../src/runtime/cancellation.ts';
import { denied, throttled, unanswered } from '../fakes/aws-errors.ts';
import { fakeClock } from '../fakes/clock.ts';

type Info = Parameters<CancellableRetries['refreshRetryTokenForRetry']>[1];

function errorOf(errorType: Info['errorType']): Info {
  return { error: throttled() as NonNullable<Info['error']>, errorType };
}

const THROTTLED = errorOf('THROTTLING');

describe('the retries of a read', () => {
  test('are as many as are allowed, each after a longer pause at the most', async () => {
    const clock = fakeClock();
    const retries = new CancellableRetries(4, new AbortController().signal, clock, () => 1);
    let token = await retries.acquireInitialRetryToken('');
    for (let attempt = 1; attempt < 4; attempt += 1) {
      token = await retries.refreshRetryTokenForRetry(token, THROTTLED);
      expect(token.getRetryCount()).toBe(attempt);
      expect(token.getRetryDelay()).toBe(0);
    }
    await expect(retries.refreshRetryTokenForRetry(token, THROTTLED)).rejects.toThrow();
    expect(clock.pauses).toEqual([1_000, 2_000, 4_000]);
  });

  test('pause for less where it is no throttling, and by chance', async () => {
    const clock = fakeClock();
    const retries = new CancellableRetries(4, new AbortController().signal, clock, () => 0.5);
    const token = await retries.acquireInitialRetryToken('');
    await retries.refreshRetryTokenForRetry(token, errorOf('TRANSIENT'));
    expect(clock.pauses).toEqual([25]);
  });

  test('do not pause once the job is cancelled: the next attempt says so itself', async () => {
    const controller = new AbortController();
    controller.abort(new Cancelled('SIGINT'));
    const clock = fakeClock();
    const retries = new CancellableRetries(4, controller.signal, clock, () => 1);
    const token = await retries.acquireInitialRetryToken('');
    expect((await retries.refreshRetryTokenForRetry(token, THROTTLED)).getRetryCount()).toBe(1);
    expect(clock.pauses).toEqual([]);
  });

  test('end their pause with the job', async () => {
    const controller = new AbortController();
    const clock = fakeClock({
      during: () => {
        controller.abort(new Cancelled('SIGINT'));
      },
    });
    const retries = new CancellableRetries(4, controller.signal, clock, () => 1);
    const token = await retries.acquireInitialRetryToken('');
    expect((await retries.refreshRetryTokenForRetry(token, THROTTLED)).getRetryCount()).toBe(1);
  });
});

describe('patient reads', () => {
  type Clients = Parameters<typeof patientReads>[0];

  /** Clients of which every call ends in that error, after so many milliseconds; the names of the calls are kept. */
  function failing(
    error: Error,
    ms = 0,
  ): { aws: Clients & Pick<Aws, 'codeDeploy'>; clock: ReturnType<typeof fakeClock>; sent: string[] } {
    const clock = fakeClock();
    const sent: string[] = [];
    const call = (name: string) => () => {
      sent.push(name);
      clock.advance(ms);
      return Promise.reject(error);
    };
    const calls = (...names: string[]) => Object.fromEntries(names.map((name) => [name, call(name)]));
    const aws = {
      ecs: calls('describeServices', 'listTasks'),
      taskDefinitions: calls('describe', 'register'),
      codeDeploy: calls('batchGetDeployments', 'createDeployment'),
      ecr: () => calls('getAuthorizationToken', 'putImage'),
    } as unknown as Clients & Pick<Aws, 'codeDeploy'>;
    return { aws, clock, sent };
  }

  const READS = [
    (aws: Clients) => aws.ecs.describeServices({ services: [] }),
    (aws: Clients) => aws.ecs.listTasks({}),
    (aws: Clients) => aws.taskDefinitions.describe('backend'),
    (aws: Clients) => aws.codeDeploy.batchGetDeployments({ deploymentIds: [] }),
    (aws: Clients) => aws.ecr('eu-central-1').getAuthorizationToken({}),
  ];

  test.each(READS)('bear half a minute without an answer: %s', async (read) => {
    const { aws, clock, sent } = failing(unanswered());
    await expect(read(patientReads(aws, { clock }))).rejects.toThrow('socket hang up');
    expect(clock.now()).toBe(30_000);
    expect(sent).toHaveLength(7);
  });

  test('are not asked again where they hang for longer than that, or are denied', async () => {
    const hanging = failing(unanswered(), 80_000);
    const { ecs } = patientReads(hanging.aws, hanging);
    await expect(ecs.describeServices({ services: [] })).rejects.toThrow('socket hang up');
    expect(hanging.sent).toEqual(['describeServices']);
    const refused = failing(denied());
    await expect(patientReads(refused.aws, refused).ecs.listTasks({})).rejects.toThrow('not authorized');
    expect(refused.clock.now()).toBe(0);
  });

  test('end their pause with the signal', async () => {
    const over = new AbortController();
    const { aws, sent } = failing(unanswered());
    const clock = fakeClock({
      during: () => {
        over.abort(new Error('The stages are over.'));
      },
    });
    const { ecs } = patientReads(aws, { clock, signal: over.signal });
    await expect(ecs.listTasks({})).rejects.toThrow('The stages are over.');
    expect(sent).toEqual(['listTasks']);
  });

  test('leave a write alone: it may have taken effect', async () => {
    const { aws, clock, sent } = failing(unanswered());
    const { codeDeploy } = patientReads(aws, { clock });
    await expect(codeDeploy.createDeployment({ applicationName: 'backend' })).rejects.toThrow();
    expect(sent).toEqual(['createDeployment']);
  });
});
