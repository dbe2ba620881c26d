import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { serviceRunOf } from '../../src/pipeline/saved-state.ts';
import { CAUSES, type ServiceRun } from '../../src/model/index.ts';
import { Actors } from '../../src/rollout/acts.ts';
import { endOnCancel, type Interruption } from '../../src/rollout/cancel.ts';
import { findInterrupted, type Found } from '../../src/rollout/find-interrupted.ts';
import { concludeServiceRun } from '../../src/rollout/outcome.ts';
import { EVIDENCE_MS } from '../../src/rollout/diagnose.ts';
import { rollBackIfNeeded } from '../../src/rollout/rollback-needed.ts';
import { startServiceRun } from '../../src/rollout/start.ts';
import { watchServiceRun } from '../../src/rollout/watch.ts';
import { Cancelled, endBy } from '../../src/runtime/cancellation.ts';
import { fakeClock, untilDone } from '../fakes/clock.ts';
import {
  NO_BREAKER,
  OUR_REVISION,
  recordedLog,
  request,
  RESET,
  rollout,
  SERVER_ERROR,
  snapshot,
  THROTTLED,
  TIMEOUT,
} from './builders.ts';
import { FakeEcs, type Fault } from './fake-ecs.ts';

const SCHEDULES = Number(process.env['ROLLOUT_SCHEDULES'] ?? 5_000);
const SEED = Number(process.env['ROLLOUT_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));

/** What may happen between two looks. */
const EVENTS = {
  nothing: () => undefined,
  begin: (ecs: FakeEcs) => {
    ecs.begin();
  },
  succeed: (ecs: FakeEcs) => {
    ecs.succeed();
  },
  start: (ecs: FakeEcs) => {
    ecs.start();
  },
  crash: (ecs: FakeEcs) => {
    ecs.crash();
  },
  unpullable: (ecs: FakeEcs) => {
    ecs.crash({
      stopCode: 'TaskFailedToStart',
      stoppedReason:
        'CannotPullContainerError: pull image manifest has been retried 7 time(s): x:1: not found',
      containers: [{ name: 'app' }],
    });
  },
  capacity: (ecs: FakeEcs) => {
    ecs.crash({ stopCode: 'TaskFailedToStart', stoppedReason: 'Capacity is unavailable at this time.' });
  },
  trigger: (ecs: FakeEcs) => {
    ecs.trigger();
  },
  'advance-rollback': (ecs: FakeEcs) => {
    ecs.advanceRollback();
  },
  'fail-rollback': (ecs: FakeEcs) => {
    ecs.failRollback();
  },
  'stop-by-hand': (ecs: FakeEcs) => {
    ecs.stopByHand();
  },
  'other-deploys': (ecs: FakeEcs) => {
    ecs.deployByOther();
  },
  cancel: (_: FakeEcs, cancel: () => void) => {
    cancel();
  },
};
type Event = keyof typeof EVENTS;

/**
 * What may happen to one call. `lost`: it had its effect, and the answer never came. `hang`: no answer until the SDK
 * gives it up; `lost-hang`: the same, and it had its effect.
 */
const FAULTS = ['none', 'throttled', 'server-error', 'reset', 'lost', 'hang', 'lost-hang'] as const;
type FaultName = (typeof FAULTS)[number];

interface Schedule {
  readonly events: readonly Event[];
  readonly faults: readonly FaultName[];
  readonly rollsBack: boolean;
  readonly hasGood: boolean;
  readonly closed: boolean;
  readonly failFast: boolean;
  readonly onFailure: 'rollback' | 'leave';
  readonly onCancel: 'rollback' | 'leave';
  readonly desiredCount: number | undefined;
  readonly waitMinutes: number;
  readonly jitter: number;
  readonly killed: boolean;
  /** The job is cancelled while this call is on its way, counted from 1; `cancel` among the events does so in a pause. */
  readonly cancelAtCall: number | undefined;
  /** The job is cancelled while the first call is on its way that is made in this state of the deployment. */
  readonly cancelInState: string | undefined;
}

/** Every state that the service deployment of a run can be in when the job is cancelled. */
const STATES = [
  'none',
  'PENDING',
  'IN_PROGRESS',
  'SUCCESSFUL',
  'STOPPED',
  'ROLLBACK_REQUESTED',
  'ROLLBACK_IN_PROGRESS',
  'ROLLBACK_SUCCESSFUL',
  'ROLLBACK_FAILED',
];

const schedules: fc.Arbitrary<Schedule> = fc.record({
  events: fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom<Event>('nothing', 'begin', 'start', 'advance-rollback') },
      {
        weight: 5,
        arbitrary: fc.constantFrom<Event>('crash', 'succeed', 'trigger', 'unpullable', 'capacity'),
      },
      {
        weight: 1,
        arbitrary: fc.constantFrom<Event>('stop-by-hand', 'other-deploys', 'fail-rollback', 'cancel'),
      },
    ),
    { maxLength: 40 },
  ),
  faults: fc.array(
    fc.oneof(
      { weight: 12, arbitrary: fc.constant<FaultName>('none') },
      { weight: 2, arbitrary: fc.constantFrom(...FAULTS) },
    ),
    { maxLength: 80 },
  ),
  rollsBack: fc.boolean(),
  hasGood: fc.oneof(
    { weight: 5, arbitrary: fc.constant(true) },
    { weight: 1, arbitrary: fc.constant(false) },
  ),
  closed: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  failFast: fc.boolean(),
  onFailure: fc.constantFrom('rollback', 'rollback', 'leave'),
  onCancel: fc.constantFrom('rollback', 'leave'),
  desiredCount: fc.constantFrom(undefined, undefined, 3),
  waitMinutes: fc.constantFrom(0.5, 1, 3),
  killed: fc.boolean(),
  cancelAtCall: fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 80 }) },
  ),
  cancelInState: fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(...STATES) },
    // Few schedules come that far.
    { weight: 1, arbitrary: fc.constantFrom('ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED') },
  ),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
});

