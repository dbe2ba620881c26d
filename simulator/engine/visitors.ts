/** Requests of users whom nobody has to play: so many a minute through the production listener of a service. */
import type { Listener, Target, TargetGroup } from '../state/balancing.ts';
import type { ImageBehaviour } from '../state/image-behaviour.ts';
import type { Service } from '../state/model.ts';
import type { Visit } from '../state/visits.ts';
import { primaryOf } from './service-deployments.ts';
import type { World } from './world.ts';

const everySeconds = 5;
const usualSeconds = 0.02;

/** From now on a service gets so many requests a minute; its target groups by their weights. */
export function setRequests(world: World, service: Service, perMinute: number): void {
  const known = world.visits.get(service);
  if (known !== undefined) {
    known.perMinute = perMinute;
    return;
  }
  const visit: Visit = { perMinute, due: new Map(), turns: new Map(), errors: new Map() };
  world.visits.set(service, visit);
  const come = (): void => {
    arrive(world, service, visit);
    world.clock.after(everySeconds, come);
  };
  world.clock.after(everySeconds, come);
}

function arrive(world: World, service: Service, visit: Visit): void {
  const listener = productionOf(world, service);
  for (const { group, weight } of listener?.forwards ?? []) {
    const due = (visit.due.get(group) ?? 0) + (visit.perMinute * everySeconds * weight) / 6000;
    const whole = Math.floor(due + 1e-9);
    visit.due.set(group, due - whole);
    for (let each = 0; each < whole; each += 1) answer(world, group, visit);
  }
}

function answer(world: World, group: TargetGroup, { turns, errors }: Visit): void {
  const targets = group.inService();
  const turn = turns.get(group) ?? 0;
  turns.set(group, turn + 1);
  const target = targets[turn % Math.max(1, targets.length)];
  // What no target takes is answered by the load balancer itself, and counts for no target group.
  if (target === undefined) return;
  const share = (errors.get(group) ?? 0) + errorPercentOf(target);
  errors.set(group, share >= 100 ? share - 100 : share);
  const http = behaviourOf(target);
  world.metrics.count(
    group.arn,
    world.clock.now(),
    share >= 100 ? 500 : 200,
    http.latencySeconds ?? usualSeconds,
  );
}

function behaviourOf(target: Target): NonNullable<ImageBehaviour['http']> {
  return target.served.behaviour.http ?? {};
}

function errorPercentOf(target: Target): number {
  return behaviourOf(target).errorPercent ?? 0;
}

function productionOf(world: World, service: Service): Listener | undefined {
  const [groupArn] = primaryOf(service)?.revision.groupArns ?? [];
  const group = groupArn === undefined ? undefined : world.balancing.byArn(groupArn);
  return [...world.balancing.loadBalancers.values()].find(({ arn }) => arn === group?.loadBalancerArn)
    ?.production;
}
