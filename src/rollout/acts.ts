/** What this run asks of the deployment of a service, and what came of it. */
import type { Service, UpdateServiceCommandInput } from '@aws-sdk/client-ecs';
import { ANY_AWS_ERROR, attempt } from '../aws/attempt.ts';
import type { Aws } from '../aws/clients.ts';
import { mayHaveTakenEffect } from '../aws/errors.ts';
import { GRACE_MS, unanswered } from '../aws/writes.ts';
import { createDeployment, GroupIsBusy } from '../codedeploy/create.ts';
import type { RunContext } from '../context.ts';
import { deployableRevision, type RollbackTarget } from '../ecs/rollback-target.ts';
import type { CodeDeploySettings, ServiceAddress, ServiceSnapshot, TaskDefinition } from '../model/index.ts';
import { CancelledUnanswered } from '../runtime/cancellation.ts';
import type { Log } from '../runtime/log.ts';
import { Deadline, unlessAborted, withGracePeriod } from '../runtime/wait.ts';

export type Action =
  /** ECS rolls its running service deployment back. */
  | { readonly kind: 'stop'; readonly arn: string }
  /** The last good revision once more, with the digests that it ran with. */
  | { readonly kind: 'register'; readonly target: RollbackTarget }
  /** The service goes back by a deployment of this run, and by its settings. */
  | { readonly kind: 'update'; readonly input: UpdateServiceCommandInput }
  | { readonly kind: 'restore-settings'; readonly input: UpdateServiceCommandInput }
  | { readonly kind: 'continue'; readonly arn: string; readonly hookId: string }
  /** Of CodeDeploy, by the id of the deployment. */
  | { readonly kind: 'stop-codedeploy'; readonly id: string }
  | { readonly kind: 'continue-codedeploy'; readonly id: string }
  | {
      readonly kind: 'deploy';
      readonly snapshot: ServiceSnapshot;
      readonly settings: CodeDeploySettings;
      readonly revision: string;
      readonly definition: TaskDefinition;
    };

/** What AWS answered. `made`: the ARN of a registered revision, the id of a deployment of CodeDeploy. */
export interface Taken {
  readonly kind: 'taken';
  readonly made?: string;
  readonly service?: Service | undefined;
}

export type ActEnd =
  | { readonly kind: 'under-way' }
  | Taken
  /** In AWS's own words. It may be otherwise the next time. */
  | { readonly kind: 'refused'; readonly error: unknown }
  /** The call is denied, unknown here, or the credentials have expired: it will stay so. */
  | { readonly kind: 'denied'; readonly error: unknown }
  /** Another deployment has the turn. */
  | { readonly kind: 'not-ours'; readonly error: Error }
  /** No answer: it may have taken effect, unless AWS was too busy to take it. */
  | { readonly kind: 'unanswered'; readonly error: unknown };

export interface Act {
  readonly action: Action;
  /** A reading of the clock. */
  readonly at: number;
  readonly end: ActEnd;
}

/** Pure: the acts of a kind, oldest first. */
export function actsOf(acts: readonly Act[], kind: Action['kind']): readonly Act[] {
  return acts.filter(({ action }) => action.kind === kind);
}

/** Pure: how often AWS would not do it. */
export function refusalsOf(acts: readonly Act[], kind: Action['kind']): number {
  return actsOf(acts, kind).filter(({ end }) => end.kind === 'refused').length;
}

/** Pure: AWS may have done it, though it did not say so. */
export function mayHaveTaken(act: Act): boolean {
  const { end } = act;
  return end.kind === 'taken' || isOpen(act) || (end.kind === 'unanswered' && mayHaveTakenEffect(end.error));
}

/** Pure: its answer may still come; the end of the job did not wait for it. */
export function isOpen({ end }: Act): boolean {
  return end.kind === 'under-way' || (end.kind === 'unanswered' && end.error instanceof CancelledUnanswered);
}

export interface ActContext extends Pick<RunContext, 'clock'> {
  readonly aws: Pick<Aws, 'ecsWrites' | 'taskDefinitions' | 'codeDeploy'>;
  /** After it none begins. */
  readonly signal: AbortSignal;
  /** How long one is heard out then; five seconds where it is left out. */
  readonly graceMs?: number;
  /** Hears that a way back keeps the alarms of its group. */
  readonly log?: Pick<Log, 'warn'>;
}

/** What is chosen, where it is an act. */
export interface ToAct {
  readonly kind: 'act';
  readonly action: Action;
}

/** What a turn came to: what was chosen instead of an act, or how the act that was chosen ended. */
export type Acted<Choice extends { readonly kind: string }> =
  // eslint-disable-next-line house/unions-by-kind -- what is chosen has a kind by its constraint
  | Exclude<Choice, ToAct>
  | {
      readonly kind: 'acted';
      readonly choice: Extract<Choice, ToAct>;
      readonly end: Ended;
    };

/**
 * Acts upon one service for everybody in a run who decides to, one act at a time, and keeps the record of it: gates that
 * answer a pause, the rollback, what is restored after it, the end of a cancelled job.
 */
