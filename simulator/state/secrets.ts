import type { World } from '../engine/world.ts';

/** The names of the parameters that exist. An ARN of a name in a hierarchy leaves out the slash that begins it. */
export function parameterNames(world: World): string[] {
  return [...world.secrets].filter((secret) => !secret.includes(':secretsmanager:')).map(parameterName);
}

/** The name that a definition's reference to a parameter means: the name itself, or its ARN. */
export function parameterName(reference: string): string {
  const path = /^arn:[^:]+:ssm:[^:]*:[^:]*:parameter\/?(.*)$/.exec(reference)?.[1];
  if (path === undefined) return reference;
  return path.includes('/') ? `/${path}` : path;
}
