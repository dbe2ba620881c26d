import type { BuildOptions } from '../model.ts';
import { cacheType, type Caches } from './cache.ts';

/** What is known of the builder that buildx uses if it is told nothing. */
export interface CurrentBuilder {
  readonly name: string | undefined;
  /** `docker`, `docker-container`, `remote`, …; `docker` where buildx does not say. */
  readonly driver: string;
  /** The engine keeps images in containerd: its docker driver can do nearly all that a container builder can. */
  readonly containerdStore: boolean;
}

export type BuilderChoice =
  | { readonly kind: 'given'; readonly name: string }
  /** The current one, by its name where it is known. */
  | { readonly kind: 'current'; readonly name: string | undefined; readonly driver: string }
  /** One of our own, in a container; `because` says what needs it. */
  | { readonly kind: 'create'; readonly because: readonly string[] };

/**
 * Pure: the builder that is given; else the current one, unless it is the plain docker driver and something is asked
 * for that it cannot do.
 */
export function chooseBuilder(
  given: string | undefined,
  current: CurrentBuilder,
  build: Pick<BuildOptions, 'provenance' | 'sbom'>,
  platforms: readonly string[],
  caches: Caches,
): BuilderChoice {
  if (given !== undefined) return { kind: 'given', name: given };
  const { name, driver } = current;
  const because = driver === 'docker' ? beyondDocker(current, build, platforms, caches) : [];
  return because.length === 0 ? { kind: 'current', name, driver } : { kind: 'create', because };
}

/**
 * What the docker driver cannot do (https://docs.docker.com/build/builders/drivers/docker/ and
 * https://docs.docker.com/build/cache/backends/): with images in containerd, only caches in object stores.
 */
function beyondDocker(
  { containerdStore }: CurrentBuilder,
  build: Pick<BuildOptions, 'provenance' | 'sbom'>,
  platforms: readonly string[],
  caches: Caches,
): string[] {
  const types = [...caches.from, ...caches.to].map(cacheType);
  const objectStores = types.filter((type) => type === 's3' || type === 'azblob');
  if (containerdStore) return unique(objectStores.map((type) => `a cache in ${type}`));
  const exported = caches.to.map(cacheType).filter((type) => type !== 'inline');
  const imported = types.filter((type) => type === 'gha' || type === 'local');
  return [
    ...(platforms.length > 1 ? ['several platforms'] : []),
    ...(exported.length > 0 ? ['writing a cache'] : []),
    ...(exported.length === 0 && imported.length + objectStores.length > 0 ? ['reading that cache'] : []),
    ...(build.provenance === 'false' ? [] : ['provenance']),
    ...(build.sbom === 'false' ? [] : ['an SBOM']),
  ];
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

/** Pure: what `docker buildx inspect` and `docker info --format '{{json .DriverStatus}}'` say. */
export function parseCurrentBuilder(inspected: string, driverStatus: string): CurrentBuilder {
  const head = inspected.split(/^Nodes:/m, 1)[0] ?? '';
  return {
    name: /^Name:\s*(\S+)/m.exec(head)?.[1],
    driver: /^Driver:\s*(\S+)/m.exec(head)?.[1] ?? 'docker',
    containerdStore: driverStatus.includes('io.containerd.snapshotter'),
  };
}
