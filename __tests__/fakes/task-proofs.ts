import type { TaskProofs } from '../../src/gates/prove.ts';
import { proveTasks, watchTasks } from '../../src/rollout/task-proof.ts';
import type { WatchContext } from '../../src/rollout/watch.ts';

/** The proofs by tasks as the run has them, in a fake world that is made by the time they are asked for. */
export function tasksOf(world: () => object): TaskProofs {
  const within = (signal: AbortSignal): WatchContext => ({ ...(world() as WatchContext), signal });
  return {
    reported: () => undefined,
    prove: ({ signal }, ...of) => proveTasks(within(signal), ...of),
    watch: ({ signal }, ...of) => watchTasks(within(signal), ...of),
  };
}
