/**
 * The job log as GitHub shows it: every group is folded (actions/runner#1036), an annotation stands where it was made and
 * has a colour, other commands are hidden.
 */
import { escapeHtml } from './markdown.ts';

export function renderLog(log: string): string {
  const html = log.split('\n').map(renderLine).join('');
  return `<div class="log">${html}</div>`;
}

/** The annotations of a log, as GitHub lists them on the page of the run: errors first, each with its level. */
export function renderAnnotations(log: string): string {
  const found = log.split('\n').flatMap((line) => {
    const { command, text } = parse(line);
    return command === 'error' || command === 'warning' ? [{ command, text }] : [];
  });
  const of = (level: string): string =>
    found
      .filter(({ command }) => command === level)
      .map(({ text }) => `<div class="annotation ${level}">${text}</div>`)
      .join('');
  return found.length === 0 ? '<p class="none">None.</p>' : `${of('error')}${of('warning')}`;
}

function parse(line: string): { readonly command: string | undefined; readonly text: string } {
  const [, command, text = ''] = /^::([a-z-]+)(?: [^:]*)?::(.*)$/.exec(line) ?? [];
  return {
    command,
    text: escapeHtml(text.replaceAll('%0A', '\n').replaceAll('%0D', '').replaceAll('%25', '%')),
  };
}

function renderLine(line: string): string {
  const { command, text } = parse(line);
  switch (command) {
    case undefined:
      return line === '' ? '' : `<div>${escapeHtml(line)}</div>`;
    case 'group':
      return `<details><summary>${text}</summary>`;
    case 'endgroup':
      return '</details>';
    case 'error':
      return `<div class="error">Error: ${text}</div>`;
    case 'warning':
      return `<div class="warning">Warning: ${text}</div>`;
    default:
      return '';
  }
}
