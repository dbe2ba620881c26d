import { describe, expect, it } from '@jest/globals';
import { ProgressLog, stamp } from '../../src/report/progress-log.ts';
import { Masks } from '../../src/runtime/masks.ts';
import { fakeClock, type FakeClock } from '../fakes/clock.ts';

/** A log whose console writes down every call. */
function logged(secrets: readonly string[] = []): { log: ProgressLog; said: string[]; clock: FakeClock } {
  const said: string[] = [];
  const clock = fakeClock({ start: 5000 });
  const console = {
    info: (text: string) => said.push(text),
    warning: (text: string) => said.push(`warning: ${text}`),
    startGroup: (title: string) => said.push(`group: ${title}`),
    endGroup: () => said.push('end'),
  };
  return { log: new ProgressLog(console, clock, new Masks(secrets)), said, clock };
}

describe('the job log', () => {
  it('stamps each line with the time since the run began', () => {
    const { log, said, clock } = logged();
    log.line('one');
    clock.advance(67_000);
    log.line('two\nthree');
    expect(said).toEqual(['  0:00  one', '  1:07  two', '  1:07  three']);
    expect(log.lines).toEqual([
      { at: 0, text: 'one' },
      { at: 67, text: 'two' },
      { at: 67, text: 'three' },
    ]);
  });

  it('shows what another program prints, harmless and without secrets, and keeps none of it', () => {
    const { log, said } = logged(['s3cret']);
    log.output('#7 0.1 ::error::x ##[error]y s3cret\u001b[31m!');
    log.output('::add-mask::z');
    expect(said).toEqual(['  0:00  #7 0.1 ::error::x # #[error]y ***!', '  0:00  : :add-mask::z']);
    expect(log.lines).toEqual([]);
  });

  it('gives each step a group, and the report its times', async () => {
    const { log, said, clock } = logged();
    const result = await log.step('Survey', () => {
      clock.advance(1250);
      log.line('seen');
      return Promise.resolve(42);
    });
    expect(result).toBe(42);
    expect(said).toEqual(['group: Survey', '  0:01  seen', 'end', '  0:01  ✓ Survey (1.3 s)']);
    expect(log.steps).toEqual([{ name: 'Survey', from: 0, seconds: 1.3, ok: true, mark: 'done' }]);
  });

  it('folds lines for whoever looks closely below the step', async () => {
    const { log, said } = logged(['s3cret']);
    await log.step('Watch', () => {
      log.aside('web: ECS: has started 1 tasks');
      log.line('new 1/2 running');
      log.aside('web: ECS: registered s3cret');
      return Promise.resolve();
    });
    log.aside('outside');
    expect(said).toEqual([
      'group: Watch',
      '  0:00  new 1/2 running',
      'end',
      '  0:00  ✓ Watch (0 s)',
      'group: 2 events of ECS meanwhile',
      '  0:00  web: ECS: has started 1 tasks',
      '  0:00  web: ECS: registered ***',
      'end',
      '  0:00  outside',
    ]);
    expect(log.lines).toHaveLength(4);
  });

  it('closes the group of a step that fails, and passes its error on', async () => {
    const { log, said } = logged();
    const failing = log.step('Image', () => Promise.reject(new Error('no image')));
    await expect(failing).rejects.toThrow('no image');
    expect(said).toEqual(['group: Image', 'end', '  0:00  ✗ Image (0 s)']);
    expect(log.steps).toMatchObject([{ name: 'Image', ok: false }]);
  });

  it('shows no secret, neither on the console nor in the report', () => {
    const { log, said } = logged(['s3cret']);
    log.line('token s3cret');
    log.warn('token s3cret');
    expect(JSON.stringify([said, log.lines, log.warnings])).not.toContain('s3cret');
  });

  it('shows no secret that colours or invisible characters divide', () => {
    const { log, said } = logged(['s3cret']);
    log.line('s3\u200bcret s3\u001b[31mcret');
    log.warn('s3\u200bcret');
    expect(JSON.stringify([said, log.lines, log.warnings])).not.toContain('s3cret');
  });

  it('makes a warning one line that commands nothing', () => {
    const { log, said } = logged();
    log.warn('::error::a\n##[group]b');
    expect(said).toEqual(['warning: : :error::a # #[group]b']);
    expect(log.warnings).toEqual([': :error::a # #[group]b']);
  });

  it('annotates ten warnings, as many as GitHub shows; further ones are lines', () => {
    const { log, said } = logged();
    for (const letter of 'abcdefghijkl') log.warn(`about ${letter}`);
    expect(said.filter((text) => text.startsWith('warning'))).toHaveLength(10);
    expect(said.at(-1)).toBe('  0:00  Note: about l');
    expect(log.warnings).toHaveLength(10);
    expect(log.notes).toEqual(['about k', 'about l']);
  });

  it.each([
    ['another service', 'backend: digest gate skipped: x', 'worker: digest gate skipped: x'],
    ['another name', 'The tasks of "web" may not be read.', 'The tasks of "api" may not be read.'],
    ['another figure', 'After 5 minutes nothing came.', 'After 10 minutes nothing came.'],
  ])('annotates one warning of a kind; the next is a note: %s', (_, first, second) => {
    const { log, said } = logged();
    log.warn(first);
    log.warn(second);
    expect(said).toEqual([`warning: ${first}`, `  0:00  Note: ${second}`]);
    expect(log.notes).toEqual([second]);
  });

  it.each([
    ['done', '✓', true],
    ['warning', '⚠', true],
    ['failed', '✗', false],
  ] as const)('marks a step that came to its end by what it came to: %s', async (mark, sign, ok) => {
    const { log, said } = logged();
    await log.step(
      'Watch',
      () => Promise.resolve(),
      () => mark,
    );
    expect(said.at(-1)).toBe(`  0:00  ${sign} Watch (0 s)`);
    expect(log.steps).toEqual([{ name: 'Watch', from: 0, seconds: 0, ok, mark }]);
  });

  it.each([
    [0, '  0:00'],
    [7.9, '  0:07'],
    [754, ' 12:34'],
    [3723, '1:02:03'],
    [36_000, '10:00:00'],
  ])('%d seconds are stamped %j', (seconds, text) => {
    expect(stamp(seconds)).toBe(text);
  });
});
