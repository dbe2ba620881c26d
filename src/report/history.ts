import { RESULTS, type Result } from '../model.ts';

/** One deployment that a comment remembers. */
export interface PastDeployment {
  /** Of the step of the run, so that it is told once. */
  readonly id: string;
  /** ISO 8601. */
  readonly at: string;
  readonly result: Result;
  readonly revision: string;
  readonly commit: string;
  readonly actor: string;
  readonly runId: string;
}

/** Deployments that a comment remembers. */
const MOST = 10;

const OPEN = '<!-- history:';

/** Pure: the history that a comment holds, newest first. What somebody changed by hand, and is none, is forgotten. */
export function readHistory(body: string): PastDeployment[] {
  const encoded = /<!-- history:([\w+/=-]+) -->/.exec(body)?.[1];
  if (encoded === undefined) return [];
  try {
    const list = JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')) as unknown;
    return Array.isArray(list) ? list.filter(isPast).slice(0, MOST) : [];
  } catch {
    return [];
  }
}

/** Pure: hidden text that `readHistory` reads. In base64, so that nothing in it can end the comment. */
export function writeHistory(history: readonly PastDeployment[]): string {
  return `${OPEN}${Buffer.from(JSON.stringify(history)).toString('base64')} -->`;
}

/** Pure: with one more, or with one told anew. */
export function withDeployment(
  history: readonly PastDeployment[],
  deployment: PastDeployment,
): PastDeployment[] {
  return [deployment, ...history.filter(({ id }) => id !== deployment.id)]
    .toSorted((a, b) => b.at.localeCompare(a.at))
    .slice(0, MOST);
}

const FIELDS: readonly (keyof PastDeployment)[] = ['id', 'at', 'revision', 'commit', 'actor', 'runId'];

function isPast(value: unknown): value is PastDeployment {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Record<string, unknown>;
  return (
    /^[0-9a-f]{0,40}$/.test(String(fields['commit'])) &&
    /^\d*$/.test(String(fields['runId'])) &&
    FIELDS.every((field) => typeof fields[field] === 'string') &&
    (RESULTS as readonly unknown[]).includes(fields['result'])
  );
}
