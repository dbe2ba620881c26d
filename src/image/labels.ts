import type { Commit } from './commit.ts';

/** Where the source lives. */
export interface Origin {
  readonly serverUrl: string | undefined;
  /** `owner/name` on GitHub. */
  readonly repository: string | undefined;
}

/**
 * Pure: the labels of an image as `name=value`: the OCI ones that are known
 * (https://github.com/opencontainers/image-spec/blob/main/annotations.md), then the given ones, which win.
 */
export function labelsOf(
  commit: Commit,
  { serverUrl, repository }: Origin,
  version: string,
  title: string,
  given: readonly string[],
): string[] {
  const url = serverUrl === undefined || repository === undefined ? undefined : `${serverUrl}/${repository}`;
  const standard: Readonly<Record<string, string | undefined>> = {
    source: url,
    revision: commit.sha,
    created: commit.date,
    version,
    title: repository?.split('/')[1] ?? title,
    url,
  };
  const named = new Set(given.map(nameOf));
  const ours = Object.entries(standard).flatMap(([name, value]) =>
    value === undefined ? [] : [`org.opencontainers.image.${name}=${value}`],
  );
  return [...ours.filter((label) => !named.has(nameOf(label))), ...given];
}

function nameOf(label: string): string {
  return label.split('=', 1)[0] ?? label;
}