/** The parts of the story, in order. */
const PARTS = ['start', 'watch', 'roll back', 'conclude'] as const;

/** Where the story and our deployment were when the job was cancelled. */
interface CancelledIn {
  readonly part: (typeof PARTS)[number];
  readonly during: 'call' | 'pause';
  /** Of our service deployment; `none` before ECS made it. */
  readonly status: string;
}

interface Run {
  readonly ecs: FakeEcs;
  readonly cancelledIn: CancelledIn | undefined;
  readonly end: ServiceRun;
  /** Milliseconds. */
  readonly watched: number;
  readonly recovered: number;
  readonly afterCancel: number | undefined;
  readonly cancelledOut: boolean;
  /** What a post step finds where the run is killed as it ends; it asks for the rollback as well. */
  readonly post: { readonly found: Found; readonly end: ServiceRun; readonly seconds: number } | undefined;
}

/** The SDK gives a write one attempt of 20 s, a read four. */
function hangs(call: string): number {
  return ['updateService', 'stopServiceDeployment'].includes(call) ? 20_000 : 80_000;
}

function faultOf(name: FaultName | undefined, call: string): Fault | undefined {
  switch (name) {
    case undefined:
    case 'none':
      return undefined;
    case 'throttled':
      return { error: THROTTLED(), effect: false };
    case 'server-error':
      return { error: SERVER_ERROR(), effect: false };
    case 'reset':
      return { error: RESET(), effect: false };
    case 'lost':
      return { error: RESET(), effect: true };
    case 'hang':
      return { error: TIMEOUT(), effect: false, afterMs: hangs(call) };
    case 'lost-hang':
      return { error: TIMEOUT(), effect: true, afterMs: hangs(call) };
  }
}

function endOf(cancelled: Cancelled): Interruption {
  return { result: 'cancelled', cause: 'cancelled', message: cancelled.message };
}

