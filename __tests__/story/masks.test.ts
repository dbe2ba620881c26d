/** What is hidden, and what a mask must not destroy. */
import { describe, expect, test } from '@jest/globals';
import type { Simulator } from '../../simulator/simulator.ts';
import type { StepResult } from '../../runner/step.ts';
import { expectGreen, expectRed, inAWorld, step, tag } from './world.ts';

describe('a header whose value is a common word', () => {
  test.each([
    'X-Env: production',
    'X-Env: prod',
    'X-Tenant: service',
    'X-Kind: image',
    'X-Forwarded-Proto: https',
    'Authorization: production',
    'X-Api-Key: services',
  ])('%s hides nothing and ends nothing', (header) =>
    inAWorld({}, async (sim) => {
      const url = sim.loadBalancers['web']?.url ?? '';
      const result = await step(sim, {
        ...tag('v2'),
        'health-check-url': `${url}/health`,
        'health-check-headers': header,
      });
      expectGreen(result, 'succeeded');
      expect(result.outputs['message']).toContain('proven healthy by its image digest');
      expect(result.log).toContain('✅ Deployed — Service "backend" runs backend:2');
      expect(result.log).not.toContain(`::add-mask::${header.split(': ')[1] ?? ''}\n`);
      expect(result.summary).toContain('](https://us-east-1.console.aws.amazon.com/');
      expect(JSON.stringify(result.report)).not.toContain('***');
    }),
  );

  test('leaves a failed release its cause, its verdict and its annotation', () =>
    inAWorld({}, async (sim) => {
      const url = sim.loadBalancers['web']?.url ?? '';
      const result = await step(sim, {
        ...tag('crash-1'),
        'health-check-url': `${url}/health`,
        'health-check-headers': 'X-Env: production\nX-Tenant: service',
      });
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(result.log).toContain('Cause: app-crashed');
    }));
});

/** What the runner does with each mask, in its log and in the summary; and it hands no value on that holds one. */
function masksOf({ log }: StepResult): string[] {
  return [...log.matchAll(/^::add-mask::(.*)$/gm)].map(([, mask = '']) => mask);
}

function keysOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = Array.isArray(value) ? [] : Object.keys(value);
  return [...own, ...Object.values(value).flatMap(keysOf)];
}

/** Nothing that people or later steps go by holds a mask. */
function expectUsable(result: StepResult): void {
  const links = [...result.summary.matchAll(/\]\((\S+?)\)/g)].map(([, link = '']) => link);
  expect(links.length).toBeGreaterThan(3);
  const verdict = result.log.slice(result.log.lastIndexOf('─'));
  const all = { links, verdict, keys: keysOf(result.report), outputs: Object.values(result.outputs) };
  for (const mask of masksOf(result)) {
    for (const text of Object.values(all).flat()) expect(text).not.toContain(mask);
  }
  expect(JSON.stringify(all)).not.toContain('***');
}

describe('a secret that is a word', () => {
  const WORDS = [
    ...[
      'prod',
      'true',
      'web',
      'deploy',
      'service',
      'name',
      'message',
      'result',
      'console',
      'health',
      'clusters',
    ],
    ...[
      'commit',
      'deployments',
      'succeeded',
      'rolled-back',
      'us-east-1',
      'backend',
      'back',
      'demo',
      'octo-org',
    ],
    ...[
      'video',
      'octo',
      'github',
      'aws',
      'Watch',
      'task-definitions',
      'eal',
      '443',
      '***',
      '...',
      '::error::',
    ],
  ];

  test.each([
    ['v2', 'succeeded', undefined],
    ['crash-1', 'rolled-back', 'app-crashed'],
  ])(
    'each of them, and all at once: %s is %s with its links, keys, outputs and log',
    (image, result, cause) =>
      inAWorld({}, async (sim) => {
        const ended = await step(sim, {
          ...tag(image),
          'health-check-url': `${sim.loadBalancers['web']?.url ?? ''}/health`,
          'health-check-headers': WORDS.map((word, at) => `X-Secret-${at}: ${word}`).join('\n'),
        });
        if (cause === undefined) expectGreen(ended, result);
        else expectRed(ended, result, cause);
        expectUsable(ended);
        expect(masksOf(ended).filter((mask) => WORDS.includes(mask))).toEqual([]);
      }),
  );
});

