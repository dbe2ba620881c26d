const BOLD = ['\u001b[1m', '\u001b[0m'] as const;
const RED = ['\u001b[31m', '\u001b[0m'] as const;
const YELLOW = ['\u001b[33m', '\u001b[0m'] as const;

/** Shows a job log while it grows, as GitHub shows it: groups are headings, annotations have a colour. */
export class JobLog {
  readonly #say: (line: string) => void;
  #shown = 0;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  /** `log`: everything printed so far. Only whole lines are shown. */
  show(log: string): void {
    const end = log.lastIndexOf('\n') + 1;
    for (const line of log.slice(this.#shown, Math.max(end - 1, this.#shown)).split('\n')) {
      const shown = render(line);
      if (shown !== undefined && end > this.#shown) this.#say(shown);
    }
    this.#shown = Math.max(end, this.#shown);
  }
}

/** Pure: one line of the log as a person sees it; undefined for what GitHub hides. */
export function render(line: string): string | undefined {
  const [, command, text = ''] = /^::([a-z-]+)(?: [^:]*)?::(.*)$/.exec(line) ?? [];
  const plain = text.replaceAll('%0A', '\n  ').replaceAll('%0D', '').replaceAll('%25', '%');
  switch (command) {
    case undefined:
      return line;
    case 'group':
      return paint(BOLD, `▾ ${plain}`);
    case 'error':
      return paint(RED, `Error: ${plain}`);
    case 'warning':
      return paint(YELLOW, `Warning: ${plain}`);
    default:
      return undefined;
  }
}

function paint([on, off]: readonly [string, string], text: string): string {
  return process.stdout.isTTY ? `${on}${text}${off}` : text;
}