/** The part of deploy.ts for one service. */
async function run(schedule: Schedule): Promise<Run> {
  const controller = new AbortController();
  let cancelledAt: number | undefined;
  let cancelledIn: CancelledIn | undefined;
  const story: { part: CancelledIn['part'] | 'over' } = { part: 'start' };
  const state = (): string => ecs.by('us')?.status ?? 'none';
  const cancel = (during: CancelledIn['during']): void => {
    if (controller.signal.aborted || story.part === 'over') return;
    cancelledAt = clock.now();
    cancelledIn = { part: story.part, during, status: state() };
    controller.abort(new Cancelled('SIGINT', clock.now()));
  };
  const clock = fakeClock({
    during: (pause) => {
      EVENTS[schedule.events[pause - 1] ?? 'nothing'](ecs, () => {
        cancel('pause');
      });
    },
  });
  const ecs = new FakeEcs(clock, { rollsBack: schedule.rollsBack });
  ecs.closed = schedule.closed;
  let calls = 0;
  ecs.fault = (call): Fault | undefined => {
    calls += 1;
    if (calls === schedule.cancelAtCall || state() === schedule.cancelInState) cancel('call');
    return faultOf(schedule.faults[calls - 1], call);
  };
  const ctx = {
    aws: ecs.clients(controller.signal),
    clock,
    signal: controller.signal,
    log: recordedLog(),
    actors: new Actors(),
    random: () => schedule.jitter,
  };
  const { failFast, onFailure, onCancel, desiredCount, waitMinutes } = schedule;
  const asked = request({ failFast, onFailure, onCancel, desiredCount, waitMinutes });
  const before = snapshot({
    ...(schedule.rollsBack ? {} : { breaker: NO_BREAKER }),
    ...(schedule.hasGood ? {} : { lastGood: undefined }),
  });

  return untilDone(clock, report());

  async function report(): Promise<Run> {
    const toTheEnd = { ...ctx, aws: ecs.aws };
    let serviceRun = await startServiceRun(
      toTheEnd,
      { snapshot: before, change: 'update', desiredCount: desiredCount ?? before.desiredCount },
      OUR_REVISION,
      rollout().definition,
      asked.rollout,
    );
    const times = [clock.now()];
    let cancelledOut = false;
    try {
      ctx.signal.throwIfAborted();
      story.part = 'watch';
      serviceRun = await watchServiceRun(ctx, serviceRun, asked);
      times.push(clock.now());
      story.part = 'roll back';
      serviceRun = await rollBackIfNeeded(ctx, serviceRun, asked);
      times.push(clock.now());
      story.part = 'conclude';
      serviceRun = await concludeServiceRun(ctx, serviceRun, asked.rollout);
    } catch (error) {
      if (!(error instanceof Cancelled)) throw error;
      cancelledOut = true;
      times.push(clock.now());
      const last = { ...toTheEnd, deadline: endBy(ctx, 'services') };
      serviceRun = await endOnCancel(last, serviceRun, endOf(error), asked.rollout);
    }
    story.part = 'over';
    const [started = 0, watched = clock.now(), recovered = clock.now()] = times;
    return {
      ecs,
      cancelledIn,
      end: serviceRun,
      watched: watched - started,
      recovered: recovered - watched,
      afterCancel: cancelledAt === undefined ? undefined : clock.now() - cancelledAt,
      cancelledOut,
      post: schedule.killed && cancelledOut ? await finish() : undefined,
    };
  }

  /** The post step of a run that told it nothing. */
  async function finish(): Promise<Run['post']> {
    const from = clock.now();
    const found = await findInterrupted({ aws: ecs.aws, clock }, before, OUR_REVISION, asked.rollout).catch(
      (error: unknown): Found => ({ kind: 'other', sentence: String(error) }),
    );
    const started = found.kind === 'started' ? found.started : undefined;
    const left = serviceRunOf({ snapshot: before, taskDefinitionArn: OUR_REVISION }, started);
    const killed = endOf(new Cancelled('SIGKILL'));
    const ctx = { aws: ecs.aws, clock, actors: new Actors(), seconds: 30 };
    const end = await endOnCancel(ctx, left, killed, asked.rollout);
    return { found, end, seconds: (clock.now() - from) / 1000 };
  }
}

const GOOD: readonly string[] = ['succeeded', 'unchanged'];

/** The longest that an accepted or refused write and the search for its deployment may take. */
const WRITE_MS = 60_000 + 21_000;

/** The runner kills a job ten seconds after its first signal; the report has to be written before that. */
const KILLED_MS = 9_000;

