/**
 * Reads inputs one by one and remembers everything that is wrong with them, so that a person who made three
 * mistakes learns of all three at once.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Parser } from './values.ts';

/** Everything that is wrong with the inputs. Each problem starts with the name of its input. */
export class InvalidInputs extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const [only] = problems;
    super(
      problems.length === 1 && only !== undefined
        ? `Invalid input: ${only}`
        : `Invalid inputs, ${problems.length} problems:\n${problems.map((each) => `- ${each}`).join('\n')}`,
    );
    this.name = 'InvalidInputs';
    this.problems = problems;
  }
}

/** The text of an input, by its name in `action.yml`; an input that is not set is empty. */
export type GetInput = (name: string) => string;

export class InputReader {
  readonly problems: string[] = [];
  /** Values that must be masked before anything is printed. */
  readonly secrets: string[] = [];
  /** The default of each input that was read, as a person would write it; '' where there is none. */
  readonly defaults = new Map<string, string>();
  readonly #get: GetInput;
  readonly #set = new Set<string>();

  constructor(get: GetInput) {
    this.#get = get;
  }

  /** The input's value; an input that is empty has the value of `fallback`. */
  value<T>(name: string, parse: Parser<T>, fallback = ''): T {
    const byDefault = parse(fallback);
    if (byDefault.kind === 'problems')
      throw new Error(`The default of ${name} is not a value that it allows.`);
    const text = this.#text(name, fallback);
    if (text === undefined) return byDefault.value;
    const parsed = parse(text);
    if (parsed.kind === 'problems') {
      this.#set.add(name);
      for (const problem of parsed.problems) this.problem(name, problem);
      return byDefault.value;
    }
    if (!isDeepStrictEqual(parsed.value, byDefault.value)) this.#set.add(name);
    return parsed.value;
  }

  /** The input's value, or `undefined` where the input is empty or wrong. */
  optional<T>(name: string, parse: Parser<T>): T | undefined {
    const text = this.#text(name, '');
    if (text === undefined) return undefined;
    this.#set.add(name);
    const parsed = parse(text);
    if (parsed.kind === 'value') {
      return parsed.value;
    }
    for (const problem of parsed.problems) this.problem(name, problem);
    return undefined;
  }

  /**
   * Whether the input was set to something other than its default, right or wrong. (The runner fills in the
   * defaults of `action.yml`, so an input that a user set to its default looks the same as one left alone.)
   */
  isSet(name: string): boolean {
    if (!this.defaults.has(name)) throw new Error(`The input ${name} was not read.`);
    return this.#set.has(name);
  }

  problem(name: string, sentence: string): void {
    this.problems.push(`${name}: ${sentence}`);
  }

  #text(name: string, fallback: string): string | undefined {
    if (this.defaults.has(name)) throw new Error(`The input ${name} was read twice.`);
    this.defaults.set(name, fallback);
    const text = this.#get(name);
    return text.trim() === '' ? undefined : text;
  }
}
