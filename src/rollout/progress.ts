import type { AwaitingHook, Observation } from './observation.ts';

/** Pure: the state of a rollout in one line; two equal lines mean that nothing changed. */
export function progressLine(seen: Observation): string {
  const { entry, deployment, service } = seen;
  const desired = entry?.desired ?? service.desired;
  const running = seen.tasks.filter((task) => task.status === 'RUNNING').length;
  const healthy = seen.tasks.filter((task) => task.healthy).length;
  const failed = seen.tasks.filter((task) => task.failure !== undefined).length;
  return [
    `new ${seen.tasks.length === 0 ? (entry?.running ?? 0) : running}/${desired} running`,
    ...(seen.tasks.length === 0 ? [] : [`${healthy} healthy`]),
    ...(seen.oldTasks === 0 ? [] : [`old ${seen.oldTasks}`]),
    ...(failed === 0 ? [] : [`failed ${failed}`]),
    stageOf(seen, deployment?.lifecycleStage),
    ...(deployment?.awaiting ?? []).map(describeHook),
  ]
    .filter((part) => part !== '')
    .join(', ');
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
