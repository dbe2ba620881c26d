import type { Deployment, Service } from '@aws-sdk/client-ecs';
import type { ServiceAddress } from '../model.ts';
import type { EcsReads } from './clients.ts';

export type { Deployment, Service };

/** The service as it is now. Rejects when it is gone. */
export async function describeService(
  ecs: Pick<EcsReads, 'describeServices'>,
  address: Pick<ServiceAddress, 'cluster' | 'name'>,
): Promise<Service> {
  const answer = await ecs.describeServices({ cluster: address.cluster, services: [address.name] });
  const service = answer.services?.[0];
  if (service === undefined) throw new Error(`Service "${address.name}" is gone.`);
  return service;
}

/** The PRIMARY entry of `deployments[]`: what ECS is moving the service to, or has. */
export function primaryOf(service: Service): Deployment | undefined {
  return service.deployments?.find((deployment) => deployment.status === 'PRIMARY');
}
