import type { BuildOptions } from '../model/index.ts';

/** Everything that decides the arguments of one build. */
export interface BuildCommand {
  readonly options: Pick<
    BuildOptions,
    | 'file'
    | 'target'
    | 'buildArgs'
    | 'buildContexts'
    | 'provenance'
    | 'sbom'
    | 'pull'
    | 'noCache'
    | 'buildxArgs'
  >;
  readonly context: string;
  readonly platforms: readonly string[];
  /** References to push. */
  readonly tags: readonly string[];
  readonly labels: readonly string[];
  /** Values of `--secret`. */
  readonly secrets: readonly string[];
  readonly caches: Caches;
  /** Undefined: the current one. */
  readonly builder: string | undefined;
  readonly metadataFile: string;
  readonly buildx: BuildxVersion | undefined;
}

/** Undefined where buildx does not say: then it is taken for a present one. */
export interface BuildxVersion {
  readonly major: number;
  readonly minor: number;
}

/** Attestations, and the options that switch them off, came with buildx 0.10. */
const ATTESTATIONS = { major: 0, minor: 10 };

/**
 * Pure: the arguments after `docker`, in the order of docker/build-push-action. Every value is an argument of its own,
 * whatever it holds.
 */
export function buildArguments(command: BuildCommand): string[] {
  const { options } = command;
  return [
    'buildx',
    'build',
    ...each('--build-arg', options.buildArgs),
    ...each('--build-context', options.buildContexts),
    ...each('--cache-from', command.caches.from),
    ...each('--cache-to', command.caches.to),
    ...once('--file', options.file),
    ...each('--label', command.labels),
    ...once('--platform', command.platforms.length === 0 ? undefined : command.platforms.join(',')),
    ...attestation('--provenance', options.provenance, command.buildx),
    ...attestation('--sbom', options.sbom, command.buildx),
    ...each('--secret', command.secrets),
    ...each('--tag', command.tags),
    ...once('--target', options.target),
    ...once('--builder', command.builder),
    ...once('--metadata-file', command.metadataFile),
    ...(options.noCache ? ['--no-cache'] : []),
    ...(options.pull ? ['--pull'] : []),
    ...once('--progress', 'plain'),
    '--push',
    ...options.buildxArgs,
    command.context,
  ];
}

function each(option: string, values: readonly string[]): string[] {
  return values.flatMap((value) => [option, value]);
}

function once(option: string, value: string | undefined): string[] {
  return value === undefined ? [] : [option, value];
}

/** An old buildx attests nothing and does not know how to be told so. */
function attestation(option: string, value: string, buildx: BuildxVersion | undefined): string[] {
  return value === 'false' && isBefore(buildx, ATTESTATIONS) ? [] : [`${option}=${value}`];
}

/** Pure: a buildx that does not say its version is a present one. */
export function isBefore(version: BuildxVersion | undefined, other: BuildxVersion): boolean {
  if (version === undefined) return false;
  return version.major < other.major || (version.major === other.major && version.minor < other.minor);
}

/** Pure: `github.com/docker/buildx v0.13.1 788433953af1…`; some distributions leave the `v` out. */
export function parseBuildxVersion(text: string): BuildxVersion | undefined {
  const [, major, minor] = /(?:^|\s)v?(\d+)\.(\d+)\.\d+/.exec(text) ?? [];
  return major === undefined || minor === undefined
    ? undefined
    : { major: Number(major), minor: Number(minor) };
}

const HAS_A_VALUE = new Set(['--build-arg', '--label']);

/** Pure: the command for people; what may be secret is in it by its name only. */
export function describeBuild(command: BuildCommand): string {
  const { options } = command;
  const args = buildArguments({
    ...command,
    options: { ...options, buildxArgs: options.buildxArgs.map(flagOnly) },
  });
  const shown = args.map((arg, index) => {
    const before = args[index - 1] ?? '';
    if (HAS_A_VALUE.has(before)) return `${arg.split('=', 1)[0] ?? ''}=…`;
    if (before === '--cache-from' || before === '--cache-to') return withoutSecrets(arg);
    return withoutUser(arg);
  });
  return ['docker', ...shown].map((arg) => (/^[\w@%+=:,./…-]+$/.test(arg) ? arg : `'${arg}'`)).join(' ');
}

/** What follows a flag may be anything. */
function flagOnly(word: string): string {
  if (!word.startsWith('-')) return '…';
  const [flag = '', ...value] = word.split('=');
  return value.length === 0 ? flag : `${flag}=…`;
}

function withoutSecrets(attributes: string): string {
  return attributes.replace(/([\w-]*(?:secret|token|password|key)[\w-]*)=[^,]*/gi, '$1=…');
}

/** A URL may carry a user and a password. */
function withoutUser(text: string): string {
  return text.replace(/:\/\/[^/?#]*@/, '://…@');
}

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

/** What a build said of its steps. */
export interface BuildSteps {
  /** Steps of the Dockerfile. */
  readonly total: number;
  /** Those of them that came out of a cache. */
  readonly cached: number;
}

/**
 * Counts the steps of a Dockerfile in BuildKit's plain progress: `#7 [2/5] RUN …` names a step, `#7 CACHED` says that it
 * was not run. Steps of BuildKit itself, such as `[internal] load build context`, do not count.
 */
export class StepCounter {
  readonly #steps = new Set<string>();
  readonly #cached = new Set<string>();

  take(line: string): void {
    const [, step, text = ''] = /^(#\d+) (.*)$/.exec(line) ?? [];
    if (step === undefined) return;
    if (/^\[(?!internal|auth)[^\]]*\d+\/\d+\] /.test(text)) this.#steps.add(step);
    else if (text === 'CACHED') this.#cached.add(step);
  }

  get counts(): BuildSteps {
    return { total: this.#steps.size, cached: this.#steps.intersection(this.#cached).size };
  }
}