/** What the post step says is so, and it comes to an end. */
function checkPost({ ecs, post }: Run): void {
  if (post === undefined) return;
  const touched = ecs.updates.some(
    ({ input }) => 'taskDefinition' in input && input.taskDefinition === OUR_REVISION,
  );
  if (post.found.kind === 'untouched') expect(touched).toBe(false);
  if (post.found.kind === 'started') expect(touched).toBe(true);
  expect(post.end.outcome?.nowRunning).toMatch(/^[A-Z].*\.$/);
  expect(post.end.outcome?.nowRunning).not.toMatch(/undefined|\.\.|: \.|\[object/);
  expect(post.seconds).toBeLessThanOrEqual(60);
}

function check(run: Run, schedule: Schedule): void {
  const { ecs, end, watched, recovered, afterCancel, cancelledOut } = run;
  checkPost(run);
  const { outcome, rollback } = end;
  const limit = schedule.waitMinutes * 60_000;
  if (outcome === undefined) throw new Error('no outcome');

  // Never green without proof.
  if (GOOD.includes(outcome.result)) {
    const ours = ecs.deployments.find((each) => each.id === end.rollout?.deploymentId);
    expect(ours).toMatchObject({ by: 'us', status: 'SUCCESSFUL' });
  }

  // Never red without a cause of the closed list, said in readable words.
  else {
    expect(CAUSES).toContain(outcome.cause);
    expect(outcome.message).toMatch(/\.$/);
    expect([outcome.message, outcome.nowRunning].join(' ')).not.toMatch(/undefined|\.\.|: \.|\[object/);
  }

  // Rolled back only where the last good revision is proven to be back. deployments[] alone does not tell whose
  // deployment ECS rolled back when two of them failed between two looks; the good revision is back all the same.
  if (outcome.result === 'rolled-back') {
    const proofs = ecs.deployments.filter(
      ({ by, status }) =>
        (by === 'us' && status === 'ROLLBACK_SUCCESSFUL') ||
        (by === 'our-rollback' && status === 'SUCCESSFUL') ||
        (by === 'other' && status === 'ROLLBACK_SUCCESSFUL' && schedule.closed),
    );
    expect(proofs).not.toEqual([]);
  }
  if (outcome.result === 'superseded') expect(ecs.by('other')).toBeDefined();

  // Always over in time; once cancelled, before the runner kills it.
  expect(watched).toBeLessThanOrEqual(limit + EVIDENCE_MS);
  expect(recovered).toBeLessThanOrEqual(limit + 2 * WRITE_MS);
  if (afterCancel !== undefined && cancelledOut) expect(afterCancel).toBeLessThanOrEqual(KILLED_MS);

  // Never more than one accepted UpdateService before a rollback.
  const forward = ecs.updates.filter(
    ({ input }) => 'taskDefinition' in input && input.taskDefinition === OUR_REVISION,
  );
  expect(forward.length).toBeLessThanOrEqual(1);

  // Never another's deployment rolled back: read right before each change, and not changed where it is another's.
  for (const { kind, at, readAt, sawPrimaryOf } of ecs.accepted.slice(1)) {
    expect(sawPrimaryOf).not.toBe('other');
    if (kind === 'update') expect(readAt).toBe(at);
  }
  // Nothing is rolled back against the user's word; a cancelled job asks once at most.
  if (schedule.onFailure === 'leave' && schedule.onCancel === 'leave') expect(ecs.stops).toEqual([]);
  if (outcome.result === 'cancelled' && rollback === undefined) {
    expect(ecs.accepted.length).toBeLessThanOrEqual(3);
  }
}

test(`whatever happens, the end is right, in time, and nobody else is rolled back (seed ${SEED})`, async () => {
  const results = new Map<string, number>();
  const cancelled = { states: new Set<string>(), places: new Set<string>() };
  await fc.assert(
    fc.asyncProperty(schedules, async (schedule) => {
      const done = await run(schedule);
      check(done, schedule);
      const result = done.end.outcome?.result ?? '';
      results.set(result, (results.get(result) ?? 0) + 1);
      if (done.cancelledIn === undefined) return;
      const { part, during, status } = done.cancelledIn;
      cancelled.states.add(status);
      cancelled.places.add(`${part}, in a ${during}`);
    }),
    { numRuns: SCHEDULES, seed: SEED, endOnFailure: false },
  );
  // The schedules reach every end that this part can have.
  expect([...results.keys()].sort()).toEqual(
    expect.arrayContaining(['cancelled', 'failed', 'rolled-back', 'succeeded', 'superseded', 'timed-out']),
  );
  // And the job is cancelled in every state of its deployment and in every part of the story.
  expect([...cancelled.states].sort()).toEqual([...STATES].sort());
  // (The conclusion makes no pause.)
  const places = PARTS.flatMap((part) => [`${part}, in a call`, `${part}, in a pause`]).slice(0, -1);
  expect([...cancelled.places].sort()).toEqual(places.sort());
}, 180_000);
