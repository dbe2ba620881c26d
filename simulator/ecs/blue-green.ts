/** Native blue/green deployments: stages, hooks, traffic. Developer Guide, "Amazon ECS blue/green deployments". */
import { number, object, objects, text, texts } from '../protocol/fields.ts';
import type { JsonObject } from '../protocol/fields.ts';
import type { World } from '../world.ts';
import type { Hook, Lifecycle, LifecycleStage, ServiceDeployment, ServiceRevision } from './model.ts';

/** In the order in which a deployment goes through them. */
export const lifecycleStages = [
  'RECONCILE_SERVICE',
  'PRE_SCALE_UP',
  'SCALE_UP',
  'POST_SCALE_UP',
  'TEST_TRAFFIC_SHIFT',
  'POST_TEST_TRAFFIC_SHIFT',
  'PRODUCTION_TRAFFIC_SHIFT',
  'POST_PRODUCTION_TRAFFIC_SHIFT',
  'BAKE_TIME',
  'CLEAN_UP',
] as const satisfies readonly LifecycleStage[];

const lambdaSeconds = 4;
const usualHookMinutes = 1440;

/** The lifecycle of a new deployment; undefined for a rolling one, and for a first one, which has nothing to shift. */
export function newLifecycle(
  world: World,
  configuration: JsonObject,
  hasSource: boolean,
): Lifecycle | undefined {
  if (text(configuration, 'strategy') !== 'BLUE_GREEN' || !hasSource) return undefined;
  return { stage: 'RECONCILE_SERVICE', since: world.clock.now(), hooks: [] };
}

/** Whether the stages still decide what happens: no rollback has taken over, and the old tasks are not to go yet. */
export function isShifting({ lifecycle, rollback }: ServiceDeployment): boolean {
  return lifecycle !== undefined && rollback === undefined && lifecycle.stage !== 'CLEAN_UP';
}

export function hasReached(lifecycle: Lifecycle, stage: LifecycleStage): boolean {
  return lifecycleStages.indexOf(lifecycle.stage) >= lifecycleStages.indexOf(stage);
}

/** The stage is over once its hooks have succeeded and what it does is done. */
export function mayLeave(world: World, deployment: ServiceDeployment, scaledUp: boolean): boolean {
  const { lifecycle } = deployment;
  if (lifecycle === undefined || lifecycle.stage === 'CLEAN_UP') return false;
  if (lifecycle.hooks.some((hook) => hook.stage === lifecycle.stage && hook.status !== 'SUCCEEDED'))
    return false;
  if (lifecycle.stage === 'SCALE_UP') return scaledUp;
  return secondsLeft(world, deployment) <= 0;
}

/** How much of the bake time is left; 0 in every other stage. */
export function secondsLeft(world: World, { lifecycle, configuration }: ServiceDeployment): number {
  if (lifecycle?.stage !== 'BAKE_TIME') return 0;
  const ends = lifecycle.since + (number(configuration, 'bakeTimeInMinutes') ?? 0) * 60_000;
  return Math.max(0, (ends - world.clock.now()) / 1000);
}

/**
 * Enters the next stage: shifts the traffic that belongs to it and starts its hooks. `onHook` is called when a hook is
 * over by itself.
 */
export function enterNextStage(
  world: World,
  deployment: ServiceDeployment,
  onHook: (hook: Hook) => void,
): void {
  const { lifecycle, configuration, target } = deployment;
  const next =
    lifecycle === undefined ? undefined : lifecycleStages[lifecycleStages.indexOf(lifecycle.stage) + 1];
  if (lifecycle === undefined || next === undefined) return;
  lifecycle.stage = next;
  lifecycle.since = world.clock.now();
  if (next === 'TEST_TRAFFIC_SHIFT') route(world, target, 'test');
  if (next === 'PRODUCTION_TRAFFIC_SHIFT') route(world, target, 'production');
  const hooks = objects(configuration, 'lifecycleHooks').filter((hook) =>
    texts(hook, 'lifecycleStages').includes(next),
  );
  for (const settings of hooks) lifecycle.hooks.push(startHook(world, next, settings, onHook));
}

/** Points the listeners of a service at the target groups of one of its revisions. */
export function route(world: World, revision: ServiceRevision, listener: 'production' | 'test'): void {
  for (const arn of revision.groupArns) world.balancing.route(arn, listener);
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
  world.clock.after(pauses ? minutes * 60 : lambdaSeconds, () => {
    if (hook.status === 'IN_PROGRESS') hook.status = 'SUCCEEDED';
    if (hook.status === 'AWAITING_ACTION')
      hook.status = hook.timeoutAction === 'CONTINUE' ? 'SUCCEEDED' : 'TIMED_OUT';
    onHook(hook);
  });
  return hook;
}
