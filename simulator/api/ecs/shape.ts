/** What ECS refuses before it looks at what a request is about. */
import { CreateServiceRequest$, RunTaskRequest$, UpdateServiceRequest$ } from '@aws-sdk/client-ecs';
import { NormalizedSchema } from '@smithy/core/schema';
import { modelRules } from '../../../src/ecs/definition-rules/model.ts';
import { violationsOf } from '../../../src/ecs/definition-rules/rule.ts';
import { AwsError } from '../../state/errors.ts';
import type { JsonObject } from '../../state/json.ts';

const REQUESTS = {
  CreateService: modelRules(NormalizedSchema.of(CreateServiceRequest$)),
  UpdateService: modelRules(NormalizedSchema.of(UpdateServiceRequest$)),
  RunTask: modelRules(NormalizedSchema.of(RunTaskRequest$)),
};

/** Throws where a field has another type or value than the published model says, or where a required one lacks. */
export function refuseWrongShape(action: keyof typeof REQUESTS, input: JsonObject): void {
  const [broken] = violationsOf(REQUESTS[action], input);
  if (broken === undefined) return;
  const code = broken.code === 'SerializationException' ? broken.code : 'InvalidParameterException';
  throw new AwsError(code, broken.words);
}
