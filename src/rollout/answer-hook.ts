import type { DeploymentInfo } from '@aws-sdk/client-codedeploy';
import { ANY_AWS_ERROR, attempt } from '../aws/attempt.ts';
import type { Aws } from '../aws/clients.ts';
import { describeAwsError } from '../aws/errors.ts';
import { describeServiceDeployment, type ServiceDeployment } from '../ecs/service-deployments.ts';
import type { HookAnswer, Stage } from '../model/analysis.ts';
import type { Rollout } from '../model/index.ts';
import type { Log } from '../runtime/log.ts';
import { withTimeout } from '../runtime/wait.ts';
import type { ActContext, Action, Actors, ToAct } from './acts.ts';
import { readInfo } from './observe-codedeploy.ts';
import type { StageWatch } from './watch.ts';

export interface AnswerHookContext extends ActContext {
  readonly aws: ActContext['aws'] & Pick<Aws, 'ecs'>;
  readonly log: Log;
  readonly actors: Actors;
}

/** Who answers the hooks of one deployment. `isWanted`: asked right before; what has failed meanwhile goes on no more. */
export type ContinueAt = (hookId: string, isWanted: () => boolean) => Promise<HookAnswer>;

/** A read before an answer that hangs keeps a rollback waiting no longer than this. */
const LOOK_MS = 30_000;

/** Pure: a hook that waits no more, because somebody answered it, is not answered again. */
export function chooseAnswer(
  deployment: ServiceDeployment | undefined,
  arn: string,
  hookId: string,
): Action | undefined {
  const hook = deployment?.lifecycleHookDetails?.find((each) => each.hookId === hookId);
  const waits = deployment?.status === 'IN_PROGRESS' && hook?.status === 'AWAITING_ACTION';
  return waits ? { kind: 'continue', arn, hookId } : undefined;
}

/** Pure: one that waits no more, because somebody continued or stopped it, is left alone. */
export function chooseCodeDeployAnswer({ status }: DeploymentInfo, id: string): Action | undefined {
  return status === 'Ready' ? { kind: 'continue-codedeploy', id } : undefined;
}

/** What follows from what is read, and the line that says so. */
async function readAndChoose(
  { aws }: Pick<AnswerHookContext, 'aws'>,
  { codeDeploymentId, serviceDeploymentArn }: Rollout,
  hookId: string,
): Promise<{ readonly action: Action; readonly text: string } | undefined> {
  if (codeDeploymentId !== undefined) {
    const action = chooseCodeDeployAnswer(await readInfo(aws, codeDeploymentId), codeDeploymentId);
    return action && { action, text: `${codeDeploymentId} goes on: traffic shifts` };
  }
  if (serviceDeploymentArn === undefined) return undefined;
  const deployment = await describeServiceDeployment(aws.ecs, serviceDeploymentArn);
  const action = chooseAnswer(deployment, serviceDeploymentArn, hookId);
  return action && { action, text: `going on from the stage ${deployment?.lifecycleStage ?? ''}` };
}

/**
 * Lets a deployment go on at a lifecycle hook, or in the wait of CodeDeploy, where it still waits. One that refuses has
 * moved on this very moment; the next look shows where. One that AWS does not hear is answered again and again: of each
 * nothing is said twice.
 */
export function answering(ctx: AnswerHookContext, rollout: Rollout): ContinueAt {
  const said = new Set<string>();
  const { name } = rollout.snapshot.address;
  return async (hookId, isWanted) => {
    const say = (what: string): void => {
      const text = `${name}: ${what}`;
      if (!said.has(`${hookId} ${text}`)) ctx.log.line(text);
      said.add(`${hookId} ${text}`);
    };
    const answer = await continueAtHook(ctx, rollout, hookId, { isWanted, say });
    if (answer.kind === 'unanswered')
      say(`AWS has not answered whether it goes on (${answer.why}); asking again.`);
    return answer;
  };
}

async function continueAtHook(
  ctx: AnswerHookContext,
  rollout: Rollout,
  hookId: string,
  { isWanted, say }: { readonly isWanted: () => boolean; readonly say: (what: string) => void },
): Promise<HookAnswer> {
  const acted = await ctx.actors.of(rollout.snapshot).act(ctx, async (): Promise<HookAnswer | ToAct> => {
    const read = (): ReturnType<typeof readAndChoose> =>
      withTimeout(ctx.clock, LOOK_MS, () => readAndChoose(ctx, rollout, hookId));
    const chosen = await attempt(read, ANY_AWS_ERROR);
    if (chosen.kind === 'unanswered') return { kind: 'unanswered', why: describeAwsError(chosen.error) };
    if (chosen.kind === 'forbidden') {
      return chosen.because === 'refused'
        ? { kind: 'done' }
        : { kind: 'denied', why: describeAwsError(chosen.error) };
    }
    if (chosen.value === undefined || !isWanted()) return { kind: 'done' };
    say(`${chosen.value.text}.`);
    return { kind: 'act', action: chosen.value.action };
  });
  if (acted.kind !== 'acted') return acted;
  const { end } = acted;
  switch (end.kind) {
    case 'taken':
    case 'refused':
    case 'not-ours':
      return { kind: 'done' };
    case 'denied':
    case 'unanswered':
      return { kind: end.kind, why: describeAwsError(end.error) };
  }
}

/**
 * A way back waits for nobody: it leads to what people have approved before, and is let go on at each pause. One that this
 * run may not answer is left to a person, and the watch ends there.
 */
export function goingOn(ctx: AnswerHookContext, back: Rollout): StageWatch {
  const asked = new Set<string>();
  const answer = answering(ctx, back);
  const broken = new AbortController();
  let isOver = false;
  let waiting: StageWatch['waiting'];
  return {
    see({ pause }: Stage): void {
      if (pause === undefined || asked.has(pause.hookId)) return;
      asked.add(pause.hookId);
      answer(pause.hookId, () => !isOver).then(
        (end) => {
          if (end.kind === 'unanswered') asked.delete(pause.hookId);
          if (end.kind === 'denied') waiting = { pause, why: end.why };
        },
        (error: unknown) => {
          broken.abort(error);
        },
      );
    },
    failed: broken.signal,
    failure: undefined,
    allTrafficSince: undefined,
    get waiting() {
      return waiting;
    },
    results: [],
    stop: () => {
      isOver = true;
    },
  };
}
