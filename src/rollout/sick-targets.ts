import type { TargetView } from '../aws/target-health.ts';

/** Targets of our tasks, as they were when a look last found them unhealthy, by group, address and port. */
export type UnhealthyTargets = ReadonlyMap<string, TargetView>;

/**
 * Pure: with one more look. One that is healthy again is forgotten; one that drains or is gone stays: ECS takes out a
 * task whose checks fail, often before anybody can ask why.
 */
export function rememberTargets(unhealthy: UnhealthyTargets, seen: readonly TargetView[]): UnhealthyTargets {
  const next = new Map(unhealthy);
  for (const target of seen) {
    const key = `${target.targetGroupArn} ${target.address}:${target.port ?? ''}`;
    // One that drains as well says nothing any more of why.
    if (target.state === 'unhealthy' || (target.state.startsWith('unhealthy') && !next.has(key)))
      next.set(key, target);
    else if (target.state === 'healthy') next.delete(key);
  }
  return next;
}
