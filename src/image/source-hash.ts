import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ProcessContext } from '../context.ts';
import type { BuildOptions } from '../model/index.ts';
import { hashContext, type ContextHash, type HashContext } from './context-hash.ts';
import { gitLine } from './git.ts';

/** What an image is made of, so that one that was made of the same can be found. */
export type SourceHash =
  /** Twelve hex digits that are the same for the same files and inputs. */
  | { readonly kind: 'known'; readonly hash: string; readonly files: number; readonly bytes: number }
  /** Nothing stands for it: it is built. `why`: completes "It is built: …". */
  | { readonly kind: 'unknown'; readonly why: string };

type Options = Pick<
  BuildOptions,
  | 'file'
  | 'target'
  | 'buildArgs'
  | 'buildContexts'
  | 'labels'
  | 'provenance'
  | 'sbom'
  | 'buildxArgs'
  | 'builder'
  | 'secrets'
  | 'secretFiles'
  | 'secretEnvs'
  | 'reuseImage'
  | 'noCache'
  | 'pull'
>;

const DIGITS = 12;

/**
 * The hash of everything that buildx is given: files, their .dockerignore, options. Values of secrets and what a tag or a
 * branch in a Dockerfile means are not in it. Unknown where the request wants a build, where a context is somewhere else
 * and may change there, and where a file cannot be read: then the build says so in its own words.
 */
export async function hashSource(
  ctx: ProcessContext,
  context: string,
  build: Options,
  platforms: readonly string[],
): Promise<SourceHash> {
  const why = whyItMustBeBuilt(context, build);
  if (why !== undefined) return { kind: 'unknown', why };
  try {
    const main = isRemote(context)
      ? { digest: context, files: 0, bytes: 0 }
      : await hashMain(ctx, context, build.file);
    const others = await Promise.all(build.buildContexts.map((line) => hashNamed(ctx, line)));
    const file = isRemote(context) ? (build.file ?? null) : null;
    const contexts = others.map(({ digest }) => digest).toSorted();
    const text = JSON.stringify([main.digest, file, contexts, inputsOf(build, platforms, ctx.env)]);
    const all = [main, ...others];
    return {
      kind: 'known',
      hash: hash('sha256', text, 'hex').slice(0, DIGITS),
      files: sum(all.map(({ files }) => files)),
      bytes: sum(all.map(({ bytes }) => bytes)),
    };
  } catch (error) {
    ctx.signal.throwIfAborted();
    return { kind: 'unknown', why: `its files could not be read whole (${firstLine(error)})` };
  }
}

/** Pure: what in the request rules out that an image is used again. */
export function whyItMustBeBuilt(
  context: string,
  build: Pick<Options, 'reuseImage' | 'noCache' | 'pull' | 'file' | 'buildContexts' | 'buildxArgs'>,
): string | undefined {
  if (!build.reuseImage) return 'reuse-image is false';
  if (build.noCache) return 'no-cache always builds';
  if (build.pull) return 'pull always builds';
  const moving = [
    context,
    ...(build.file === undefined ? [] : [build.file]),
    ...build.buildContexts.map(sourceOf),
  ].find(mayMove);
  if (moving !== undefined)
    return `${withoutUser(moving)} may change there: it is not pinned to a full commit SHA`;
  const flag = build.buildxArgs.find((arg) => REBUILDS.test(arg));
  if (flag !== undefined) return `buildx-args has ${flagOf(flag)}, which always builds`;
  const files = build.buildxArgs.find((arg) => NAMES_FILES.test(arg));
  if (files === undefined) return undefined;
  return `buildx-args names files by ${flagOf(files)}: the inputs file and build-contexts do so, too, and let an image be used again`;
}

const REBUILDS = /^--(?:no-cache|no-cache-filter|pull)(?:$|=(?!false$))/;
const NAMES_FILES = /^(?:-f|--file(?:$|=)|--build-context(?:$|=))/;

function flagOf(arg: string): string {
  return arg.startsWith('--') ? (arg.split('=', 1)[0] ?? arg) : arg.slice(0, 2);
}

/** Pure: a URL, or a repository as git writes it; Docker fetches both by itself. */
export function isRemote(context: string): boolean {
  return /^(?:[a-z][a-z0-9+.-]*:\/\/|git@|github\.com\/)/i.test(context);
}

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i;

