import { attempt, LOST } from '../aws/attempt.ts';
import type { Aws } from '../aws/clients.ts';
import { MalformedAnswer } from '../aws/answers.ts';
import { awsErrorKind, deployErrorOf, type AwsErrorKind } from '../aws/errors.ts';
import type { RunContext } from '../context.ts';
import {
  DEPLOYMENTS_A_CALL,
  describeServiceDeployments,
  describeServiceRevisions,
  type SeenDeployment,
} from '../ecs/service-deployments.ts';
import { describeServices, missing, SERVICES_A_CALL, taskSetOf, type Service } from '../ecs/services.ts';
import {
  readTaskHealth,
  restartedContainers,
  type TaskHealth,
  type TaskQuery,
  type TaskView,
} from '../ecs/task-health.ts';
import type { Rollout } from '../model/index.ts';
import type { Clock } from '../runtime/clock.ts';
import { Loop, type Job } from '../runtime/loop.ts';
import { DeployError } from '../runtime/error.ts';
import { withTimeout, type Deadline, type PollStep } from '../runtime/wait.ts';
import { isOpen } from '../codedeploy/history.ts';
import { newTaskSetOf, viewOfCodeDeployment } from './codedeploy-view.ts';
import { readCodeDeployment } from './observe-codedeploy.ts';
import { arnsOf, observeWith, type Glance, type Observation } from './observe.ts';

export interface LooksContext extends Pick<RunContext, 'clock' | 'signal' | 'random'> {
  readonly aws: Pick<Aws, 'ecs' | 'elb' | 'codeDeploy'>;
}

/** How far a pause strays from the interval, as a share of it. */
const JITTER = 0.1;

/** What one look at one service came to. */
export type Look =
  | { readonly kind: 'seen'; readonly seen: Observation }
  | { readonly kind: 'unanswered'; readonly error: unknown }
  | { readonly kind: 'access-lost'; readonly failure: DeployError; readonly because: AwsErrorKind };

/** However little time is left, a look that is begun has as long. */
const LEAST_MS = 1_000;

/** What a look is at. */
export interface Subject {
  /** With the task set of its deployment, once CodeDeploy has made it. */
  rollout: Rollout;
  /** Whose tasks are its own: those of our deployment; of our revision, where that started none itself. */
  readonly by: TaskQuery['by'];
  /** Its tasks are what is asked for: they are waited for. */
  readonly isPatient?: boolean;
}

/** How a rollout is followed. */
export interface Following extends Pick<Subject, 'by'> {
  /** A reading of the clock before which nobody need look; now where it is left out. */
  readonly notBefore?: number;
  /** Ends this following alone; the job's own signal ends all. */
  readonly signal?: AbortSignal;
}

/** Calls of a walk over all tasks that every look may make: those of one small service. */
const CHEAP_CALLS = 6;

/**
 * Calls a minute for more tasks that nothing has happened to: their service's counts and events say when they are worth a
 * walk.
 */
const QUIET_CALLS = 40;

/** However many tasks there are, they are walked as often. */
const QUIET_MS = 5 * 60_000;

/** Containers that are started again in place change no count. */
const RESTARTED_MS = 30_000;

/** What was looked at within this time is being followed. */
const RECENT_MS = 60_000;

/** The tasks as they were last read. */
interface KnownTasks {
  readonly health: TaskHealth;
  readonly at: number;
  /** What their service showed then. */
  readonly seen: Glance;
  /** When somebody last wanted to know. */
  askedAt: number;
}

/**
 * One look for all services. Those that are looked at in the same breath share it: it asks for the service deployments
 * twenty a call and for the services ten a call; tasks are walked where the counts, the events or the status of their
 * deployment have changed, and now and then. Each hears of its own service alone, and as soon as that is read.
 */
export class Looks {
  readonly #ctx: LooksContext;
  readonly #loop: Loop;
  readonly #followed = new Set<Job>();
  /** By the address of the service, the id of the deployment, and whose tasks they are. */
  readonly #tasks = new Map<string, KnownTasks>();
  readonly #groups = new Map<string, Promise<readonly string[]>>();
  /** When deployments of CodeDeploy were first seen to have ended. */
  readonly #ended = new Map<string, number>();
  #shared: SharedLook | undefined;

  constructor(ctx: LooksContext, loop = new Loop(ctx)) {
    this.#ctx = ctx;
    this.#loop = loop;
  }

