/** Inputs that are parsed and validated, and whose feature does not exist yet. */
import type { InputReader } from './reader.ts';

/** A feature as it stands in a refusal, and its inputs: a name, or `name: value` where only one value is refused. */
export interface NotYet {
  readonly feature: string;
  readonly inputs: readonly string[];
}

export const NOT_YET: readonly NotYet[] = [
  { feature: 'logging in to further registries', inputs: ['registries'] },
  { feature: 'building an image', inputs: ['context', 'file', 'target', 'platforms'] },
  { feature: 'building an image', inputs: ['build-args', 'build-contexts'] },
  { feature: 'building an image', inputs: ['build-secrets', 'build-secret-files', 'build-secret-envs'] },
  { feature: 'building an image', inputs: ['image-tags', 'image-labels'] },
  { feature: 'building an image', inputs: ['cache-from', 'cache-to', 'cache', 'reuse-image'] },
  { feature: 'building an image', inputs: ['provenance', 'sbom', 'pull', 'no-cache'] },
  { feature: 'building an image', inputs: ['builder', 'buildkit-image', 'buildx-args'] },
  { feature: 'comments on pull requests', inputs: ['pr-comment', 'comment-key', 'pr-number'] },
];

/** A plan builds nothing, so it can tell of a build already. */
const BUILDING = 'building an image';

/** The refusals of what was set to other than its default and does not exist yet. */
export function refusals(notYet: readonly NotYet[], read: InputReader): readonly string[] {
  const isPlan = read.is('mode', 'plan') && !notYet.some(({ inputs }) => inputs.includes('mode: plan'));
  const later = isPlan ? notYet.filter(({ feature }) => feature !== BUILDING) : notYet;
  return later.flatMap(({ feature, inputs }) =>
    inputs
      .filter((asked) => isAsked(asked, read))
      .map((asked) => `${inputOf(asked)}: \`${asked}\` (${feature}) is not available in this version yet.`),
  );
}

function isAsked(asked: string, read: InputReader): boolean {
  const [input = '', value] = asked.split(': ');
  return value === undefined ? read.isSet(input) : read.is(input, value);
}

function inputOf(asked: string): string {
  return asked.split(': ')[0] ?? asked;
}
