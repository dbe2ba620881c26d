/** The stages that come after the survey. They are loaded while it reads: the first call of AWS waits for none of them. */
export { proveAfterRollback } from '../gates/after-rollback.ts';
export { prove } from '../gates/prove.ts';
export { askWhileOthersRoll } from '../gates/while-others-roll.ts';
export { endOnCancel } from '../rollout/cancel.ts';
export { explainServiceRun } from '../rollout/diagnose.ts';
export { awaitOldTasks } from '../rollout/early-success.ts';
export { concludeServiceRun } from '../rollout/outcome.ts';
export { rollBackIfNeeded, rollbackNeeded, rollBackShifting } from '../rollout/rollback-needed.ts';
export { startServiceRun } from '../rollout/start.ts';
export { watchServiceRun } from '../rollout/watch.ts';
export { check, checkBeforeBuild, refuseBusyGroups } from './check.ts';
export { findImages, findPreviousCommit } from './image.ts';
export { concludePlan, isAboutToChange, isToBeChecked, plan } from './plan.ts';
export { findShifting, findWaiting } from './promote.ts';
export {
  deregisterCancelled,
  deregisterUnusedRevisions,
  imagesOf,
  markCondemned,
  register,
} from './release.ts';
export { stagesOf } from './shift-gates.ts';
export { refreshReleases, surveyAgain } from './survey-again.ts';
