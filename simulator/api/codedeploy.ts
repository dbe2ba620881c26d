/** The actions of CodeDeploy that concern deployments of ECS services (awsJson 1.1, CodeDeploy_20141006). */
import { findConfig } from '../engine/codedeploy/configs.ts';
import { deploymentById, deploymentsOf, isOpen, serviceOf } from '../engine/codedeploy/deployment.ts';
import { continueDeployment, createDeployment, stopDeployment } from '../engine/codedeploy/deployments.ts';
import { scaleOf } from '../engine/task-sets.ts';
import { isHealthy } from '../engine/tasks.ts';
import type { World } from '../engine/world.ts';
import type { Application, CodeDeployment, DeploymentGroup, TrafficRouting } from '../state/codedeploy.ts';
import { AwsError } from '../state/errors.ts';
import { epochSeconds, flag, object, text, texts } from '../state/json.ts';
import type { JsonObject } from '../state/json.ts';
import type { Deployment as TaskSet } from '../state/model.ts';
import { page, paging } from './protocol/pages.ts';

const longestDescription = 512;
const mostTargets = 25;

export const codeDeployActions = {
  GetApplication(world: World, input: JsonObject): JsonObject {
    const { name, id, computePlatform, createdAt } = applicationOf(world, input);
    return {
      application: {
        applicationId: id,
        applicationName: name,
        createTime: epochSeconds(createdAt),
        linkedToGitHub: false,
        computePlatform,
      },
    };
  },

  GetDeploymentGroup(world: World, input: JsonObject): JsonObject {
    return { deploymentGroupInfo: groupView(world, groupOf(world, input)) };
  },

  GetDeploymentConfig(world: World, input: JsonObject): JsonObject {
    const name = required(input, 'deploymentConfigName', 'DeploymentConfigNameRequiredException');
    const config = findConfig(world, name);
    if (config === undefined) {
      throw new AwsError(
        'DeploymentConfigDoesNotExistException',
        `No Deployment Configuration found for name: ${name}`,
      );
    }
    return {
      deploymentConfigInfo: {
        deploymentConfigId: config.id,
        deploymentConfigName: config.name,
        createTime: epochSeconds(config.createdAt),
        computePlatform: config.computePlatform,
        trafficRoutingConfig: routingView(config.routing),
      },
    };
  },

  CreateDeployment(world: World, input: JsonObject): JsonObject {
    const group = groupOf(world, input);
    const description = text(input, 'description');
    if ((description ?? '').length > longestDescription)
      throw new AwsError('DescriptionTooLongException', 'The description is too long.');
    const revision = object(input, 'revision');
    if (revision === undefined)
      throw new AwsError('RevisionRequiredException', 'The revision ID was not specified.');
    if (text(revision, 'revisionType') !== 'AppSpecContent')
      throw new AwsError('InvalidRevisionException', 'The revision was specified in an invalid format.');
    const given = object(revision, 'appSpecContent') ?? {};
    const content = text(given, 'content');
    if (content === undefined || content === '')
      throw new AwsError('InvalidRevisionException', 'The content of the AppSpec file is missing.');
    const deployment = createDeployment(world, group, {
      content,
      description,
      configName: text(input, 'deploymentConfigName'),
      autoRollback: object(input, 'autoRollbackConfiguration'),
      alarms: object(input, 'overrideAlarmConfiguration'),
    });
    const sha256 = text(given, 'sha256');
    if (sha256 !== undefined && sha256 !== deployment.sha256) {
      world.codeDeploy.deployments.pop();
      deployment.cancel();
      throw new AwsError(
        'InvalidRevisionException',
        'The SHA256 hash of the AppSpec content does not match the one that was given.',
      );
    }
    return { deploymentId: deployment.id };
  },

  GetDeployment(world: World, input: JsonObject): JsonObject {
    return { deploymentInfo: deploymentView(deploymentOf(world, input)) };
  },

  BatchGetDeployments(world: World, input: JsonObject): JsonObject {
    const ids = texts(input, 'deploymentIds');
    if (ids.length > mostTargets)
      throw new AwsError('BatchLimitExceededException', 'The maximum number of deployments is 25.');
    const found = ids.flatMap((id) => deploymentById(world, id) ?? []);
    return { deploymentsInfo: found.map(deploymentView) };
  },

  /** GetDeployment has no content of an AppSpec: API reference, DeploymentInfo. */
  GetApplicationRevision(world: World, input: JsonObject): JsonObject {
    const application = applicationOf(world, input);
    const revision = object(input, 'revision') ?? {};
    const sha256 = text(object(revision, 'appSpecContent') ?? {}, 'sha256');
    const content = application.revisions.get(sha256 ?? '');
    if (content === undefined) {
      throw new AwsError(
        'RevisionDoesNotExistException',
        'The named revision does not exist with the user or AWS account.',
      );
    }
    return {
      applicationName: application.name,
      revision: { revisionType: 'AppSpecContent', appSpecContent: { content, sha256 } },
      revisionInfo: {},
    };
  },

  ListDeployments(world: World, input: JsonObject): JsonObject {
    const group = text(input, 'deploymentGroupName') === undefined ? undefined : groupOf(world, input);
    const statuses = texts(input, 'includeOnlyStatuses');
    const all = group === undefined ? world.codeDeploy.deployments.toReversed() : deploymentsOf(world, group);
    const matching = all.filter(({ status }) => statuses.length === 0 || statuses.includes(status));
    const { items, nextToken } = page(matching, paging(input), 100, 100);
    return { deployments: items.map(({ id }) => id), nextToken };
  },

  ListDeploymentTargets(world: World, input: JsonObject): JsonObject {
    return { targetIds: [targetIdOf(startedDeployment(world, input))] };
  },

  BatchGetDeploymentTargets(world: World, input: JsonObject): JsonObject {
    const deployment = startedDeployment(world, input);
    const ids = texts(input, 'targetIds');
    if (ids.length === 0)
      throw new AwsError('DeploymentTargetIdRequiredException', 'A deployment target ID was not provided.');
    for (const id of ids) {
      if (id === targetIdOf(deployment)) continue;
      throw new AwsError(
        'DeploymentTargetDoesNotExistException',
        'The provided target ID does not belong to the attempted deployment.',
      );
    }
    return {
      deploymentTargets: [{ deploymentTargetType: 'ECSTarget', ecsTarget: targetView(world, deployment) }],
    };
  },

  ContinueDeployment(world: World, input: JsonObject): JsonObject {
    continueDeployment(deploymentOf(world, input), text(input, 'deploymentWaitType') ?? 'READY_WAIT');
    return {};
  },

  StopDeployment(world: World, input: JsonObject): JsonObject {
    stopDeployment(world, deploymentOf(world, input), flag(input, 'autoRollbackEnabled'));
    return { status: 'Pending', statusMessage: 'No more instances will be deployed to.' };
  },
};

