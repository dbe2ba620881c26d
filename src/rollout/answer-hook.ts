import type { Aws } from '../aws/clients.ts';
import { describeServiceDeployment } from '../ecs/service-deployments.ts';
import { continueWhenReady, hookAnswerOf } from './codedeploy-acts.ts';
import type { HookAnswer, Stage } from '../model/analysis.ts';
import type { Rollout } from '../model/index.ts';
import type { Log } from '../runtime/log.ts';
import type { StageWatch } from './watch.ts';

export interface AnswerHookContext {
  readonly aws: Pick<Aws, 'ecs' | 'ecsWrites' | 'codeDeploy'>;
  readonly log: Log;
}

/** Who answers the hooks of one deployment. */
export type ContinueAt = (hookId: string) => Promise<HookAnswer>;

/**
 * Lets a deployment go on at a lifecycle hook that waits. It is read right before: a hook that waits no more, because
 * somebody answered it, is not answered again. One that AWS does not hear is answered again and again: of each nothing is
 * said twice.
 */
export function answering({ aws, log }: AnswerHookContext, rollout: Rollout): ContinueAt {
  const said = new Set<string>();
  return async (hookId) => {
    const once = {
      line: (text: string): void => {
        if (!said.has(`${hookId} ${text}`)) log.line(text);
        said.add(`${hookId} ${text}`);
      },
    };
    const answer = await continueAtHook({ aws, log: once }, rollout, hookId);
    if (answer.kind === 'unanswered') {
      const { name } = rollout.snapshot.address;
      once.line(`${name}: AWS has not answered whether it goes on (${answer.why}); asking again.`);
    }
    return answer;
  };
}

async function continueAtHook(
  { aws, log }: Pick<AnswerHookContext, 'aws'> & { readonly log: Pick<Log, 'line'> },
  rollout: Rollout,
  hookId: string,
): Promise<HookAnswer> {
  if (rollout.codeDeploymentId !== undefined) return continueWhenReady({ aws, log }, rollout);
  const { snapshot, serviceDeploymentArn } = rollout;
  if (serviceDeploymentArn === undefined) return { kind: 'done' };
  const { name } = snapshot.address;
  return hookAnswerOf(async () => {
    const deployment = await describeServiceDeployment(aws.ecs, serviceDeploymentArn);
    const hook = deployment?.lifecycleHookDetails?.find((each) => each.hookId === hookId);
    if (deployment?.status !== 'IN_PROGRESS' || hook?.status !== 'AWAITING_ACTION') return;
    log.line(`${name}: going on from the stage ${deployment.lifecycleStage ?? ''}.`);
    await aws.ecsWrites.continueServiceDeployment({ serviceDeploymentArn, hookId, action: 'CONTINUE' });
  });
}

/**
 * A way back waits for nobody: it leads to what people have approved before, and is let go on at each pause. One that this
 * run may not answer is left to a person, and the watch ends there.
 */
export function goingOn(ctx: AnswerHookContext, back: Rollout): StageWatch {
  const asked = new Set<string>();
  const answer = answering(ctx, back);
  let waiting: StageWatch['waiting'];
  return {
    see({ pause }: Stage): void {
      if (pause === undefined || asked.has(pause.hookId)) return;
      asked.add(pause.hookId);
      void answer(pause.hookId).then((end) => {
        if (end.kind === 'unanswered') asked.delete(pause.hookId);
        if (end.kind === 'denied') waiting = { pause, why: end.why };
      });
    },
    failed: new AbortController().signal,
    failure: undefined,
    allTrafficSince: undefined,
    get waiting() {
      return waiting;
    },
    results: [],
    stop: () => undefined,
  };
}
