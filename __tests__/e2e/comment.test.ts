/** The comment of the bundle; the rules of the comment are `story/comment`. */
import { describe, expect, test } from '@jest/globals';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runStep } from '../../runner/step.ts';
import type { FakeGitHub } from '../../simulator/front/github/github.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { bodies, commented, MARKER, PULL_REQUEST, withGitHub } from '../story/github-world.ts';
import { expectGreen, inAWorld, step, tag } from './world.ts';

const inBundleWorld = (
  test: (sim: Simulator, github: FakeGitHub) => Promise<void>,
  speed?: number,
): Promise<void> => withGitHub({}, test, { as: 'bundle', ...(speed !== undefined && { speed }) });

describe('the comment on a pull request', () => {
  test.concurrent('is created with the news', () =>
    inBundleWorld(async (sim, github) => {
      const first = await commented(sim, github, PULL_REQUEST, { mode: 'deploy' });
      expectGreen(first, 'succeeded');
      expect(first.log).toContain('Comment created on pull request #7');
      const [created] = bodies(github);
      expect(created).toContain(`${MARKER}\n\n### ✅ Deployed: backend in demo`);
      expect(created).toContain('proven healthy');
      expect(created).toContain('[backend:2]');
    }),
  );

  test.concurrent('of two runs at once is one', () =>
    inBundleWorld(async (sim, github) => {
      await Promise.all([
        commented(sim, github, PULL_REQUEST, { mode: 'deploy' }, { GITHUB_RUN_ID: '41' }),
        commented(sim, github, PULL_REQUEST, { mode: 'deploy' }, { GITHUB_RUN_ID: '42' }),
      ]);
      expect(bodies(github)).toHaveLength(1);
    }),
  );
});

test.concurrent('a killed run is told of by the post step, with the token of its own input', () =>
  inBundleWorld(async (sim, github) => {
    let isSent = false;
    const result = await runStep(
      { cluster: 'demo', service: 'backend', 'poll-interval-seconds': '0.1', ...tag('v2') },
      sim.env,
      {
        event: PULL_REQUEST,
        env: { GITHUB_API_URL: github.url },
        onOutput: (log, kill) => {
          if (isSent || !log.includes('in progress')) return;
          isSent = true;
          kill('SIGKILL');
        },
      },
    );
    expect(result.exitCode).toBeNull();
    expect(result.post.exitCode).toBe(0);
    expect(bodies(github)).toEqual([expect.stringContaining('⚪ Cancelled: backend in demo')]);
  }, 2),
);

describe('behind a proxy', () => {
  /** Where a proxy was asked to connect to while a run commented; it refuses each time. */
  async function connectsOf(env: Record<string, string>): Promise<string[]> {
    const connects: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, socket) => {
      connects.push(request.url ?? '');
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${String((proxy.address() as AddressInfo).port)}`;
    try {
      await inAWorld({}, async (sim) => {
        const github = { GITHUB_API_URL: 'https://github.example/api/v3', HTTPS_PROXY: address };
        const options = { event: PULL_REQUEST, env: { ...github, ...env } };
        const result = await step(sim, { mode: 'plan', ...tag('v2') }, options);
        expectGreen(result, 'planned');
        expect(result.warnings.join()).toContain('GitHub did not answer');
      });
      return connects;
    } finally {
      proxy.close();
    }
  }

  test.concurrent('GitHub is reached through it', async () => {
    expect(new Set(await connectsOf({}))).toEqual(new Set(['github.example:443']));
  });

  test.concurrent('GitHub is not, where NO_PROXY excepts it', async () => {
    expect(await connectsOf({ NO_PROXY: 'github.example' })).toEqual([]);
  });
});
