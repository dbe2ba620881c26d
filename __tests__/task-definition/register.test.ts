import { describe, expect, it } from '@jest/globals';
import type { ServiceRun } from '../../src/model/index.ts';
import { registerOrReuse, deregisterUnused } from '../../src/task-definition/register.ts';
import { awsError, denied, expired, throttled, unanswered } from '../fakes/aws-errors.ts';
import { fakeClock, untilDone } from '../fakes/clock.ts';
import { serviceRunOf, definitionOf, outcomeOf, revisionArn } from '../fakes/literals.ts';
import { fakeLog } from '../fakes/log.ts';
import { fakeRevisions } from '../fakes/revisions.ts';

const SENT = definitionOf([{ name: 'web', image: 'new' }]);
const PREPARED = { definition: SENT, origin: 'x', existingArn: undefined, images: {}, changes: [] };

function contextWith(revisions: ReturnType<typeof fakeRevisions>): Parameters<typeof registerOrReuse>[0] & {
  clock: ReturnType<typeof fakeClock>;
  log: ReturnType<typeof fakeLog>;
} {
  const unused = {} as never;
  return {
    aws: { ...revisions, ecs: unused, ecsWrites: unused },
    clock: fakeClock(),
    signal: new AbortController().signal,
    log: fakeLog(),
  };
}

describe('the revision of this run', () => {
  it('is the one that is there already, and nothing is sent', async () => {
    const aws = fakeRevisions({});
    const ctx = contextWith(aws);
    const existingArn = revisionArn('backend:7');
    await expect(registerOrReuse(ctx, { ...PREPARED, existingArn })).resolves.toMatchObject({
      arn: existingArn,
      registered: false,
    });
    expect(aws.registered).toEqual([]);
    expect(ctx.log.said).toEqual(['backend:7 holds this definition already.']);
  });

  it('is registered once, exactly as it was rendered', async () => {
    const aws = fakeRevisions({ 'backend:7': definitionOf() });
    await expect(registerOrReuse(contextWith(aws), PREPARED)).resolves.toMatchObject({
      arn: revisionArn('backend:8'),
      registered: true,
      deregistered: false,
    });
    expect(aws.registered).toEqual([SENT]);
  });

  it('is read back after a lost answer, and not registered twice', async () => {
    const aws = fakeRevisions(
      { 'backend:7': definitionOf() },
      { failing: [{ error: unanswered(), after: true }] },
    );
    await expect(registerOrReuse(contextWith(aws), PREPARED)).resolves.toMatchObject({
      arn: revisionArn('backend:8'),
      registered: true,
    });
    expect(aws.registered).toHaveLength(1);
    expect(aws.described).toEqual(['backend']);
  });

  it('is sent again where the lost one had no effect', async () => {
    const aws = fakeRevisions({ 'backend:7': definitionOf() }, { failing: [{ error: unanswered() }] });
    const { arn } = await registerOrReuse(contextWith(aws), PREPARED);
    expect(arn).toBe(revisionArn('backend:8'));
    expect(aws.registered).toHaveLength(2);
  });

  it('is sent again, unread, after a race with another registration', async () => {
    const race = awsError(
      'ClientException',
      'Too many concurrent attempts to create a new revision of the specified family.',
    );
    const aws = fakeRevisions({}, { failing: [{ error: race }, { error: throttled() }] });
    const { arn } = await registerOrReuse(contextWith(aws), PREPARED);
    expect(arn).toBe(revisionArn('backend:1'));
    expect(aws.described).toEqual([]);
  });

  it('that AWS refuses is an error with its own words', async () => {
    const error = awsError('ClientException', 'Invalid setting for container.');
    const ctx = contextWith(fakeRevisions({}, { failing: [{ error }] }));
    await expect(registerOrReuse(ctx, PREPARED)).rejects.toMatchObject({
      conclusion: { cause: 'register-refused' },
      message: 'AWS refused the task definition backend: ClientException: Invalid setting for container.',
    });
    expect(ctx.clock.pauses).toEqual([]);
  });

  it.each([
    [denied(), 'access-denied'],
    [expired(), 'credentials-expired'],
  ])('that may not be registered says so: %s', async (error, cause) => {
    const ctx = contextWith(fakeRevisions({}, { failing: [{ error }] }));
    await expect(registerOrReuse(ctx, PREPARED)).rejects.toMatchObject({ conclusion: { cause } });
  });
});

