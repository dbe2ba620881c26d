/** What ECR gives out by presigned URLs: whoever has one gets the content, without credentials. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

const folder = '/layers/';

export class Downloads {
  /** `http://127.0.0.1:<port>` of the server that answers for them. */
  base = '';
  private readonly contents = new Map<string, string>();

  /** A URL that nobody can guess. */
  offer(content: string): string {
    const token = randomBytes(32).toString('hex');
    this.contents.set(token, content);
    return `${this.base}${folder}${token}`;
  }

  /** Answers a request for such a URL; false where it is for something else. */
  answer({ method, url = '' }: IncomingMessage, response: ServerResponse): boolean {
    if (method !== 'GET' || !url.startsWith(folder)) return false;
    const content = this.contents.get(url.slice(folder.length));
    response.writeHead(content === undefined ? 403 : 200, { 'content-type': 'application/octet-stream' });
    response.end(content);
    return true;
  }
}
