type Paint = readonly [on: string, off: string];

const BOLD: Paint = ['\u001b[1m', '\u001b[0m'];
const RED: Paint = ['\u001b[31m', '\u001b[0m'];
const GREEN: Paint = ['\u001b[32m', '\u001b[0m'];
const YELLOW: Paint = ['\u001b[33m', '\u001b[0m'];
const GREY: Paint = ['\u001b[90m', '\u001b[0m'];

/** Marks of a line after its time, each with its colour. */
const MARKS: readonly [RegExp, Paint][] = [
  [/^\s*[\d:]+ {2}✓ /, GREEN],
  [/^\s*[\d:]+ {2}✗ /, RED],
  [/^\s*[\d:]+ {2}⚠ /, YELLOW],
  [/^✅/u, GREEN],
  [/^(?:↩|❌|🚨|✋)/u, RED],
  [/^⚠/u, YELLOW],
];

/** A check that found nothing wrong: `  0:01  OK       backend: image: …`. */
const OK = /^\s*[\d:]+ {2}OK\b/;

/**
 * Shows a job log while it grows, as GitHub shows it: groups are headings, annotations and marks have a colour. The checks
 * that found nothing wrong are one line, and so are the events that GitHub folds away.
 */
export class JobLog {
  readonly #say: (line: string) => void;
  readonly #colours: boolean;
  #shown = 0;
  #ok = 0;
  #isFolded = false;

  constructor(say: (line: string) => void, colours: boolean = process.stdout.isTTY) {
    this.#say = say;
    this.#colours = colours;
  }

  /** `log`: everything printed so far. Only whole lines are shown. */
  show(log: string): void {
    const end = log.lastIndexOf('\n') + 1;
    if (end <= this.#shown) return;
    for (const line of log.slice(this.#shown, end - 1).split('\n')) this.#showLine(line);
    this.#shown = end;
  }

  #showLine(line: string): void {
    if (OK.test(line)) {
      this.#ok += 1;
      return;
    }
    if (this.#ok > 0)
      this.#say(paint(GREY, `        OK       ${this.#ok} checks that found nothing wrong`, this.#colours));
    this.#ok = 0;
    if (this.#isFolded && line !== '::endgroup::') return;
    this.#isFolded = FOLDED.test(line);
    if (this.#isFolded) this.#say(paint(GREY, `▸ ${line.replace('::group::', '')}`, this.#colours));
    else {
      const shown = render(line, this.#colours);
      if (shown !== undefined) this.#say(shown);
    }
  }
}

/** Groups that nobody opens who watches. */
const FOLDED = /^::group::\d+ events? of ECS meanwhile$/;

/** Pure: one line of the log as a person sees it; undefined for what GitHub hides. */
export function render(line: string, colours: boolean = process.stdout.isTTY): string | undefined {
  const [, command, text = ''] = /^::([a-z-]+)(?: [^:]*)?::(.*)$/.exec(line) ?? [];
  const plain = text.replaceAll('%0A', '\n  ').replaceAll('%0D', '').replaceAll('%25', '%');
  switch (command) {
    case undefined: {
      const mark = MARKS.find(([pattern]) => pattern.test(line));
      return mark === undefined ? line : paint(mark[1], line, colours);
    }
    case 'group':
      return paint(BOLD, `▾ ${plain}`, colours);
    case 'error':
      return paint(RED, `Error: ${plain}`, colours);
    case 'warning':
      return paint(YELLOW, `Warning: ${plain}`, colours);
    default:
      return undefined;
  }
}

function paint([on, off]: Paint, text: string, colours: boolean): string {
  return colours ? `${on}${text}${off}` : text;
}
