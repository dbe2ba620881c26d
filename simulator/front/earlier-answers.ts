import type { AwsRequest } from '../api/protocol/request.ts';

interface Answered {
  readonly time: number;
  readonly body: string;
}

/** So many answers to one question are kept. */
const KEPT = 40;

/** Actions that only read. */
const READS = /^(?:Describe|List|Get|BatchGet)/;

/** What was answered to the same question before: AWS shows it once more where its copies are not of one mind. */
export class EarlierAnswers {
  private readonly answers = new Map<string, Answered[]>();

  remember(request: AwsRequest, time: number, body: string): void {
    if (!READS.test(request.action)) return;
    const known = this.answers.get(keyOf(request)) ?? [];
    this.answers.set(keyOf(request), [...known.slice(1 - KEPT), { time, body }]);
  }

  /** The answer that stood at an instant, the oldest where none is that old; undefined where nobody asked before. */
  before(request: AwsRequest, instant: number): string | undefined {
    const known = this.answers.get(keyOf(request)) ?? [];
    return (known.findLast(({ time }) => time <= instant) ?? known[0])?.body;
  }
}

function keyOf({ service, action, region, body }: AwsRequest): string {
  return JSON.stringify([service, action, region, body]);
}
