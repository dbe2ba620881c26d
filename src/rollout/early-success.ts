import { isWell, type Request, type ServiceRun } from '../model/index.ts';
import { counted } from '../runtime/log.ts';
import { Deadline } from '../runtime/wait.ts';
import { Looks } from './looks.ts';
import type { Observation } from './observe.ts';
import type { WatchContext } from './watch.ts';

/** What is asked of all tasks together would be answered by old ones, too. */
function isAskedOfAll({ http, alarms, metrics = [], bakeMinutes }: Request['gate']): boolean {
  return http !== undefined || alarms.length > 0 || metrics.length > 0 || bakeMinutes > 0;
}

/**
 * With `earlySuccessCriteria` ECS calls a deployment successful while old tasks still serve (ECS API,
 * DeploymentEarlySuccessCriteria). Waits until they take no new requests, for no longer than the rollout may last: all
 * traffic is on the new tasks from then on. Otherwise the service says that old tasks remain.
 */
export async function awaitOldTasks(
  ctx: WatchContext,
  serviceRun: ServiceRun,
  { gate, rollout: { waitMinutes, pollSeconds } }: Request,
): Promise<ServiceRun> {
  const { rollout, snapshot, change } = serviceRun;
  if (rollout === undefined || !isWell(serviceRun) || change === 'none' || !isAskedOfAll(gate))
    return serviceRun;
  if (snapshot.deployment.earlySuccess !== true || serviceRun.desiredCount === 0) return serviceRun;
  const { clock, log } = ctx;
  const looks = ctx.looks ?? new Looks(ctx);
  const deadline = Deadline.at(clock, (serviceRun.startedAt ?? clock.now()) + waitMinutes * 60_000);
  const told = { oldTasks: false };
  const areGone = await looks.follow<boolean>(
    rollout,
    deadline,
    (look) => {
      if (look.kind === 'access-lost') return { kind: 'end', value: false };
      const left = look.kind === 'seen' ? servingOldTasks(look.seen) : undefined;
      if (left === 0) return { kind: 'end', value: true };
      if (!told.oldTasks && left !== undefined) {
        log.line(
          `${snapshot.address.name}: ECS called it successful early (earlySuccessCriteria); ${counted(left, 'old task')} still serve.`,
        );
        told.oldTasks = true;
      }
      return { kind: 'pause', pauseMs: pollSeconds * 1000, late: false };
    },
    { by: 'deployment', signal: ctx.signal },
  );
  if (areGone) return told.oldTasks ? { ...serviceRun, allTrafficSince: clock.now() } : serviceRun;
  return { ...serviceRun, oldTasksRemain: true };
}

/** Those that drain get no new requests. Where tasks may not be read, ECS's own counts tell. */
function servingOldTasks({
  tasksUnread,
  unanswered,
  oldTasks,
  drainingTasks = 0,
  others,
}: Observation): number | undefined {
  if (tasksUnread === true) return others?.desired;
  return unanswered === undefined ? oldTasks - drainingTasks : undefined;
}
