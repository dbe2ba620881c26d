/** Plays a schedule in a world of its own, and notes what truly happened there. */
import { runInProcess } from '../../runner/in-process.ts';
import type { StepResult } from '../../runner/job.ts';
import { ManualClock } from '../../simulator/clock.ts';
import { isUnderway, primaryOf } from '../../simulator/engine/service-deployments.ts';
import { isHealthy } from '../../simulator/engine/tasks.ts';
import type { Call } from '../../simulator/front/calls.ts';
import type { Reply } from '../../simulator/front/server.ts';
import type { FaultEffect } from '../../simulator/scenario/faults.ts';
import { seedWorld } from '../../simulator/scenario/seed.ts';
import { startSimulator, type Simulator } from '../../simulator/simulator.ts';
import type {
  Service,
  ServiceDeployment,
  ServiceRevision,
  Task,
  TaskDefinition,
} from '../../simulator/state/model.ts';
import { FAILED_MARK } from '../../src/ecs/rollback-target.ts';
import {
  HICCUPS,
  type CallFault,
  type Deed,
  type Effect,
  type Moment,
  type RunPlan,
  type Schedule,
  type WorldPlan,
} from './schedule.ts';

/** What a service truly was at an instant. */
export interface View {
  readonly time: number;
  readonly service: string;
  readonly primary: ServiceDeployment;
  readonly status: ServiceDeployment['status'];
  /** The revision that the service is on, or on its way to. */
  readonly revision: ServiceRevision;
  readonly isComplete: boolean;
  readonly desiredCount: number;
  /** Healthy tasks by the digest of their first container. */
  readonly healthy: ReadonlyMap<string, number>;
  /** Tasks of that revision that are meant to run. */
  readonly current: number;
}

/** A call of the run, and what was true right before and right after it. */
export interface Asked {
  readonly call: Call;
  readonly ofPost: boolean;
  /** Its answer arrived, and was not cut off. */
  readonly isWhole: boolean;
  readonly before: readonly View[];
  readonly after: readonly View[];
}

/** Something that others did. */
export interface Done {
  readonly time: number;
  readonly deed: Deed;
  readonly service: string;
  /** The service deployment that it began. */
  readonly began: ServiceDeployment | undefined;
}

export interface PlayedRun {
  readonly plan: RunPlan;
  readonly services: readonly string[];
  readonly startedAt: number;
  /** When the step was over; the post step has its own end. */
  readonly endedAt: number;
  readonly overAt: number;
  readonly before: readonly View[];
  /** The revisions of the last deployments that had succeeded when it began, by service. */
  readonly lastGood: ReadonlyMap<string, ServiceRevision | undefined>;
  readonly knownDeployments: ReadonlySet<ServiceDeployment>;
  /** The tag of the image that answers at its URL, where that is a service that it does not deploy. */
  readonly urlOfOther: string | undefined;
  /** All of them when the run was over, newest first. */
  readonly deployments: ReadonlyMap<string, readonly ServiceDeployment[]>;
  readonly asked: readonly Asked[];
  readonly done: readonly Done[];
  readonly wasCancelled: boolean;
  /** When it was cancelled or killed; undefined where it ended by itself. */
  readonly cutAt: number | undefined;
  readonly wasKilled: boolean;
  /** One-off tasks that it started. */
  readonly oneOffs: readonly Task[];
  /** Nobody else registered these. */
  readonly registered: readonly TaskDefinition[];
  readonly after: readonly View[];
  readonly result: StepResult;
}

export interface Played {
  readonly schedule: Schedule;
  readonly sim: Simulator;
  readonly runs: readonly PlayedRun[];
  /** Deployments that others began. */
  readonly foreign: ReadonlySet<ServiceDeployment>;
}

/** What may never be seen: the value of a variable, and a header. */
export const CANARIES = ['cAnAry-of-a-header-71f3', 'ghs_simulatedTokenOfTheJob'];

/** Plays the schedule, and gives what happened to `judge` while the world still stands. */
export async function play<T>(schedule: Schedule, judge: (played: Played) => T): Promise<T> {
  const clock = new ManualClock();
  const { throttling, lagSeconds } = schedule.world;
  const sim = await startSimulator({ clock, throttling, world: seedWorld(seedOf(schedule.world)) });
  try {
    layHistory(sim, schedule);
    sim.world.lagSeconds = lagSeconds;
    const foreign = new Set<ServiceDeployment>();
    const foreignDefinitions = new Set<TaskDefinition>();
    const runs: PlayedRun[] = [];
    for (const plan of schedule.runs) {
      clock.skip(plan.afterSeconds);
      runs.push(await playRun(sim, plan, foreign, foreignDefinitions));
    }
    clock.skip(3_600);
    return judge({ schedule, sim, runs, foreign });
  } finally {
    await sim.close();
  }
}

