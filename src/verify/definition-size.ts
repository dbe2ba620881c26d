import type { TaskDefinition } from '../model.ts';
import { ok, warning, type Check, type Finding } from './check.ts';

/** ECS takes 64 KiB; the action leaves the refusal to it (ECS Developer Guide, service quotas). */
const LIMIT = 64 * 1024;
const NEAR = 60 * 1024;

/** The definition is well below the size that ECS takes. */
export const definitionSize: Check = {
  name: 'definition size',
  nothing: '',
  look: (_aws, { definition }) => [definitionSizeFinding(definition)],
};

/** Pure: as it goes over the wire. */
export function definitionSizeFinding(definition: TaskDefinition): Finding {
  const bytes = Buffer.byteLength(JSON.stringify(definition));
  const size = `${(bytes / 1024).toFixed(1)} of ${LIMIT / 1024} KiB`;
  return bytes < NEAR
    ? ok(size)
    : warning(
        `the definition has ${size}: move environment variables to an environment file or to parameters`,
      );
}
