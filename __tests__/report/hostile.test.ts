import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Lexer, type Token, type Tokens } from 'marked';
import { renderComment } from '../../src/report/comment.ts';
import type { Report } from '../../src/report/report.ts';
import { renderSummary } from '../../src/report/summary.ts';
import { hostileText } from '../fakes/hostile.ts';
import { serviceRunOf, outcomeOf } from '../fakes/literals.ts';
import { OUTCOMES } from './outcomes.ts';
import { REGISTERED, reportOf } from './reports.ts';

/** A failed run in which every text from outside is this one; what is said already would not be said again. */
function reportWith(text: string): Report {
  const log = text
    .split(/\r\n|\r|\n/)
    .map((line) => `log: ${line}`)
    .join('\n');
  const outcome = outcomeOf({
    result: 'failed',
    cause: 'unknown',
    message: text,
    hint: text.replaceAll(/[\r\n]/g, ' '),
    nowRunning: text,
    evidence: [
      { kind: 'event', text: `${text} (event)` },
      { kind: 'log', text: log },
    ],
  });
  const report = reportOf(
    {
      serviceRuns: [serviceRunOf({ outcome, gates: [{ gate: 'http', state: 'failed', detail: text }] })],
      image: { reference: 'host/backend', digest: undefined, tag: text, registry: undefined },
      checks: [{ check: text, state: 'WARNING', detail: text, denied: false }],
      definitions: [
        {
          ...REGISTERED,
          changes: [
            { path: text, kind: 'changed', before: text, after: text },
            { path: 'cpu', kind: 'added', after: text },
          ],
        },
      ],
      costs: [
        {
          service: text,
          region: 'us-east-1',
          before: undefined,
          after: { kind: 'unknown', why: text },
          note: text,
        },
      ],
    },
    {
      warnings: [`${text} (warning)`],
      steps: [
        { name: text, from: 0, seconds: 5, ok: true, mark: 'done' as const },
        { name: 'Watch', from: 5, seconds: 50, ok: true, mark: 'done' as const },
      ],
    },
  );
  return { ...report, run: { ...report.run, actor: text } };
}

/** An address is shown as code, so that it is no link, and so are inputs, which a long text may leave no room for. */
function isWord(text: string): boolean {
  return /^mode: rollback$|^(?:https?:\/\/|ftp:\/\/|www\.)|^[\w.+-]+@[\w.-]+$/i.test(text);
}

/** What a page is made of, without its words: blocks, and in them whatever is more than text. */
function structureOf(tokens: readonly Token[]): string[] {
  return tokens.flatMap((token) => {
    switch (token.type) {
      case 'space':
      case 'text':
      case 'escape':
      case 'br':
        return structureOf(('tokens' in token ? token.tokens : undefined) ?? []);
      case 'table': {
        const table = token as Tokens.Table;
        const cells = [table.header, ...table.rows].map((row) =>
          row.flatMap((cell) => structureOf(cell.tokens)),
        );
        return [`table ${table.header.length}x${table.rows.length}`, ...cells.flat()];
      }
      case 'list':
        return [
          'list',
          ...(token as Tokens.List).items.flatMap((item) => ['item', ...structureOf(item.tokens)]),
        ];
      case 'link':
        return [`link ${(token as Tokens.Link).href}`];
      case 'codespan':
        return isWord((token as Tokens.Codespan).text) ? [] : ['codespan'];
      case 'html':
        // Code that holds a pipe; its words are escaped, and so are text.
        if (token.raw === '<code>') return ['codespan'];
        if (token.raw === '</code>') return [];
        return [`html ${(token as Tokens.HTML).raw.trim().slice(0, 20)}`];
      case 'code':
        return [`code ${(token as Tokens.Code).lang ?? ''}`];
      default:
        return [token.type, ...('tokens' in token ? structureOf(token.tokens ?? []) : [])];
    }
  });
}

/** The words outside of code, as the page shows them. */
function proseOf(tokens: readonly Token[]): string[] {
  return tokens.flatMap((token) => {
    switch (token.type) {
      case 'code':
      case 'codespan':
        // It stands between its neighbours: they do not touch.
        return [' '];
      case 'table': {
        const { header, rows } = token as Tokens.Table;
        return [header, ...rows].flatMap((row) => row.map((cell) => proseOf(cell.tokens).join('')));
      }
      case 'list':
        return (token as Tokens.List).items.map((item) => proseOf(item.tokens).join(''));
      default:
        return 'tokens' in token
          ? [proseOf(token.tokens ?? []).join('')]
          : ['text' in token ? String(token.text) : token.raw];
    }
  });
}

