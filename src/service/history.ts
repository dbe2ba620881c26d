import { revisionName } from '../aws/arn.ts';
import type { Aws } from '../aws/clients.ts';
import { wrapAwsError } from '../aws/errors.ts';
import { describeServiceRevisions, listServiceDeployments } from '../ecs/service-deployments.ts';
import type { ServiceSnapshot } from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';

/**
 * The task definition that `mode: rollback` goes back to: the last good one below the one that the service is on.
 * ECS keeps service deployments for 90 days (ECS API, ListServiceDeployments); where they name none, the run ends
 * with a sentence that says how to name one.
 */
export async function lastGoodBelow(aws: Pick<Aws, 'ecs'>, snapshot: ServiceSnapshot): Promise<string> {
  const name = snapshot.address.name;
  const succeeded = await wrapAwsError(`reading the history of service "${name}"`, () =>
    successes(aws, snapshot),
  );
  const target = succeeded && below(stackOf(succeeded), snapshot.taskDefinitionArn);
  if (target !== undefined) return target;
  const why =
    succeeded === undefined
      ? 'its service deployments cannot be read (ecs:ListServiceDeployments)'
      : 'no earlier good revision is among its service deployments, which ECS keeps for 90 days';
  throw new DeployError('preflight-failed', `Service "${name}" cannot be rolled back: ${why}.`, {
    hint: `Name the revision to go back to: task-definition: ${revisionName(snapshot.taskDefinitionArn).replace(/:\d+$/, '')}:<revision>, without mode: rollback.`,
  });
}

/** Task definitions of the successful service deployments, oldest first. */
async function successes(aws: Pick<Aws, 'ecs'>, snapshot: ServiceSnapshot): Promise<string[] | undefined> {
  const listed = await listServiceDeployments(aws.ecs, snapshot.address, { status: 'SUCCESSFUL' });
  if (listed === undefined) return undefined;
  const targets = listed
    .filter((each) => each.status === 'SUCCESSFUL')
    .reverse()
    .flatMap((each) => each.targetServiceRevisionArn ?? []);
  const revisions = await describeServiceRevisions(aws.ecs, [...new Set(targets)]);
  const definitions = new Map(revisions.map((each) => [each.serviceRevisionArn, each.taskDefinition]));
  return targets.flatMap((target) => definitions.get(target) ?? []);
}

/**
 * Pure: the deployments as a stack. A task definition that is in it already pops down to it: going back to it took
 * the ones above off the table, so that rolling back twice goes back two steps and never forth.
 */
export function stackOf(taskDefinitions: readonly string[]): string[] {
  return taskDefinitions.reduce<string[]>((stack, next) => {
    const at = stack.indexOf(next);
    return at === -1 ? [...stack, next] : stack.slice(0, at + 1);
  }, []);
}

/** The one under the current; the top where the current one never succeeded. */
function below(stack: readonly string[], current: string): string | undefined {
  const at = stack.indexOf(current);
  return at === -1 ? stack.at(-1) : stack[at - 1];
}
