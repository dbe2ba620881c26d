/** The actions of ECS that concern service deployments and service revisions. */
import { answerHook, stopServiceDeployment } from '../../engine/deployment-failures.ts';
import type { World } from '../../engine/world.ts';
import { AwsError, invalidParameter } from '../../state/errors.ts';
import { number, object, requiredText, text, texts } from '../../state/json.ts';
import type { JsonObject } from '../../state/json.ts';
import type { ServiceDeployment } from '../../state/model.ts';
import { page, paging, refuseMoreThan } from '../protocol/pages.ts';
import { isVisible, serviceDeploymentBrief, serviceDeploymentView, serviceRevisionView } from './views.ts';

export const serviceDeploymentActions = {
  ListServiceDeployments(world: World, input: JsonObject): JsonObject {
    const service = world.cluster(text(input, 'cluster')).find(requiredText(input, 'service'));
    if (service === undefined) throw new AwsError('ServiceNotFoundException', 'Service not found.');
    const statuses = texts(input, 'status');
    const created = object(input, 'createdAt') ?? {};
    const after = (number(created, 'after') ?? 0) * 1000;
    const before = (number(created, 'before') ?? Number.MAX_SAFE_INTEGER) * 1000;
    const matching = service.serviceDeployments.filter(
      ({ status, createdAt }) =>
        isVisible(world, createdAt) &&
        (statuses.length === 0 || statuses.includes(status)) &&
        createdAt >= after &&
        createdAt <= before,
    );
    const { items, nextToken } = page(matching, paging(input), 100, 20);
    return { serviceDeployments: items.map(serviceDeploymentBrief), nextToken };
  },

  DescribeServiceDeployments(world: World, input: JsonObject): JsonObject {
    const arns = texts(input, 'serviceDeploymentArns');
    refuseMoreThan(20, arns, 'serviceDeploymentArns');
    const shown = serviceDeployments(world).filter(({ createdAt }) => isVisible(world, createdAt));
    const all = new Map(shown.map((deployment) => [deployment.arn, deployment]));
    return {
      serviceDeployments: arns.flatMap((arn) => {
        const deployment = all.get(arn);
        return deployment === undefined ? [] : [serviceDeploymentView(world, deployment)];
      }),
      failures: arns.filter((arn) => !all.has(arn)).map((arn) => ({ arn, reason: 'MISSING' })),
    };
  },

  DescribeServiceRevisions(world: World, input: JsonObject): JsonObject {
    const arns = texts(input, 'serviceRevisionArns');
    refuseMoreThan(20, arns, 'serviceRevisionArns');
    const all = new Map(
      world
        .services()
        .flatMap((service) =>
          service.revisions.map(
            (revision) => [revision.arn, serviceRevisionView(service, revision)] as const,
          ),
        ),
    );
    return {
      serviceRevisions: arns.map((arn) => all.get(arn)).filter((view) => view !== undefined),
      failures: arns.filter((arn) => !all.has(arn)).map((arn) => ({ arn, reason: 'MISSING' })),
    };
  },

  StopServiceDeployment(world: World, input: JsonObject): JsonObject {
    const deployment = named(world, input);
    stopServiceDeployment(world, deployment, text(input, 'stopType') ?? 'ROLLBACK');
    return { serviceDeploymentArn: deployment.arn };
  },

  ContinueServiceDeployment(world: World, input: JsonObject): JsonObject {
    const deployment = named(world, input);
    const action = text(input, 'action') ?? 'CONTINUE';
    if (action !== 'CONTINUE' && action !== 'ROLLBACK') throw invalidParameter(`Invalid action: ${action}.`);
    answerHook(world, deployment, requiredText(input, 'hookId'), action);
    return { serviceDeploymentArn: deployment.arn };
  },
};

function named(world: World, input: JsonObject): ServiceDeployment {
  const arn = requiredText(input, 'serviceDeploymentArn');
  const deployment = serviceDeployments(world).find((candidate) => candidate.arn === arn);
  if (deployment !== undefined) return deployment;
  throw new AwsError('ServiceDeploymentNotFoundException', 'The service deployment was not found.');
}

function serviceDeployments(world: World): ServiceDeployment[] {
  return world.services().flatMap((service) => service.serviceDeployments);
}
