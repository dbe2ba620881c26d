/** What to do about a cause, by how the run ended. */
import { CAUSE_GUIDE } from './cause-guide.ts';
import type { Cause } from './outcome.ts';
import type { Mode } from './request.ts';

/** How a run left what it was about. */
export const ENDINGS = [
  'untouched',
  'undone',
  'left',
  'nowhere',
  'rollback-failed',
  'lost-sight',
  'going-back',
] as const;

/**
 * `untouched`: no service was changed; `undone`: it is back on what ran before; `left`: it is on the new revision, or on
 * its way to it; `nowhere`: the same, and there is no good revision to go back to; `lost-sight`: nobody could see how it went on; `going-back`: nor how its rollback did.
 */
export type Ending = (typeof ENDINGS)[number];

/** The last sentence of each: what is so now, and what takes it on. That nothing was touched is said with what runs now. */
const CLOSING: Readonly<Record<Ending, string>> = {
  untouched: '',
  undone: 'The service is back on what ran before: deploy again once this is fixed.',
  left: 'The new revision is left in place: deploy a fix, or go back with mode: rollback.',
  nowhere: 'The new revision is left in place, and there is no other good one to go back to: deploy a fix.',
  'rollback-failed':
    'Nothing more is tried: see what runs now, and deploy a revision that is known to be good.',
  'lost-sight': 'Then run this job again: it follows the deployment to its end.',
  'going-back':
    'ECS goes on with the rollback by itself: see in the console that it has ended before you deploy again.',
};

/** Where the cause alone would send somebody to the wrong place. Each stands instead of the cause's own sentences. */
const INSTEAD: Partial<Record<Cause, Partial<Record<Ending, string>>>> = {
  'http-check-failed': {
    undone:
      'The failed revision answers no more: read in the summary what it answered and logged, and compare that with health-check-status, health-check-body and health-check-json.',
    'rollback-failed':
      'Read the answer and the log lines in the summary, then open the URL: it may be answered by either revision.',
  },
  timeout: {
    undone:
      'Read in the evidence what it waited for: targets or checks that never became healthy, tasks that start slowly, or a hook. Raise wait-for-minutes only if that is as it should be.',
    left: 'ECS goes on with it: see what it waits for, tasks that start slowly, old ones that drain (deregistration delay, stop timeout), or a hook. If that is as it should be, raise wait-for-minutes; otherwise go back with mode: rollback.',
  },
  alarm: {
    undone:
      "Look at the alarm's metric between the start of the deployment and the rollback, which are in the timeline of the summary. If something else put the alarm into ALARM, wait until it is OK.",
  },
  cancelled: {
    untouched: 'Run it again: the job was cancelled before the deployment began.',
    undone: 'Run it again when the commit is to go out after all.',
    left: 'Run it again to follow the deployment to its end, or roll it back with mode: rollback; on-cancel: rollback does so by itself.',
    nowhere:
      'Run it again to follow the deployment to its end: there is no other good revision to go back to.',
    'lost-sight': 'Run it again to see what became of the deployment.',
  },
  superseded: {
    undone: 'Look at the other deployment: it is what counts now, and nothing of it was touched.',
    left: 'Look at the other deployment: it is what counts now, and nothing of it was touched. To have only one at a time, give the workflows one concurrency group; run this one again if its commit should run.',
  },
  'rollback-failed': {
    'rollback-failed':
      'Nothing more is tried: now deploy a revision that is known to be good. Then fix what the deployment failed for, and what its rollback failed for: the last good revision may need an image, secret or role that is gone.',
  },
  'deployment-stopped': {
    undone: 'Ask who stopped it, and why: CloudTrail shows StopServiceDeployment. Then run this again.',
    left: 'Ask who stopped it, and why: CloudTrail shows StopServiceDeployment.',
  },
};

/** Endings of these say all that there is to do: the closing sentence of the ending would contradict them. */
const COMPLETE: Partial<Record<Cause, readonly Ending[]>> = {
  'rollback-failed': ['rollback-failed'],
  superseded: ['undone', 'left'],
  timeout: ['left'],
  'deployment-stopped': ['undone'],
  cancelled: ['untouched', 'undone', 'left', 'nowhere', 'lost-sight', 'going-back'],
};

/** What a hint says of the situation, which the ending knows better. */
const SITUATION =
  /\s*(?:Nothing was (?:touched|changed|deployed)|No service was touched|The service runs as before|Nothing more is tried)\./g;

/** How a hint ends that leaves the rest to the closing sentence. */
const AGAIN = /\s*Then (?:run|deploy) again\.$/;

/** A hint that says itself how it goes on, or back. */
const GOES_ON = /\bmode: (?:rollback|promote)\b|\b(?:[Rr]un|[Dd]eploy) (?:\w+ ){0,3}again\b/;

/**
 * Pure: what to do. Plain text, sentences; never first how to switch off the check that found something. `own`: what is
 * known of the very case, which stands instead of what the cause alone says.
 */
export function adviceOf(cause: Cause, ending: Ending, own?: string, mode?: Mode): string {
  const advice = adviceOfRun(cause, ending, own);
  return mode === 'rollback' ? advice.replaceAll(BACK, BACK_FURTHER) : advice;
}

/** What is no advice after `mode: rollback` itself has failed, and what is. */
const BACK = 'go back with mode: rollback';

const BACK_FURTHER = 'go back to another good revision: mode: rollback with task-definition: family:revision';

function adviceOfRun(cause: Cause, ending: Ending, own: string | undefined): string {
  const given = own ?? INSTEAD[cause]?.[ending] ?? CAUSE_GUIDE[cause].hint;
  const text = given.replace(SITUATION, '').trim();
  const isComplete = own === undefined ? COMPLETE[cause]?.includes(ending) === true : GOES_ON.test(own);
  return isComplete || CLOSING[ending] === '' ? text : `${text.replace(AGAIN, '')} ${CLOSING[ending]}`;
}
