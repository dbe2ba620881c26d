/** Application Auto Scaling: a range for a service, and a target-tracking policy where somebody scripts its load. */
import type { ScalableTarget, ScalingActivity, ScalingRange } from '../state/autoscaling.ts';
import type { Service } from '../state/model.ts';
import { isUnderway } from './service-deployments.ts';
import type { World } from './world.ts';

const evaluationSeconds = 60;
const usualCpuTarget = 50;

/** Makes a service a scalable target. It is `name` (in the first cluster) or `cluster/name`. */
export function registerScalableTarget(
  world: World,
  name: string,
  { min, max, cpuTarget = usualCpuTarget }: ScalingRange,
): ScalableTarget {
  const service = placeOf(world, name);
  const target: ScalableTarget = { id: idOf(service), service, min, max, cpuTarget, load: undefined };
  world.autoscaling.targets.set(target.id, target);
  return target;
}

/**
 * Gives a scalable target so much to do, in percent of what one task can: 250 keeps two and a half tasks busy. From
 * now on its policy is evaluated once a minute. Throws where the service is no scalable target.
 */
export function setLoad(world: World, name: string, percentOfOneTask: number): void {
  const target = world.autoscaling.targets.get(idOf(placeOf(world, name)));
  if (target === undefined) throw new Error(`Service "${name}" is not a scalable target.`);
  const isEvaluated = target.load !== undefined;
  target.load = percentOfOneTask;
  if (!isEvaluated) scheduleEvaluation(world, target);
}

function scheduleEvaluation(world: World, target: ScalableTarget): void {
  world.clock.after(evaluationSeconds, () => {
    evaluate(world, target);
    scheduleEvaluation(world, target);
  });
}

function evaluate(world: World, target: ScalableTarget): void {
  const service = world.clusters.get(target.service.cluster)?.find(target.service.name);
  if (service?.status !== 'ACTIVE' || service.schedulingStrategy === 'DAEMON') return;
  const newest = world.autoscaling.activities.find((activity) => activity.target === target);
  if (newest !== undefined && runs(service, newest.to)) newest.endedAt ??= world.clock.now();
  const from = service.desiredCount;
  const to = desiredCountFor(target);
  // Developer Guide, "Automatically scale your Amazon ECS service": no scale-in while a deployment is in progress.
  if (to === from || (to < from && service.serviceDeployments.some(isUnderway))) return;
  if (newest !== undefined) newest.endedAt ??= world.clock.now();
  scale(world, target, service, to);
}

function scale(world: World, target: ScalableTarget, service: Service, to: number): void {
  const activity: ScalingActivity = {
    id: world.ids.uuid(),
    target,
    from: service.desiredCount,
    to,
    startedAt: world.clock.now(),
    endedAt: undefined,
  };
  world.autoscaling.activities = [activity, ...world.autoscaling.activities];
  service.desiredCount = to;
  world.changed(service);
}

function placeOf(world: World, name: string): ScalableTarget['service'] {
  const [first = '', second] = name.split('/');
  if (second !== undefined) return { cluster: first, name: second };
  return { cluster: [...world.clusters.keys()][0] ?? 'default', name: first };
}

function idOf({ cluster, name }: ScalableTarget['service']): string {
  return `service/${cluster}/${name}`;
}

/** As many tasks as do the load at the CPU utilization that the policy aims at, within the range. */
function desiredCountFor({ min, max, cpuTarget, load = 0 }: ScalableTarget): number {
  return Math.min(max, Math.max(min, Math.ceil(load / cpuTarget)));
}

function runs(service: Service, count: number): boolean {
  const tasks = service.cluster.tasksOf(service);
  const running = tasks.filter((task) => task.lastStatus === 'RUNNING' && task.desiredStatus === 'RUNNING');
  return running.length >= count;
}
