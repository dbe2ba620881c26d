/** Inputs that are parsed and validated, and whose feature does not exist yet. */
import type { InputReader } from './reader.ts';

/** A feature as it stands in a refusal, and its inputs: a name, or `name: value` where only one value is refused. */
export interface NotYet {
  readonly feature: string;
  readonly inputs: readonly string[];
}

export const NOT_YET: readonly NotYet[] = [];

/** The refusals of what was set to other than its default and does not exist yet. */
export function refusals(notYet: readonly NotYet[], read: InputReader): readonly string[] {
  return notYet.flatMap(({ feature, inputs }) =>
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