/** Pure: the full commit SHA that a remote context is pinned to. */
export function pinnedCommit(context: string): string | undefined {
  const [, address = '', query = '', fragment = ''] = /^([^?#]*)(\?[^#]*)?(?:#(.*))?$/s.exec(context) ?? [];
  const isGit = !/^https?:/i.test(address) || /\.git\/?$/.test(address);
  if (!isRemote(context) || !isGit) return undefined;
  const parameters = new URLSearchParams(query);
  const named = [fragment.split(':', 1)[0], parameters.get('commit'), parameters.get('ref')];
  return named.find((name) => COMMIT.test(name ?? ''))?.toLowerCase();
}

function mayMove(context: string): boolean {
  if (!isRemote(context)) return false;
  return !/@sha256:[0-9a-f]{64}$/.test(context) && pinnedCommit(context) === undefined;
}

/** The folder or URL of a line `name=source`. */
function sourceOf(line: string): string {
  return line.slice(line.indexOf('=') + 1);
}

/** A URL may carry a user and a password. */
function withoutUser(text: string): string {
  return text.replace(/:\/\/[^/?#]*@/, '://…@');
}

/** The folder that is built, with its Dockerfile, wherever that is. */
async function hashMain(
  ctx: ProcessContext,
  context: string,
  file: string | undefined,
): Promise<ContextHash> {
  const folder = resolve(ctx.workspace, context);
  const dockerfile = file === undefined ? await defaultDockerfile(folder) : resolve(ctx.workspace, file);
  const ignore =
    (await textOf(`${dockerfile}.dockerignore`)) ?? (await textOf(join(folder, '.dockerignore')));
  const tree = await hashContext(hashContextOf(ctx), folder, ignore);
  const content = file !== undefined && isRemote(file) ? file : await readFile(dockerfile, 'utf8');
  return { ...tree, digest: JSON.stringify([tree.digest, content, ignore ?? null]) };
}

async function defaultDockerfile(folder: string): Promise<string> {
  const path = join(folder, 'Dockerfile');
  return (await textOf(path)) === undefined ? join(folder, 'dockerfile') : path;
}

/** A further context has a .dockerignore of its own. */
async function hashNamed(ctx: ProcessContext, line: string): Promise<ContextHash> {
  const source = sourceOf(line);
  if (isRemote(source)) return { digest: line, files: 0, bytes: 0 };
  const folder = resolve(ctx.workspace, source);
  const ignore = await textOf(join(folder, '.dockerignore'));
  const tree = await hashContext(hashContextOf(ctx), folder, ignore);
  const name = line.slice(0, line.indexOf('='));
  return { ...tree, digest: JSON.stringify([name, tree.digest, ignore ?? null]) };
}

/** What steps hand to the runner; the names are GitHub's. */
const RUNNER_FILES = ['GITHUB_OUTPUT', 'GITHUB_STATE', 'GITHUB_STEP_SUMMARY', 'GITHUB_ENV', 'GITHUB_PATH'];

function hashContextOf(ctx: ProcessContext): HashContext {
  return {
    signal: ctx.signal,
    headOf: (gitPath) => gitLine(ctx, ['--git-dir', gitPath, 'rev-parse', '--verify', 'HEAD']),
    runnerFiles: new Set(RUNNER_FILES.flatMap((name) => ctx.env[name] ?? [])),
  };
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Everything but the files. buildx hands SOURCE_DATE_EPOCH on to the build by itself. */
function inputsOf(build: Options, platforms: readonly string[], env: ProcessContext['env']): unknown[] {
  const secrets = [...build.secrets, ...build.secretFiles, ...build.secretEnvs];
  return [
    build.target ?? null,
    platforms.toSorted(),
    build.buildArgs.map((line) => withValue(line, env)).toSorted(),
    build.labels.toSorted(),
    build.provenance,
    build.sbom,
    build.buildxArgs.map((arg, at) => xArgument(arg, build.buildxArgs[at - 1], env)),
    build.builder ?? null,
    secrets.map((line) => line.split('=', 1)[0] ?? '').toSorted(),
    env['SOURCE_DATE_EPOCH'] ?? null,
  ];
}

/** A build argument that is given by its name alone has the value that the variable has. */
function withValue(line: string, env: ProcessContext['env']): string {
  return line.includes('=') || env[line] === undefined ? line : `${line}=${env[line]}`;
}

function xArgument(arg: string, before: string | undefined, env: ProcessContext['env']): string {
  if (before === '--build-arg') return withValue(arg, env);
  const [, name] = /^--build-arg=([^=]+)$/.exec(arg) ?? [];
  return name === undefined ? arg : `--build-arg=${withValue(name, env)}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}
