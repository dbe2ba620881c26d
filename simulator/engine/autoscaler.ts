/** Application Auto Scaling: a range for a service, and a target-tracking policy where somebody scripts its load. */
import type { Service } from '../state/model.ts';
import { scheduleRound } from './scheduler.ts';
import { isUnderway } from './service-deployments.ts';
import type { World } from './world.ts';

/** Between how many tasks a service is kept, and at which average CPU utilization, in percent. */
export interface ScalingRange {
  readonly min: number;
  readonly max: number;
  /** 50 by default. Without a load there is no policy, and nothing scales. */
  readonly cpuTarget?: number;
}

export interface ScalableTarget extends Required<ScalingRange> {
  /** `service/<cluster>/<service>` */
  readonly id: string;
  readonly service: { readonly cluster: string; readonly name: string };
  /** What all tasks together have to do, in percent of one task; undefined until it is scripted. */
  load: number | undefined;
}

export interface ScalingActivity {
  readonly id: string;
  readonly target: ScalableTarget;
  readonly from: number;
  readonly to: number;
  readonly startedAt: number;
  /** When as many tasks ran, or another activity took over. */
  endedAt: number | undefined;
}

const lookEvery = 60;
const usualCpuTarget = 50;

export class Autoscaler {
  /** By resource ID. */
  readonly targets = new Map<string, ScalableTarget>();
  /** Newest first. */
  activities: ScalingActivity[] = [];
  private readonly world: World;

  constructor(world: World) {
    this.world = world;
  }

  /** Makes a service a scalable target. It is `name` (in the first cluster) or `cluster/name`. */
  register(service: string, { min, max, cpuTarget = usualCpuTarget }: ScalingRange): ScalableTarget {
    const place = this.place(service);
    const id = `service/${place.cluster}/${place.name}`;
    const target: ScalableTarget = { id, service: place, min, max, cpuTarget, load: undefined };
    this.targets.set(id, target);
    return target;
  }

  /**
   * Gives a scalable target so much to do, in percent of what one task can: 250 keeps two and a half tasks busy. From
   * now on its policy looks once a minute.
   */
  setLoad(service: string, percentOfOneTask: number): void {
    const { cluster, name } = this.place(service);
    const target = this.targets.get(`service/${cluster}/${name}`);
    if (target === undefined) throw new Error(`Service "${service}" is not a scalable target.`);
    const follows = target.load !== undefined;
    target.load = percentOfOneTask;
    if (!follows) this.follow(target);
  }

  private follow(target: ScalableTarget): void {
    this.world.clock.after(lookEvery, () => {
      this.look(target);
      this.follow(target);
    });
  }

  private look(target: ScalableTarget): void {
    const service = this.world.clusters.get(target.service.cluster)?.find(target.service.name);
    if (service?.status !== 'ACTIVE' || service.schedulingStrategy === 'DAEMON') return;
    const newest = this.activities.find((activity) => activity.target === target);
    if (newest !== undefined && runs(service, newest.to)) newest.endedAt ??= this.world.clock.now();
    const from = service.desiredCount;
    const to = countFor(target);
    // Developer Guide, "Automatically scale your Amazon ECS service": no scale-in while a deployment is in progress.
    if (to === from || (to < from && service.serviceDeployments.some(isUnderway))) return;
    if (newest !== undefined) newest.endedAt ??= this.world.clock.now();
    this.scale(target, service, to);
  }

  private scale(target: ScalableTarget, service: Service, to: number): void {
    const activity: ScalingActivity = {
      id: this.world.ids.uuid(),
      target,
      from: service.desiredCount,
      to,
      startedAt: this.world.clock.now(),
      endedAt: undefined,
    };
    this.activities = [activity, ...this.activities];
    service.desiredCount = to;
    scheduleRound(this.world, service);
  }

  private place(service: string): ScalableTarget['service'] {
    const [first = '', second] = service.split('/');
    if (second !== undefined) return { cluster: first, name: second };
    return { cluster: [...this.world.clusters.keys()][0] ?? 'default', name: first };
  }
}

/** As many tasks as do the load at the CPU utilization that the policy aims at, within the range. */
function countFor({ min, max, cpuTarget, load = 0 }: ScalableTarget): number {
  return Math.min(max, Math.max(min, Math.ceil(load / cpuTarget)));
}

function runs(service: Service, count: number): boolean {
  const tasks = service.cluster.tasksOf(service);
  const running = tasks.filter((task) => task.lastStatus === 'RUNNING' && task.desiredStatus === 'RUNNING');
  return running.length >= count;
}