function applicationOf(world: World, input: JsonObject): Application {
  const name = required(input, 'applicationName', 'ApplicationNameRequiredException');
  const application = world.codeDeploy.applications.get(name);
  if (application === undefined)
    throw new AwsError('ApplicationDoesNotExistException', `No application found for name: ${name}`);
  return application;
}

function groupOf(world: World, input: JsonObject): DeploymentGroup {
  const application = applicationOf(world, input);
  const name = required(input, 'deploymentGroupName', 'DeploymentGroupNameRequiredException');
  const group = application.groups.get(name);
  if (group === undefined)
    throw new AwsError('DeploymentGroupDoesNotExistException', `No Deployment Group found for name: ${name}`);
  return group;
}

function deploymentOf(world: World, input: JsonObject): CodeDeployment {
  const id = required(input, 'deploymentId', 'DeploymentIdRequiredException');
  if (!/^d-[A-Z0-9]{9}$/.test(id))
    throw new AwsError(
      'InvalidDeploymentIdException',
      `Specified DeploymentId is not in the valid format: ${id}`,
    );
  const deployment = deploymentById(world, id);
  if (deployment === undefined)
    throw new AwsError('DeploymentDoesNotExistException', `The deployment ${id} could not be found`);
  return deployment;
}

function startedDeployment(world: World, input: JsonObject): CodeDeployment {
  const deployment = deploymentOf(world, input);
  if (deployment.startedAt === undefined)
    throw new AwsError('DeploymentNotStartedException', 'The specified deployment has not started.');
  return deployment;
}

function required(input: JsonObject, field: string, code: string): string {
  const value = text(input, field);
  if (value === undefined || value === '') throw new AwsError(code, `The ${field} must be specified.`);
  return value;
}

function routingView(routing: TrafficRouting): JsonObject {
  switch (routing.type) {
    case 'AllAtOnce':
      return { type: 'AllAtOnce' };
    case 'TimeBasedCanary':
      return {
        type: routing.type,
        timeBasedCanary: { canaryPercentage: routing.percentage, canaryInterval: routing.minutes },
      };
    case 'TimeBasedLinear':
      return {
        type: routing.type,
        timeBasedLinear: { linearPercentage: routing.percentage, linearInterval: routing.minutes },
      };
  }
}

function groupView(world: World, group: DeploymentGroup): JsonObject {
  const all = deploymentsOf(world, group);
  const brief = (deployment: CodeDeployment | undefined): JsonObject | undefined =>
    deployment && {
      deploymentId: deployment.id,
      status: deployment.status,
      createTime: epochSeconds(deployment.createdAt),
      endTime: epochSeconds(deployment.completedAt),
    };
  return {
    applicationName: group.application.name,
    deploymentGroupId: group.id,
    deploymentGroupName: group.name,
    deploymentConfigName: group.configName,
    serviceRoleArn: group.serviceRoleArn,
    computePlatform: group.application.computePlatform,
    deploymentStyle: { deploymentType: 'BLUE_GREEN', deploymentOption: 'WITH_TRAFFIC_CONTROL' },
    blueGreenDeploymentConfiguration: group.blueGreen,
    autoRollbackConfiguration: group.autoRollback,
    alarmConfiguration: group.alarms,
    loadBalancerInfo: group.loadBalancerInfo,
    ecsServices: [{ clusterName: group.clusterName, serviceName: group.serviceName }],
    outdatedInstancesStrategy: 'UPDATE',
    triggerConfigurations: [],
    lastSuccessfulDeployment: brief(all.find(({ status }) => status === 'Succeeded')),
    lastAttemptedDeployment: brief(all[0]),
  };
}

