import type { EcsReads } from '../aws/clients.ts';
import { awsErrorKind } from '../aws/errors.ts';
import { revisionName } from '../aws/partition.ts';
import { describeService, type Deployment } from '../aws/services.ts';
import type { ServiceAddress } from '../model.ts';

/** One sentence: what the service runs this moment, as ECS says. */
export async function describeProduction(
  ecs: Pick<EcsReads, 'describeServices'>,
  address: ServiceAddress,
): Promise<string> {
  try {
    const service = await describeService(ecs, address);
    const running = (service.deployments ?? []).filter(
      (each) => each.status === 'PRIMARY' || (each.runningCount ?? 0) > 0,
    );
    return `Service "${address.name}" now runs ${running.map(share).join(' and ') || 'nothing'}.`;
  } catch (error) {
    if (awsErrorKind(error) === 'not-aws') throw error;
    return `What service "${address.name}" runs now could not be read.`;
  }
}

function share(deployment: Deployment): string {
  const { runningCount = 0, desiredCount = 0 } = deployment;
  const draining = deployment.status === 'PRIMARY' ? ` of ${desiredCount}` : '';
  const plural = (draining === '' ? runningCount : desiredCount) === 1 ? 'task' : 'tasks';
  return `${revisionName(deployment.taskDefinition ?? '')} (${runningCount}${draining} ${plural})`;
}
