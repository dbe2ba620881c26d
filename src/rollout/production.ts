import type { EcsReads } from '../aws/clients.ts';
import { awsErrorKind } from '../aws/errors.ts';
import { revisionName } from '../aws/partition.ts';
import { describeService, primaryOf, type Deployment } from '../aws/services.ts';
import type { ServiceAddress } from '../model.ts';
import type { Clock } from '../runtime/clock.ts';
import { withTimeout } from '../runtime/within.ts';

/** The verdict stands by then; this sentence about it is waited for so long. */
const LONGEST_MS = 10_000;

/** What the service runs this moment, as ECS says. */
export interface NowRunning {
  /** One sentence. */
  readonly sentence: string;
  /** `id` of the PRIMARY deployment; undefined where it could not be read. */
  readonly primaryId: string | undefined;
}

export async function readNowRunning(
  {
    aws,
    clock,
  }: { readonly aws: { readonly ecs: Pick<EcsReads, 'describeServices'> }; readonly clock: Clock },
  address: ServiceAddress,
): Promise<NowRunning> {
  try {
    const service = await withTimeout(clock, LONGEST_MS, () => describeService(aws.ecs, address));
    const running = (service.deployments ?? []).filter(
      (each) => each.status === 'PRIMARY' || (each.runningCount ?? 0) > 0,
    );
    return {
      sentence: `Service "${address.name}" now runs ${running.map(share).join(' and ') || 'nothing'}.`,
      primaryId: primaryOf(service)?.id,
    };
  } catch (error) {
    if (awsErrorKind(error) === 'not-aws') throw error;
    return { sentence: `What service "${address.name}" runs now could not be read.`, primaryId: undefined };
  }
}

function share(deployment: Deployment): string {
  const { runningCount = 0, desiredCount = 0 } = deployment;
  const draining = deployment.status === 'PRIMARY' ? ` of ${desiredCount}` : '';
  const plural = (draining === '' ? runningCount : desiredCount) === 1 ? 'task' : 'tasks';
  return `${revisionName(deployment.taskDefinition ?? '')} (${runningCount}${draining} ${plural})`;
}
