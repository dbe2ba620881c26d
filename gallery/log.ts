/** The job log as GitHub shows it: groups fold, annotations have a colour, other commands are hidden. */
import { escapeHtml } from './markdown.ts';

/** Groups about the rollout; on GitHub a person opens them first. */
const OPEN: readonly string[] = ['Watch', 'Roll back', 'Pre-deploy'];

export function renderLog(log: string): string {
  const html = log.split('\n').map(renderLine).join('');
  return `<div class="log">${html}</div>`;
}

function renderLine(line: string): string {
  const [, command, text = ''] = /^::([a-z-]+)(?: [^:]*)?::(.*)$/.exec(line) ?? [];
  const plain = escapeHtml(text.replaceAll('%0A', '\n').replaceAll('%0D', '').replaceAll('%25', '%'));
  switch (command) {
    case undefined:
      return line === '' ? '' : `<div>${escapeHtml(line)}</div>`;
    case 'group':
      return `<details${OPEN.includes(text) ? ' open' : ''}><summary>${plain}</summary>`;
    case 'endgroup':
      return '</details>';
    case 'error':
      return `<div class="error">Error: ${plain}</div>`;
    case 'warning':
      return `<div class="warning">Warning: ${plain}</div>`;
    default:
      return '';
  }
}