function seedOf(plan: WorldPlan): Parameters<typeof seedWorld>[0] {
  const [minimumHealthyPercent, maximumPercent] = plan.percents;
  const alarms = { alarmNames: ['errors'], enable: true, rollback: true };
  return {
    desiredCount: plan.desiredCount,
    circuitBreaker:
      plan.breaker === 'off' ? false : { enable: true, rollback: plan.breaker === 'rolls-back' },
    minimumHealthyPercent,
    maximumPercent,
    deregistrationDelaySeconds: plan.drainSeconds,
    containerHealthCheck: plan.containerCheck,
    alarms: { errors: 'OK' },
    ...(plan.alarms ? { deploymentConfiguration: { alarms, bakeTimeInMinutes: 1 } } : {}),
    blueGreen: { ...strategies[plan.strategy], bakeTimeInMinutes: 1 },
  };
}

const strategies = {
  BLUE_GREEN: { strategy: 'BLUE_GREEN' },
  LINEAR: { strategy: 'LINEAR', linearConfiguration: { stepPercent: 50, stepBakeTimeInMinutes: 1 } },
  CANARY: { strategy: 'CANARY', canaryConfiguration: { canaryPercent: 20, canaryBakeTimeInMinutes: 1 } },
};

/** What every service of the first run went through before. */
function layHistory(sim: Simulator, { world, runs }: Schedule): void {
  if (world.history === 'quiet') return;
  for (const service of servicesOf(runs[0]?.inputs ?? {})) {
    sim.operator.deploy(service, 'v2');
    sim.world.clock.skip(1_800);
    if (world.history === 'failed') {
      sim.operator.deploy(service, 'crash-1');
      sim.world.clock.skip(1_800);
    }
  }
}

function servicesOf(inputs: RunPlan['inputs']): string[] {
  return (inputs['service'] ?? 'backend').split(',').map((name) => name.trim());
}

export function find(sim: Simulator, name: string): Service {
  return sim.world.cluster('demo').service(name);
}

export function viewOf(sim: Simulator, name: string): View {
  const service = find(sim, name);
  const primary = primaryOf(service);
  if (primary === undefined) throw new Error(`Service ${name} has no deployment.`);
  const tasks = service.cluster.tasksOf(service).filter((task) => task.desiredStatus === 'RUNNING');
  const healthy = new Map<string, number>();
  for (const task of tasks.filter(isHealthy)) {
    const digest = task.containers[0]?.digest ?? '';
    healthy.set(digest, (healthy.get(digest) ?? 0) + 1);
  }
  return {
    time: sim.world.clock.now(),
    service: name,
    primary: primary.serviceDeployment,
    status: primary.serviceDeployment.status,
    revision: primary.revision,
    isComplete: primary.rolloutState === 'COMPLETED',
    desiredCount: service.desiredCount,
    healthy,
    current: tasks.filter((task) => task.revision === primary.revision).length,
  };
}

/**
 * The revision of the last service deployment that had succeeded by a time, but none that a run has marked as failed. The
 * time is now where none is given.
 */
export function lastGoodOf(service: Service, by = Number.POSITIVE_INFINITY): ServiceRevision | undefined {
  const isMarked = ({ definition }: ServiceRevision): boolean =>
    definition.tags.some(({ key, value }) => key === FAILED_MARK.key && value === FAILED_MARK.value);
  for (const { status, target, rollback, finishedAt = 0 } of service.serviceDeployments) {
    if (finishedAt > by) continue;
    const good =
      status === 'SUCCESSFUL' ? target : status === 'ROLLBACK_SUCCESSFUL' ? rollback?.revision : undefined;
    if (good !== undefined && !isMarked(good)) return good;
  }
  return undefined;
}

