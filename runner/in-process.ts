/** A step in this process, on the simulated world's time. */
import type { HttpHandler, HttpRequest } from '@smithy/core/protocols';
import { HttpResponse } from '@smithy/core/protocols';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { Readable } from 'node:stream';
import { ManualClock } from '../simulator/clock.ts';
import type { Simulator } from '../simulator/simulator.ts';
import type { WireRequest } from '../simulator/api/protocol/request.ts';
// What the sources load on first use: time must not pass meanwhile.
import '../src/gates/alarms.ts';
import '../src/gates/http.ts';
import '../src/gates/metrics.ts';
import '../src/image/produce.ts';
import '../src/pipeline/pre-deploy.ts';
import '../src/pipeline/stages.ts';
import '../src/report/deployment-record.ts';
import '../src/report/post-comment.ts';
import '../src/report/publish.ts';
import '../src/task-definition/read-file.ts';
import '../src/task-definition/yaml-file.ts';
import { createAws, type Aws, type AwsSettings, type ConnectAws } from '../src/aws/clients.ts';
import { Pace } from '../src/aws/pace.ts';

import { probe } from '../src/gates/probe.ts';
import { connectGitHub } from '../src/github/client.ts';
import { finish } from '../src/post.ts';
import { run, type ActionSystem, type Runner } from '../src/action.ts';
import { Cancelled } from '../src/runtime/cancellation.ts';
import { isError } from '../src/runtime/error.ts';
import { download } from '../src/runtime/http.ts';
import { execute, ToolMissing, type Command, type Ended } from '../src/runtime/exec.ts';
import {
  annotations,
  inAFolder,
  inputValues,
  jobVariables,
  readReport,
  type StepOptions,
  type StepResult,
} from './job.ts';
import { JumpClock, Killed } from './jump-clock.ts';

export interface InProcessOptions extends StepOptions {
  /** Simulated seconds in one second of the step; 1 by default. */
  readonly clockSpeed?: number;
  /** How far the runner's clock is ahead of AWS's, in hours; 0 by default. */
  readonly skewHours?: number;
  /** False: the runner is gone after the step, and no post step runs. */
  readonly hasPost?: boolean;
}

type Env = Readonly<Record<string, string>>;

/**
 * Runs the step and its post step as `runStep` does, but from the sources, in this process, and on the time of the
 * simulator, whose clock has to be a `ManualClock`. Calls of AWS need no connection. A step that is killed says and does
 * nothing from that moment on; what it has sent by then takes its course.
 */
export function runInProcess(
  sim: Simulator,
  inputs: Readonly<Record<string, string>>,
  options: InProcessOptions = {},
): Promise<StepResult> {
  const { clock: world } = sim.world;
  if (!(world instanceof ManualClock)) throw new Error('The clock of this simulator runs by itself.');
  const newClock = (): JumpClock => new JumpClock(world, options.clockSpeed);
  const clock = newClock();
  return inAFolder(options.files, async (folder) => {
    const env = await jobVariables(folder, inputs, sim.env, options);
    const state = new Map<string, string>();
    const skewMs = (options.skewHours ?? 0) * 3_600_000;
    const job = { sim, clock, env, values: await inputValues(inputs), state, skewMs };
    const cancellation = new AbortController();
    const { exitCode, log, summary, outputs } = await runHalf(job, run, cancellation.signal, (all) =>
      options.onOutput?.(all, (signal) => {
        cancel(signal, cancellation, clock);
      }),
    );
    const report = await readReport(outputs, log);
    options.beforePost?.();
    const post =
      options.hasPost === false
        ? { exitCode: null, log: '', summary: '' }
        : await runHalf({ ...job, clock: newClock() }, finish, new AbortController().signal, () => undefined);
    return {
      exitCode,
      log,
      outputs,
      summary,
      errors: annotations(log, 'error'),
      warnings: annotations(log, 'warning'),
      get report() {
        return report();
      },
      post: { exitCode: post.exitCode, log: post.log, summary: post.summary },
    };
  });
}

/** A signal arrives a moment after it was sent, and time stands still until then. */
function cancel(signal: NodeJS.Signals, cancellation: AbortController, clock: JumpClock): void {
  if (signal === 'SIGKILL') {
    clock.kill();
    return;
  }
  if (signal !== 'SIGINT' && signal !== 'SIGTERM')
    throw new Error(`Only a process of its own gets ${signal}.`);
  void clock.working(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    cancellation.abort(new Cancelled(signal, clock.now()));
  });
}

interface Job {
  readonly sim: Simulator;
  readonly clock: JumpClock;
  readonly env: Env;
  readonly values: Readonly<Record<string, string>>;
  /** What the step saved for its post step. */
  readonly state: Map<string, string>;
  readonly skewMs: number;
}

interface Half {
  /** Null where it was killed. */
  readonly exitCode: number | null;
  readonly log: string;
  readonly summary: string;
  readonly outputs: Readonly<Record<string, string>>;
}

