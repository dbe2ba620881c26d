import { describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CheckResult } from '../../src/model/index.ts';
import { publish, type Publisher } from '../../src/report/publish.ts';
import type { Report } from '../../src/report/report.ts';
import { endingOf } from '../../src/report/run-record.ts';
import { DeployError } from '../../src/runtime/error.ts';
import { Masks } from '../../src/runtime/masks.ts';
import { serviceRunOf, outcomeOf } from '../fakes/literals.ts';
import { reportOf } from './reports.ts';

const FAILED = outcomeOf({
  result: 'rolled-back',
  cause: 'app-crashed',
  message: 'backend:8 failed on backend: its tasks exit with 1.',
  nowRunning: 'backend runs backend:7 again.',
  hint: 'Look at the log.',
});

interface Published {
  /** What the publisher was asked, in order: `output result`, `summary`, `failed`, `info`. */
  readonly calls: readonly string[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly annotations: readonly string[];
  readonly summaries: readonly string[];
  readonly lines: readonly string[];
  readonly file: string;
}

async function published(
  report: Report,
  options: { secrets?: string[]; summary?: boolean; temp?: string; brokenSummary?: boolean } = {},
): Promise<Published> {
  const [calls, annotations, summaries, lines]: string[][] = [[], [], [], []];
  const outputs: Record<string, string> = {};
  const publisher: Publisher = {
    info: (text) => {
      calls!.push('info');
      lines!.push(text);
    },
    warning: (text) => {
      calls!.push('warning');
      lines!.push(text);
    },
    setOutput: (name, value) => {
      calls!.push(`output ${name}`);
      outputs[name] = value;
    },
    setFailed: (text) => {
      calls!.push('failed');
      annotations!.push(text);
    },
    writeSummary: (markdown) => {
      calls!.push('summary');
      summaries!.push(markdown);
      return options.brokenSummary === true ? Promise.reject(new Error('disk full')) : Promise.resolve();
    },
  };
  const temp = options.temp ?? (await mkdtemp(join(tmpdir(), 'publish-')));
  await publish(report, publisher, new Masks(options.secrets), { temp, summary: options.summary ?? true });
  const path = outputs['report'] ?? '';
  const file = path === '' ? '' : await readFile(path, 'utf8');
  return { calls: calls!, outputs, annotations: annotations!, summaries: summaries!, lines: lines!, file };
}

describe('the end of a run', () => {
  it('that failed is one error annotation whose first line is the message', async () => {
    const { annotations } = await published(reportOf({ serviceRuns: [serviceRunOf({ outcome: FAILED })] }));
    expect(annotations).toEqual([
      'backend:8 failed on backend: its tasks exit with 1.\nbackend runs backend:7 again.\nWhat to do: Look at the log. The service is back on what ran before: deploy again once this is fixed.',
    ]);
  });

  it('has a line of its own for each check that failed, where several did', async () => {
    const check = (name: string, state: CheckResult['state'] = 'FAILED'): CheckResult => ({
      check: name,
      state,
      detail: `${name} is ${state}`,
      denied: false,
    });
    const ending = endingOf(new DeployError('preflight-failed', '2 preflight checks failed: image, role.'));
    const checks = [check('image'), check('role'), check('log group', 'OK')];
    const { annotations } = await published(reportOf({ serviceRuns: [], ending, checks }));
    expect(annotations[0]?.split('\n').slice(0, 3)).toEqual([
      '2 preflight checks failed: image, role.',
      'image: image is FAILED',
      'role: role is FAILED',
    ]);
    const one = await published(reportOf({ serviceRuns: [], ending, checks: checks.slice(1) }));
    expect(one.annotations[0]).not.toContain('role: role is FAILED');
  });

  it('says of several services the cause first, and then what became of the others', async () => {
    const serviceRuns = [serviceRunOf({ outcome: FAILED }), serviceRunOf()];
    const { lines } = await published(reportOf({ serviceRuns }));
    const at = lines.indexOf('Cause: app-crashed');
    expect(lines[at + 1]).toBe('backend:8 is deployed to backend and proven healthy.');
  });

  it('fails the step last, when outputs and summary are there already', async () => {
    const { calls } = await published(reportOf({ serviceRuns: [serviceRunOf({ outcome: FAILED })] }));
    expect(calls.at(-1)).toBe('failed');
    expect(calls.filter((call) => call === 'failed')).toHaveLength(1);
    expect(calls.indexOf('output result')).toBeLessThan(calls.indexOf('summary'));
  });

  it('that went well has no annotation', async () => {
    const { annotations, lines } = await published(reportOf());
    expect(annotations).toEqual([]);
    expect(lines).toContain('✅ Deployed — backend:8 is deployed to backend and proven healthy.');
  });

  it('says in its last lines how and why, and the rest once, in the annotation below them', async () => {
    const { lines } = await published(reportOf({ serviceRuns: [serviceRunOf({ outcome: FAILED })] }));
    expect(lines).toEqual(['─'.repeat(40), '↩️ Failed and rolled back to backend:7', 'Cause: app-crashed']);
  });

  it('that went well says in its last lines what runs now', async () => {
    const { lines } = await published(reportOf());
    expect(lines.slice(-2)).toEqual([
      '✅ Deployed — backend:8 is deployed to backend and proven healthy.',
      'backend runs backend:8.',
    ]);
  });

  it('writes no summary when it is off', async () => {
    const { calls, summaries } = await published(reportOf(), { summary: false });
    expect(calls).not.toContain('summary');
    expect(summaries).toEqual([]);
  });

  it('leaves the report as a file that its output names', async () => {
    const { file } = await published(reportOf());
    expect(JSON.parse(file)).toMatchObject({ schema: 1, result: 'succeeded' });
  });

  it('commands nothing with a message from outside', async () => {
    const outcome = { ...FAILED, message: 'It said:\n::error::x\n##[group]y', production: '::stop::' };
    const { lines, annotations } = await published(reportOf({ serviceRuns: [serviceRunOf({ outcome })] }));
    for (const line of [...lines, ...annotations.flatMap((text) => text.split('\n'))]) {
      expect(line).not.toMatch(/^\s*::|##\[/);
    }
  });
});

describe('secrets at the end of a run', () => {
  it.each([
    ['a plain one', 'hunter2'],
    ['one that Markdown escapes', 'ghs_a_b*c'],
    ['one that JSON escapes', 'pass"word\\end'],
    ['one that HTML escapes', 'a<b>&c'],
    ['one that looks like an address', 'https://user:pw@host'],
  ])('%s is in none of the log, file, outputs, summary and annotation', async (_kind, secret) => {
    const outcome = {
      ...FAILED,
      message: `It said ${secret}.`,
      nowRunning: `runs ${secret}`,
      hint: `use ${secret}`,
      evidence: [
        { kind: 'error', text: `seen ${secret}` },
        { kind: 'log', text: `logged ${secret}` },
      ],
    } as const;
    const gates = [{ gate: 'http', state: 'failed', detail: `got ${secret}` }] as const;
    const report = reportOf(
      { serviceRuns: [serviceRunOf({ outcome, gates, rollback: { kind: 'rolled-back', gates } })] },
      { lines: [{ at: 0, text: secret }] },
    );
    const { file, ...rest } = await published(report, { secrets: [secret] });
    const shown = JSON.stringify(rest) + JSON.stringify(JSON.parse(file));
    const visible = shown.replaceAll('\\\\', '\\').replaceAll('\u200b', '');
    const escapes = [
      secret,
      JSON.stringify(secret).slice(1, -1),
      secret.replace(/[_*]/g, '\\$&'),
      secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
    ];
    for (const form of escapes) expect(visible).not.toContain(form);
    expect(shown).toContain('It said ***.');
  });

  it('that are words of the contract do not change the result', async () => {
    const report = reportOf({ serviceRuns: [serviceRunOf({ outcome: FAILED })] });
    const { outputs, annotations } = await published(report, { secrets: ['rolled-back', 'app-crashed'] });
    expect(outputs).toMatchObject({ result: 'rolled-back', cause: 'app-crashed' });
    expect(annotations).toHaveLength(1);
  });
});

describe('a disk that takes nothing', () => {
  it('keeps neither the outputs nor the last lines from being logged', async () => {
    const report = reportOf({ serviceRuns: [serviceRunOf({ outcome: FAILED })] });
    const { outputs, annotations, lines } = await published(report, {
      temp: '/nowhere/at/all',
      brokenSummary: true,
    });
    expect(outputs).toMatchObject({ result: 'rolled-back', report: '' });
    expect(annotations).toHaveLength(1);
    expect(lines.join('\n')).toContain('The report could not be written');
    expect(lines.join('\n')).toContain('The job summary could not be written (disk full).');
  });

  it('does not turn a good deployment red', async () => {
    const { annotations } = await published(reportOf(), { temp: '/nowhere/at/all', brokenSummary: true });
    expect(annotations).toEqual([]);
  });
});

describe('what cannot be written', () => {
  /** A publisher of which one method fails, by what it is asked for. */
  function failing(at: (what: string) => boolean): { said: string[]; publisher: Publisher } {
    const said: string[] = [];
    const say = (what: string): void => {
      if (at(what)) throw new Error('no space left');
      said.push(what);
    };
    const publisher: Publisher = {
      info: (text) => {
        say(`info ${text}`);
      },
      warning: (text) => {
        say(`warning ${text}`);
      },
      setOutput: (name, value) => {
        say(`output ${name}=${value}`);
      },
      setFailed: (text) => {
        say(`failed ${text}`);
      },
      writeSummary: (markdown) => {
        say(`summary ${markdown}`);
        return Promise.resolve();
      },
    };
    return { said, publisher };
  }

  const red = (): Report => reportOf({ serviceRuns: [serviceRunOf({ outcome: FAILED })] });
  const comment = (said: string[]) => (report: Report) => {
    said.push(`comment ${report.warnings.join()}`);
    return Promise.resolve({ kind: 'silent' } as const);
  };

  it.each([
    ['every output', (what: string) => what.startsWith('output'), 'The outputs could not be written'],
    ['the report', () => false, 'The report could not be written'],
    ['the summary', (what: string) => what.startsWith('summary'), 'The job summary could not be written'],
  ])('%s leaves all the others, with a warning of it', async (_, at, warning) => {
    const { said, publisher } = failing(at);
    await publish(red(), publisher, new Masks(), {
      temp: '/nowhere',
      summary: true,
      comment: comment(said),
    });
    const kinds = said.map((each) => each.split(' ', 1)[0]);
    expect(kinds).toContain('comment');
    expect(said.find((each) => each.startsWith('comment'))).toContain(warning);
    expect(said.join('\n')).toContain(`warning ${warning}`);
    expect(said.join('\n')).toContain('info ↩️ Failed and rolled back to backend:7');
    expect(said.at(-1)).toMatch(/^failed backend:8 failed on backend/);
  });

  it('the comment is a warning in the summary, which is written again', async () => {
    const { said, publisher } = failing(() => false);
    await publish(reportOf(), publisher, new Masks(), {
      temp: tmpdir(),
      summary: true,
      comment: () => Promise.reject(new Error('a bug')),
    });
    const summaries = said.filter((each) => each.startsWith('summary'));
    expect(summaries).toHaveLength(2);
    expect(summaries[1]).toContain('The comment could not be written');
    expect(said.filter((each) => each.startsWith('failed'))).toEqual([]);
  });

  it.each([0, 8, 9, 10])(
    'after %i warnings of the run there are ten at most, and all is said',
    async (already) => {
      const { said, publisher } = failing((what) => what.startsWith('summary'));
      const warned = (text: string) => () => Promise.resolve({ kind: 'warning', text } as const);
      const warnings = Array.from({ length: already }, (_, at) => `warning ${at}`);
      await publish(reportOf({}, { warnings }), publisher, new Masks(), {
        temp: tmpdir(),
        summary: true,
        deployment: warned('the deployment is not recorded'),
        comment: warned('the comment is not written'),
      });
      const after = said.filter((each) => each.startsWith('warning ')).length;
      expect(already + after).toBeLessThanOrEqual(10);
      expect(after).toBe(Math.min(3, 10 - already));
      for (const text of ['no space left', 'the deployment is not recorded', 'the comment is not written'])
        expect(said.join('\n')).toContain(text);
    },
  );

  it('a log that takes nothing any more keeps no output from being set', async () => {
    const { said, publisher } = failing((what) => /^(info|warning)/.test(what));
    await publish(reportOf(), publisher, new Masks(), { temp: '/nowhere', summary: true });
    expect(said).toContain('output result=succeeded');
    expect(said.some((each) => each.startsWith('failed'))).toBe(false);
  });
});

describe('a mask that is a word of names and links', () => {
  it('hides neither, in the report, the summary and the outputs', async () => {
    const plain = await published(reportOf());
    const masked = await published(reportOf(), { secrets: ['backend', 'example', 'digest'] });
    const { services, url, target } = JSON.parse(masked.file) as Report;
    const expected = JSON.parse(plain.file) as Report;
    expect({ url, target }).toEqual({ url: expected.url, target: expected.target });
    expect(services[0]).toMatchObject({ name: 'backend', arn: expected.services[0]?.arn });
    const links = (text: string): string[] => [...text.matchAll(/\]\((\S+?)\)/g)].map(([, to]) => to ?? '');
    expect(links(masked.summaries.join())).toEqual(links(plain.summaries.join()));
    expect(Object.keys(JSON.parse(masked.file) as object)).toEqual(Object.keys(expected));
  });
});

describe('an image that the run built', () => {
  const BUILD = {
    seconds: 1,
    steps: undefined,
    sizeBytes: undefined,
    digest: undefined,
    tags: [],
    platforms: [],
  };

  it.each([
    [
      'is declared where the runner has a file for it',
      { ...BUILD, reused: false },
      /^before\noci:\/\/\S+\/backend@sha256:[0-9a-f]{64}\n$/,
    ],
    ['is not where it was there already', { ...BUILD, reused: true }, /^before\n$/],
    ['is not where nothing was built', undefined, /^before\n$/],
  ])('%s', async (_, build, content) => {
    const folder = await mkdtemp(join(tmpdir(), 'artifacts-'));
    const artifacts = join(folder, 'artifacts');
    await writeFile(artifacts, 'before\n');
    const publisher = {
      info: () => undefined,
      warning: () => undefined,
      setOutput: () => undefined,
      setFailed: () => undefined,
      writeSummary: () => Promise.resolve(),
    };
    await publish(reportOf({ build }), publisher, new Masks(), { temp: folder, summary: false, artifacts });
    expect(await readFile(artifacts, 'utf8')).toMatch(content);
  });
});
