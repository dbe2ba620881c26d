const ANSI = new RegExp('\\u001b\\[[0-9;?]*[ -/]*[@-~]', 'g');
const CONTROL = new RegExp(
  '[\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u2069\\ufeff]',
  'g',
);

/** Longest line that goes into the log; the rest is counted. */
const MAX_LINE = 2000;

/**
 * Lines of a text from AWS or a container that cannot command anything: no terminal escapes or invisible characters,
 * no `##[command]` (the runner finds it anywhere in a line), and no `::command::` at the start.
 */
export function harmlessLines(text: string): string[] {
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => line.replace(ANSI, '').replace(CONTROL, '').replaceAll('##[', '# #['))
    .map((line) => (/^\s*::/.test(line) ? line.replace('::', ': :') : line))
    .map((line) =>
      line.length > MAX_LINE
        ? `${line.slice(0, MAX_LINE)}… (${line.length - MAX_LINE} characters more)`
        : line,
    );
}
