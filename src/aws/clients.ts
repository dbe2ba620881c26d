import type { ECRClientConfig } from '@aws-sdk/client-ecr';
import { ECSClient, type ECSClientConfig } from '@aws-sdk/client-ecs';
import type { HttpHandler } from '@smithy/core/protocols';
import { StandardRetryStrategy } from '@smithy/core/retry';
import { systemClock, type Clock } from '../runtime/clock.ts';
import { DeployError } from '../runtime/error.ts';
import { Pace } from './pace.ts';
import { withCheckedAnswers } from './answers.ts';
import { CancellableHandler, Connections } from './connections.ts';
import { reading, writing } from './sdk/ecs.ts';
import { rawTaskDefinitions, type RawTaskDefinitions } from './task-definitions.ts';
import type {
  CodeDeployReads,
  CodeDeployWrites,
  EcsReads,
  EcsWrites,
  EcrReads,
  EcrWrites,
  LoadBalancerReads,
  LogReads,
  AlarmReads,
  MetricReads,
  RoleReads,
  SecretReads,
  ParameterReads,
  ScalingReads,
} from './calls.ts';

export type * from './calls.ts';

/** Every AWS client of the action, made once. */
export interface Aws {
  readonly region: string;
  readonly ecs: EcsReads;
  readonly ecsWrites: EcsWrites;
  readonly taskDefinitions: RawTaskDefinitions;
  readonly elb: LoadBalancerReads;
  readonly logs: LogReads;
  readonly alarms: AlarmReads;
  readonly metrics: MetricReads;
  readonly roles: RoleReads;
  readonly secrets: SecretReads;
  readonly parameters: ParameterReads;
  readonly scaling: ScalingReads;
  readonly codeDeploy: CodeDeployReads & CodeDeployWrites;
  /** The ECR client of a region: an image may live in another one than the service. */
  ecr(region: string): EcrReads & EcrWrites;
}

/** The same clients without the calls that change something: who takes these can only look. */
export type AwsReads = Omit<Aws, 'ecsWrites' | 'taskDefinitions' | 'codeDeploy' | 'ecr'> & {
  readonly taskDefinitions: Pick<RawTaskDefinitions, 'describe'>;
  readonly codeDeploy: CodeDeployReads;
  ecr(region: string): EcrReads;
};

/** Attempts of a read, the first included; the SDK spaces them out. */
const READ_ATTEMPTS = 4;

/** Of a read that a deployment can do without: a network without a way to that service must not hold it up. */
const GLANCE_ATTEMPTS = 2;

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** What the clients are made with. Where a field may be left out, the SDK's own chain takes its place. */
export interface AwsSettings {
  /** Passes the pauses between the attempts of a call. */
  readonly clock: Pick<Clock, 'sleep'>;
  /** Of all clients of a run together. */
  readonly pace: Pace;
  /** Spreads those pauses: from 0 to 1. */
  readonly random: () => number;
  /** What sends the requests of a client; it rejects with the signal's reason once that is aborted. */
  readonly requestHandler: (signal: AbortSignal) => HttpHandler<object>;
  /** The region where none is named. */
  readonly defaultRegion?: () => Promise<string>;
  readonly endpoint?: string;
  // eslint-disable-next-line house/unions-by-kind -- so the SDK takes them
  readonly credentials?: Credentials | (() => Promise<Credentials>);
  /** Makes what signs the requests; the SDK's own where none is given. */
  readonly signer?: NonNullable<ECSClientConfig['signerConstructor']>;
}

const connections = new Connections(systemClock);

const PRODUCTION: AwsSettings = {
  clock: systemClock,
  pace: new Pace(systemClock),
  random: Math.random,
  requestHandler: (signal) => new CancellableHandler(connections, signal),
};

/**
 * Where the clients of a run have their credentials from, by what ends the run: one fetch for all of them. A role is
 * assumed once, and an agent asked once, until the credentials run out.
 */
const chains = new WeakMap<AbortSignal, NonNullable<AwsSettings['credentials']>>();

/** The same, but for its end: it rejects with the signal's reason once that is aborted. */
function until<T>(signal: AbortSignal, give: () => Promise<T>): () => Promise<T> {
  return () =>
    new Promise((resolve, reject) => {
      const end = (): void => {
        reject(signal.reason as Error);
      };
      if (signal.aborted) {
        end();
        return;
      }
      signal.addEventListener('abort', end, { once: true });
      void give()
        .then(resolve, reject)
        .finally(() => {
          signal.removeEventListener('abort', end);
        });
    });
}

