import { expect, test } from '@jest/globals';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runStep, type StepOptions } from '../../runner/step.ts';
import { startGitHub } from '../../simulator/front/github/github.ts';
import { expectGreen, expectRed, inAWorld } from './world.ts';

/** A forward proxy, with the addresses that it was asked for. */
async function throughAProxy(act: (address: string, seen: string[]) => Promise<void>): Promise<void> {
  const seen: string[] = [];
  const proxy = createServer((incoming, outgoing) => {
    seen.push(incoming.url ?? '');
    const { hostname, port, pathname, search } = new URL(incoming.url ?? '');
    const onward = httpRequest(
      { hostname, port, path: pathname + search, method: incoming.method, headers: incoming.headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    onward.on('error', () => outgoing.writeHead(502).end());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  try {
    await act(`http://127.0.0.1:${String((proxy.address() as AddressInfo).port)}`, seen);
  } finally {
    proxy.close();
  }
}

test.concurrent('a proxy is used where the environment names one, and not where it excepts the host', () =>
  inAWorld({}, (sim) =>
    throughAProxy(async (address, seen) => {
      const inputs = { cluster: 'demo', service: 'backend', 'task-definition': 'backend:1' };
      expectGreen(await runStep(inputs, { ...sim.env, HTTP_PROXY: address }), 'unchanged');
      expect(seen.length).toBeGreaterThan(3);
      seen.length = 0;
      expectGreen(
        await runStep(inputs, { ...sim.env, HTTP_PROXY: address, NO_PROXY: '127.0.0.1' }),
        'unchanged',
      );
      expect(seen).toEqual([]);
    }),
  ),
);

test.concurrent('GitHub is asked through the proxy', async () => {
  const github = await startGitHub({});
  try {
    await inAWorld({}, (sim) =>
      throughAProxy(async (address, seen) => {
        const inputs = { cluster: 'demo', service: 'backend', 'task-definition': 'backend:1', mode: 'plan' };
        const event = { name: 'pull_request', payload: { pull_request: { number: 7 } } };
        const env = { GITHUB_API_URL: github.url, HTTP_PROXY: address };
        expectGreen(await runStep(inputs, sim.env, { event, env }), 'planned');
        expect(github.comments).toHaveLength(1);
        expect(seen.filter((url) => url.startsWith(github.url)).length).toBeGreaterThan(1);
      }),
    );
  } finally {
    await github.close();
  }
});

test.concurrent('HTTPS_PROXY is used for AWS over TLS', async () => {
  const connects: (string | undefined)[] = [];
  const server = createServer();
  let stop = (): void => undefined;
  server.on('connect', (request, socket) => {
    connects.push(request.url);
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    // Otherwise it asks again for half a minute.
    stop();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  try {
    const aws = {
      AWS_ENDPOINT_URL: 'https://127.0.0.1:9',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'simulated',
      AWS_SECRET_ACCESS_KEY: 'simulated',
      HTTPS_PROXY: proxy,
    };
    const onOutput: StepOptions['onOutput'] = (_log, kill) => {
      stop = () => {
        kill('SIGINT');
      };
    };
    const result = await runStep({ service: 'backend' }, aws, { onOutput });
    expectRed(result, 'cancelled', 'cancelled');
    expect(new Set(connects)).toEqual(new Set(['127.0.0.1:9']));
  } finally {
    server.close();
  }
});
