import type {
  Deployment,
  ServiceDeploymentStatus,
  StopServiceDeploymentCommandInput,
  Task,
  UpdateServiceCommandInput,
} from '@aws-sdk/client-ecs';
import type { Aws } from '../../src/aws/clients.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import {
  awsError,
  OLD_ID,
  OLD_REVISION,
  OTHER_REVISION,
  OUR_REVISION,
  serviceDeploymentArn,
  serviceRevisionArn,
} from './builders.ts';

/** Who made a deployment. */
export type Author = 'before' | 'us' | 'our-rollback' | 'ecs' | 'other';

/** A service deployment of the fake, with the entries of `deployments[]` that belong to it. */
export interface FakeDeployment {
  readonly arn: string;
  readonly by: Author;
  readonly id: string;
  readonly taskDefinition: string;
  readonly createdAt: number;
  status: ServiceDeploymentStatus;
  statusReason?: string;
  breaker: 'MONITORING' | 'TRIGGERED';
}

interface FakeEntry {
  readonly id: string;
  readonly by: Author;
  readonly taskDefinition: string;
  readonly createdAt: number;
  rolloutState: 'IN_PROGRESS' | 'COMPLETED' | 'FAILED';
  reason: string | undefined;
}

/** A change that this run asked for and ECS accepted. */
export interface Mutation {
  readonly kind: 'update' | 'stop';
  readonly at: number;
  readonly input: UpdateServiceCommandInput | StopServiceDeploymentCommandInput;
  /** When the service was last read before it, and whose deployment that showed as PRIMARY. */
  readonly readAt: number | undefined;
  readonly sawPrimaryOf: Author | undefined;
}

/** What happens to one call: an error before it has an effect, or after (a lost answer). */
export interface Fault {
  readonly error: Error;
  readonly effect: boolean;
  /** How long the error takes to come, as for a call that hangs until the SDK gives it up. */
  readonly afterMs?: number;
}

const RUNNING: readonly string[] = ['PENDING', 'IN_PROGRESS'];

/** AWS's clock is years away from the runner's. */
const AWS_EPOCH = Date.parse('2031-05-05T05:05:05Z');

/**
 * A small ECS service behind fake clients. It changes only when a test says so: `succeed`, `crash`, `deployByOther`
 * and so on are what AWS and other people do; `aws` is what the code under test calls.
 */
export class FakeEcs {
  readonly calls: string[] = [];
  readonly accepted: Mutation[] = [];
  readonly entries: FakeEntry[];
  readonly deployments: FakeDeployment[];
  readonly tasks: Task[] = [];
  readonly events: { id: string; message: string }[] = [];
  desired = 2;
  running = 2;
  managedTags = false;
  rollsBack: boolean;
  /** Consulted before each call. */
  fault: (call: string) => Fault | undefined = () => undefined;
  /** The service is shown as it was when it was last read. */
  isLate = false;
  #late: object | undefined;
  /** The service is shown with this PRIMARY, as it was before everything else. */
  shownBefore: Deployment | undefined;
  /** The service-deployment calls are denied. */
  closed = false;
  readonly #clock: Clock;
  #lastRead: { at: number; by: Author | undefined } | undefined;
  #next = 2;

  constructor(clock: Clock, options: { rollsBack?: boolean } = {}) {
    this.#clock = clock;
    this.rollsBack = options.rollsBack ?? true;
    this.entries = [
      {
        id: OLD_ID,
        by: 'before',
        taskDefinition: OLD_REVISION,
        createdAt: AWS_EPOCH - 3_600_000,
        rolloutState: 'COMPLETED',
        reason: undefined,
      },
    ];
    this.deployments = [
      {
        arn: serviceDeploymentArn('old'),
        by: 'before',
        id: OLD_ID,
        taskDefinition: OLD_REVISION,
        createdAt: AWS_EPOCH - 3_600_000,
        status: 'SUCCESSFUL',
        breaker: 'MONITORING',
      },
    ];
  }

  // ------------------------------------------------------------------------------- what a test looks at

  get primary(): FakeEntry | undefined {
    return this.entries[0];
  }

  /** The newest deployment of an author. */
  by(author: Author): FakeDeployment | undefined {
    return this.deployments.find((each) => each.by === author);
  }

  get updates(): Mutation[] {
    return this.accepted.filter(({ kind }) => kind === 'update');
  }

