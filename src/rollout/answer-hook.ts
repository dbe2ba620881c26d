import type { DeploymentInfo } from '@aws-sdk/client-codedeploy';
import { ANY_AWS_ERROR, attempt } from '../aws/attempt.ts';
import type { Aws } from '../aws/clients.ts';
import { describeAwsError } from '../aws/errors.ts';
import { describeServiceDeployment, type ServiceDeployment } from '../ecs/service-deployments.ts';
import type { HookAnswer, Stage } from '../model/analysis.ts';
import type { Rollout } from '../model/index.ts';
import type { Log } from '../runtime/log.ts';
import { Actor, type ActContext, type Action } from './acts.ts';
import { readInfo } from './observe-codedeploy.ts';
import type { StageWatch } from './watch.ts';

export interface AnswerHookContext extends ActContext {
  readonly aws: ActContext['aws'] & Pick<Aws, 'ecs'>;
  readonly log: Log;
}

/** Who answers the hooks of one deployment. */
export type ContinueAt = (hookId: string) => Promise<HookAnswer>;

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

/** What follows from what is read right before, and the line that says so. */
async function chooseNow(
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
export function answering(ctx: AnswerHookContext, rollout: Rollout, actor = new Actor(ctx)): ContinueAt {
  const said = new Set<string>();
  return async (hookId) => {
    const once = {
      line: (text: string): void => {
        if (!said.has(`${hookId} ${text}`)) ctx.log.line(text);
        said.add(`${hookId} ${text}`);
      },
    };
    const answer = await continueAtHook({ aws: ctx.aws, log: once }, rollout, hookId, actor);
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
  actor: Actor,
): Promise<HookAnswer> {
  const chosen = await attempt(() => chooseNow({ aws }, rollout, hookId), ANY_AWS_ERROR);
  switch (chosen.kind) {
    case 'unanswered':
      return { kind: 'unanswered', why: describeAwsError(chosen.error) };
    case 'forbidden':
      return chosen.because === 'refused'
        ? { kind: 'done' }
        : { kind: 'denied', why: describeAwsError(chosen.error) };
    case 'answered':
      break;
  }
  if (chosen.value === undefined) return { kind: 'done' };
  log.line(`${rollout.snapshot.address.name}: ${chosen.value.text}.`);
  const { end } = await actor.act(chosen.value.action);
  switch (end.kind) {
    case 'taken':
    case 'refused':
    case 'not-ours':
      return { kind: 'done' };
    case 'denied':
      return { kind: 'denied', why: describeAwsError(end.error) };
    case 'unanswered':
      return { kind: 'unanswered', why: describeAwsError(end.error) };
    case 'under-way':
      return { kind: 'unanswered', why: 'no answer yet' };
  }
}

/**
 * A way back waits for nobody: it leads to what people have approved before, and is let go on at each pause. One that this
 * run may not answer is left to a person, and the watch ends there.
 */
export function goingOn(ctx: AnswerHookContext, back: Rollout, actor: Actor): StageWatch {
  const asked = new Set<string>();
  const answer = answering(ctx, back, actor);
  const broken = new AbortController();
  let waiting: StageWatch['waiting'];
  return {
    see({ pause }: Stage): void {
      if (pause === undefined || asked.has(pause.hookId)) return;
      asked.add(pause.hookId);
      answer(pause.hookId).then(
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
    stop: () => undefined,
  };
}
