import { renderAnnotations, renderLog } from './log.ts';
import { escapeHtml, renderMarkdown } from './markdown.ts';
import type { Recording } from './record.ts';

export interface Assets {
  readonly style: string;
  readonly script: string;
  /** Address of the Mermaid library, beside the page. */
  readonly mermaid: string;
}

/** Pure: one page with log, summary and comment of every run. */
export function renderPage(recordings: readonly Recording[], { style, script, mermaid }: Assets): string {
  return `<!doctype html>
<html lang="en" data-theme="light">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>What people see of a deployment</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>What people see of a deployment</h1>
<p>The job log, the job summary and the pull-request comment of each way in which a deployment can end. Every run is a real one of the action, against an AWS and a GitHub on loopback.</p>
<button id="theme" type="button">Light or dark</button>
<nav><ol>
${recordings.map(entry).join('\n')}
</ol></nav>
</header>
<main>
${recordings.map(scene).join('\n')}
</main>
<footer></footer>
<script src="${mermaid}"></script>
<script>${script}</script>
</body>
</html>
`;
}

function entry({ title, ends }: Recording, at: number): string {
  return `<li><a href="#scene-${at}"><span class="dot ${colour(ends)}"></span>${escapeHtml(title)}</a></li>`;
}

function scene({ title, ends, log, summary, comment }: Recording, at: number): string {
  const chip = `<span class="chip ${colour(ends)}">${escapeHtml(words(ends))}</span>`;
  return `<section class="scene" id="scene-${at}">
<h2>${escapeHtml(title)} ${chip}</h2>
<div class="faces">
${face('Annotations', renderAnnotations(log), true)}
${face('Job summary', markdown(summary))}
${face('Pull-request comment', markdown(comment))}
${face('Job log', renderLog(log), true)}
</div>
</section>`;
}

function face(title: string, body: string, wide = false): string {
  return `<article class="face${wide ? ' wide' : ''}"><h3>${title}</h3>${body}</article>`;
}

function markdown(text: string): string {
  return text === '' ? '<p class="none">None.</p>' : `<div class="markdown">${renderMarkdown(text)}</div>`;
}

function words(ends: string): string {
  return ends.replace(/ [01]$/, '').replace(' ', ' · ');
}

function colour(ends: string): string {
  if (ends.endsWith(' 0')) return 'good';
  return /^(cancelled|superseded|killed)/.test(ends) ? 'note' : '';
}
