/** The shapes of requests other than RegisterTaskDefinition; of use to who answers them. */
import { CreateServiceRequest$, RunTaskRequest$, UpdateServiceRequest$ } from '@aws-sdk/client-ecs';
import { NormalizedSchema } from '@smithy/core/schema';
import type { JsonObject } from '../../model/index.ts';
import { modelRules } from './model.ts';
import { violationsOf, type Violation } from './rule.ts';

const REQUESTS = {
  CreateService: modelRules(NormalizedSchema.of(CreateServiceRequest$)),
  UpdateService: modelRules(NormalizedSchema.of(UpdateServiceRequest$)),
  RunTask: modelRules(NormalizedSchema.of(RunTaskRequest$)),
};

/** Pure: what is wrong with the shape of a request, by the SDK's model. */
export function requestViolations(action: keyof typeof REQUESTS, request: JsonObject): Violation[] {
  return violationsOf(REQUESTS[action], request);
}
