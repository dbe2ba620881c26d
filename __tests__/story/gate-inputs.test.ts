import { expect, test } from '@jest/globals';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expectGreen, expectRed, inAWorld, step, tag } from './world.ts';

/** A server of the test's own on loopback, gone afterwards. */
async function withServer(answer: RequestListener, act: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await act(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
  } finally {
    server.close();
  }
}

test('the health check sends its headers, matches the body, follows redirects, and shows no header value', () => {
  const seen: (string | undefined)[] = [];
  const answer: RequestListener = (request, response) => {
    seen.push(request.headers['x-api-key'] as string | undefined);
    if (request.url === '/start') response.writeHead(302, { location: '/end' }).end();
    else response.end('the service is up, version 7');
  };
  return withServer(answer, (url) =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, {
        ...tag('v2'),
        'health-check-url': `${url}/start`,
        'health-check-headers': 'X-Api-Key=canary-header-99',
        'health-check-body': '/version \\d+/',
        'health-check-successes': '2',
        'health-check-timeout-seconds': '2',
      });
      expectGreen(result, 'succeeded');
      expect(new Set(seen)).toEqual(new Set(['canary-header-99']));
      const shown = [
        result.log.replace(/^::add-mask::.*$/gm, ''),
        result.summary,
        JSON.stringify(result.report),
      ];
      expect(shown.join()).not.toContain('canary-header-99');
    }),
  );
});

test('as many bad answers in a row as health-check-failures says end it', () => {
  let asked = 0;
  const answer: RequestListener = (_, response) => {
    asked += 1;
    response.writeHead(asked === 1 ? 200 : 503).end('down');
  };
  return withServer(answer, (url) =>
    inAWorld({}, async (sim) => {
      const result = await step(sim, {
        ...tag('v2'),
        'health-check-url': url,
        'health-check-failures': '2',
      });
      expectRed(result, 'rolled-back', 'http-check-failed');
      // Once before, twice after the rollout, and twice again after the rollback, which does not help.
      expect(asked).toBe(5);
      expect(result.outputs['message']).toContain(
        `it was rolled back, and still not well: ${url}: status 503`,
      );
    }),
  );
});

test('summary: false writes no summary; preflight: off checks nothing', () =>
  inAWorld({}, async (sim) => {
    const result = await step(sim, { ...tag('v2'), summary: 'false', preflight: 'off' });
    expectGreen(result, 'succeeded');
    expect(result.summary).toBe('');
    expect(result.report.checks).toEqual([]);
  }));