const REGISTERED = {
  arn: revisionArn('backend:8'),
  origin: 'x',
  registered: true,
  deregistered: false,
  changes: [],
};
const ROLLED_BACK = serviceRunOf({ outcome: outcomeOf({ result: 'rolled-back' }) });
const UNANSWERED = serviceRunOf({
  rollout: undefined,
  updateUnconfirmed: true,
  outcome: outcomeOf({ result: 'failed' }),
});

/** A service whose PRIMARY is this revision. */
function on(
  revision: string,
  deregister: () => Promise<unknown> = () => Promise.resolve({}),
): {
  ctx: Parameters<typeof deregisterUnused>[0];
  log: ReturnType<typeof fakeLog>;
  clock: ReturnType<typeof fakeClock>;
  deregistered: string[];
} {
  const deregistered: string[] = [];
  const log = fakeLog();
  const clock = fakeClock();
  const ecs = {
    describeServices: () =>
      Promise.resolve({
        services: [{ deployments: [{ status: 'PRIMARY', taskDefinition: revisionArn(revision) }] }],
      }),
  };
  const ecsWrites = {
    deregisterTaskDefinition: async ({ taskDefinition }: { taskDefinition?: string | undefined }) => {
      await deregister();
      deregistered.push(taskDefinition ?? '');
    },
  };
  const signal = new AbortController().signal;
  const ctx = { aws: { ecs, ecsWrites }, clock, signal, log } as unknown as Parameters<
    typeof deregisterUnused
  >[0];
  return { ctx, log, clock, deregistered };
}

describe('a revision on which no service ended up', () => {
  it('is deregistered as soon as the PRIMARY is another one, whatever its tasks do', async () => {
    const { ctx, log, clock, deregistered } = on('backend:7');
    await expect(deregisterUnused(ctx, REGISTERED, [ROLLED_BACK])).resolves.toMatchObject({
      deregistered: true,
    });
    expect(deregistered).toEqual([revisionArn('backend:8')]);
    expect(clock.pauses).toEqual([]);
    expect(log.said).toEqual([
      'backend:8 is deregistered: no service is on it, and it is no base for the next run.',
    ]);
  });

  it('stays, and the log says why, while a service is on it', async () => {
    const { ctx, log, deregistered } = on('backend:8');
    await expect(deregisterUnused(ctx, REGISTERED, [ROLLED_BACK])).resolves.toMatchObject({
      deregistered: false,
    });
    expect(deregistered).toEqual([]);
    expect(log.said).toEqual(['backend:8 stays registered: a service is still on it.']);
  });

  it('stays, and the run goes on, where deregistering is denied', async () => {
    const { ctx, log } = on('backend:7', () => Promise.reject(denied()));
    await expect(deregisterUnused(ctx, REGISTERED, [ROLLED_BACK])).resolves.toEqual(REGISTERED);
    expect(log.said[0]).toMatch(/^backend:8 stays registered \(AccessDeniedException: /);
  });

  it('stays, and the run goes on, where ECS does not say what runs', async () => {
    const { ctx, log, clock, deregistered } = on('backend:7');
    ctx.aws.ecs.describeServices = () => new Promise<never>(() => undefined);
    await expect(untilDone(clock, deregisterUnused(ctx, REGISTERED, [ROLLED_BACK]))).resolves.toEqual(
      REGISTERED,
    );
    expect(log.said).toEqual(['backend:8 stays registered (TimeoutError: no answer within 10 s).']);
    expect(deregistered).toEqual([]);
  });

  it('is deregistered where the update was refused too', async () => {
    const refused = serviceRunOf({ rollout: undefined, outcome: outcomeOf({ result: 'failed' }) });
    const { ctx, deregistered } = on('backend:7');
    await deregisterUnused(ctx, REGISTERED, [refused]);
    expect(deregistered).toHaveLength(1);
  });
});

describe('a revision stays where it is', () => {
  it.each<[string, typeof REGISTERED, ServiceRun[]]>([
    ['that a service runs', REGISTERED, [ROLLED_BACK, serviceRunOf()]],
    ['that failed and was left', REGISTERED, [serviceRunOf({ outcome: outcomeOf({ result: 'failed' }) })]],
    ['whose update was not answered, and may yet take effect', REGISTERED, [UNANSWERED]],
    ['that this run did not register', { ...REGISTERED, registered: false }, [ROLLED_BACK]],
    ['that was registered without a service', REGISTERED, []],
  ])('%s', async (_which, definition, serviceRuns) => {
    const { ctx, deregistered } = on('backend:7');
    await expect(deregisterUnused(ctx, definition, serviceRuns)).resolves.toBe(definition);
    expect(deregistered).toEqual([]);
  });
});
