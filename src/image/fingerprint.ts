import { createHash } from 'node:crypto';
import type { BuildOptions } from '../model.ts';

const DIGITS = 12;

/**
 * Pure: twelve hex digits that are the same for the same inputs of a build: context, file, target, platforms, build
 * arguments, build contexts and labels. The commit stands for the files. `env` gives the values of build arguments
 * that are given by name alone.
 */
export function fingerprint(
  context: string,
  build: Pick<BuildOptions, 'file' | 'target' | 'buildArgs' | 'buildContexts' | 'labels'>,
  platforms: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): string {
  const buildArgs = build.buildArgs.map((line) =>
    line.includes('=') || env[line] === undefined ? line : `${line}=${env[line]}`,
  );
  const inputs = [
    context,
    build.file ?? null,
    build.target ?? null,
    platforms.toSorted(),
    buildArgs.toSorted(),
    build.buildContexts.toSorted(),
    build.labels.toSorted(),
  ];
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, DIGITS);
}