async function playRun(
  sim: Simulator,
  plan: RunPlan,
  foreign: Set<ServiceDeployment>,
  foreignDefinitions: Set<TaskDefinition>,
): Promise<PlayedRun> {
  const services = servicesOf(plan.inputs);
  const views = (): View[] => services.map((name) => viewOf(sim, name));
  const { clock } = sim.world;
  const asked: Asked[] = [];
  const done: Done[] = [];
  const oneOffs = new Set<Task>();
  const watchers: { moment: Moment; act: () => void; seen: number; isOver: boolean }[] = [];
  const undo: (() => void)[] = [];
  let kill: (signal: NodeJS.Signals) => void = () => undefined;
  let [wasCancelled, wasKilled, isPost, isOver, isGone] = [false, false, false, false, false];
  let cutAt: number | undefined;
  const known = new Set(services.flatMap((name) => find(sim, name).serviceDeployments));
  const definitionsBefore = new Set(sim.world.taskDefinitions.all());

  const at = (moment: Moment, act: () => void): void => {
    if (moment.kind === 'seconds') undo.push(sim.at(moment.seconds, act));
    else watchers.push({ moment, act, seen: 0, isOver: false });
  };
  const meet = (met: (moment: Moment) => boolean): void => {
    for (const watcher of watchers) {
      if (!met(watcher.moment)) continue;
      watcher.seen += 1;
      if (watcher.isOver || watcher.moment.kind === 'seconds' || watcher.seen !== watcher.moment.nth)
        continue;
      watcher.isOver = true;
      watcher.act();
    }
  };

  for (const fault of plan.faults) arm(sim, fault, undo);
  for (const { at: moment, deed } of plan.deeds) {
    at(moment, () => {
      const service = services[services.length - 1] ?? 'backend';
      const began = act(sim, service, deed, foreignDefinitions);
      if (began === 'impossible') return;
      if (began !== undefined) foreign.add(began);
      done.push({ time: clock.now(), deed, service, began });
    });
  }
  const { end } = plan;
  if (end !== undefined) {
    at(end.at, () => {
      if (isOver) return;
      cutAt = clock.now();
      if (end.how === 'kill') {
        wasKilled = true;
        kill('SIGKILL');
        return;
      }
      wasCancelled = true;
      kill('SIGINT');
      if (!end.impatient) return;
      sim.at(10, () => {
        if (isOver) return;
        wasKilled = true;
        kill('SIGKILL');
      });
    });
  }

  const watched: Simulator = {
    ...sim,
    async reply(request, pause) {
      const action = String(
        request.headers['x-amz-target'] ?? /Action=(\w+)/.exec(request.body)?.[1] ?? '',
      ).replace(/^.*\./, '');
      meet((moment) => moment.kind === 'call' && moment.action === action && moment.when === 'before');
      const before = views();
      const { length } = sim.calls;
      const reply = await sim.reply(request, pause);
      const call = sim.calls.slice(length).findLast((each) => each.action === action);
      const after = views();
      // ECS forgets a task an hour after its end.
      for (const task of sim.world.cluster('demo').tasks.values())
        if (action === 'RunTask' && task.service === undefined && task.createdAt >= startedAt)
          oneOffs.add(task);
      if (call !== undefined) asked.push({ call, ofPost: isPost, isWhole: isWhole(reply), before, after });
      // What AWS takes up once the run is gone meets the next one as somebody's.
      const known = new Set(before.map(({ primary }) => primary));
      if (isGone) for (const { primary } of after) if (!known.has(primary)) foreign.add(primary);
      meet((moment) => moment.kind === 'call' && moment.action === action && moment.when === 'after');
      return reply;
    },
  };
  let lines = 0;
  const startedAt = clock.now();
  let endedAt = startedAt;
  const before = views();
  const lastGood = new Map(services.map((name) => [name, lastGoodOf(find(sim, name))]));
  const urlOfOther = imageOfUrl(sim, plan.inputs, services);
  const inputs = withUrl(sim, { cluster: 'demo', ...plan.inputs });
  const result = await runInProcess(watched, inputs, {
    skewHours: plan.skewHours,
    hasPost: end?.hasPost ?? true,
    onOutput(log, send) {
      kill = send;
      const now = log.split('\n').length - 1;
      for (; lines < now; lines += 1) meet((moment) => moment.kind === 'line');
    },
    beforePost() {
      endedAt = clock.now();
      [isPost, isOver] = [true, true];
    },
  });
  isOver = true;
  for (const each of undo) each();
  for (const watcher of watchers) watcher.isOver = true;
  isGone = true;
  sim.world.capacityAvailable = true;
  return {
    plan,
    services,
    startedAt,
    endedAt,
    overAt: clock.now(),
    before,
    lastGood,
    knownDeployments: known,
    urlOfOther,
    deployments: new Map(services.map((name) => [name, find(sim, name).serviceDeployments])),
    asked,
    done,
    wasCancelled,
    cutAt,
    wasKilled,
    oneOffs: [...oneOffs],
    registered: sim.world.taskDefinitions
      .all()
      .filter((each) => !definitionsBefore.has(each) && !foreignDefinitions.has(each)),
    after: views(),
    result,
  };
}

/** An answer in JSON that can be read, or another one. */
function isWhole(reply: Reply): boolean {
  if (reply.kind !== 'answer') return false;
  try {
    return !reply.body.startsWith('{') || typeof JSON.parse(reply.body) === 'object';
  } catch {
    return false;
  }
}

