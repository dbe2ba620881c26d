import type { HttpResponse } from '@smithy/core/protocols';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Clock } from '../runtime/clock.ts';

/** Requests to a host that are under way at a time, and so the connections to it. */
const AT_A_TIME = 2;

/** The longest that a request waits for its turn: behind one that hangs it goes on a connection of its own. */
const PATIENCE_MS = 2_000;

interface Host {
  underWay: number;
  readonly waiting: (() => void)[];
}

/**
 * The connections of all clients of a run. A request that finds two of its host's under way waits for its turn, which
 * comes sooner than a new connection with its handshake would; two seconds are the longest that it waits.
 */
export class Connections {
  readonly #clock: Pick<Clock, 'sleep'>;
  readonly #hosts = new Map<string, Host>();
  /** HTTPS_PROXY, HTTP_PROXY and NO_PROXY are honoured. */
  readonly httpAgent = new HttpAgent({ keepAlive: true, proxyEnv: process.env });
  readonly httpsAgent = new HttpsAgent({ keepAlive: true, proxyEnv: process.env });

  constructor(clock: Pick<Clock, 'sleep'>) {
    this.#clock = clock;
  }

  /** Resolves when it is the turn of a request to this host, with what ends it. Rejects with the signal's reason. */
  async turn(name: string, signal: AbortSignal): Promise<() => void> {
    const host = this.#hosts.get(name) ?? { underWay: 0, waiting: [] };
    this.#hosts.set(name, host);
    if (host.underWay >= AT_A_TIME) await this.#wait(host, signal);
    host.underWay += 1;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      host.underWay -= 1;
      host.waiting.shift()?.();
    };
  }

  async #wait({ waiting }: Host, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    let call: () => void = () => undefined;
    const called = new Promise<void>((resolve) => {
      call = resolve;
    });
    waiting.push(call);
    try {
      await Promise.race([called, this.#clock.sleep(PATIENCE_MS, AbortSignal.any([signal, over.signal]))]);
    } finally {
      const at = waiting.indexOf(call);
      if (at !== -1) waiting.splice(at, 1);
      over.abort(new Error('The wait is over.'));
    }
  }
}

/** Sends the requests of a client: gives each a limit, and ends with the job. */
export class CancellableHandler extends NodeHttpHandler {
  readonly #connections: Connections;
  readonly #signal: AbortSignal;

  constructor(connections: Connections, signal: AbortSignal) {
    const { httpAgent, httpsAgent } = connections;
    super({
      httpAgent,
      httpsAgent,
      connectionTimeout: 5_000,
      requestTimeout: 20_000,
      throwOnRequestTimeout: true,
    });
    this.#connections = connections;
    this.#signal = signal;
  }

  override async handle(
    request: Parameters<NodeHttpHandler['handle']>[0],
    options: Parameters<NodeHttpHandler['handle']>[1] = {},
  ): ReturnType<NodeHttpHandler['handle']> {
    const { protocol, hostname, port } = request;
    const end = await this.#connections.turn(`${protocol}//${hostname}:${port ?? ''}`, this.#signal);
    try {
      const answer = await super.handle(request, { ...options, abortSignal: this.#signal });
      onceRead(answer.response, end);
      return answer;
    } catch (error) {
      end();
      if (this.#signal.aborted) throw this.#signal.reason as Error;
      throw error;
    }
  }

  /** The agents are everybody's: a client that is done with must not close them. */
  override destroy(): void {
    // Nothing is this handler's alone.
  }
}

/** The connection is free for the next request a moment after the answer was read to its end, or was given up. */
function onceRead({ body }: HttpResponse, act: () => void): void {
  (body as NodeJS.ReadableStream).once('close', () => setImmediate(act));
}
