import { describe, expect, test } from '@jest/globals';
import type { GetLogEventsCommandInput, GetLogEventsCommandOutput } from '@aws-sdk/client-cloudwatch-logs';
import { LogTail } from '../../src/pre-deploy/log-tail.ts';
import { Cancelled } from '../../src/runtime/cancellation.ts';
import { awsError, denied, expired, throttled, unanswered } from '../fakes/aws-errors.ts';
import { fakeClock } from '../fakes/clock.ts';
import { fakeLog } from '../fakes/log.ts';

const STREAM = {
  kind: 'known',
  stream: { logGroupName: '/ecs/web', logStreamName: 'ecs/web/1' },
} as const;

/** A stream of CloudWatch Logs that grows: pages of two lines, a token for each position. */
class FakeStream {
  readonly lines: string[] = [];
  readonly asked: GetLogEventsCommandInput[] = [];
  error: Error | undefined;

  getLogEvents(input: GetLogEventsCommandInput): Promise<GetLogEventsCommandOutput> {
    this.asked.push(input);
    if (this.error !== undefined) return Promise.reject(this.error);
    const from = Number(input.nextToken ?? '0');
    const events = this.lines.slice(from, from + 2).map((message) => ({ message }));
    return Promise.resolve({ $metadata: {}, events, nextForwardToken: String(from + events.length) });
  }
}

function tailOf(keep = 3): { tail: LogTail; stream: FakeStream; said: readonly string[] } {
  const stream = new FakeStream();
  const log = fakeLog();
  const tail = new LogTail({ aws: { logs: stream }, clock: fakeClock(), log }, 'web', STREAM, keep);
  return { tail, stream, said: log.said };
}

function evidence(...texts: string[]): object[] {
  const from = { group: '/ecs/web', stream: 'ecs/web/1', taskId: '1', container: 'web' };
  return texts.map((text) => ({ kind: 'log', text, from }));
}

describe("a container's log", () => {
  test('is shown from its start, page by page, each line once', async () => {
    const { tail, stream, said } = tailOf();
    stream.lines.push('one', 'two', 'three');
    await tail.pull();
    expect(said).toEqual(['web: one', 'web: two', 'web: three']);
    await tail.pull();
    stream.lines.push('four');
    await tail.pull();
    expect(said.slice(3)).toEqual(['web: four']);
    expect(stream.asked[0]).toEqual({ ...STREAM.stream, startFromHead: true });
  });

  test('of many-lined events gets a prefix on each line', async () => {
    const { tail, stream, said } = tailOf();
    stream.lines.push('Traceback:\r\n  File "a.py"\n');
    await tail.pull();
    expect(said).toEqual(['web: Traceback:', 'web:   File "a.py"']);
  });

  test.each([
    [3, evidence('web: two', 'web: three', 'web: four')],
    [1, evidence('web: four')],
    [0, []],
  ])('ends in evidence of %d lines', async (keep, expected) => {
    const { tail, stream } = tailOf(keep);
    stream.lines.push('one', 'two', 'three', 'four');
    await tail.pull();
    expect(tail.evidence).toEqual(expected);
  });

  test.each([
    ['is not there yet', awsError('ResourceNotFoundException', 'The specified log stream does not exist.')],
    ['is throttled', throttled()],
    ['gets no answer', unanswered()],
    ['meets expired credentials, which the poll tells of', expired()],
  ])('that %s is waited for in silence', async (_how, error) => {
    const { tail, stream, said } = tailOf();
    stream.error = error;
    await tail.pull();
    stream.error = undefined;
    stream.lines.push('late');
    await tail.pull();
    expect(said).toEqual(['web: late']);
  });

  test.each([denied(), awsError('InvalidParameterException', 'No.')])(
    'that may not be read is not asked for again: %s',
    async (error) => {
      const { tail, stream, said } = tailOf();
      stream.error = error;
      await tail.pull();
      await tail.pull();
      expect(stream.asked).toHaveLength(1);
      expect(said).toEqual([expect.stringContaining('The log of container "web" cannot be read (')]);
    },
  );

  test('that cannot be read by its driver is logged once, and never asked for', async () => {
    const stream = new FakeStream();
    const log = fakeLog();
    const tail = new LogTail(
      { aws: { logs: stream }, clock: fakeClock(), log },
      'web',
      { kind: 'unknown', why: 'It logs through splunk.' },
      3,
    );
    await tail.pull();
    expect(log.said).toEqual(['It logs through splunk.']);
    expect(stream.asked).toEqual([]);
  });

  test('that is too long is cut, and its end kept', async () => {
    const { tail, stream, said } = tailOf(1);
    for (let round = 0; round < 60; round += 1) {
      stream.lines.push(...Array.from({ length: 100 }, (_, at) => `line ${round * 100 + at}`));
      await tail.pull();
    }
    expect(said).toHaveLength(5_001);
    expect(said.at(-1)).toBe('Further lines are left out here; they are in the log group /ecs/web.');
    expect(tail.evidence).toEqual(evidence('web: line 5999'));
  });

  test('ends with the job', async () => {
    const { tail, stream } = tailOf();
    stream.error = new Cancelled('SIGINT');
    await expect(tail.pull()).rejects.toBeInstanceOf(Cancelled);
  });
});
