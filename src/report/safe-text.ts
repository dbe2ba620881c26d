const ANSI = new RegExp('\\u001b\\[[0-9;?]*[ -/]*[@-~]', 'g');
/** Control characters but the tab; what is invisible or turns the reading order (Unicode's format characters). */
const INVISIBLE = /(?!\t)\p{Cc}|[\p{Cf}\u2028\u2029]/gu;

/** Longest line that goes into the log; the rest is counted. */
const MAX_LINE = 2000;

/**
 * Lines of a text from AWS or a container that cannot command anything: no terminal escapes or invisible characters,
 * no `##[command]` (the runner finds it anywhere in a line), and no `::command::` at the start.
 */
export function sanitizeLines(text: string): string[] {
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => line.replace(ANSI, '').replace(INVISIBLE, '').replaceAll('##[', '# #['))
    .map((line) => (/^\s*::/.test(line) ? line.replace('::', ': :') : line))
    .map((line) =>
      line.length > MAX_LINE
        ? `${line.slice(0, MAX_LINE).toWellFormed()}… (${line.length - MAX_LINE} characters more)`
        : line,
    );
}
