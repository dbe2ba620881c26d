/**
 * The inputs of the action, read once and by name. `action.yml` says what each of them means; the files of
 * `inputs/` read one group each, in its order.
 */
import { readBuild } from './inputs/build.ts';
import { problemsBetween } from './inputs/combinations.ts';
import { readDefinition, readPreDeploy } from './inputs/definition.ts';
import { readGate } from './inputs/gate.ts';
import { readImage } from './inputs/image.ts';
import { InputReader, InvalidInputs } from './inputs/reader.ts';
import type { GetInput } from './inputs/reader.ts';
import { readReport } from './inputs/report.ts';
import { readRollout } from './inputs/rollout.ts';
import { readWhere } from './inputs/where.ts';
import type { Request } from './model.ts';

export { InvalidInputs } from './inputs/reader.ts';

/** What the inputs depend on besides themselves: the folder that a task definition's path is relative to. */
export interface Facts {
  readonly workspace: string;
}

export interface ReadInputs {
  readonly request: Request;
  /** Values to mask before anything else happens: the token, header values, build secrets. */
  readonly secrets: readonly string[];
}

/**
 * Reads and validates every input. `get` returns an input's text as it is written, with the spaces around it
 * (`getInput(name, { trimWhitespace: false })`), or '' where it is not set; each input is asked for once. An
 * empty input has the default that `action.yml` states. Throws one `InvalidInputs` with all problems.
 */
export function readInputs(get: GetInput, facts: Facts): ReadInputs {
  const read = new InputReader(get);
  const request = readRequest(read, facts);
  const problems = [...read.problems, ...problemsBetween(request, read)];
  if (problems.length > 0) throw new InvalidInputs(problems);
  return { request, secrets: read.secrets };
}

/** The request as the inputs state it; what is wrong with them is in `read.problems`, and a default stands in. */
export function readRequest(read: InputReader, facts: Facts): Request {
  const where = readWhere(read);
  return {
    ...where,
    ...readImage(read),
    build: readBuild(read),
    definition: readDefinition(read, facts.workspace),
    preDeploy: readPreDeploy(read),
    rollout: readRollout(read, where.mode),
    gate: readGate(read),
    report: readReport(read),
  };
}
