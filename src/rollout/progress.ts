import type { RolloutPoint } from '../model.ts';
import type { AwaitingHook, Observation } from './observation.ts';

/** Cells of the bar. */
const BAR = 10;

/** Pure: one look in numbers. */
export function pointOf(service: string, seen: Observation): RolloutPoint {
  const { entry, deployment } = seen;
  const areKnown = seen.tasks.length > 0;
  return {
    service,
    desired: entry?.desired ?? seen.service.desired,
    running: areKnown ? seen.tasks.filter((task) => task.status === 'RUNNING').length : (entry?.running ?? 0),
    healthy: areKnown ? seen.tasks.filter((task) => task.healthy).length : undefined,
    old: seen.oldTasks,
    draining: seen.drainingTasks ?? 0,
    failed: seen.tasks.filter((task) => task.failure !== undefined).length,
    stage: stageOf(seen, deployment?.lifecycleStage),
  };
}

/** Pure: the state of a rollout in one line; two equal lines mean that nothing changed. */
export function progressLine(seen: Observation): string {
  const { desired, running, healthy, old, draining, failed, stage } = pointOf('', seen);
  return [
    `new ${running}/${desired} running`,
    ...(healthy === undefined ? [] : [`${healthy} healthy`]),
    ...(old - draining <= 0 ? [] : [`old ${old - draining}`]),
    ...(draining === 0 ? [] : [`draining ${draining}`]),
    ...(failed === 0 ? [] : [`failed ${failed}`]),
    stage,
    ...(seen.deployment?.awaiting ?? []).map(describeHook),
  ]
    .filter((part) => part !== '')
    .join(', ');
}

/** Pure: how much of what is wanted is there, as a bar: healthy tasks, else running ones. */
export function progressBar(seen: Observation): string {
  const { desired, running, healthy } = pointOf('', seen);
  const share = desired === 0 ? 1 : Math.min(1, (healthy ?? running) / desired);
  const full = Math.floor(share * BAR);
  return '█'.repeat(full) + '░'.repeat(BAR - full);
}

function stageOf(seen: Observation, stage: string | undefined): string {
  const status = seen.deployment?.status ?? seen.primary?.rolloutState ?? '';
  const words = status.toLowerCase().replaceAll('_', ' ');
  return stage === undefined ? words : `${words} (${stage.toLowerCase().replaceAll('_', ' ')})`;
}

/** A hook that waits is no failure: somebody has to say go on or back, or ECS does it in the end. */
export function describeHook({ id, expiresAt, then }: AwaitingHook): string {
  const until = expiresAt === undefined ? '' : ` until ${expiresAt}`;
  const otherwise = then === undefined ? '' : `, then ECS does ${then}`;
  return `hook ${id} awaits an action${until}${otherwise}`;
}