  /**
   * Looks at once, and again after each pause (a tenth more or less), until a look comes to an end. The pause before the
   * deadline is cut short, so that the last look falls on it. A cancellation rejects with the signal's reason.
   */
  follow<T>(
    rollout: Rollout,
    deadline: Deadline,
    judge: (look: Look) => PollStep<T>,
    { by, signal, notBefore = 0 }: Following = { by: 'deployment' },
  ): Promise<T> {
    const { clock, random } = this.#ctx;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const subject = { rollout, by };
    const leave = (): void => {
      this.#followed.delete(job);
      this.#loop.delete(job);
      signal?.removeEventListener('abort', stop);
    };
    const end = (error: unknown): void => {
      leave();
      reject(error);
    };
    const stop = (): void => {
      end(signal?.reason);
    };
    const hear = (look: Look, jitter: number): void => {
      if (!this.#followed.has(job)) return;
      const step = judge(look);
      if (step.kind === 'end' || deadline.isOver()) {
        leave();
        resolve(step.kind === 'end' ? step.value : step.late);
        return;
      }
      job.pauseMs = Math.min(step.pauseMs * jitter, deadline.left());
      job.due = clock.now() + job.pauseMs;
      this.#loop.wake();
    };
    const job: Job = {
      due: Math.min(Math.max(clock.now(), notBefore), deadline.at),
      pauseMs: 0,
      isShared: true,
      begin: () => {
        const jitter = 1 + JITTER * (2 * random() - 1);
        this.look(subject, deadline.left())
          .then((look) => {
            hear(look, jitter);
          })
          .catch(end);
      },
      end,
    };
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    signal?.addEventListener('abort', stop, { once: true });
    this.#followed.add(job);
    this.#loop.add(job);
    return promise;
  }

  /** One look within so many milliseconds, of which it has at least a second. Rejects for what is no answer of AWS. */
  look(subject: Subject, ms: number): Promise<Look> {
    const look = this.#lookOf(subject.rollout);
    const read = async (): Promise<Observation> => {
      // Whoever looks in the same breath is in it by then.
      await Promise.resolve();
      return subject.rollout.codeDeploymentId === undefined
        ? look.at(subject.rollout, (seen) => this.#tasksOf(subject, seen))
        : this.#codeDeployment(subject, look);
    };
    return settled(this.#ctx.clock, Math.max(ms, LEAST_MS), read, subject.rollout);
  }

  #lookOf(rollout: Rollout): SharedLook {
    if (this.#shared === undefined) {
      this.#shared = new SharedLook(this.#ctx);
      queueMicrotask(() => {
        this.#shared = undefined;
      });
    }
    this.#shared.add(rollout);
    return this.#shared;
  }

  /** How many services are looked at together. */
  get followed(): number {
    return this.#followed.size;
  }

  /** The tasks of a complete rollout as the last look showed them; undefined where there was none since. */
  lastOf(rollout: Rollout): readonly TaskView[] | undefined {
    return this.#complete(rollout)?.health.tasks;
  }

  /** The last look at a rollout that it showed to be complete, where that was begun no longer ago than this. */
  lastLook(rollout: Rollout, withinMs: number): Look | undefined {
    const last = this.#complete(rollout);
    if (last === undefined || this.#ctx.clock.now() - last.at > withinMs) return undefined;
    return { kind: 'seen', seen: { ...last.seen, ...last.health, newer: undefined } };
  }

  #complete({ snapshot, deploymentId }: Rollout): KnownTasks | undefined {
    const last = this.#tasks.get(`${snapshot.address.arn} ${deploymentId} deployment`);
    const { deployment, entry } = last?.seen ?? {};
    const isComplete = deployment?.status === 'SUCCESSFUL' || entry?.rolloutState === 'COMPLETED';
    return isComplete ? last : undefined;
  }

  /** One look at a deployment of CodeDeploy; the service is read after it, as after one of ECS. */
  async #codeDeployment(subject: Subject, look: SharedLook): Promise<Observation> {
    const { aws, clock } = this.#ctx;
    const { snapshot, codeDeploymentId = '', isAskedBack = false } = subject.rollout;
    const answer = await readCodeDeployment(aws, snapshot.address, codeDeploymentId);
    if (!isOpen(answer.info) && !this.#ended.has(codeDeploymentId))
      this.#ended.set(codeDeploymentId, clock.now());
    const endedForMs = clock.now() - (this.#ended.get(codeDeploymentId) ?? clock.now());
    const terms = { settings: snapshot.codeDeploy, isAskedBack, endedForMs };
    const service = await look.serviceOf(subject.rollout);
    const id = taskSetOf(service, codeDeploymentId)?.id ?? newTaskSetOf(answer);
    subject.rollout = id === undefined ? subject.rollout : { ...subject.rollout, deploymentId: id };
    return observeWith({ aws }, subject.rollout, {
      deployment: undefined,
      view: viewOfCodeDeployment(answer, terms),
      service: () => Promise.resolve(service),
      tasks: (seen) =>
        seen === undefined ? readTaskHealth(this.#ctx, subject.rollout) : this.#tasksOf(subject, seen),
      serviceFirst: true,
    });
  }

  /** The tasks as they are, or as they were read last where nothing speaks for a change. */
  async #tasksOf({ rollout, by, isPatient }: Subject, seen: Glance): Promise<TaskHealth> {
    const { clock } = this.#ctx;
    const key = `${rollout.snapshot.address.arn} ${rollout.deploymentId} ${by}`;
    const last = this.#tasks.get(key);
    if (last !== undefined) last.askedAt = clock.now();
    const cost = this.#cost();
    const isRestarted = restartedContainers(rollout.definition).length > 0;
    const longest = isRestarted ? RESTARTED_MS : QUIET_MS;
    const quietMs = cost <= CHEAP_CALLS ? 0 : Math.min((cost / QUIET_CALLS) * 60_000, longest);
    if (last !== undefined && isSame(last.seen, seen) && clock.now() - last.at < quietMs) return last.health;
    // With many tasks those that stopped are worth a walk only where a count says that there are more of them.
    const isOnlyOurs = last !== undefined && cost > QUIET_CALLS && !speaksOfStops(last.seen, seen);
    const at = clock.now();
    const health = await readTaskHealth(this.#ctx, rollout, {
      by,
      isPatient,
      groups: await this.#servedGroups(rollout, seen),
      ...(isOnlyOurs ? { known: last.health } : {}),
    });
    if (health.unanswered === undefined) this.#tasks.set(key, { health, at, seen, askedAt: at });
    return health;
  }

  /** Calls for one walk over the tasks of all that are followed. */
  #cost(): number {
    const since = this.#ctx.clock.now() - RECENT_MS;
    const followed = [...this.#tasks.values()].filter(({ askedAt }) => askedAt >= since);
    return followed.reduce((sum, { health }) => sum + (health.calls ?? 0), 0);
  }

  /**
   * Where the two groups of an attachment take turns, the one that the target revision is served by: tasks of both stand
   * behind the load balancer. Empty where that cannot be read, or there is only one.
   */
  #servedGroups(rollout: Rollout, { deployment }: Glance): Promise<readonly string[]> {
    const takesTurns = rollout.snapshot.targetGroups.some(
      (each) => each.alternateTargetGroupArn !== undefined,
    );
    const arn = deployment?.targetRevisionArn;
    if (!takesTurns || arn === undefined) return Promise.resolve([]);
    const known = this.#groups.get(arn);
    if (known !== undefined) return known;
    const reading = groupsOf(this.#ctx.aws.ecs, arn);
    this.#groups.set(arn, reading);
    // An answer that is lost is asked for again.
    reading.catch(() => this.#groups.delete(arn));
    return reading;
  }
}

async function groupsOf(
  ecs: Pick<LooksContext['aws']['ecs'], 'describeServiceRevisions'>,
  revisionArn: string,
): Promise<readonly string[]> {
  const [revision] = await describeServiceRevisions(ecs, [revisionArn]);
  const balancers = revision?.resolvedConfiguration?.loadBalancers ?? [];
  return balancers.flatMap((each) => each.targetGroupArn ?? []);
}

/** Nothing has happened to the tasks: no count, no state and no event is another. */
function isSame(before: Glance, now: Glance): boolean {
  return JSON.stringify(signatureOf(before)) === JSON.stringify(signatureOf(now));
}

function signatureOf({ deployment, entry, others, service, events }: Glance): unknown {
  const { desired, running, pending, failed, rolloutState } = entry ?? {};
  return [
    [deployment?.status, deployment?.lifecycleStage, rolloutState],
    [desired, running, pending, failed],
    [others?.desired, others?.running, service.desired, service.running],
    events[0]?.id,
  ];
}

/** Some of our tasks failed or went away, or the deployment came to an end that needs its evidence. */
function speaksOfStops(before: Glance, now: Glance): boolean {
  const [old, entry] = [before.entry, now.entry];
  const status = now.deployment?.status ?? '';
  if (entry === undefined || !['IN_PROGRESS', 'SUCCESSFUL'].includes(status)) return true;
  const hasFewer = entry.running + entry.pending < (old?.running ?? 0) + (old?.pending ?? 0);
  return hasFewer || (entry.failed ?? 0) > (old?.failed ?? 0);
}

/** A look that AWS does not answer ends with its time. */
async function settled(
  clock: Clock,
  ms: number,
  read: () => Promise<Observation>,
  rollout: Rollout,
): Promise<Look> {
  try {
    const answer = await attempt(() => withTimeout(clock, ms, read), LOST);
    return answer.kind === 'answered'
      ? { kind: 'seen', seen: answer.value }
      : { kind: 'unanswered', error: answer.error };
  } catch (error) {
    const failure = deployErrorOf(error, `watching service "${rollout.snapshot.address.name}"`);
    if (!(failure instanceof DeployError)) throw failure;
    return { kind: 'access-lost', failure, because: awsErrorKind(error) };
  }
}

/** The reads that several services share, each made once. */
class SharedLook {
  readonly #ctx: LooksContext;
  readonly #rollouts: Rollout[] = [];
  readonly #deployments = new Map<string, Promise<ReadonlyMap<string, SeenDeployment>>>();
  readonly #services = new Map<string, Promise<ReadonlyMap<string, Service>>>();

  constructor(ctx: LooksContext) {
    this.#ctx = ctx;
  }

  add(rollout: Rollout): void {
    this.#rollouts.push(rollout);
  }

  async at(rollout: Rollout, tasks: (seen: Glance) => Promise<TaskHealth>): Promise<Observation> {
    const { aws } = this.#ctx;
    const arn = rollout.serviceDeploymentArn;
    const deployments = arn === undefined ? undefined : await this.#deploymentsWith(arn);
    return observeWith({ aws }, rollout, {
      deployment: deployments?.get(arn ?? ''),
      service: () => this.serviceOf(rollout),
      tasks: (seen) => (seen === undefined ? readTaskHealth(this.#ctx, rollout) : tasks(seen)),
      serviceFirst: true,
    });
  }

  #deploymentsWith(arn: string): Promise<ReadonlyMap<string, SeenDeployment>> {
    const { ecs } = this.#ctx.aws;
    const together = chunkWith([...new Set(arnsOf(this.#rollouts))], arn, DEPLOYMENTS_A_CALL);
    const read = (arns: readonly string[]): Promise<ReadonlyMap<string, SeenDeployment>> =>
      shared(this.#deployments, arns.join(' '), () => describeServiceDeployments(ecs, arns));
    return orAlone(together, arn, read);
  }

  /** The service is read once the service deployments of all have been. */
  async serviceOf({ snapshot }: Rollout): Promise<Service> {
    const { cluster, name } = snapshot.address;
    const { ecs } = this.#ctx.aws;
    const neighbours = this.#rollouts
      .map((each) => each.snapshot.address)
      .filter((address) => address.cluster === cluster)
      .map((address) => address.name);
    const together = chunkWith([...new Set(neighbours)], name, SERVICES_A_CALL);
    await Promise.allSettled(this.#deployments.values());
    const read = (names: readonly string[]): Promise<ReadonlyMap<string, Service>> =>
      shared(this.#services, `${cluster} ${names.join(' ')}`, () => describeServices(ecs, cluster, names));
    const services = await orAlone(together, name, read);
    const found = services.get(name) ?? (together.length === 1 ? [...services.values()][0] : undefined);
    if (found === undefined) throw missing(name);
    return found;
  }
}

/** One that may not be read, is gone, or is told of in a way that nobody can read spoils the answer for its neighbours. */
async function orAlone<T>(
  together: readonly string[],
  one: string,
  read: (names: readonly string[]) => Promise<T>,
): Promise<T> {
  try {
    return await read(together);
  } catch (error) {
    const isOfOne = error instanceof MalformedAnswer || ['denied', 'refused'].includes(awsErrorKind(error));
    if (together.length === 1 || !isOfOne) throw error;
    return read([one]);
  }
}

function chunkWith(all: readonly string[], one: string, size: number): readonly string[] {
  const from = Math.floor(all.indexOf(one) / size) * size;
  return all.slice(from, from + size);
}

function shared<T>(calls: Map<string, Promise<T>>, key: string, call: () => Promise<T>): Promise<T> {
  const known = calls.get(key);
  if (known !== undefined) return known;
  const made = call();
  calls.set(key, made);
  return made;
}
