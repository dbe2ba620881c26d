import type { Evidence, TaskDefinition } from '../model/index.ts';
import { isArray, isObject } from '../runtime/json.ts';
import { Masks } from '../runtime/masks.ts';

/** A shorter value is a switch or a number. */
const SHORTEST = 6;

/** Pure: the values of all variables of a definition. */
export function environmentValues({ containerDefinitions }: TaskDefinition): string[] {
  const entries = containerDefinitions.flatMap(({ environment }) =>
    isArray(environment) ? environment : [],
  );
  return entries.flatMap((entry) =>
    isObject(entry) && typeof entry['value'] === 'string' ? entry['value'] : [],
  );
}

/**
 * Pure: masks for what a container of the definition writes. The values of its variables are no secrets of the runner,
 * which hides none of them; of an address with a password in it, a program may print either alone.
 */
export function masksOfContainers(definition: TaskDefinition): Masks {
  const values = environmentValues(definition).flatMap((value) => [value, ...credentialsIn(value)]);
  return new Masks(values.filter((value) => value.trim().length >= SHORTEST));
}

/** What stands below the last line of a body that is shown in part. */
const CUT = /^… \(\d+ bytes more\)$/;

/** Pure: evidence of an answer without the values of the definition's variables: an error page may show them. */
export function maskedEvidence(
  rollout: { readonly definition: TaskDefinition } | undefined,
  evidence: readonly Evidence[],
): Evidence[] {
  if (rollout === undefined) return [...evidence];
  const masks = masksOfContainers(rollout.definition);
  const isCut = (at: number): boolean => CUT.test(evidence[at + 1]?.text ?? '');
  return evidence.map((each, at) => {
    const text = masks.mask(each.text);
    return { ...each, text: isCut(at) ? masks.maskEnd(text) : text };
  });
}

/** The password of an address such as `postgres://user:password@host/name`, as it is written and as it is meant. */
function credentialsIn(value: string): string[] {
  const written = /^[a-z][\w+.-]*:\/\/[^/?#\s:@]*:([^/?#\s]+)@/i.exec(value)?.[1];
  if (written === undefined) return [];
  return [written, decoded(written)];
}

function decoded(written: string): string {
  try {
    return decodeURIComponent(written);
  } catch {
    return written;
  }
}
