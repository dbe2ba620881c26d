import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

/** Fetches a text of at most so many bytes from a URL. */
export type Download = (url: string, maxBytes: number, signal: AbortSignal) => Promise<string>;

/**
 * A plain GET without credentials, for presigned URLs. Rejects where the answer is not a 200, is larger, or is not all
 * there when the signal aborts. HTTPS_PROXY, HTTP_PROXY and NO_PROXY are honoured; redirects are not followed.
 */
export const download: Download = async (url, maxBytes, signal) => {
  const answer = await get(new URL(url), signal);
  try {
    if (answer.statusCode !== 200) throw new Error(`the answer was ${answer.statusCode ?? 'none'}`);
    return await textOf(answer, maxBytes);
  } finally {
    answer.destroy();
  }
};

function get(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = { headers: { 'user-agent': 'ecs-fargate-deploy', accept: '*/*' }, signal };
    const request =
      url.protocol === 'https:'
        ? httpsRequest(url, { ...options, agent: new HttpsAgent({ proxyEnv: process.env }) }, resolve)
        : httpRequest(url, { ...options, agent: new HttpAgent({ proxyEnv: process.env }) }, resolve);
    request.on('error', reject);
    request.end();
  });
}

async function textOf(answer: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxBytes) throw new Error(`the answer has more than ${maxBytes} bytes`);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** An address as it may be shown: its query may carry a token. */
export function withoutQuery(url: string): string {
  return url.replace(/\?.*$/, '?…');
}
