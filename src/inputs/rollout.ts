/** The rollout: what is sent to the service, how long it may take, and what follows a failure. */
import type { Mode, RolloutRequest } from '../model/index.ts';
import type { InputReader } from './reader.ts';
import { amount, flag, oneOf, oneOfInAnyCase, problem, quoted, value, whole, type Parsed } from './values.ts';

/** `onFailure` has a default that depends on the mode: a failed rollback is not rolled back in its turn. */
export function readRollout(read: InputReader, mode: Mode): RolloutRequest {
  return {
    desiredCount: read.optional('desired-count', whole('tasks', { least: 0 }, 2)),
    forceNewDeployment: read.optional('force-new-deployment', flag),
    enableEcsManagedTags: read.optional('enable-ecs-managed-tags', flag),
    propagateTags: read.optional('propagate-tags', oneOfInAnyCase(['SERVICE', 'TASK_DEFINITION', 'NONE'])),
    wait: read.value('wait-for-service-stability', flag, 'true'),
    waitMinutes: read.value('wait-for-minutes', amount('minutes', { above: 0, most: 360 }, 30), '30'),
    isWaitSet: read.isSet('wait-for-minutes'),
    pollSeconds: read.value('poll-interval-seconds', amount('seconds', { above: 0, most: 3600 }, 5), '5'),
    isPollSet: read.isSet('poll-interval-seconds'),
    preflight: read.value('preflight', oneOf(['fail', 'warn', 'off']), 'fail'),
    failFast: read.value('fail-fast', flag, 'true'),
    failedTaskLimit: read.value('failed-task-limit', autoOrWhole, 'auto'),
    onFailure:
      read.optional('on-failure', oneOf(['rollback', 'rollback-all', 'leave'])) ?? afterFailure(mode),
    onCancel: read.value('on-cancel', oneOf(['leave', 'rollback']), 'leave'),
  };
}

function afterFailure(mode: Mode): 'rollback' | 'leave' {
  return mode === 'rollback' ? 'leave' : 'rollback';
}

function autoOrWhole(text: string): Parsed<number | 'auto'> {
  if (text.trim() === 'auto') return value('auto');
  const parsed = whole('tasks', { least: 1 }, 3)(text);
  if (parsed.kind === 'value') return parsed;
  return problem(`${quoted(text.trim())} is not a limit. Give auto or a whole number of 1 or more.`);
}
