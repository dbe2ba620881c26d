import { ANY_AWS_ERROR, attempt } from '../aws/attempt.ts';
import type { LogReads } from '../aws/clients.ts';
import { describeAwsError, isAwsError } from '../aws/errors.ts';
import type { RunContext } from '../context.ts';
import type { LogPlace, LogStream } from '../ecs/log-streams.ts';
import type { Evidence } from '../model/index.ts';
import type { OutputLog } from '../runtime/log.ts';
import { Masks } from '../runtime/masks.ts';
import { Deadline } from '../runtime/wait.ts';

export interface TailContext extends Pick<RunContext, 'clock'> {
  readonly aws: { readonly logs: Pick<LogReads, 'getLogEvents'> };
  readonly log: OutputLog;
}

/** A page that does not come is waited for so long at most: the task is what matters. */
const LONGEST_MS = 10_000;

const LIMITS = { least: 1_000 };

/** Pages of one pull, each up to 10,000 events or 1 MB (CloudWatch Logs API, GetLogEvents). */
const MAX_PAGES = 50;

/** Lines that are shown; a log that is longer is in CloudWatch Logs, and its end is evidence. */
const MAX_SHOWN = 5_000;

/**
 * A container's log while it grows: each pull shows the lines that came since the last. What keeps the log from being
 * read is logged once, and never an error.
 */
export class LogTail {
  readonly #ctx: TailContext;
  readonly #container: string;
  readonly #keep: number;
  readonly #masks: Masks;
  #stream: LogStream | undefined;
  #token: string | undefined;
  #shown = 0;
  #last: string[] = [];

  /**
   * `keep`: how many of the last lines become evidence. `masks`: what the container knows and the runner does not hide.
   */
  constructor(
    ctx: TailContext,
    container: string,
    place: LogPlace,
    keep: number,
    masks: Masks = new Masks(),
  ) {
    this.#masks = masks;
    this.#ctx = ctx;
    this.#container = container;
    this.#keep = keep;
    if (place.kind === 'unknown') ctx.log.line(place.why);
    else this.#stream = place.stream;
  }

  get evidence(): Evidence[] {
    const { logGroupName: group, logStreamName: stream } = this.#stream ?? {};
    if (group === undefined || stream === undefined) return this.#last.map((text) => ({ kind: 'log', text }));
    const from = { group, stream, taskId: stream.split('/').at(-1) ?? '', container: this.#container };
    return this.#last.map((text) => ({ kind: 'log', text, from }));
  }

  /** Shows everything that is there by now, as far as it comes within `ms`. A stream appears with its first line. */
  async pull(ms = LONGEST_MS): Promise<void> {
    const deadline = Deadline.of(this.#ctx.clock, Math.min(ms, LONGEST_MS));
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const stream = this.#stream;
      if (stream === undefined || (page > 0 && deadline.isOver())) return;
      const more = await attempt(() => this.#nextPage(stream, deadline), ANY_AWS_ERROR);
      // Credentials that have run out are the watch's to tell of.
      if (more.kind === 'forbidden' && more.because !== 'expired') this.#excuse(more.error);
      if (more.kind !== 'answered' || !more.value) return;
    }
  }

  /** At the end of a stream its token comes back unchanged; a page may be empty before that. */
  async #nextPage(stream: LogStream, deadline: Deadline): Promise<boolean> {
    const { aws } = this.#ctx;
    const sent = this.#token;
    const answer = await deadline.within(LIMITS, () =>
      aws.logs.getLogEvents({
        ...stream,
        startFromHead: true,
        ...(sent === undefined ? {} : { nextToken: sent }),
      }),
    );
    for (const { message = '' } of answer.events ?? []) {
      for (const line of this.#masks.mask(message).trimEnd().split(/\r?\n/)) {
        this.#show(`${this.#container}: ${line}`);
      }
    }
    this.#token = answer.nextForwardToken ?? sent;
    return this.#token !== sent;
  }

  #show(line: string): void {
    this.#shown += 1;
    if (this.#shown <= MAX_SHOWN) this.#ctx.log.output(line);
    if (this.#shown === MAX_SHOWN + 1) {
      this.#ctx.log.line(
        `Further lines are left out here; they are in the log group ${this.#stream?.logGroupName ?? ''}.`,
      );
    }
    if (this.#keep > 0) this.#last = [...this.#last, line].slice(-this.#keep);
  }

  /** A stream that is not there may yet come. */
  #excuse(error: unknown): void {
    if (isAwsError(error, 'ResourceNotFoundException')) return;
    this.#stream = undefined;
    this.#ctx.log.line(
      `The log of container "${this.#container}" cannot be read (${describeAwsError(error)}).`,
    );
  }
}
