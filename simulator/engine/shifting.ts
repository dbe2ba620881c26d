/**
 * Deployments that shift traffic: stages, steps, hooks. Developer Guide, "Amazon ECS blue/green deployments", "linear
 * deployments" and "canary deployments", which differ in the steps of the production traffic alone.
 */
import { number, object, objects, text, texts } from '../state/json.ts';
import type { JsonObject } from '../state/json.ts';
import type { Hook, Lifecycle, LifecycleStage, ServiceDeployment, ServiceRevision } from '../state/model.ts';
import type { World } from './world.ts';

/** In the order in which a deployment goes through them. */
export const lifecycleStages = [
  'RECONCILE_SERVICE',
  'PRE_SCALE_UP',
  'SCALE_UP',
  'POST_SCALE_UP',
  'TEST_TRAFFIC_SHIFT',
  'POST_TEST_TRAFFIC_SHIFT',
  'PRE_PRODUCTION_TRAFFIC_SHIFT',
  'PRODUCTION_TRAFFIC_SHIFT',
  'POST_PRODUCTION_TRAFFIC_SHIFT',
  'BAKE_TIME',
  'CLEAN_UP',
] as const satisfies readonly LifecycleStage[];

const shiftingStrategies = ['BLUE_GREEN', 'LINEAR', 'CANARY'];
const usualHookMinutes = 1440;

/** Whether a deployment configuration shifts traffic between two target groups. */
export function shiftsTraffic(configuration: JsonObject): boolean {
  return shiftingStrategies.includes(text(configuration, 'strategy') ?? 'ROLLING');
}

/** How the production traffic goes over: the percentages of the new revision, and the pause between two of them. */
interface Steps {
  readonly percents: readonly number[];
  readonly bakeMinutes: number;
}

/** API reference, LinearConfiguration and CanaryConfiguration, with their defaults. */
export function trafficSteps(configuration: JsonObject): Steps {
  const strategy = text(configuration, 'strategy');
  if (strategy === 'LINEAR') return linearSteps(object(configuration, 'linearConfiguration') ?? {});
  if (strategy === 'CANARY') return canarySteps(object(configuration, 'canaryConfiguration') ?? {});
  return { percents: [100], bakeMinutes: 0 };
}

function linearSteps(settings: JsonObject): Steps {
  const step = number(settings, 'stepPercent') ?? 10;
  const before = Math.ceil(100 / step) - 1;
  const percents = Array.from({ length: before }, (_, done) => Math.round(step * (done + 1) * 10) / 10);
  return { percents: [...percents, 100], bakeMinutes: number(settings, 'stepBakeTimeInMinutes') ?? 6 };
}

function canarySteps(settings: JsonObject): Steps {
  const percent = number(settings, 'canaryPercent') ?? 5;
  const bakeMinutes = number(settings, 'canaryBakeTimeInMinutes') ?? 10;
  return { percents: percent < 100 ? [percent, 100] : [100], bakeMinutes };
}

/** The lifecycle of a new deployment; undefined for a rolling one, and for a first one, which has nothing to shift. */
export function newLifecycle(
  world: World,
  configuration: JsonObject,
  hasSource: boolean,
): Lifecycle | undefined {
  if (!shiftsTraffic(configuration) || !hasSource) return undefined;
  return { stage: 'RECONCILE_SERVICE', steps: 0, since: world.clock.now(), hooks: [] };
}

/** Whether the stages still decide what happens: no rollback has taken over, and the old tasks are not to go yet. */
export function isShifting({ lifecycle, rollback }: ServiceDeployment): boolean {
  return lifecycle !== undefined && rollback === undefined && lifecycle.stage !== 'CLEAN_UP';
}

export function hasReached(lifecycle: Lifecycle, stage: LifecycleStage): boolean {
  return lifecycleStages.indexOf(lifecycle.stage) >= lifecycleStages.indexOf(stage);
}

/** The stage, or the step of it, is over once its hooks have succeeded and what it does is done. */
export function isStageOver(world: World, deployment: ServiceDeployment, scaledUp: boolean): boolean {
  const { lifecycle } = deployment;
  if (lifecycle === undefined || lifecycle.stage === 'CLEAN_UP') return false;
  if (lifecycle.hooks.some((hook) => hook.stage === lifecycle.stage && hook.status !== 'SUCCEEDED'))
    return false;
  if (lifecycle.stage === 'SCALE_UP') return scaledUp;
  return secondsLeftInStage(world, deployment) <= 0;
}