describe('the value of a header', () => {
  const LONG = '9f2c4e6a8b0d1f3e5a7c';
  test.each([
    ['short, and a secret by its name', 'X-Api-Key: k3y', 'k3y'],
    ['of one letter, by its name', 'X-Api-Key: k', undefined],
    ['short, and no secret by its name', 'X-Tenant: acme', undefined],
    ['long, whatever its name', `X-Trace: ${LONG}`, LONG],
    ['very long', `X-Trace: ${LONG.repeat(200)}`, LONG.repeat(200)],
    ['the id of a commit of anybody', `X-Expect: ${'4f'.repeat(20)}`, undefined],
    ['the id of a commit, by a name that is one of secrets', `X-Token: ${'4f'.repeat(20)}`, '4f'.repeat(20)],
    ['the digest of an image', `X-Expect: sha256:${'4f'.repeat(32)}`, undefined],
    ['as many other letters', `X-Expect: ${'4g'.repeat(20)}`, '4g'.repeat(20)],
    ['long, and an address by its name', 'Referer: https://www.example.com/a/page', undefined],
    ['with letters of patterns', 'Cookie: a.c$&(', 'a.c$&('],
    ['with letters that JSON changes', 'Authorization: q"u\\o"te', 'q"u\\o"te'],
    ['with letters of workflow commands', 'Authorization: a%0A::error::b', 'a%250A::error::b'],
    ['with credentials after a scheme', 'Authorization: Bearer t0k-en', 't0k-en'],
  ])('%s', (_, header, mask) =>
    inAWorld({}, async (sim) => {
      const secret = header.slice(header.indexOf(': ') + 2);
      const ended = await step(sim, {
        ...tag('error500-1'),
        'health-check-url': `${sim.loadBalancers['web']?.url ?? ''}/health`,
        'health-check-headers': header,
      });
      expectRed(ended, 'rolled-back', 'http-check-failed');
      expectUsable(ended);
      if (mask === undefined) {
        expect(masksOf(ended)).not.toContain(secret);
        return;
      }
      expect(masksOf(ended)).toContain(mask);
      const told = ended.log.replace(/^::add-mask::.*$/gm, '');
      expect(told + ended.summary + JSON.stringify(ended.report)).not.toContain(secret);
    }),
  );
});

describe('the query of a URL', () => {
  test('is hidden where a server logs what it was asked', () =>
    inAWorld(
      { behaviours: { v2: { logs: ['GET /health?token=t0k%2Fen 500'], http: { healthStatus: 500 } } } },
      async (sim) => {
        const url = `${sim.loadBalancers['web']?.url ?? ''}/health?token=t0k%2Fen`;
        const ended = await step(sim, { ...tag('v2'), 'health-check-url': url });
        expectRed(ended, 'rolled-back', 'http-check-failed');
        expectUsable(ended);
        expect(ended.log).toContain('GET /health?token=*** 500');
        const told = ended.log.replace(/^::add-mask::.*$/gm, '');
        expect(told + ended.summary + JSON.stringify(ended.report)).not.toContain('t0k');
      },
    ));
});

describe('a long value of a header that is a name of the run', () => {
  const SHA = '0123456789abcdef0123456789abcdef01234567';
  test.each([
    ['the commit', `X-Version: ${SHA}`, SHA],
    ['the commit, by a name that is one of secrets', `X-Cache-Key: ${SHA}`, SHA],
    ['the tag', 'X-Version: release-2026-01-06-0900', 'release-2026-01-06-0900'],
    ['the ARN of the cluster', 'X-Cluster: arn:aws:ecs:us-east-1:123456789012:cluster/demo', SHA],
  ])('%s is no mask: links and outputs consist of it', (_, header, image) =>
    inAWorld({ tags: [SHA, 'release-2026-01-06-0900'] }, async (sim) => {
      const ended = await step(sim, {
        ...tag(image),
        cluster: 'arn:aws:ecs:us-east-1:123456789012:cluster/demo',
        'health-check-url': `${sim.loadBalancers['web']?.url ?? ''}/health`,
        'health-check-headers': header,
      });
      expectGreen(ended, 'succeeded');
      expectUsable(ended);
      expect(ended.summary).toContain(image === SHA ? `/commit/${SHA})` : image);
      expect(ended.log).not.toContain('***');
    }),
  );
});