const shape = (markdown: string): string[] => structureOf(Lexer.lex(markdown, { gfm: true }));

const FACES: readonly [string, (report: Report) => string][] = [
  ['the summary', renderSummary],
  [
    'the comment',
    (report) => renderComment(report, 'prod/backend', undefined).replace(/<!-- history.*$/, ''),
  ],
];

describe.each(FACES)('%s', (_name, render) => {
  it('has the same structure whatever the texts from outside are', () => {
    const harmless = shape(render(reportWith('word')));
    expect(harmless.length).toBeGreaterThan(30);
    fc.assert(
      fc.property(hostileText, (text) => {
        expect(shape(render(reportWith(`word ${text}`)))).toEqual(harmless);
      }),
      { numRuns: 300 },
    );
  });

  it('pings nobody and refers to nothing', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const words = proseOf(Lexer.lex(render(reportWith(text)), { gfm: true })).join('\n');
        const prose = words.replace(/<code>[^<]*<\/code>/g, ' ');
        expect(prose).toContain('What was found');
        expect(prose).not.toMatch(/@[\w-]/);
        expect(prose).not.toMatch(/#\d|\bGH-\d/i);
        expect(prose).not.toMatch(/:\/\/evil|www\.evil/i);
      }),
      // A scheme that is the end of an address of mail, and an address behind an @.
      { numRuns: 300, examples: [['owned@octocatHTTP://evil.example'], ['@octocat@octocat---']] },
    );
  });
});

describe('however much there is to say', () => {
  const huge = (length: number, text = 'x'): string => text.repeat(length / text.length);

  it.each([
    ['10 MB in one line', [huge(10_000_000)]],
    ['10 MB of emoji', [huge(10_000_000, '👩‍🚀')]],
    ['a million lines', [huge(2_000_000, 'x\n')]],
    ['10 MB right to left', [huge(10_000_000, '\u202eאבג ')]],
    ['100,000 lines apart', Array.from({ length: 100_000 }, () => 'x'.repeat(100))],
  ])('%s of a log leave the summary under 1 MiB and whole', (_what, lines) => {
    const evidence = lines.map((text) => ({ kind: 'log', text }) as const);
    const report = { ...OUTCOMES['rolled back']!, evidence };
    const summary = renderSummary(report);
    expect(Buffer.byteLength(summary)).toBeLessThan(1024 * 1024);
    expect(summary).toContain('app-crashed');
    expect(shape(summary).filter((each) => each.startsWith('heading'))).toHaveLength(2);
  });

  it.each([
    ['a long message', (text: string) => ({ message: text })],
    ['long evidence', (text: string) => ({ evidence: [{ kind: 'event', text } as const] })],
    [
      'much evidence',
      (text: string) => ({
        evidence: Array.from({ length: 5000 }, () => ({ kind: 'event', text: text.slice(0, 900) }) as const),
      }),
    ],
    [
      'many warnings',
      (text: string) => ({ warnings: Array.from({ length: 500 }, () => text.slice(0, 900)) }),
    ],
    ['a long hint', (text: string) => ({ hint: text.replaceAll('x', 'x\n') })],
    [
      'many checks',
      (text: string) => ({
        checks: Array.from(
          { length: 900 },
          () => ({ check: 'image', state: 'OK', detail: text.slice(0, 500), denied: false }) as const,
        ),
      }),
    ],
  ])('%s leaves the comment under 65,536 characters, with result, marker and history', (_what, more) => {
    const report = { ...OUTCOMES['rolled back']!, ...more(huge(100_000)) };
    const comment = renderComment(report, 'prod/backend', undefined);
    expect(comment.length).toBeLessThan(65_536);
    expect(comment).toMatch(
      /^<!-- ecs-fargate-deploy:prod\/backend -->\n\n### ↩️ Failed and rolled back to backend:7/,
    );
    expect(comment).toContain('<!-- history:');
  });
});