/** How much is left of the bake time, or of the pause between two steps of the production traffic; otherwise 0. */
export function secondsLeftInStage(world: World, { lifecycle, configuration }: ServiceDeployment): number {
  if (lifecycle === undefined) return 0;
  const ends = lifecycle.since + bakeMinutes(lifecycle, configuration) * 60_000;
  return Math.max(0, (ends - world.clock.now()) / 1000);
}

function bakeMinutes({ stage, steps }: Lifecycle, configuration: JsonObject): number {
  if (stage === 'BAKE_TIME') return number(configuration, 'bakeTimeInMinutes') ?? 0;
  const planned = trafficSteps(configuration);
  return stage === 'PRODUCTION_TRAFFIC_SHIFT' && steps < planned.percents.length ? planned.bakeMinutes : 0;
}

/**
 * Enters the next stage, or takes the next step of the production traffic: shifts what belongs to it and starts its
 * hooks, which run at each step. `onHook` is called when a hook is over by itself.
 */
export function enterNextStage(
  world: World,
  deployment: ServiceDeployment,
  onHook: (hook: Hook) => void,
): void {
  const { lifecycle, configuration, target } = deployment;
  const next = nextStageOf(deployment);
  if (lifecycle === undefined || next === undefined) return;
  lifecycle.stage = next;
  lifecycle.since = world.clock.now();
  if (next === 'TEST_TRAFFIC_SHIFT') shiftTraffic(world, target, 'test');
  if (next === 'PRODUCTION_TRAFFIC_SHIFT') {
    shiftTraffic(world, target, 'production', trafficSteps(configuration).percents[lifecycle.steps]);
    lifecycle.steps += 1;
  }
  const hooks = objects(configuration, 'lifecycleHooks').filter((hook) =>
    texts(hook, 'lifecycleStages').includes(next),
  );
  for (const settings of hooks) lifecycle.hooks.push(startHook(world, next, settings, onHook));
}

/** The stage that comes next; the production traffic shift comes once for each of its steps. */
export function nextStageOf({ lifecycle, configuration }: ServiceDeployment): LifecycleStage | undefined {
  if (lifecycle === undefined) return undefined;
  const { stage, steps } = lifecycle;
  const planned = trafficSteps(configuration).percents.length;
  if (stage === 'PRODUCTION_TRAFFIC_SHIFT' && steps < planned) return 'PRE_PRODUCTION_TRAFFIC_SHIFT';
  return lifecycleStages[lifecycleStages.indexOf(stage) + 1];
}

/** Gives the target groups of a revision all requests to the listeners of its service, or a percentage of them. */
export function shiftTraffic(
  world: World,
  revision: ServiceRevision,
  listener: 'production' | 'test',
  percent = 100,
): void {
  for (const arn of revision.groupArns) world.balancing.setWeight(arn, listener, percent);
}

function startHook(
  world: World,
  stage: LifecycleStage,
  settings: JsonObject,
  onHook: (hook: Hook) => void,
): Hook {
  const pauses = text(settings, 'targetType') === 'PAUSE';
  const timeout = object(settings, 'timeoutConfiguration') ?? {};
  const minutes = number(timeout, 'timeoutInMinutes') ?? usualHookMinutes;
  const hook: Hook = {
    id: world.ids.uuid(),
    stage,
    targetType: pauses ? 'PAUSE' : 'AWS_LAMBDA',
    targetArn: text(settings, 'hookTargetArn'),
    expiresAt: world.clock.now() + minutes * 60_000,
    timeoutAction: text(timeout, 'action') === 'CONTINUE' ? 'CONTINUE' : 'ROLLBACK',
    status: pauses ? 'AWAITING_ACTION' : 'IN_PROGRESS',
  };
  const { ends, afterSeconds } = world.functions.behaviourOf(hook.targetArn ?? '');
  const neverEnds = pauses || ends === 'never';
  world.clock.after(neverEnds ? minutes * 60 : afterSeconds, () => {
    if (hook.status === 'IN_PROGRESS' && !neverEnds) hook.status = ends === 'Failed' ? 'FAILED' : 'SUCCEEDED';
    if (hook.status === 'AWAITING_ACTION' || hook.status === 'IN_PROGRESS')
      hook.status = hook.timeoutAction === 'CONTINUE' ? 'SUCCEEDED' : 'TIMED_OUT';
    onHook(hook);
  });
  return hook;
}
