/** What `later.ts` loads. */
export { endOnCancel } from '../rollout/cancel.ts';
export { explainServiceRun } from '../rollout/diagnose.ts';
export { awaitOldTasks } from '../rollout/early-success.ts';
export { concludeServiceRun } from '../rollout/outcome.ts';
export { rollBackIfNeeded } from '../rollout/rollback-needed.ts';
export { startServiceRun } from '../rollout/start.ts';
export { watchServiceRun } from '../rollout/watch.ts';
export { prepareTaskDefinition } from '../task-definition/prepare.ts';
export { findWayBack, wayBackTo } from './going-back.ts';
export { findShifting, findWaiting, rollBackShifting } from './promote.ts';
