import type { BuildOptions } from '../model.ts';

/** The caches of a build, each as a value of `--cache-from` or `--cache-to`. */
export interface Caches {
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/** Tag of the cache in the repository of the image. */
export const CACHE_TAG = 'buildcache';

export interface CacheFacts {
  readonly repositoryUri: string;
  readonly repositoryName: string;
  readonly platforms: readonly string[];
  /** ACTIONS_CACHE_MODE of the runner: what the job's token may do with the cache of GitHub Actions. */
  readonly actionsCacheMode: string | undefined;
}

/** Pure: the caches that the inputs name, then those of the shorthand `cache`. */
export function cachesOf(
  build: Pick<BuildOptions, 'cache' | 'cacheFrom' | 'cacheTo'>,
  facts: CacheFacts,
): Caches {
  const { from, to } = shorthand(build.cache, facts);
  return { from: [...build.cacheFrom, ...from], to: [...build.cacheTo, ...to] };
}

function shorthand(cache: BuildOptions['cache'], facts: CacheFacts): Caches {
  switch (cache) {
    case 'none':
      return { from: [], to: [] };
    case 'gha': {
      const scope = scopeOf(facts);
      const attributes = `type=gha,scope=${scope}`;
      // A job that may not write would fail after it has pushed (GitHub docs, "Dependency caching reference").
      const mayWrite = !['read', 'none'].includes(facts.actionsCacheMode?.toLowerCase() ?? '');
      return { from: [attributes], to: mayWrite ? [`${attributes},mode=max,ignore-error=true`] : [] };
    }
    case 'registry': {
      const ref = `type=registry,ref=${facts.repositoryUri}:${CACHE_TAG}`;
      return { from: [ref], to: [`${ref},mode=max,image-manifest=true,oci-mediatypes=true`] };
    }
  }
}

/** Without a scope of its own, two images of a repository would evict each other's cache. */
function scopeOf({ repositoryName, platforms }: CacheFacts): string {
  return [repositoryName, ...platforms].join('-').replace(/[^\w.-]+/g, '-');
}

/** Pure: `registry` of `type=registry,ref=…`; a bare reference is a registry's too. */
export function cacheType(attributes: string): string {
  return /(?:^|,)\s*type=([\w-]+)/.exec(attributes)?.[1] ?? 'registry';
}