/** The step, or its post step: each has a log, a summary and an exit code of its own. */
async function runHalf(
  job: Job,
  half: (runner: Runner, ctx: ActionSystem) => Promise<void>,
  signal: AbortSignal,
  onOutput: (log: string) => void,
): Promise<Half> {
  const left: Left = { exitCode: 0, log: '', summary: '', outputs: {} };
  const runner = runnerOf(job, left, (text) => {
    if (job.clock.isKilled) return;
    left.log += `${text}\n`;
    onOutput(left.log);
  });
  try {
    await job.clock.run(half(runner, contextOf(job, signal)));
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
    left.exitCode = null;
  }
  return { ...left };
}

interface Left {
  exitCode: number | null;
  log: string;
  summary: string;
  outputs: Record<string, string>;
}

/** The runner as @actions/core shows it: workflow commands in the log. */
function runnerOf({ values, state, env, clock }: Job, left: Left, print: (text: string) => void): Runner {
  const command = (name: string, text: string): void => {
    const escaped = text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
    print(`::${name}::${escaped}`);
  };
  const warning = (text: string): void => {
    command('warning', text);
  };
  return {
    getInput: (name) => values[name] ?? '',
    setSecret: (secret) => {
      command('add-mask', secret);
    },
    saveState: (name, value) => {
      if (!clock.isKilled) state.set(name, value);
    },
    getState: (name) => state.get(name) ?? '',
    console: {
      info: print,
      warning,
      startGroup: (title) => {
        command('group', title);
      },
      endGroup: () => {
        command('endgroup', '');
      },
    },
    publisher: {
      info: print,
      warning,
      setOutput: (name, value) => {
        left.outputs[name] = value;
      },
      setFailed: (text) => {
        left.exitCode = 1;
        command('error', text);
      },
      writeSummary: (markdown) => {
        left.summary = markdown;
        return Promise.resolve();
      },
    },
    env,
  };
}

function contextOf({ sim, clock, env, skewMs }: Job, signal: AbortSignal): ActionSystem {
  const counted: typeof fetch = (...request) =>
    clock.working(async () => {
      const answer = await fetch(...request).catch(rethrow);
      const body = [204, 304].includes(answer.status) ? null : await answer.arrayBuffer();
      return new Response(body, answer);
    });
  const github = { apiUrl: env['GITHUB_API_URL'] ?? '', fetch: counted };
  return {
    clock,
    date: () => new Date(clock.date().getTime() + skewMs),
    random: evenly(),
    signal,
    connectAws: connectionOf(sim, clock, env),
    connectGitHub: (token, repository, ends) => connectGitHub(token, repository, ends, github),
    ask: (...asked) => clock.working(() => probe(...asked)),
    download: (...asked) => clock.working(() => download(...asked)),
    exec: (...asked) => clock.working(() => executeFrom(env, ...asked)),
  };
}

/** A program is looked for where the job's own PATH leads. */
async function executeFrom(env: Env, command: Command, signal: AbortSignal): Promise<Ended> {
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    const tool = join(folder, command.tool);
    const isThere = await access(tool, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return execute({ ...command, tool }, signal);
  }
  throw new ToolMissing(command.tool, undefined);
}

/** Node's network errors come from outside of the realm that Jest runs tests in, and would not be known as errors. */
function rethrow(error: unknown): never {
  const { name, message, cause } = error as Error;
  const inner = isError(cause) ? new Error(cause.message) : cause;
  throw Object.assign(new Error(message, { cause: inner }), { name });
}

/** The same numbers in every run, spread evenly over 0 to 1. */
function evenly(): () => number {
  let last = 0;
  return () => {
    last = (last + 0.618034) % 1;
    return last;
  };
}

/** Clients that take nothing from the environment of this process. */
function connectionOf(sim: Simulator, clock: JumpClock, env: Env): ConnectAws {
  const time = {
    now: () => clock.now(),
    sleep: (ms: number, signal?: AbortSignal) => clock.waiting(() => clock.sleep(ms, signal)),
  };
  const pace = new Pace(time);
  return async (region, signal, over) => {
    const aws = await createAws(region, signal, over, {
      clock: time,
      pace,
      random: evenly(),
      requestHandler: (ends) => new Direct(sim, clock, ends),
      defaultRegion: () => Promise.reject(new Error('Region is missing')),
      endpoint: env['AWS_ENDPOINT_URL'] ?? sim.url,
      credentials: () => credentialsOf(env),
      signer: Unsigned,
    });
    return countedIn(aws, clock);
  };
}

/** What the variables of the job say; without them what the SDK's own chain ends with where nothing has any. */
function credentialsOf(env: Env): Promise<{ accessKeyId: string; secretAccessKey: string }> {
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = env;
  if (accessKeyId !== '' && secretAccessKey !== '') return Promise.resolve({ accessKeyId, secretAccessKey });
  const error = new Error('Could not load credentials from any providers');
  return Promise.reject(Object.assign(error, { name: 'CredentialsProviderError' }));
}

