/** What another person does to the same account: for tests of supersession, intervention and scaling. */
import { setLoad } from '../engine/autoscaler.ts';
import { stopServiceDeployment } from '../engine/deployment-failures.ts';
import { crashTask, interruptSpotTask, stopByUser } from '../engine/scheduler.ts';
import { isUnderway, primaryOf } from '../engine/service-deployments.ts';
import { updateService } from '../engine/services.ts';
import { setRequests } from '../engine/visitors.ts';
import { registerTaskDefinition } from '../engine/task-definitions.ts';
import type { World } from '../engine/world.ts';
import type { AlarmState } from '../state/alarms.ts';
import type { ImageBehaviour } from '../state/image-behaviour.ts';
import { text } from '../state/json.ts';
import type { JsonObject } from '../state/json.ts';
import type { Service, Task, TaskDefinition } from '../state/model.ts';
import type { Image, PushOptions } from '../state/registry.ts';

/** Acts on the world directly: nothing is recorded as a call and no fault applies. */
export class Operator {
  private readonly world: World;

  constructor(world: World) {
    this.world = world;
  }

  /** UpdateService with any of its fields. A service is `name` (in the first cluster) or `cluster/name`. */
  updateService(service: string, change: JsonObject): void {
    updateService(this.world, this.service(service), change);
  }

  /** Registers the next revision of a family. */
  registerTaskDefinition(input: JsonObject): TaskDefinition {
    return registerTaskDefinition(this.world, input);
  }

  /** Deploys another tag: a new revision of the running task definition whose first container has this image. */
  deploy(service: string, tag: string): TaskDefinition {
    const target = this.service(service);
    const running = primaryOf(target)?.revision.definition;
    if (running === undefined) throw new Error(`Service "${service}" has no task definition yet.`);
    const [first = {}, ...others] = running.containers;
    const image = (text(first, 'image') ?? '').replace(/[:@][^/]*$/, `:${tag}`);
    const definition = this.registerTaskDefinition({
      ...running.body,
      containerDefinitions: [{ ...first, image }, ...others],
    });
    updateService(this.world, target, { taskDefinition: definition.arn });
    return definition;
  }

  /** Stops the deployment that is underway. Throws when there is none. */
  stopServiceDeployment(service: string, stopType: 'ROLLBACK' | 'ABORT' = 'ROLLBACK'): void {
    const underway = this.service(service).serviceDeployments.find(isUnderway);
    if (underway === undefined) throw new Error(`Service "${service}" has no deployment underway.`);
    stopServiceDeployment(this.world, underway, stopType);
  }

  setDesiredCount(service: string, desiredCount: number): void {
    updateService(this.world, this.service(service), { desiredCount });
  }

  /** Adds EC2 instances to the clusters, or takes them away; daemon services follow. */
  setContainerInstances(count: number): void {
    this.world.containerInstances = count;
    const isDaemon = ({ schedulingStrategy }: Service): boolean => schedulingStrategy === 'DAEMON';
    for (const service of this.world.services().filter(isDaemon)) {
      service.desiredCount = count;
      this.world.changed(service);
    }
  }

  stopTask(task: Task, reason = 'Task stopped by user'): void {
    stopByUser(this.world, task, reason);
  }

  /** What AWS does when it needs the capacity of a Fargate Spot task. */
  interruptTask(task: Task): void {
    interruptSpotTask(this.world, task);
  }

  /** A running task ends by itself, with this exit code. */
  crashTask(task: Task, code: number): void {
    crashTask(this.world, task, code);
  }

  /** Somebody tidies up: the revision becomes INACTIVE. */
  deregisterTaskDefinition(revision: string): void {
    const definition = this.world.taskDefinitions.find(revision);
    if (definition === undefined) throw new Error(`There is no task definition ${revision}.`);
    this.world.taskDefinitions.deregister(definition);
  }

  /** What there is to do for a scalable target (in percent of one task), from now on. */
  setLoad(service: string, percentOfOneTask: number): void {
    setLoad(this.world, service, percentOfOneTask);
  }

  /** Users send the service so many requests a minute, from now on. */
  setRequests(service: string, perMinute: number): void {
    setRequests(this.world, this.service(service), perMinute);
  }

  /** A program reports a value to CloudWatch, once a minute from now on. */
  reportMetric(namespace: string, name: string, value: number): void {
    const { clock, metrics } = this.world;
    metrics.put(namespace, name, clock.now(), value);
    clock.after(60, () => {
      this.reportMetric(namespace, name, value);
    });
  }

  /** Sets the state of an alarm; one that does not exist is made. */
  setAlarm(name: string, state: AlarmState): void {
    this.world.alarms.set(name, state);
  }

  /** Pushes an image; pushing a tag again moves the tag to another image. */
  pushImage(repository: string, tag: string, behaviour?: ImageBehaviour, options: PushOptions = {}): Image {
    return this.world.registry.push(repository, tag, {
      ...options,
      ...(behaviour === undefined ? {} : { behaviour }),
    });
  }

  private service(name: string): Service {
    const [first = '', second] = name.split('/');
    const cluster = second === undefined ? [...this.world.clusters.values()][0] : this.world.cluster(first);
    if (cluster === undefined) throw new Error('The world has no cluster.');
    return cluster.service(second ?? first);
  }
}
