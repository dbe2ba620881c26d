import type { TaskDefinition } from '../model.ts';
import { DeployError } from '../runtime/failure.ts';

/**
 * The container that runs the command: the one that was named; else the first that gets an image from this run; else
 * the only one. Throws `invalid-input` otherwise, with the names.
 */
export function chooseContainer(
  named: string | undefined,
  definition: TaskDefinition,
  withImage: readonly string[],
): string {
  const names = definition.containerDefinitions.map((container) => container.name);
  const known = names.map((name) => `"${name}"`).join(', ');
  if (named !== undefined) {
    if (names.includes(named)) return named;
    throw new DeployError(
      'invalid-input',
      `pre-deploy-container: the task definition ${definition.family} has no container "${named}". Its containers: ${known}.`,
    );
  }
  const [first] = names.filter((name) => withImage.includes(name));
  if (first !== undefined) return first;
  const [only, ...others] = names;
  if (only !== undefined && others.length === 0) return only;
  throw new DeployError(
    'invalid-input',
    `pre-deploy-container: the task definition ${definition.family} has ${names.length} containers, and none of them gets an image from this run. Name the one that runs the command: ${known}.`,
  );
}
