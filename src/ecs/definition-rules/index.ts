/**
 * What AWS refuses, as tables of rules. The action's preflight tells of it before anything is registered or built; the
 * embedded AWS answers with the same sentences. A new rule: an entry in the file of its subject.
 */
import type { JsonObject } from '../../model/index.ts';
import { CONTAINER_RULES } from './containers.ts';
import { FARGATE_RULES } from './fargate.ts';
import { MODEL_RULES } from './model.ts';
import { NAME_RULES } from './names.ts';
import { NETWORK_RULES } from './network.ts';
import { violationsOf, type Rule, type Violation } from './rule.ts';
import { SERVICE_RULES, TASK_RULES, type Placement } from './service.ts';
import { SIZE_RULES } from './sizes.ts';
import { VOLUME_RULES } from './volumes.ts';

export type { Placement } from './service.ts';
export type { Rule, Violation } from './rule.ts';

/** What RegisterTaskDefinition refuses: shapes first, as AWS reads before it judges. */
export const DEFINITION_RULES: readonly Rule<JsonObject>[] = [
  ...MODEL_RULES,
  ...NAME_RULES,
  ...SIZE_RULES,
  ...NETWORK_RULES,
  ...CONTAINER_RULES,
  ...FARGATE_RULES,
  ...VOLUME_RULES,
];

/** Pure: what of a definition RegisterTaskDefinition refuses. */
export function definitionViolations(definition: JsonObject): Violation[] {
  return violationsOf(DEFINITION_RULES, definition);
}

/** Pure: what UpdateService and CreateService refuse of a definition for a service with these settings. */
export function placementViolations(placement: Placement): Violation[] {
  return violationsOf(SERVICE_RULES, placement);
}

/** Pure: what RunTask refuses. */
export function runTaskViolations(placement: Placement): Violation[] {
  return violationsOf(TASK_RULES, placement);
}
