import { lastSegment } from '../aws/arn.ts';
import type { ReportRequest, Request } from '../model/index.ts';

/** What is asked about the comment. */
export interface CommentRequest extends Pick<ReportRequest, 'prComment' | 'prNumber' | 'githubToken'> {
  readonly key: string;
}

/** What a request says of the comment, but for the token. */
export function desiredComment({ cluster, services, report }: Request): Omit<CommentRequest, 'githubToken'> {
  const { prComment, prNumber, commentKey } = report;
  return { prComment, prNumber, key: commentKey ?? defaultKey(cluster, services) };
}

/** The key of a comment where the user gives none: what is deployed where. */
export function defaultKey(cluster: string, services: readonly string[]): string {
  return `${lastSegment(cluster)}/${services.length === 0 ? '(no service)' : services.map(lastSegment).join(',')}`;
}
