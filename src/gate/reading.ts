import type { HttpCheck, Probe, StatusRange } from '../model.ts';

/**
 * What one probe says about the new version (Argo Rollouts' distinctions).
 *
 * - `bad`: an answer came, and it is wrong; or none came from a URL that answered before.
 * - `error`: the probe could not run; the runner may be at fault.
 * - `old-version`: a fine answer, but still the one that was there before the deployment.
 */
export type Measurement =
  | { readonly kind: 'good'; readonly what: string }
  | { readonly kind: 'bad'; readonly what: string }
  | { readonly kind: 'error'; readonly what: string }
  | { readonly kind: 'old-version'; readonly what: string };

/** Pure. `before`: the answer in the survey, before anything was touched. */
export function measure(probe: Probe, check: HttpCheck, before: Probe | undefined): Measurement {
  if (probe.kind === 'unreachable') {
    return { kind: before?.kind === 'answer' ? 'bad' : 'error', what: probe.reason };
  }
  const status = `status ${probe.status}`;
  if (!accepts(check.statuses, probe.status)) {
    return { kind: 'bad', what: `${status}, expected ${rangesText(check.statuses)}` };
  }
  const wrong = wrongValues(probe.body, check);
  if (wrong.length === 0) return { kind: 'good', what: status };
  const what = `${status}, but ${wrong.join(' and ')}`;
  return { kind: isUnchanged(probe.body, check, before) ? 'old-version' : 'bad', what };
}

/** A status list that holds a 3xx wants to see the redirect itself. */
export function acceptsRedirect(statuses: readonly StatusRange[]): boolean {
  return statuses.some((range) => range.from < 400 && range.to >= 300);
}

function accepts(statuses: readonly StatusRange[], status: number): boolean {
  return statuses.some((range) => status >= range.from && status <= range.to);
}

function rangesText(statuses: readonly StatusRange[]): string {
  return statuses.map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`)).join(', ');
}

/** In words, each checked value of the body that is not as expected. */
function wrongValues(body: string, check: HttpCheck): string[] {
  const wrongBody = check.body === undefined || bodyMatches(body, check) ? [] : ['the body does not match'];
  const parsed = parse(body);
  const wrongFields = Object.entries(check.json).flatMap(([path, expected]) => {
    if (parsed === undefined) return ['the body is not JSON'];
    const actual = valueAt(parsed, path);
    return actual === expected ? [] : [`${path} is ${shown(actual)}, expected ${shown(expected)}`];
  });
  return [...new Set([...wrongBody, ...wrongFields])];
}

/** The checked values are those of the survey: what answers is what answered before. */
function isUnchanged(body: string, check: HttpCheck, before: Probe | undefined): boolean {
  if (before?.kind !== 'answer') return false;
  const paths = Object.keys(check.json);
  if (check.body !== undefined && body !== before.body) return false;
  const [now, then] = [parse(body), parse(before.body)];
  return paths.every((path) => valueAt(now, path) === valueAt(then, path));
}

function bodyMatches(body: string, { body: expected }: HttpCheck): boolean {
  switch (expected?.kind) {
    case 'text':
      return body.includes(expected.text);
    case 'pattern':
      return new RegExp(expected.source, expected.flags).test(body);
    case undefined:
      return true;
  }
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}

/** The value at a path such as `checks.0.name`, as text; undefined where there is none. */
export function valueAt(value: unknown, path: string): string | undefined {
  let at = value;
  for (const key of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return typeof at === 'string' ? at : JSON.stringify(at);
}

function shown(value: string | undefined): string {
  if (value === undefined) return 'missing';
  return `"${value.length > 80 ? `${value.slice(0, 80)}…` : value}"`;
}
