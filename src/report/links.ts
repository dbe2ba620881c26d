import { lastSegment, partitionOf } from '../aws/partition.ts';
import type { ServiceReport } from './report.ts';

/** The service's page of the ECS console; undefined in partitions whose console is not public. */
export function consoleUrl(service: Pick<ServiceReport, 'name' | 'cluster' | 'region'>): string | undefined {
  const { console } = partitionOf(service.region);
  if (console === undefined) return undefined;
  const host = console.replace('https://', `https://${service.region}.`);
  const path = `/ecs/v2/clusters/${lastSegment(service.cluster)}/services/${service.name}/deployments`;
  return `${host}${path}?region=${service.region}`;
}

/** The page of one revision. */
export function taskDefinitionUrl(arn: string, region: string): string | undefined {
  const { console } = partitionOf(region);
  const [family, revision] = lastSegment(arn).split(':');
  if (console === undefined || family === undefined || revision === undefined) return undefined;
  return `${console.replace('https://', `https://${region}.`)}/ecs/v2/task-definitions/${family}/${revision}?region=${region}`;
}
