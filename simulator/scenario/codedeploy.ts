/** A service that CodeDeploy deploys, with all that it takes: load balancer, application, deployment group. */
import { createService } from '../engine/services.ts';
import { registerTaskDefinition } from '../engine/task-definitions.ts';
import type { World } from '../engine/world.ts';
import type { Application, TrafficRouting } from '../state/codedeploy.ts';
import type { FunctionBehaviour } from '../state/functions.ts';
import type { JsonObject } from '../state/json.ts';
import type { Cluster } from '../state/model.ts';
import { addLoadBalancer } from './load-balancers.ts';

export interface CodeDeploySeed {
  /** Of the service; `checkout` by default. */
  readonly service?: string;
  readonly desiredCount?: number;
  /** `CodeDeployDefault.ECSAllAtOnce` by default. */
  readonly config?: string;
  /** Configurations of the account's own. */
  readonly configs?: Readonly<Record<string, TrafficRouting>>;
  /** Minutes for which the deployment waits to be continued; without it traffic goes over at once. */
  readonly readyMinutes?: number;
  /** Minutes for which the old task set stays; 5 by default. */
  readonly terminationMinutes?: number;
  /** Events after which CodeDeploy rolls back by itself; a failure and an alarm by default. */
  readonly autoRollback?: readonly string[];
  readonly alarms?: readonly string[];
  /** False: the group has no test listener. */
  readonly test?: boolean;
  /** What the Lambda functions of hooks do, by their names. */
  readonly hooks?: Readonly<Record<string, FunctionBehaviour>>;
  readonly application?: string;
  readonly group?: string;
}

const usualEvents = ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM'];

/** Adds the service to a cluster. `service` and `definition`: what every service, and its definition, has. */
export function addCodeDeployService(
  world: World,
  cluster: Cluster,
  seed: CodeDeploySeed,
  made: { readonly service: JsonObject; readonly definition: JsonObject; readonly container: string },
): void {
  const name = seed.service ?? 'checkout';
  const [blue, green] = [`${name}-blue`, `${name}-green`];
  const balancer = addLoadBalancer(world, {
    name,
    groups: [blue, green],
    port: 8000,
    deregistrationDelaySeconds: 15,
  });
  registerTaskDefinition(world, made.definition);
  createService(world, cluster, name, {
    ...made.service,
    desiredCount: seed.desiredCount ?? 2,
    deploymentController: { type: 'CODE_DEPLOY' },
    loadBalancers: [
      {
        targetGroupArn: world.balancing.targetGroups.get(blue)?.arn,
        containerName: made.container,
        containerPort: 8000,
      },
    ],
  });
  for (const [config, routing] of Object.entries(seed.configs ?? {})) {
    const createdAt = world.clock.now();
    world.codeDeploy.configs.set(config, {
      name: config,
      id: world.ids.uuid(),
      computePlatform: 'ECS',
      createdAt,
      routing,
    });
  }
  for (const [hook, behaviour] of Object.entries(seed.hooks ?? {}))
    world.functions.behaviours.set(hook, behaviour);
  const application: Application = {
    name: seed.application ?? `AppECS-${cluster.name}-${name}`,
    id: world.ids.uuid(),
    computePlatform: 'ECS',
    createdAt: world.clock.now(),
    groups: new Map(),
    revisions: new Map(),
  };
  world.codeDeploy.applications.set(application.name, application);
  const group = seed.group ?? `DgpECS-${cluster.name}-${name}`;
  const { test } = balancer;
  application.groups.set(group, {
    id: world.ids.uuid(),
    name: group,
    application,
    configName: seed.config ?? 'CodeDeployDefault.ECSAllAtOnce',
    serviceRoleArn: world.role('codedeploy'),
    clusterName: cluster.name,
    serviceName: name,
    blueGreen: {
      terminateBlueInstancesOnDeploymentSuccess: {
        action: 'TERMINATE',
        terminationWaitTimeInMinutes: seed.terminationMinutes ?? 5,
      },
      deploymentReadyOption:
        seed.readyMinutes === undefined
          ? { actionOnTimeout: 'CONTINUE_DEPLOYMENT', waitTimeInMinutes: 0 }
          : { actionOnTimeout: 'STOP_DEPLOYMENT', waitTimeInMinutes: seed.readyMinutes },
    },
    autoRollback: {
      enabled: seed.autoRollback?.length !== 0,
      events: [...(seed.autoRollback ?? usualEvents)],
    },
    alarms: {
      enabled: (seed.alarms ?? []).length > 0,
      ignorePollAlarmFailure: false,
      alarms: (seed.alarms ?? []).map((alarm) => ({ name: alarm })),
    },
    loadBalancerInfo: {
      targetGroupPairInfoList: [
        {
          targetGroups: [{ name: blue }, { name: green }],
          prodTrafficRoute: { listenerArns: [balancer.production.arn] },
          ...(seed.test === false || test === undefined
            ? {}
            : { testTrafficRoute: { listenerArns: [test.arn] } }),
        },
      ],
    },
  });
}
