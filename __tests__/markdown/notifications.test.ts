/** The recipes of docs/notifications.md, with what a message may hold. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { codeBlocksOf } from '../../scripts/markdown.ts';

const GUIDE = readFileSync('docs/notifications.md', 'utf8');
const { outputs: OUTPUTS } = parse(readFileSync('action.yml', 'utf8')) as { readonly outputs: object };

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, string>>;
}

const BLOCKS = codeBlocksOf(GUIDE, 'yaml').map(({ code }) => parse(code) as unknown);

function stepsIn(node: unknown): Step[] {
  if (Array.isArray(node)) return node.flatMap(stepsIn);
  if (typeof node !== 'object' || node === null) return [];
  return 'uses' in node || 'run' in node ? [node as Step] : Object.values(node).flatMap(stepsIn);
}

const STEPS = BLOCKS.flatMap(stepsIn);

const HOSTILE = 'It failed: "quoted" \\ and\nnext line: <!channel> @here {0} ${{ x }} ${HOME} `id`';

const CONTEXT: Readonly<Record<string, string>> = {
  'github.repository': 'octo-org/video',
  'github.actor': 'octocat',
  'github.server_url': 'https://github.com',
  'github.run_id': '42',
  'steps.deploy.outputs.result': 'rolled-back',
  'steps.deploy.outputs.message': HOSTILE,
  'steps.deploy.outputs.task-definition-arn': 'arn:aws:ecs:us-east-1:1:task-definition/web:8',
};

/** `name`, `format('…', …)` and `toJSON(…)`, as GitHub evaluates them. */
function evaluate(expression: string): string {
  const inner = /^toJSON\((.*)\)$/s.exec(expression)?.[1];
  if (inner !== undefined) return JSON.stringify(evaluate(inner));
  const [, template, names] = /^format\('([^']*)', (.*)\)$/s.exec(expression) ?? [];
  if (template !== undefined && names !== undefined) {
    const values = names.split(', ').map(evaluate);
    return template.replace(/\{(\d)\}/g, (_, at: string) => values[Number(at)] ?? '');
  }
  const value = CONTEXT[expression];
  if (value === undefined) throw new Error(`No value for ${expression}`);
  return value;
}

function evaluated(written: string): string {
  return written.replace(/\$\{\{\s*(.*?)\s*\}\}/g, (_, expression: string) => evaluate(expression));
}

test('the recipes use outputs that the action has', () => {
  const names = [...GUIDE.matchAll(/steps\.deploy\.outputs\.([\w-]+)/g)].map(([, name]) => name ?? '');
  expect(names.length).toBeGreaterThan(5);
  for (const name of names) expect(Object.keys(OUTPUTS)).toContain(name);
});

describe('the recipe for Slack', () => {
  const step = STEPS.find(({ uses }) => uses?.startsWith('slackapi/slack-github-action@') === true);

  test('is one payload, whatever the message holds, and mentions nobody', () => {
    const payload = parse(evaluated(step?.with?.['payload'] ?? '')) as {
      readonly text: string;
      readonly blocks: readonly { readonly type: string; readonly text?: { type: string; text: string } }[];
    };
    expect(payload.text).toBe('octo-org/video: rolled-back');
    expect(payload.blocks.map(({ type }) => type)).toEqual(['section', 'context', 'actions']);
    expect(payload.blocks[0]?.text).toEqual({ type: 'plain_text', text: `rolled-back ${HOSTILE}` });
    expect(JSON.stringify(payload)).not.toContain('"mrkdwn"');
    expect(JSON.stringify(payload)).toContain('https://github.com/octo-org/video/actions/runs/42');
  });
});

describe('the recipe for Teams', () => {
  const step = STEPS.find(({ run }) => run?.includes('TEAMS_WEBHOOK_URL') === true);

  test('posts one adaptive card, whatever the message holds', async () => {
    const bodies: unknown[] = [];
    const server = createServer((request, response) => {
      void text(request).then((body) => {
        bodies.push(JSON.parse(body) as unknown);
        response.writeHead(202).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/workflow?sig=1`;
    const env = Object.fromEntries(
      Object.entries(step?.env ?? {}).map(([name, written]) => [
        name,
        name === 'TEAMS_WEBHOOK_URL' ? url : evaluated(written),
      ]),
    );
    try {
      await promisify(execFile)('bash', ['-e', '-c', step?.run ?? ''], {
        env: { PATH: '/usr/bin:/bin', ...env },
      });
    } finally {
      server.close();
    }
    expect(bodies).toMatchObject([
      {
        type: 'message',
        attachments: [
          {
            contentType: 'application/vnd.microsoft.card.adaptive',
            content: {
              type: 'AdaptiveCard',
              body: [
                { text: 'octo-org/video, rolled-back' },
                { text: HOSTILE },
                { type: 'FactSet', facts: [{ value: CONTEXT['steps.deploy.outputs.task-definition-arn'] }] },
              ],
              actions: [{ type: 'Action.OpenUrl', url: 'https://github.com/octo-org/video/actions/runs/42' }],
            },
          },
        ],
      },
    ]);
  });
});