/** Registers backend again with variables, as the service's latest revision. */
function withVariables(sim: Simulator, variables: Readonly<Record<string, string>>): void {
  const latest = sim.world.taskDefinitions.find('backend');
  const [container] = latest?.containers ?? [];
  sim.operator.registerTaskDefinition({
    ...latest?.body,
    family: 'backend',
    containerDefinitions: [
      { ...container, environment: Object.entries(variables).map(([name, value]) => ({ name, value })) },
    ],
  });
}

const ADDRESS = 'postgres://app:c4nary-pass@db.internal/video';

describe('the value of a variable of the definition', () => {
  test.each([
    ['the whole value', `cannot connect to ${ADDRESS}`, 'cannot connect to ***'],
    ['its password alone', 'password "c4nary-pass" was refused', 'password "***" was refused'],
    ['a value that is no secret of the runner', 'level is verbose-7', 'level is verbose-7'],
  ])('is hidden in the lines of a container that crashes: %s', (_, line, shown) =>
    inAWorld({ behaviours: { v2: { exit: { afterSeconds: 3, code: 1 }, logs: [line] } } }, async (sim) => {
      withVariables(sim, { DB_URL: ADDRESS });
      const result = await step(sim, tag('v2'));
      expectRed(result, 'rolled-back', 'app-crashed');
      expect(result.log).toContain(shown);
      const all = result.log + result.summary + JSON.stringify(result.report);
      expect(all).not.toContain('c4nary-pass');
    }),
  );

  test('is hidden in the log of a pre-deploy task', () =>
    inAWorld({}, async (sim) => {
      withVariables(sim, { DB_URL: ADDRESS });
      const command = JSON.stringify(['sh', '-c', `echo using ${ADDRESS}; exit 3`]);
      const result = await step(sim, { ...tag('v2'), 'pre-deploy-command': command });
      expectRed(result, 'failed', 'pre-deploy-task-failed');
      expect(result.log).toContain('using ***');
      expect(result.log + result.summary).not.toContain('c4nary-pass');
    }));

  test('is hidden in the reasons of AWS, whose own words and names stay', () =>
    inAWorld(
      {
        behaviours: {
          v2: {
            startReason: `CannotStartContainerError: exec: "/start ${ADDRESS} c4nary-pass": executable file not found in $PATH`,
          },
        },
      },
      async (sim) => {
        withVariables(sim, {
          DB_URL: ADDRESS,
          LOOKS_FOR: 'executable',
          SAYS: 'unable to start',
          REPOSITORY: 'backend:v1',
          NAME: 'backend',
        });
        const result = await step(sim, tag('v2'));
        expectRed(result, 'rolled-back', 'bad-command');
        const shown = 'CannotStartContainerError: exec: "/start *** ***": executable file not found in $PATH';
        expect(result.outputs['message']).toContain(shown);
        expect(result.log).toContain(shown);
        expect(result.log).toContain('ECS: (service backend) has started 2 tasks');
        const all = result.log + result.summary + JSON.stringify(result.report);
        expect(all).not.toContain('c4nary-pass');
      },
    ));

  test('is hidden in the reason of a pre-deploy task', () =>
    inAWorld(
      { behaviours: { v2: { startReason: `exec: "${ADDRESS}": executable file not found` } } },
      async (sim) => {
        withVariables(sim, { DB_URL: ADDRESS });
        const result = await step(sim, { ...tag('v2'), 'pre-deploy-command': 'migrate' });
        expectRed(result, 'failed', 'pre-deploy-task-failed');
        expect(result.outputs['message']).toContain('exec: "***": executable file not found');
        expect(result.log + result.summary + JSON.stringify(result.report)).not.toContain('c4nary-pass');
      },
    ));
});