/** Connects to a region, or to the one that the environment names; see `createAws`. */
export type ConnectAws = (
  region: string | undefined,
  signal: AbortSignal,
  over?: AbortSignal,
) => Promise<Aws>;

/**
 * Makes the clients. Region, credentials and endpoints come from the SDK's own chain where neither the arguments nor
 * the settings name them. Every read ends with `signal`, and whatever is still under way with `over`. Rejects with
 * `invalid-input` when no region can be found.
 */
export async function createAws(
  region: string | undefined,
  signal: AbortSignal,
  over: AbortSignal = new AbortController().signal,
  settings: AwsSettings = PRODUCTION,
): Promise<Aws> {
  const ends = AbortSignal.any([signal, over]);
  const { endpoint, signer } = settings;
  const where = region ?? settings.defaultRegion;
  const everybodys = {
    ...(where === undefined ? {} : { region: where }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(signer === undefined ? {} : { signerConstructor: signer }),
    customUserAgent: [['ecs-fargate-deploy', '1']] as [string, string][],
  };
  const known = settings.credentials ?? chains.get(over);
  // A write that is cut off may have happened: it gets its answer, whatever becomes of the job.
  const unsure = { ...everybodys, maxAttempts: 1, requestHandler: settings.requestHandler(over) };
  const writer = withCheckedAnswers(
    new ECSClient({ ...unsure, ...(known === undefined ? {} : { credentials: known }) }),
  );
  const chain = known ?? writer.config.credentials;
  const writes = { ...unsure, credentials: chain };
  chains.set(over, chain);
  const shared = {
    ...everybodys,
    credentials: typeof chain === 'function' ? until(ends, chain) : chain,
    requestHandler: settings.requestHandler(ends),
  };
  const attempts = (count: number): { maxAttempts: number; retryStrategy: CancellableRetries } => ({
    maxAttempts: count,
    retryStrategy: new CancellableRetries(count, ends, settings.clock, settings.random),
  });
  const reads = { ...shared, ...attempts(READ_ATTEMPTS) };
  const glances = { ...shared, ...attempts(GLANCE_ATTEMPTS) };
  const reader = withCheckedAnswers(new ECSClient(reads));
  const elb = once(async () => (await import('./sdk/elb.ts')).connect(reads));
  const logs = once(async () => (await import('./sdk/logs.ts')).connect(reads));
  const alarms = once(async () => (await import('./sdk/alarms.ts')).connect(glances));
  const roles = once(async () => (await import('./sdk/roles.ts')).connect(glances));
  const secrets = once(async () => (await import('./sdk/secrets.ts')).connect(glances));
  const parameters = once(async () => (await import('./sdk/parameters.ts')).connect(glances));
  const scaling = once(async () => (await import('./sdk/scaling.ts')).connect(glances));
  const codeDeploy = once(async () => (await import('./sdk/codedeploy.ts')).connect(reads));
  const codeDeployWriter = once(async () => (await import('./sdk/codedeploy.ts')).connectWriter(writes));
  const registries = new Map<string, EcrReads & EcrWrites>();
  return {
    region: await regionOf(reader),
    ecs: settings.pace.paced(reading(reader), ends),
    ecsWrites: settings.pace.paced(writing(writer), over),
    taskDefinitions: settings.pace.paced(rawTaskDefinitions(reader, writer), ends),
    elb: {
      describeTargetGroups: async (input) => (await elb()).describeTargetGroups(input),
      describeTargetHealth: async (input) => (await elb()).describeTargetHealth(input),
      describeLoadBalancers: async (input) => (await elb()).describeLoadBalancers(input),
      describeListeners: async (input) => (await elb()).describeListeners(input),
    },
    logs: {
      getLogEvents: async (input) => (await logs()).getLogEvents(input),
      describeLogGroups: async (input) => (await logs()).describeLogGroups(input),
    },
    alarms: { describeAlarms: async (input) => (await alarms()).describeAlarms(input) },
    metrics: { getMetricData: async (input) => (await alarms()).getMetricData(input) },
    roles: { getRole: async (input) => (await roles()).getRole(input) },
    secrets: { describeSecret: async (input) => (await secrets()).describeSecret(input) },
    parameters: { describeParameters: async (input) => (await parameters()).describeParameters(input) },
    scaling: { describeScalableTargets: async (input) => (await scaling()).describeScalableTargets(input) },
    codeDeploy: {
      getDeploymentGroup: async (input) => (await codeDeploy()).getDeploymentGroup(input),
      getDeploymentConfig: async (input) => (await codeDeploy()).getDeploymentConfig(input),
      getDeployment: async (input) => (await codeDeploy()).getDeployment(input),
      batchGetDeployments: async (input) => (await codeDeploy()).batchGetDeployments(input),
      getApplicationRevision: async (input) => (await codeDeploy()).getApplicationRevision(input),
      listDeployments: async (input) => (await codeDeploy()).listDeployments(input),
      batchGetDeploymentTargets: async (input) => (await codeDeploy()).batchGetDeploymentTargets(input),
      createDeployment: async (input) => (await codeDeployWriter()).createDeployment(input),
      continueDeployment: async (input) => (await codeDeployWriter()).continueDeployment(input),
      stopDeployment: async (input) => (await codeDeployWriter()).stopDeployment(input),
    },
    ecr: (ofRegion) => {
      const known = registries.get(ofRegion) ?? registryOf({ ...reads, region: ofRegion });
      registries.set(ofRegion, known);
      return known;
    },
  };
}

function registryOf(config: ECRClientConfig): EcrReads & EcrWrites {
  const registry = once(async () => (await import('./sdk/ecr.ts')).connect(config));
  return {
    describeRepositories: async (input) => (await registry()).describeRepositories(input),
    describeImages: async (input) => (await registry()).describeImages(input),
    batchGetImage: async (input) => (await registry()).batchGetImage(input),
    getDownloadUrlForLayer: async (input) => (await registry()).getDownloadUrlForLayer(input),
    getAuthorizationToken: async (input) => (await registry()).getAuthorizationToken(input),
    putImage: async (input) => (await registry()).putImage(input),
  };
}

/** A client that a run may not need is loaded by its first call, and made once. */
function once<Client>(connect: () => Promise<Client>): () => Promise<Client> {
  let connected: Promise<Client> | undefined;
  return () => (connected ??= connect());
}

async function regionOf(client: ECSClient): Promise<string> {
  try {
    return await client.config.region();
  } catch (error) {
    throw new DeployError(
      'invalid-input',
      'aws-region: there is no AWS region in the inputs or the environment.',
      {
        hint: 'Set the input aws-region, or run aws-actions/configure-aws-credentials before this step.',
        cause: error,
      },
    );
  }
}

type Token = Awaited<ReturnType<StandardRetryStrategy['acquireInitialRetryToken']>>;

type ErrorInfo = Parameters<StandardRetryStrategy['refreshRetryTokenForRetry']>[1];

/** The longest that a pause before the first retry may be, by the kind of error, as the SDK has them. */
const BASE_MS = { THROTTLING: 1_000, other: 50 };

const LONGEST_MS = 20_000;

/**
 * The SDK's standard retries, but for their pauses: these end with the job. The SDK sleeps on, and keeps the process
 * from ending. The attempt that follows is cancelled then, and says so itself.
 */
export class CancellableRetries extends StandardRetryStrategy {
  readonly #signal: AbortSignal;
  readonly #clock: Pick<Clock, 'sleep'>;
  readonly #random: () => number;

  constructor(attempts: number, signal: AbortSignal, clock: Pick<Clock, 'sleep'>, random = Math.random) {
    super({
      maxAttempts: attempts,
      backoff: { computeNextBackoffDelay: () => 0, setDelayBase: () => undefined },
    });
    this.#signal = signal;
    this.#clock = clock;
    this.#random = random;
  }

  override async refreshRetryTokenForRetry(
    token: Token,
    info: ErrorInfo,
  ): ReturnType<StandardRetryStrategy['refreshRetryTokenForRetry']> {
    const next = await super.refreshRetryTokenForRetry(token, info);
    const base = info.errorType === 'THROTTLING' ? BASE_MS.THROTTLING : BASE_MS.other;
    const longest = Math.min(base * 2 ** token.getRetryCount(), LONGEST_MS);
    // What cuts the pause short ends the next attempt as well.
    await this.#clock.sleep(this.#random() * longest, this.#signal).catch(() => undefined);
    return next;
  }
}