  get stops(): Mutation[] {
    return this.accepted.filter(({ kind }) => kind === 'stop');
  }

  count(call: string): number {
    return this.calls.filter((each) => each === call).length;
  }

  // --------------------------------------------------------------- what ECS, tasks and other people do

  /** The deployment that is on its way goes on to its end. */
  begin(): void {
    const current = this.#current();
    if (current?.status === 'PENDING') current.status = 'IN_PROGRESS';
  }

  succeed(): void {
    const current = this.#current();
    if (current === undefined || !RUNNING.includes(current.status)) return;
    current.status = 'SUCCESSFUL';
    this.#settleEntry('COMPLETED');
    this.entries.length = 1;
    this.running = this.desired;
  }

  /** The circuit breaker triggers: ECS rolls back, or gives up. */
  trigger(): void {
    const current = this.#current();
    if (current === undefined || !RUNNING.includes(current.status)) return;
    current.breaker = 'TRIGGERED';
    this.#settleEntry('FAILED', 'ECS deployment circuit breaker: tasks failed to start.');
    if (this.rollsBack && current.by !== 'our-rollback') {
      this.#rollBack(
        current,
        'Service deployment rolled back because the circuit breaker threshold was exceeded.',
      );
    } else {
      current.status = 'STOPPED';
      current.statusReason = 'Service deployment stopped because the circuit breaker threshold was exceeded.';
    }
  }

  /** From now on the service is shown as it was before the newest deployment. */
  keepOld(): void {
    this.isLate = true;
    const entries = this.entries.splice(0, this.entries.length - 1);
    this.#late = { services: [this.#view()] };
    this.entries.unshift(...entries);
  }

  /** Somebody stops the current deployment by hand. */
  stopByHand(): void {
    const current = this.#current();
    if (current !== undefined && RUNNING.includes(current.status)) current.status = 'STOPPED';
  }

  /** The rollback of ECS goes a step on. */
  advanceRollback(): void {
    const current = this.#rollingBack();
    if (current?.status === 'ROLLBACK_REQUESTED') current.status = 'ROLLBACK_IN_PROGRESS';
    else if (current?.status === 'ROLLBACK_IN_PROGRESS') {
      current.status = 'ROLLBACK_SUCCESSFUL';
      this.#settleEntry('COMPLETED');
      this.entries.length = 1;
    }
  }

  failRollback(): void {
    const current = this.#rollingBack();
    if (current === undefined) return;
    current.status = 'ROLLBACK_FAILED';
    this.#settleEntry('FAILED');
  }

  /** Somebody else deploys: their deployment becomes PRIMARY and whatever was on its way is STOPPED. */
  deployByOther(taskDefinition = OTHER_REVISION): void {
    this.#supersede();
    this.#deploy('other', taskDefinition);
  }

  /** One more task of the current deployment failed. */
  crash(changes: Partial<Task> = {}): void {
    const number = String(this.tasks.length + 1).padStart(32, '0');
    this.tasks.push({
      taskArn: `arn:aws:ecs:eu-west-1:123456789012:task/prod/${number}`,
      launchType: 'FARGATE',
      lastStatus: 'STOPPED',
      desiredStatus: 'STOPPED',
      stopCode: 'EssentialContainerExited',
      stoppedReason: 'Essential container in task exited',
      containers: [{ name: 'app', exitCode: 1 }],
      ...(this.primary === undefined ? {} : { startedBy: this.primary.id }),
      ...changes,
    });
  }

  /** One more task of the current deployment runs. */
  start(changes: Partial<Task> = {}): void {
    this.crash({
      lastStatus: 'RUNNING',
      desiredStatus: 'RUNNING',
      stopCode: undefined,
      stoppedReason: undefined,
      containers: [{ name: 'app' }],
      ...changes,
    });
  }

  // -------------------------------------------------------------------- what the code under test calls

  /** Clients that answer to the end, cancelled or not. */
  get aws(): Aws {
    return this.clients(undefined);
  }

  /** Clients whose reads end with the signal, as those of the action do. */
  clients(signal: AbortSignal | undefined): Aws {
    const call = <T extends object>(name: string, effect: () => T): Promise<T> =>
      this.#call(name, effect, signal);
    return {
      region: 'eu-west-1',
      ecs: {
        describeServices: () => call('describeServices', () => this.#describeServices()),
        listServiceDeployments: (input: { createdAt?: { after?: Date | undefined } | undefined }) =>
          call('listServiceDeployments', () => this.#list(input.createdAt?.after)),
        describeServiceDeployments: (input: { serviceDeploymentArns: string[] | undefined }) =>
          call('describeServiceDeployments', () => this.#describe(input.serviceDeploymentArns ?? [])),
        describeServiceRevisions: (input: { serviceRevisionArns: string[] | undefined }) =>
          call('describeServiceRevisions', () => this.#revisions(input.serviceRevisionArns ?? [])),
        listTasks: (input: { desiredStatus?: string | undefined }) =>
          call('listTasks', () => ({
            taskArns: this.tasks
              .filter((task) => task.desiredStatus === input.desiredStatus)
              .flatMap((task) => task.taskArn ?? []),
          })),
        describeTasks: (input: { tasks: string[] | undefined }) =>
          call('describeTasks', () => ({
            tasks: this.tasks.filter((task) => input.tasks?.includes(task.taskArn ?? '') === true),
          })),
      },
      ecsWrites: {
        updateService: (input: UpdateServiceCommandInput) =>
          this.#call('updateService', () => this.#update(input)),
        stopServiceDeployment: (input: StopServiceDeploymentCommandInput) =>
          this.#call('stopServiceDeployment', () => this.#stop(input)),
      },
      taskDefinitions: {
        // Every revision is ACTIVE and names its image by digest: it can be gone back to as it is.
        describe: (reference: string) =>
          call('describeTaskDefinition', () => ({
            taskDefinition: {
              taskDefinitionArn: reference,
              family: 'backend',
              status: 'ACTIVE',
              containerDefinitions: [{ name: 'web', image: `backend@sha256:${'a'.repeat(64)}` }],
            },
            tags: [],
          })),
        register: () => Promise.reject(awsError('ClientException', 'Nothing is to be registered.')),
      },
      logs: { getLogEvents: () => call('getLogEvents', () => ({ events: [] })) },
    } as unknown as Aws;
  }

  async #call<T extends object>(name: string, effect: () => T, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    this.calls.push(name);
    await Promise.resolve();
    const fault = this.fault(name);
    // A read is cut off where the job is cancelled while it is on its way.
    signal?.throwIfAborted();
    const { afterMs } = fault ?? {};
    if (fault !== undefined && !fault.effect) {
      if (afterMs !== undefined) await this.#pass(afterMs, signal);
      throw fault.error;
    }
    if (this.closed && name.includes('ServiceDeployment')) {
      throw awsError('AccessDeniedException', `not authorized to perform: ecs:${name}`);
    }
    const answer = effect();
    if (afterMs !== undefined) await this.#pass(afterMs, signal);
    if (fault !== undefined) throw fault.error;
    return answer;
  }

  #pass(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#clock.alarm(ms, resolve);
      signal?.addEventListener('abort', () => {
        reject(signal.reason as Error);
      });
    });
  }

  #describeServices(): object {
    if (this.shownBefore !== undefined)
      return { services: [{ ...this.#view(), deployments: [this.shownBefore] }] };
    if (this.isLate) return this.#late ?? {};
    this.#lastRead = { at: this.#clock.now(), by: this.primary?.by };
    this.#late = { services: [this.#view()] };
    return this.#late;
  }

  #view(): object {
    return {
      serviceName: 'web',
      status: 'ACTIVE',
      desiredCount: this.desired,
      runningCount: this.running,
      taskDefinition: this.primary?.taskDefinition,
      enableECSManagedTags: this.managedTags,
      propagateTags: 'NONE',
      events: [...this.events].reverse(),
      deployments: this.entries.map((entry, index): Deployment => ({
        id: entry.id,
        status: index === 0 ? 'PRIMARY' : 'ACTIVE',
        taskDefinition: entry.taskDefinition,
        createdAt: new Date(entry.createdAt),
        rolloutState: entry.rolloutState,
        rolloutStateReason: entry.reason,
        desiredCount: this.desired,
        runningCount: this.running,
        pendingCount: 0,
      })),
    };
  }

  #list(after: Date | undefined): object {
    return {
      serviceDeployments: this.deployments
        .filter((each) => after === undefined || each.createdAt > after.getTime())
        .map((each) => ({
          serviceDeploymentArn: each.arn,
          status: each.status,
          targetServiceRevisionArn: serviceRevisionArn(each.id),
          createdAt: new Date(each.createdAt),
        })),
    };
  }

  #describe(arns: readonly string[]): object {
    return {
      serviceDeployments: this.deployments
        .filter((each) => arns.includes(each.arn))
        .map((each) => ({
          serviceDeploymentArn: each.arn,
          status: each.status,
          statusReason: each.statusReason,
          createdAt: new Date(each.createdAt),
          deploymentCircuitBreaker: { status: each.breaker },
          ...(each.status.startsWith('ROLLBACK_')
            ? { rollback: { reason: each.statusReason, serviceRevisionArn: serviceRevisionArn(OLD_ID) } }
            : {}),
        })),
    };
  }

  #revisions(arns: readonly string[]): object {
    return {
      serviceRevisions: this.deployments
        .filter((each) => arns.includes(serviceRevisionArn(each.id)))
        .map((each) => ({
          serviceRevisionArn: serviceRevisionArn(each.id),
          taskDefinition: each.taskDefinition,
        })),
    };
  }

  #update(input: UpdateServiceCommandInput): object {
    this.#accept('update', input);
    this.desired = input.desiredCount ?? this.desired;
    this.managedTags = input.enableECSManagedTags ?? this.managedTags;
    const taskDefinition = input.taskDefinition ?? this.primary?.taskDefinition ?? '';
    if (taskDefinition !== this.primary?.taskDefinition || input.forceNewDeployment === true) {
      this.#supersede();
      this.#deploy(taskDefinition === OUR_REVISION ? 'us' : 'our-rollback', taskDefinition);
    }
    return { service: this.#view() };
  }

  #stop(input: StopServiceDeploymentCommandInput): object {
    const found = this.deployments.find((each) => each.arn === input.serviceDeploymentArn);
    if (found === undefined) throw awsError('ServiceDeploymentNotFoundException');
    if (!RUNNING.includes(found.status)) {
      throw awsError('ConflictException', `The service deployment is in the status ${found.status}.`);
    }
    this.#accept('stop', input);
    this.#rollBack(found, 'Service deployment rollback was requested by a user.');
    return { serviceDeploymentArn: found.arn };
  }

  #accept(kind: Mutation['kind'], input: Mutation['input']): void {
    this.accepted.push({
      kind,
      input,
      at: this.#clock.now(),
      readAt: this.#lastRead?.at,
      sawPrimaryOf: this.#lastRead?.by,
    });
  }

  #current(): FakeDeployment | undefined {
    return this.deployments[0];
  }

  #rollingBack(): FakeDeployment | undefined {
    return this.deployments.find((each) =>
      ['ROLLBACK_REQUESTED', 'ROLLBACK_IN_PROGRESS'].includes(each.status),
    );
  }

  #settleEntry(state: FakeEntry['rolloutState'], reason?: string): void {
    const primary = this.primary;
    if (primary === undefined) return;
    primary.rolloutState = state;
    primary.reason = reason ?? primary.reason;
  }

  #supersede(): void {
    for (const each of this.deployments) {
      if (RUNNING.includes(each.status) || each === this.#rollingBack()) each.status = 'STOPPED';
    }
  }

  #rollBack(deployment: FakeDeployment, reason: string): void {
    deployment.status = 'ROLLBACK_REQUESTED';
    deployment.statusReason = reason;
    this.#enter(
      'ecs',
      OLD_REVISION,
      `ECS deployment circuit breaker: rolling back to deploymentId ${OLD_ID}.`,
    );
  }

  #deploy(by: Author, taskDefinition: string): void {
    const entry = this.#enter(by, taskDefinition);
    this.deployments.unshift({
      arn: serviceDeploymentArn(`${by}-${entry.id.slice(-4)}`),
      by,
      id: entry.id,
      taskDefinition,
      createdAt: entry.createdAt + 300,
      status: 'PENDING',
      breaker: 'MONITORING',
    });
  }

  #enter(by: Author, taskDefinition: string, reason?: string): FakeEntry {
    const id = `ecs-svc/${String(this.#next).padStart(19, '0')}`;
    this.#next += 1;
    const createdAt = AWS_EPOCH + this.#clock.now() + this.#next;
    const entry: FakeEntry = { id, by, taskDefinition, createdAt, rolloutState: 'IN_PROGRESS', reason };
    this.entries.unshift(entry);
    return entry;
  }
}
