/** The data plane of a load balancer: a listener on loopback that routes to the targets in service. */
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Listener, Served } from './balancing.ts';

export interface Traffic {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  close(): Promise<void>;
}

/** Opens a listener of a load balancer. Requests go round the healthy targets; without one the answer is 503. */
export async function openTraffic(listener: Listener, settle: () => void, port = 0): Promise<Traffic> {
  let turn = 0;
  const server = createServer((request, response) => {
    settle();
    const targets = listener.targetGroup.inService();
    const target = targets[turn % Math.max(1, targets.length)];
    turn += 1;
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    if (target === undefined)
      answer(response, 503, '<h1>503 Service Temporarily Unavailable</h1>', 'text/html');
    else serve(response, path, target.served);
  });
  await listen(server, port);
  const address = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${address.port}`, close: () => closeServer(server) };
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
export function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Closes a server and the connections that clients keep open. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