export class Actor {
  #acts: readonly Act[] = [];
  /** Settles once nobody acts any more. */
  #underWay: Promise<unknown> = Promise.resolve();

  get acts(): readonly Act[] {
    return this.#acts;
  }

  /**
   * Waits until no other act is under way, and only then has `choose` read and choose, so that nothing is sent upon what was
   * seen before another act. Sends it once; what looks after its lost answer by itself, once more until the deadline. What
   * AWS answers, or does not, is noted; what else keeps it from being done rejects, and so does the end of the job, with
   * `CancelledUnanswered`, where no answer came. The next turn comes when that answer has come as well, or the call has ended.
   */
  async act<Choice extends { readonly kind: string }>(
    ctx: ActContext,
    choose: () => Promise<Choice>,
    deadline = Deadline.of(ctx.clock, 0),
  ): Promise<Acted<Choice>> {
    const { signal } = ctx;
    const before = this.#underWay;
    const turn = Promise.withResolvers<undefined>();
    this.#underWay = before.then(() => turn.promise);
    let sending: Promise<unknown> = Promise.resolve();
    try {
      await unlessAborted(before, signal);
      const choice = await choose();
      if (!isAct(choice)) return choice as Exclude<Choice, ToAct>;
      signal.throwIfAborted();
      const sent = this.#send(ctx, choice.action, deadline);
      sending = sent.settled;
      return { kind: 'acted', choice: choice as Extract<Choice, ToAct>, end: await sent.heard };
    } finally {
      void sending.then(() => {
        turn.resolve(undefined);
      });
    }
  }

  /** `heard`: how it ended, as far as it is waited for; `settled`: once it is over, and never rejected. */
  #send(
    ctx: ActContext,
    action: Action,
    deadline: Deadline,
  ): { readonly heard: Promise<Ended>; readonly settled: Promise<unknown> } {
    const { clock, signal, graceMs = GRACE_MS } = ctx;
    const at = clock.now();
    const place = this.#acts.length;
    const note = <End extends ActEnd>(end: End): End => {
      this.#acts = this.#acts.toSpliced(place, 1, { action, at, end });
      return end;
    };
    note({ kind: 'under-way' });
    const answered = endOf(() => send(ctx, action, deadline)).then(note);
    const heard = withGracePeriod(clock, signal, graceMs, () => answered, unanswered).catch(
      (error: unknown) => {
        note({ kind: 'unanswered', error });
        throw error;
      },
    );
    return { heard, settled: answered.catch(() => undefined) };
  }
}

function isAct(choice: { readonly kind: string }): choice is ToAct {
  return choice.kind === 'act';
}

/** The actors of a run, one for each service. */
export class Actors {
  readonly #all = new Map<string, Actor>();

  of({ address: { arn } }: { readonly address: Pick<ServiceAddress, 'arn'> }): Actor {
    const actor = this.#all.get(arn) ?? new Actor();
    this.#all.set(arn, actor);
    return actor;
  }
}

type Answered = Omit<Taken, 'kind'>;

type Ended = Exclude<ActEnd, { readonly kind: 'under-way' }>;

async function endOf(sending: () => Promise<Answered>): Promise<Ended> {
  const answer = await attempt(sending, ANY_AWS_ERROR).catch((error: unknown) => {
    if (error instanceof GroupIsBusy) return error;
    throw error;
  });
  if (answer instanceof GroupIsBusy) return { kind: 'not-ours', error: answer };
  switch (answer.kind) {
    case 'answered':
      return { kind: 'taken', ...answer.value };
    case 'forbidden':
      return { kind: answer.because === 'refused' ? 'refused' : 'denied', error: answer.error };
    case 'unanswered':
      return { kind: 'unanswered', error: answer.error };
  }
}

async function send(ctx: ActContext, action: Action, deadline: Deadline): Promise<Answered> {
  const { aws } = ctx;
  switch (action.kind) {
    case 'stop':
      await aws.ecsWrites.stopServiceDeployment({ serviceDeploymentArn: action.arn, stopType: 'ROLLBACK' });
      return {};
    case 'register':
      return { made: await deployableRevision(ctx, action.target) };
    case 'update':
    case 'restore-settings':
      return { service: (await aws.ecsWrites.updateService(action.input)).service };
    case 'continue': {
      const { arn: serviceDeploymentArn, hookId } = action;
      await aws.ecsWrites.continueServiceDeployment({ serviceDeploymentArn, hookId, action: 'CONTINUE' });
      return {};
    }
    case 'stop-codedeploy':
      await aws.codeDeploy.stopDeployment({ deploymentId: action.id, autoRollbackEnabled: true });
      return {};
    case 'continue-codedeploy':
      await aws.codeDeploy.continueDeployment({ deploymentId: action.id, deploymentWaitType: 'READY_WAIT' });
      return {};
    case 'deploy': {
      const { snapshot, settings, revision } = action;
      return { made: await createDeployment(ctx, snapshot, settings, revision, deadline) };
    }
  }
}
