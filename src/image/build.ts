import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildOptions } from '../model/index.ts';
import { secondsBetween } from '../runtime/clock.ts';
import { DeployError } from '../runtime/error.ts';
import type { Attempt } from '../runtime/wait.ts';
import {
  buildxVersion,
  chooseBuilder,
  createBuilder,
  currentBuilder,
  type BuilderContext,
} from './builder.ts';
import {
  buildArguments,
  describeBuild,
  StepCounter,
  type BuildSteps,
  type BuildxVersion,
  type Caches,
} from './buildx.ts';
import { explain, sentence, type Circumstances, type Explanation } from './docker-errors.ts';
import { retryDocker, type Docker } from './docker.ts';

/** What is built and where it goes. */
export interface Build {
  readonly options: BuildOptions;
  readonly context: string;
  readonly platforms: readonly string[];
  readonly tags: readonly string[];
  readonly labels: readonly string[];
  readonly secrets: { readonly options: readonly string[]; readonly env: Readonly<Record<string, string>> };
  readonly caches: Caches;
  readonly circumstances: Circumstances;
}

export interface Built {
  readonly digest: string;
  readonly steps: BuildSteps;
  readonly seconds: number;
}

/** A job ends after six hours. */
const BUILD_SECONDS = 6 * 3600;

/**
 * Builds and pushes, and resolves to the digest that buildx reports. The exit code alone decides. Where a registry
 * answers badly, it is tried again: what was built is in the builder's cache. Throws `build-failed` or `push-failed`
 * with the words of the build itself.
 */
export async function buildAndPush(ctx: BuilderContext, docker: Docker, build: Build): Promise<Built> {
  const { clock, log } = ctx;
  const { builder, version } = await prepareBuilder(ctx, docker, build);
  const metadataFile = join(docker.folder, 'metadata.json');
  const command = { ...build, secrets: build.secrets.options, builder, metadataFile, buildx: version };
  const args = buildArguments(command);
  log.line(describeBuild(command));
  const from = clock.now();
  const attempt = async (): Promise<Attempt<BuildSteps>> => {
    const counter = new StepCounter();
    await rm(metadataFile, { force: true });
    const { exitCode, lastLines } = await docker.run(args, {
      env: build.secrets.env,
      deadlineSeconds: BUILD_SECONDS,
      onLine: (line) => {
        counter.take(line);
        log.output(line);
      },
    });
    if (exitCode === 0) return { kind: 'done', value: counter.counts };
    const why = explain(lastLines, build.circumstances, `docker ended with exit code ${exitCode}`);
    return { kind: 'failed', error: failureOf(why), retryable: why.retryable };
  };
  const steps = await retryDocker(ctx, attempt);
  const digest = await digestIn(metadataFile);
  return { steps, digest, seconds: secondsBetween(from, clock.now()) };
}

/** The name of the builder to use, made where need be. */
async function prepareBuilder(
  ctx: BuilderContext,
  docker: Docker,
  build: Build,
): Promise<{ builder: string | undefined; version: BuildxVersion | undefined }> {
  const { options, platforms, caches, circumstances } = build;
  const version = await buildxVersion(docker, circumstances);
  const given = options.builder;
  const current = await currentBuilder(docker, given);
  const choice = chooseBuilder(given, current, options, platforms, caches);
  if (choice.kind === 'create') {
    ctx.log.line(
      `The docker driver of this runner cannot do what is asked for (${choice.because.join(', ')}).`,
    );
    const name = await createBuilder(ctx, docker, options.buildkitImage, circumstances);
    return { builder: name, version };
  }
  if (options.buildkitImage !== undefined) {
    ctx.log.line('buildkit-image is for a builder that this step makes; it makes none.');
  }
  const named = choice.kind === 'given' || choice.driver !== 'docker' ? choice.name : undefined;
  ctx.log.line(
    named === undefined
      ? 'Builder: the docker driver of this runner.'
      : `Builder: ${named}${choice.kind === 'current' ? ` (${choice.driver}), the current one` : ''}.`,
  );
  return { builder: named, version };
}

function failureOf({ error, cause, hint, lines }: Explanation): DeployError {
  const what = cause === 'push-failed' ? 'The image could not be pushed' : 'The image could not be built';
  return new DeployError(cause, sentence(what, error), {
    ...(hint === undefined ? {} : { hint }),
    evidence: lines.map((text) => ({ kind: 'log', text })),
  });
}

/** The file can hold the word `null`, and a build that pushed nothing has no digest. */
async function digestIn(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => 'null');
  const digest = digestOf(text);
  if (digest !== undefined) return digest;
  throw new DeployError(
    'build-failed',
    'The build succeeded, but buildx did not say which digest was pushed (containerimage.digest).',
    {
      hint: 'Leave out of buildx-args what changes the output of the build, and use buildx 0.6 or later.',
    },
  );
}

/** Pure: `containerimage.digest` of buildx's metadata file. */
export function digestOf(metadata: string): string | undefined {
  try {
    const { 'containerimage.digest': digest } = (JSON.parse(metadata) ?? {}) as Record<string, unknown>;
    return typeof digest === 'string' && /^sha256:[0-9a-f]{64}$/.test(digest) ? digest : undefined;
  } catch {
    return undefined;
  }
}
