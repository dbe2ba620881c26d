/** The actions of ECS that concern services. */
import { createService, deleteService, serviceArn, updateService } from '../../engine/services.ts';
import type { World } from '../../engine/world.ts';
import { AwsError, invalidParameter } from '../../state/errors.ts';
import { flag, requiredText, text, texts } from '../../state/json.ts';
import type { JsonObject } from '../../state/json.ts';
import type { Cluster, Service } from '../../state/model.ts';
import { page, paging, refuseMoreThan } from '../protocol/pages.ts';
import { refuseWrongShape } from './shape.ts';
import { serviceView } from './views.ts';

export const serviceActions = {
  CreateService(world: World, input: JsonObject): JsonObject {
    refuseWrongShape('CreateService', input);
    const cluster = world.cluster(text(input, 'cluster'));
    const name = requiredText(input, 'serviceName');
    if (cluster.services.has(name) && cluster.find(name)?.status !== 'INACTIVE') {
      throw invalidParameter('Creation of service was not idempotent.');
    }
    return { service: serviceView(world, createService(world, cluster, name, input), true) };
  },

  UpdateService(world: World, input: JsonObject): JsonObject {
    refuseWrongShape('UpdateService', input);
    const cluster = world.cluster(text(input, 'cluster'));
    const service = activeService(cluster, requiredText(input, 'service'));
    updateService(world, service, input);
    return { service: serviceView(world, service) };
  },

  DeleteService(world: World, input: JsonObject): JsonObject {
    const cluster = world.cluster(text(input, 'cluster'));
    const service = activeService(cluster, requiredText(input, 'service'));
    deleteService(world, service, flag(input, 'force') === true);
    return { service: serviceView(world, service) };
  },

  DescribeServices(world: World, input: JsonObject): JsonObject {
    const cluster = world.cluster(text(input, 'cluster'));
    const names = texts(input, 'services');
    if (names.length === 0) throw invalidParameter('Services cannot be empty.');
    refuseMoreThan(10, names, 'Services');
    const withTags = texts(input, 'include').includes('TAGS');
    const found = names.map((name) => [name, cluster.find(name)] as const);
    return {
      services: found.flatMap(([, service]) =>
        service === undefined ? [] : [serviceView(world, service, withTags)],
      ),
      failures: found.flatMap(([name, service]) =>
        service === undefined ? [{ arn: serviceArn(world, cluster, name), reason: 'MISSING' }] : [],
      ),
    };
  },

  ListServices(world: World, input: JsonObject): JsonObject {
    const cluster = world.cluster(text(input, 'cluster'));
    const launchType = text(input, 'launchType');
    const services = [...cluster.services.values()].filter(
      ({ status, settings }) =>
        status !== 'INACTIVE' && (launchType === undefined || settings.launchType === launchType),
    );
    const { items, nextToken } = page(services, paging(input), 100, 10);
    return { serviceArns: items.map(({ arn }) => arn), nextToken };
  },
};

function activeService(cluster: Cluster, nameOrArn: string): Service {
  const service = cluster.find(nameOrArn);
  if (service === undefined) throw new AwsError('ServiceNotFoundException', 'Service not found.');
  if (service.status !== 'ACTIVE') throw new AwsError('ServiceNotActiveException', 'Service was not ACTIVE.');
  return service;
}
