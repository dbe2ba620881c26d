/** The data plane of a load balancer: a listener on loopback that routes to the targets in service. */
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Forward, Listener, Served, Target, TargetGroup } from '../state/balancing.ts';

export interface Traffic {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  close(): Promise<void>;
}

export interface TrafficOptions {
  /** A free one by default. */
  readonly port?: number;
  /** Hears of each answer that a target gave. */
  readonly onServed?: (group: TargetGroup, status: number, seconds: number) => void;
}

/**
 * Opens a listener of a load balancer. Its target groups get requests by their weights, and in each of them they go
 * round the healthy targets; without one the answer is 503.
 */
export async function openTraffic(
  listener: Listener,
  settle: () => void,
  { port = 0, onServed }: TrafficOptions = {},
): Promise<Traffic> {
  const turns = new RoundRobin();
  const server = createServer((request, response) => {
    settle();
    if (!listener.isOpen) return;
    const { group, target } = turns.next(listener.forwards);
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    if (target === undefined) {
      answer(response, 503, '<h1>503 Service Temporarily Unavailable</h1>', 'text/html');
      return;
    }
    serve(response, path, target.served);
    onServed?.(group, response.statusCode, target.served.behaviour.http?.latencySeconds ?? usualSeconds);
  });
  await listen(server, port);
  const address = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${address.port}`, close: () => closeServer(server) };
}

/** An answer takes so long where its image does not say otherwise. */
const usualSeconds = 0.02;

interface Turn {
  readonly group: TargetGroup;
  readonly target: Target | undefined;
}

/** Whose turn it is. Shares are exact and spread evenly: at 25 % every fourth request. */
class RoundRobin {
  private readonly credit = new Map<TargetGroup, number>();
  private readonly served = new Map<TargetGroup, number>();

  /** The group that gets the next request, and its target; none where nothing of it is in service. */
  next(forwards: readonly [Forward, ...Forward[]]): Turn {
    for (const { group, weight } of forwards) this.credit.set(group, this.creditOf(group) + weight);
    const { group } = forwards.reduce((best, other) =>
      this.creditOf(other.group) > this.creditOf(best.group) ? other : best,
    );
    this.credit.set(group, this.creditOf(group) - 100);
    const turn = this.served.get(group) ?? 0;
    this.served.set(group, turn + 1);
    const targets = group.inService();
    return { group, target: targets[turn % Math.max(1, targets.length)] };
  }

  private creditOf(group: TargetGroup): number {
    return this.credit.get(group) ?? 0;
  }
}

/** What the application answers. */
function serve(response: ServerResponse, path: string, { version, behaviour }: Served): void {
  const http = behaviour.http ?? {};
  switch (path) {
    case '/health':
      answerJson(response, http.healthStatus ?? 200, { status: 'ok', version, ...http.health });
      return;
    case '/version':
      answerJson(response, http.versionStatus ?? 200, { version });
      return;
    case '/':
      answerJson(response, 200, { message: 'Hello' });
      return;
    default:
      answerJson(response, 404, { detail: 'Not Found' });
  }
}

function answerJson(response: ServerResponse, status: number, body: object): void {
  answer(
    response,
    status,
    JSON.stringify(status < 500 ? body : { detail: 'Internal Server Error' }),
    'application/json',
  );
}

function answer(response: ServerResponse, status: number, body: string, type: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** Listens on loopback; rejects when the port is taken. */
export function listen(server: Server | HttpsServer, port: number, host = '127.0.0.1'): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Closes a server and the connections that clients keep open. */
export function closeServer(server: Server | HttpsServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