/** The address of the load balancer is known only now. */
function withUrl(sim: Simulator, inputs: Record<string, string>): Record<string, string> {
  if (inputs['health-check-url'] === undefined) return inputs;
  const name = inputs['service']?.startsWith('bluegreen') === true ? 'bluegreen' : 'web';
  return {
    ...inputs,
    'health-check-url': `${sim.loadBalancers[name]?.url ?? ''}/health`,
    'health-check-headers': `Authorization: Bearer ${CANARIES[0] ?? ''}`,
  };
}

/** The load balancer of a service that has none itself is that of `backend`. */
function imageOfUrl(
  sim: Simulator,
  inputs: RunPlan['inputs'],
  services: readonly string[],
): string | undefined {
  const isOwn = services.includes('backend') || services.includes('bluegreen');
  if (inputs['health-check-url'] === undefined || isOwn) return undefined;
  const [image] = viewOf(sim, 'backend').revision.images.values();
  return sim.world.registry.repositories.get('backend')?.images.get(image?.digest ?? '')?.firstTag;
}

function arm(
  sim: Simulator,
  { action, effect, from, times, after, lasts }: CallFault,
  undo: (() => void)[],
): void {
  const fault = {
    ...(action === undefined ? {} : { action }),
    ...(from === undefined ? {} : { from }),
    ...(times === undefined ? {} : { times }),
    effect: effectOf(effect),
  };
  if (after === undefined) {
    undo.push(sim.inject(fault));
    return;
  }
  const begin = (): void => {
    const disarm = sim.inject(fault);
    undo.push(disarm);
    undo.push(sim.at(lasts ?? 0, disarm));
  };
  undo.push(sim.at(after, begin));
}

function effectOf(effect: Effect): FaultEffect {
  switch (effect.kind) {
    case 'truncated':
      return { kind: 'rewrite', rewrite: (body) => body.slice(0, Math.floor(body.length * effect.share)) };
    case 'throttle':
    case 'http-500':
    case 'denied':
    case 'expired-token':
    case 'reset':
    case 'hang':
    case 'delay':
    case 'stale':
    case 'missing':
      return effect;
  }
}

/** Does a deed; the service deployment that it begins, or `impossible` where the world does not allow it now. */
function act(
  sim: Simulator,
  name: string,
  deed: Deed,
  definitions: Set<TaskDefinition>,
): ServiceDeployment | undefined | 'impossible' {
  const service = find(sim, name);
  const newest = (): ServiceDeployment | undefined => service.serviceDeployments[0];
  const running = (): Task | undefined =>
    service.cluster.tasksOf(service).findLast((task) => task.lastStatus === 'RUNNING');
  const { operator, world } = sim;
  switch (deed.kind) {
    case 'deploys': {
      definitions.add(operator.deploy(name, deed.tag));
      return newest();
    }
    case 'forces':
      try {
        operator.updateService(name, { forceNewDeployment: true });
      } catch {
        return 'impossible';
      }
      return newest();
    case 'stops':
      if (!service.serviceDeployments.some(isUnderway)) return 'impossible';
      operator.stopServiceDeployment(name, deed.stopType);
      return undefined;
    case 'scales':
      service.desiredCount = deed.count;
      world.changed(service);
      return undefined;
    case 'stops-task':
    case 'crashes-task':
    case 'takes-spot': {
      const task = running();
      if (task === undefined) return 'impossible';
      if (deed.kind === 'stops-task') operator.stopTask(task);
      else if (deed.kind === 'takes-spot') operator.interruptTask(task);
      else operator.crashTask(task, 137);
      return undefined;
    }
    case 'no-capacity':
      world.capacityAvailable = false;
      sim.at(deed.seconds, () => {
        world.capacityAvailable = true;
      });
      return undefined;
    case 'moves-tag':
      operator.pushImage(
        'backend',
        deed.tag,
        deed.to === 'bad' ? { exit: { afterSeconds: 3, code: 1 } } : {},
      );
      return undefined;
    case 'deregisters': {
      const family = service.deployments[0]?.revision.definition.family ?? name;
      const found = world.taskDefinitions.find(`${family}${deed.revision}`);
      if (found?.status !== 'ACTIVE') return 'impossible';
      operator.deregisterTaskDefinition(`${family}${deed.revision}`);
      return undefined;
    }
    case 'alarm':
      operator.setAlarm('errors', deed.state);
      return undefined;
    case 'hiccups': {
      // Of whatever starts next: one record for all images.
      const behaviour = { startReason: HICCUPS[deed.reason] ?? '', startReasonTimes: deed.times };
      for (const tag of ['v1', 'v2', 'v3']) {
        const digest = world.registry.repositories.get('backend')?.find({ tag, digest: undefined })?.digest;
        if (digest !== undefined) world.images.behaviours.set(digest, behaviour);
      }
      return undefined;
    }
  }
}
