/** The report: summary, comment, and how much of the container log is shown. */
import type { ReportRequest } from '../model.ts';
import { flag, line, oneOfInAnyCase, problem, quoted, value, whole } from './grammar.ts';
import type { Parsed } from './grammar.ts';
import type { InputReader } from './reader.ts';

export function readReport(read: InputReader): ReportRequest {
  const report: ReportRequest = {
    summary: read.value('summary', flag, 'true'),
    prComment: read.value('pr-comment', oneOfInAnyCase(['auto', 'true', 'false', 'on-failure']), 'auto'),
    commentKey: read.optional('comment-key', commentKey),
    prNumber: read.optional('pr-number', pullRequest),
    githubToken: read.optional('github-token', token),
    failureLogLines: read.value('failure-log-lines', whole('lines', { least: 0 }, 30), '30'),
  };
  if (report.githubToken !== undefined) read.secrets.push(report.githubToken);
  return report;
}

/** The key is written into a hidden comment of Markdown, which it must not close. */
function commentKey(text: string): Parsed<string> {
  if (text.includes('-->')) return problem(`${quoted(text.trim())} holds "-->". Give a key without it.`);
  return line(text);
}

function pullRequest(text: string): Parsed<number> {
  const parsed = whole('pull request', { least: 1 }, 7)(text);
  if ('value' in parsed) return parsed;
  return problem(
    `${quoted(text.trim())} is not the number of a pull request. Give a whole number of 1 or more.`,
  );
}

function token(text: string): Parsed<string> {
  return /\s/.test(text.trim())
    ? problem('it holds a space or a line break, as no token does.')
    : value(text.trim());
}
