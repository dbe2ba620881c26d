/** The actions of ECS that concern service deployments and service revisions. */
import { AwsError, invalidParameter } from '../../state/errors.ts';
import { number, object, requiredText, text, texts } from '../../state/json.ts';
import type { JsonObject } from '../../state/json.ts';
import { page, refuseMoreThan } from '../protocol/pages.ts';
import type { World } from '../../engine/world.ts';
import { failByHook } from '../../engine/deployment-failures.ts';
import type { Service, ServiceDeployment } from '../../state/model.ts';
import { scheduleRound } from '../../engine/scheduler.ts';
import { isUnderway, setStatus, primaryOf } from '../../engine/service-deployments.ts';
import { asked } from './task-definitions.ts';
import { serviceDeploymentBrief, serviceDeploymentView, serviceRevisionView } from './views.ts';

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
        world.shows(createdAt) &&
        (statuses.length === 0 || statuses.includes(status)) &&
        createdAt >= after &&
        createdAt <= before,
    );
    const { items, nextToken } = page(matching, asked(input), 100, 20);
    return { serviceDeployments: items.map(serviceDeploymentBrief), nextToken };
  },

  DescribeServiceDeployments(world: World, input: JsonObject): JsonObject {
    const arns = texts(input, 'serviceDeploymentArns');
    refuseMoreThan(20, arns, 'serviceDeploymentArns');
    const shown = serviceDeployments(world).filter(({ createdAt }) => world.shows(createdAt));
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
      services(world).flatMap((service) =>
        service.revisions.map((revision) => [revision.arn, serviceRevisionView(service, revision)] as const),
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

/** Answers a hook that awaits it. API reference, ContinueServiceDeployment. */
export function answerHook(
  world: World,
  deployment: ServiceDeployment,
  hookId: string,
  action: 'CONTINUE' | 'ROLLBACK',
): void {
  const hook = deployment.lifecycle?.hooks.find(({ id }) => id === hookId);
  if (hook?.status !== 'AWAITING_ACTION' || deployment.status !== 'IN_PROGRESS') {
    throw new AwsError('ConflictException', 'The lifecycle hook does not await an action.');
  }
  hook.status = action === 'CONTINUE' ? 'SUCCEEDED' : 'FAILED';
  const primary = primaryOf(deployment.service);
  if (action === 'ROLLBACK' && primary !== undefined) failByHook(world, deployment.service, primary);
  scheduleRound(world, deployment.service);
}

/**
 * Asks a deployment that is underway to stop. API reference, StopServiceDeployment: ROLLBACK is accepted in PENDING,
 * IN_PROGRESS, STOP_REQUESTED, ROLLBACK_REQUESTED and ROLLBACK_IN_PROGRESS, and does nothing where it already happens.
 */
export function stopServiceDeployment(world: World, deployment: ServiceDeployment, stopType: string): void {
  if (stopType !== 'ROLLBACK' && stopType !== 'ABORT')
    throw invalidParameter(`Invalid stopType: ${stopType}.`);
  if (!isUnderway(deployment)) {
    throw new AwsError(
      'ConflictException',
      `The service deployment cannot be stopped: its status is ${deployment.status}.`,
    );
  }
  if (deployment.status === 'ROLLBACK_REQUESTED' || deployment.status === 'ROLLBACK_IN_PROGRESS') return;
  setStatus(world, deployment, stopType === 'ROLLBACK' ? 'ROLLBACK_REQUESTED' : 'STOP_REQUESTED');
  scheduleRound(world, deployment.service);
}

function services(world: World): Service[] {
  return [...world.clusters.values()].flatMap((cluster) => [...cluster.services.values()]);
}

function serviceDeployments(world: World): ServiceDeployment[] {
  return services(world).flatMap((service) => service.serviceDeployments);
}
