import type { CallFault, Deed, Effect, End, Moment, RunPlan, Schedule, WorldPlan } from './schedule.ts';

/** Numbers that a seed determines. */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
    // Neighbouring seeds begin alike.
    for (let n = 0; n < 4; n += 1) this.roll();
  }

  /** From 0 to 1 (mulberry32). */
  roll(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  chance(share: number): boolean {
    return this.roll() < share;
  }

  /** From `least` to `most`, both included. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.roll() * (most - least + 1));
  }

  one<T>(of: readonly T[]): T {
    return of[Math.floor(this.roll() * of.length)] as T;
  }

  some<T>(most: number, draw: () => T): T[] {
    return Array.from({ length: this.whole(0, most) }, draw);
  }
}

/** The schedule of a seed: the same one as long as nothing here changes. */
export function drawSchedule(seed: number): Schedule {
  const dice = new Dice(seed);
  const world = drawWorld(dice);
  const first = drawRun(dice, 1);
  const runs = dice.chance(0.5) ? [first, drawNext(dice)] : [first];
  if (!dice.chance(0.12)) return { seed, world, runs };
  const peace = { throttling: false, lagSeconds: 0, alarms: false };
  return { seed, world: { ...world, ...peace }, runs: [drawInPeace(dice, first)] };
}

/** Nobody interferes: what a failure or a cancellation has to leave can be told without exceptions. */
function drawInPeace(dice: Dice, run: RunPlan): RunPlan {
  const inputs = Object.fromEntries(
    Object.entries(run.inputs).filter(
      ([name]) => !['on-failure', 'wait-for-service-stability'].includes(name),
    ),
  );
  const left = { ...run, faults: [], deeds: [], end: undefined };
  const bad = { ...inputs, 'image-tag': dice.one(['crash-1', 'oom-1', 'denied-1', 'secretless-1']) };
  return dice.one<RunPlan>([
    { ...left, inputs: bad },
    { ...left, inputs: { ...bad, 'desired-count': dice.one(['1', '3', '4']) } },
    { ...left, inputs: { ...inputs, 'on-cancel': 'rollback' }, end: { ...drawEnd(dice), hasPost: true } },
  ]);
}

function drawWorld(dice: Dice): WorldPlan {
  return {
    desiredCount: dice.one([1, 2, 2, 3, 5]),
    breaker: dice.one(['rolls-back', 'rolls-back', 'stops', 'off'] as const),
    percents: dice.one([
      [100, 200],
      [100, 200],
      [50, 100],
      [0, 100],
      [100, 150],
    ] as const),
    drainSeconds: dice.one([0, 15, 15, 300]),
    throttling: dice.chance(0.1),
    lagSeconds: dice.one([0, 0, 0, 2, 20]),
    containerCheck: dice.chance(0.2),
    alarms: dice.chance(0.15),
    history: dice.one(['quiet', 'quiet', 'deployed', 'failed'] as const),
    strategy: dice.one(['BLUE_GREEN', 'BLUE_GREEN', 'LINEAR', 'CANARY'] as const),
  };
}

const BAD = ['crash-1', 'oom-1', 'unhealthy-1', 'denied-1', 'latecrash-1', 'secretless-1', 'error500-1'];

function drawRun(dice: Dice, number: number): RunPlan {
  const calm = dice.chance(0.3);
  return {
    inputs: drawInputs(dice, number),
    skewHours: dice.one([0, 0, 0, 5, -7, 0.25]),
    faults: calm ? [] : dice.some(4, () => drawFault(dice)),
    deeds: dice.some(3, () => ({ at: drawMoment(dice), deed: drawDeed(dice) })),
    end: dice.chance(0.35) ? drawEnd(dice) : undefined,
    afterSeconds: 0,
  };
}

/** Mostly a quiet one, as after somebody has looked at what went wrong. */
function drawNext(dice: Dice): RunPlan {
  const run = drawRun(dice, 2);
  const afterSeconds = dice.one([0, 5, 60, 900]);
  if (dice.chance(0.3)) return { ...run, afterSeconds };
  const tag = dice.one(['v2', 'v3']);
  const service = run.inputs['service'] ?? 'backend';
  const inputs = dice.chance(0.15)
    ? { service, mode: 'rollback' }
    : { service, ...imageInputs(tag, 2, dice.chance(0.8)), ...sharing(service) };
  Object.assign(inputs, { 'poll-interval-seconds': '15' });
  return { inputs, skewHours: 0, faults: [], deeds: [], end: undefined, afterSeconds };
}

function imageInputs(tag: string, number: number, isMarked: boolean): Record<string, string> {
  return {
    'ecr-repository': 'backend',
    'image-tag': tag,
    ...(isMarked ? { 'environment-variables': `RUN=of-run-${number}` } : {}),
  };
}

/** Several services of a run share a revision. */
function sharing(service: string): Record<string, string> {
  return service.includes(',') ? { 'task-definition': 'backend' } : {};
}

function drawInputs(dice: Dice, number: number): Record<string, string> {
  const service = dice.one(['backend', 'backend', 'backend', 'worker', 'bluegreen', 'backend, worker']);
  const tag = dice.chance(0.6) ? dice.one(['v2', 'v3']) : dice.one(BAD);
  const is = (share: number, more: Record<string, string>): Record<string, string> =>
    dice.chance(share) ? more : {};
  if (dice.chance(0.05)) {
    const image = imageInputs(tag, number, true);
    return { service, ...image, ...sharing(service), 'wait-for-service-stability': 'false' };
  }
  return {
    service,
    ...imageInputs(tag, number, dice.chance(0.8)),
    ...sharing(service),
    ...is(0.25, { 'on-failure': dice.one(['leave', 'rollback-all']) }),
    ...is(0.5, { 'on-cancel': 'rollback' }),
    ...is(0.15, { 'desired-count': dice.one(['1', '3', '4']) }),
    ...is(0.15, { 'fail-fast': 'false' }),
    ...is(0.1, { 'force-new-deployment': 'true' }),
    'wait-for-minutes': dice.one(['2', '5', '12', '12', '12', '20']),
    'poll-interval-seconds': dice.one(['5', '15', '15', '20']),
    ...is(0.1, { 'pre-deploy-command': dice.one(['migrate', 'sleep 40', 'exit 3']) }),
    ...is(0.1, { 'bake-minutes': dice.one(['1', '3']) }),
    ...is(0.1, { alarms: 'errors' }),
    ...is(0.15, { 'health-check-url': 'the load balancer' }),
    ...is(0.1, { preflight: dice.one(['warn', 'off']) }),
  };
}

const READS = [
  'DescribeServices',
  'DescribeServiceDeployments',
  'ListServiceDeployments',
  'DescribeServiceRevisions',
  'ListTasks',
  'DescribeTasks',
  'DescribeTaskDefinition',
  'DescribeTargetHealth',
  'DescribeImages',
  'GetLogEvents',
  'DescribeAlarms',
];

const WRITES = [
  'UpdateService',
  'UpdateService',
  'StopServiceDeployment',
  'RegisterTaskDefinition',
  'DeregisterTaskDefinition',
  'RunTask',
  'TagResource',
];

function drawFault(dice: Dice): CallFault {
  const isWrite = dice.chance(0.4);
  const action = isWrite ? dice.one(WRITES) : dice.one(READS);
  const effect = drawEffect(dice, isWrite);
  // Nobody's credentials expire for one call.
  if (effect.kind === 'expired-token') return { effect, after: dice.whole(0, 300), lasts: 100_000 };
  if (effect.kind === 'denied' && dice.chance(0.7))
    return { action, effect, after: dice.whole(0, 200), lasts: 100_000 };
  const where = dice.chance(0.15) ? {} : { action };
  return dice.chance(0.5)
    ? { ...where, effect, from: dice.whole(1, isWrite ? 2 : 12), times: dice.one([1, 1, 2, 3, 6]) }
    : { ...where, effect, after: dice.whole(0, 240), lasts: dice.one([3, 15, 60, 240, 900]) };
}

function drawEffect(dice: Dice, isWrite: boolean): Effect {
  const when = dice.one(['before', 'after'] as const);
  const share = dice.roll();
  if (share < 0.15) return { kind: 'throttle' };
  if (share < 0.3) return { kind: 'http-500' };
  if (share < 0.45) return { kind: 'reset', when };
  if (share < 0.58) return { kind: 'hang', when };
  if (share < 0.66) return { kind: 'delay', milliseconds: dice.one([800, 5_000, 15_000, 25_000]) };
  if (share < 0.74) return { kind: 'truncated', share: dice.roll() };
  if (share < 0.88) {
    return isWrite
      ? { kind: 'reset', when: 'after' }
      : dice.chance(0.6)
        ? { kind: 'stale', seconds: dice.one([5, 20, 90, 1e6]) }
        : { kind: 'missing' };
  }
  return dice.chance(0.6) ? { kind: 'denied' } : { kind: 'expired-token' };
}

function drawMoment(dice: Dice): Moment {
  const share = dice.roll();
  if (share < 0.4)
    return {
      kind: 'seconds',
      seconds: dice.one([dice.whole(0, 20), dice.whole(0, 120), dice.whole(0, 400)]),
    };
  if (share < 0.6) return { kind: 'line', nth: dice.whole(1, 60) };
  const action = dice.one([
    ...READS.slice(0, 6),
    'UpdateService',
    'UpdateService',
    'RegisterTaskDefinition',
    'StopServiceDeployment',
  ]);
  const nth = /^(?:Update|Register|Stop)/.test(action) ? dice.whole(1, 2) : dice.whole(1, 20);
  return { kind: 'call', action, nth, when: dice.one(['before', 'after'] as const) };
}

function drawDeed(dice: Dice): Deed {
  const deeds: readonly (() => Deed)[] = [
    () => ({ kind: 'deploys', tag: dice.one(['v1', 'v3', 'crash-1', 'multi-1']) }),
    () => ({ kind: 'deploys', tag: 'multi-1' }),
    () => ({ kind: 'forces' }),
    () => ({ kind: 'stops', stopType: dice.one(['ROLLBACK', 'ABORT'] as const) }),
    () => ({ kind: 'scales', count: dice.one([1, 4, 6]) }),
    () => ({ kind: dice.one(['stops-task', 'crashes-task', 'takes-spot'] as const) }),
    () => ({ kind: dice.one(['stops-task', 'crashes-task', 'takes-spot'] as const) }),
    () => ({ kind: 'no-capacity', seconds: dice.one([20, 120, 2_000]) }),
    () => ({ kind: 'moves-tag', tag: dice.one(['v1', 'v2', 'v3']), to: dice.one(['good', 'bad'] as const) }),
    () => ({ kind: 'deregisters', revision: dice.one([':1', ':2', ':3']) }),
    () => ({ kind: 'alarm', state: dice.one(['ALARM', 'ALARM', 'OK'] as const) }),
    () => ({ kind: 'hiccups', reason: dice.whole(0, 3), times: dice.one([1, 1, 2, 5]) }),
  ];
  return dice.one(deeds)();
}

function drawEnd(dice: Dice): End {
  return {
    how: dice.one(['cancel', 'cancel', 'kill'] as const),
    at: drawMoment(dice),
    impatient: dice.chance(0.5),
    hasPost: dice.chance(0.75),
  };
}
