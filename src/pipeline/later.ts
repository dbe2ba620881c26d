/** Stages that come after the survey, which are loaded while it reads: the first call of AWS waits for none of them. */
import type * as Stages from './later-stages.ts';

function later<Stage extends (...of: never[]) => Promise<unknown>>(
  choose: (stages: typeof Stages) => Stage,
): Stage {
  const stage = async (...of: never[]): Promise<unknown> => choose(await import('./later-stages.ts'))(...of);
  return stage as Stage;
}

export const prepareTaskDefinition = later((stages) => stages.prepareTaskDefinition);
export const findWayBack = later((stages) => stages.findWayBack);
export const wayBackTo = later((stages) => stages.wayBackTo);
export const findWaiting = later((stages) => stages.findWaiting);
export const findShifting = later((stages) => stages.findShifting);
export const startServiceRun = later((stages) => stages.startServiceRun);
export const watchServiceRun = later((stages) => stages.watchServiceRun);
export const awaitOldTasks = later((stages) => stages.awaitOldTasks);
export const explainServiceRun = later((stages) => stages.explainServiceRun);
export const rollBackIfNeeded = later((stages) => stages.rollBackIfNeeded);
export const rollBackShifting = later((stages) => stages.rollBackShifting);
export const concludeServiceRun = later((stages) => stages.concludeServiceRun);
export const endOnCancel = later((stages) => stages.endOnCancel);
