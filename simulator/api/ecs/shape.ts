/** What ECS refuses before it looks at what a request is about. */
import { requestViolations } from '../../../src/ecs/definition-rules/requests.ts';
import { AwsError } from '../../state/errors.ts';
import type { JsonObject } from '../../state/json.ts';

/** Throws where a field has another type or value than the published model says, or where a required one lacks. */
export function refuseWrongShape(
  action: 'CreateService' | 'UpdateService' | 'RunTask',
  input: JsonObject,
): void {
  const [broken] = requestViolations(action, input);
  if (broken === undefined) return;
  const code = broken.code === 'SerializationException' ? broken.code : 'InvalidParameterException';
  throw new AwsError(code, broken.words);
}