function deploymentView(deployment: CodeDeployment): JsonObject {
  const { group, rollback, rollbackOf } = deployment;
  const rollbackInfo = {
    ...(rollback === undefined
      ? {}
      : { rollbackDeploymentId: rollback.id, rollbackMessage: deployment.rollbackMessage }),
    ...(rollbackOf === undefined ? {} : { rollbackTriggeringDeploymentId: rollbackOf.id }),
  };
  const count = (...statuses: string[]): number => (statuses.includes(deployment.status) ? 1 : 0);
  return {
    applicationName: group.application.name,
    deploymentGroupName: group.name,
    deploymentConfigName: deployment.config.name,
    deploymentId: deployment.id,
    revision: { revisionType: 'AppSpecContent', appSpecContent: { sha256: deployment.sha256 } },
    status: deployment.status,
    errorInformation: deployment.error && { ...deployment.error },
    createTime: epochSeconds(deployment.createdAt),
    startTime: epochSeconds(deployment.startedAt),
    completeTime: epochSeconds(deployment.completedAt),
    deploymentOverview: {
      Pending: count('Created', 'Queued'),
      InProgress: count('InProgress', 'Baking'),
      Succeeded: count('Succeeded'),
      Failed: count('Failed'),
      Skipped: count('Stopped'),
      Ready: count('Ready'),
    },
    description: deployment.description,
    creator: deployment.creator,
    autoRollbackConfiguration: deployment.autoRollback,
    rollbackInfo: Object.keys(rollbackInfo).length === 0 ? undefined : rollbackInfo,
    deploymentStyle: { deploymentType: 'BLUE_GREEN', deploymentOption: 'WITH_TRAFFIC_CONTROL' },
    instanceTerminationWaitTimeStarted: deployment.terminationWaitStarted,
    blueGreenDeploymentConfiguration: group.blueGreen,
    loadBalancerInfo: group.loadBalancerInfo,
    computePlatform: 'ECS',
    deploymentStatusMessages: [],
  };
}

function targetIdOf({ group }: CodeDeployment): string {
  return `${group.clusterName}:${group.serviceName}`;
}

function targetView(world: World, deployment: CodeDeployment): JsonObject {
  const { group, blue, green, events } = deployment;
  const service = serviceOf(world, group);
  const before = deployment.rollbackOf;
  const sets: readonly (readonly ['Blue' | 'Green', TaskSet | undefined])[] =
    before === undefined
      ? [
          ['Blue', blue],
          ['Green', green],
        ]
      : [
          ['Blue', before.green],
          ['Green', before.blue],
        ];
  return {
    deploymentId: deployment.id,
    targetId: targetIdOf(deployment),
    targetArn: service?.arn,
    lastUpdatedAt: epochSeconds(deployment.updatedAt),
    status: isOpen(deployment) ? (deployment.status === 'Ready' ? 'Ready' : 'InProgress') : ended(deployment),
    lifecycleEvents: events.map((event) => ({
      lifecycleEventName: event.name,
      status: event.status,
      startTime: epochSeconds(event.startedAt),
      endTime: epochSeconds(event.endedAt),
      diagnostics: event.diagnostics && {
        ...event.diagnostics,
        scriptName: deployment.spec.hooks.get(event.name) ?? '',
        logTail: '',
      },
    })),
    taskSetsInfo: sets.flatMap(([label, set]) =>
      set === undefined ? [] : [taskSetInfo(world, deployment, set, label)],
    ),
  };
}

function ended({ status }: CodeDeployment): string {
  return status === 'Succeeded' ? 'Succeeded' : status === 'Failed' ? 'Failed' : 'Skipped';
}

/** The field `identifer` is spelled as AWS spells it. */
function taskSetInfo(
  world: World,
  { group }: CodeDeployment,
  set: TaskSet,
  label: 'Blue' | 'Green',
): JsonObject {
  const service = serviceOf(world, group);
  const isThere = service?.deployments.includes(set) === true;
  const tasks =
    service?.cluster
      .tasksOf(service)
      .filter((task) => task.revision === set.revision && task.desiredStatus === 'RUNNING') ?? [];
  const running = tasks.filter(isHealthy).length;
  const [arn = ''] = set.revision.groupArns;
  return {
    identifer: set.id,
    desiredCount: isThere ? Math.ceil((service.desiredCount * scaleOf(set)) / 100) : 0,
    pendingCount: tasks.length - running,
    runningCount: running,
    status: service?.deployments[0] === set ? 'PRIMARY' : scaleOf(set) === 0 ? 'DRAINING' : 'ACTIVE',
    trafficWeight: world.balancing.weightOf(set.revision.groupArns, 'production'),
    targetGroup: { name: world.balancing.byArn(arn)?.name },
    taskSetLabel: label,
  };
}