/** The same clients; each call counts as work from its beginning to its end, what the SDK does of it included. */
function countedIn(aws: Aws, clock: JumpClock): Aws {
  const counted = <Client extends object>(client: Client): Client =>
    new Proxy(client, {
      get: (target, name): unknown => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return (...given: unknown[]) =>
          clock.working(() => Reflect.apply(member, target, given) as Promise<unknown>);
      },
    });
  return {
    region: aws.region,
    ecs: counted(aws.ecs),
    ecsWrites: counted(aws.ecsWrites),
    taskDefinitions: counted(aws.taskDefinitions),
    elb: counted(aws.elb),
    logs: counted(aws.logs),
    alarms: counted(aws.alarms),
    metrics: counted(aws.metrics),
    roles: counted(aws.roles),
    secrets: counted(aws.secrets),
    parameters: counted(aws.parameters),
    scaling: counted(aws.scaling),
    codeDeploy: counted(aws.codeDeploy),
    ecr: (region) => counted(aws.ecr(region)),
  };
}

type Signer = NonNullable<AwsSettings['signer']>;

/**
 * Says with which key which service of which region is asked. The simulator reads no more of a signature, and to compute
 * one takes a sixth of the time of a call.
 */
class Unsigned implements InstanceType<Signer> {
  readonly #options: ConstructorParameters<Signer>[0];

  constructor(options: ConstructorParameters<Signer>[0]) {
    this.#options = options;
  }

  async sign<Request extends { headers: Record<string, string> }>(
    request: Request,
    at?: { readonly signingRegion?: string; readonly signingService?: string },
  ): Promise<Request> {
    const { credentials, region, service } = this.#options;
    const { accessKeyId } = await (typeof credentials === 'function' ? credentials() : credentials);
    const where = at?.signingRegion ?? (typeof region === 'function' ? await region() : region);
    const what = at?.signingService ?? service;
    const credential = [accessKeyId, '20260105', where, what, 'aws4_request'].join('/');
    request.headers['authorization'] = `AWS4-HMAC-SHA256 Credential=${credential}`;
    return request;
  }
}

/** How long the action's own handler waits for an answer, in milliseconds. */
const REQUEST_TIMEOUT_MS = 20_000;

/** Hands requests to the simulator without a connection, and is as impatient as the action's own handler. */
class Direct implements HttpHandler<object> {
  readonly metadata = { handlerProtocol: 'http/1.1' };
  readonly #sim: Simulator;
  readonly #clock: JumpClock;
  readonly #signal: AbortSignal;

  constructor(sim: Simulator, clock: JumpClock, signal: AbortSignal) {
    this.#sim = sim;
    this.#clock = clock;
    this.#signal = signal;
  }

  async handle(request: HttpRequest): Promise<{ response: HttpResponse }> {
    this.#signal.throwIfAborted();
    let giveUp = (): void => undefined;
    let silence = (): void => undefined;
    const noAnswer = new Promise<never>((_, reject) => {
      giveUp = () => {
        reject(this.#signal.reason as Error);
      };
      this.#signal.addEventListener('abort', giveUp, { once: true });
      silence = this.#clock.alarm(REQUEST_TIMEOUT_MS, () => {
        reject(timeoutError(`no answer within ${REQUEST_TIMEOUT_MS} ms`));
      });
    });
    noAnswer.catch(() => undefined);
    try {
      return await this.#exchange(wireOf(request), noAnswer);
    } finally {
      silence();
      this.#signal.removeEventListener('abort', giveUp);
    }
  }

  async #exchange(request: WireRequest, noAnswer: Promise<never>): Promise<{ response: HttpResponse }> {
    // What is late takes effect also where nobody waits for the answer any more.
    const reply = await Promise.race([
      noAnswer,
      this.#sim.reply(request, async (milliseconds) => {
        const given = new AbortController();
        const stop = (): void => {
          given.abort();
        };
        noAnswer.catch(stop);
        // Time passes for whoever waits for the answer; where nobody does any more, it comes in its time all the same.
        const due = new Promise<void>((resolve) => this.#clock.alarm(milliseconds, resolve));
        await this.#clock.waiting(() => this.#clock.sleep(milliseconds, given.signal)).catch(() => undefined);
        await due;
      }),
    ]);
    switch (reply.kind) {
      case 'answer': {
        const body = Readable.from([Buffer.from(reply.body)]);
        const { status: statusCode, headers } = reply;
        return { response: new HttpResponse({ statusCode, headers: { ...headers }, body }) };
      }
      case 'reset':
        throw Object.assign(timeoutError('socket hang up'), { code: 'ECONNRESET' });
      case 'hang':
        return this.#clock.hanging(() => noAnswer);
    }
  }

  updateHttpClientConfig(): void {
    // There is nothing to configure.
  }

  httpHandlerConfigs(): object {
    return {};
  }
}

/** The name that the SDK's handler gives to every answer that does not come. */
function timeoutError(message: string): Error {
  return Object.assign(new Error(message), { name: 'TimeoutError' });
}

function wireOf({ headers, body }: HttpRequest): WireRequest {
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return { headers: Object.fromEntries(lower), body: textOf(body) };
}

function textOf(body: unknown): string {
  if (body === undefined) return '';
  if (typeof body === 'string') return body;
  if (body instanceof Uint8Array) return new TextDecoder().decode(body);
  throw new Error('The body of a request is neither a text nor bytes.');
}
