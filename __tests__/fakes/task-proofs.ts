import type { TaskProofs } from '../../src/gates/prove.ts';
import { Looks } from '../../src/rollout/looks.ts';
import { tasksMeasurer } from '../../src/rollout/task-proof.ts';
import type { WatchContext } from '../../src/rollout/watch.ts';

/** The proofs by tasks as the run has them, in a fake world that is made by the time they are asked for. */
export function tasksOf(world: () => object): TaskProofs {
  return {
    reported: () => undefined,
    measurer: (...of) => {
      const ctx = world() as WatchContext;
      return tasksMeasurer({ ...ctx, looks: new Looks(ctx) }, ...of);
    },
  };
}
