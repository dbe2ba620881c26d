/** A blue/green deployment of CodeDeploy as a record: how it is made, found, and moved on. */
import { createHash } from 'node:crypto';
import { list, object, objects } from '../../state/json.ts';
import type { JsonObject } from '../../state/json.ts';
import type {
  CodeDeployment,
  CodeDeployStatus,
  DeploymentConfig,
  DeploymentGroup,
  LifecycleEvent,
} from '../../state/codedeploy.ts';
import type { Service } from '../../state/model.ts';
import type { World } from '../world.ts';
import { parseAppSpec } from './app-spec.ts';

/** From its creation to its first event. */
export const beginSeconds = 2;

const open: readonly CodeDeployStatus[] = ['Created', 'Queued', 'InProgress', 'Baking', 'Ready'];

export function isOpen({ status }: CodeDeployment): boolean {
  return open.includes(status);
}

/** The deployments of a group, newest first. */
export function deploymentsOf({ codeDeploy }: World, group: DeploymentGroup): CodeDeployment[] {
  return codeDeploy.deployments.filter((each) => each.group === group).toReversed();
}

export function deploymentById({ codeDeploy }: World, id: string): CodeDeployment | undefined {
  return codeDeploy.deployments.find((each) => each.id === id);
}

export function serviceOf(world: World, group: DeploymentGroup): Service | undefined {
  return world.findCluster(group.clusterName)?.find(group.serviceName);
}

export interface DeploymentRequest {
  readonly content: string;
  readonly description: string | undefined;
  readonly configName: string | undefined;
  readonly autoRollback: JsonObject | undefined;
  /** In the place of those of its group. */
  readonly alarms: JsonObject | undefined;
}

export function newDeployment(
  world: World,
  group: DeploymentGroup,
  config: DeploymentConfig,
  about: DeploymentRequest & {
    readonly creator: CodeDeployment['creator'];
    readonly rollbackOf?: CodeDeployment;
  },
): CodeDeployment {
  const now = world.clock.now();
  const sha256 = createHash('sha256').update(about.content).digest('hex');
  const spec = parseAppSpec(about.content);
  group.application.revisions.set(sha256, about.content);
  const service = serviceOf(world, group);
  const deployment: CodeDeployment = {
    id: world.ids.codeDeployment(),
    group,
    config,
    creator: about.creator,
    description: about.description,
    content: about.content,
    sha256,
    spec,
    autoRollback: about.autoRollback ?? {},
    alarms: about.alarms ?? {},
    createdAt: now,
    rollbackOf: about.rollbackOf,
    events: eventNames(group, about.rollbackOf !== undefined).map((name) => ({
      name,
      status: 'Pending',
      startedAt: undefined,
      endedAt: undefined,
      diagnostics: undefined,
    })),
    startedAt: undefined,
    completedAt: undefined,
    updatedAt: now,
    status: 'Created',
    error: undefined,
    rollback: undefined,
    rollbackMessage: undefined,
    terminationWaitStarted: false,
    blue: service?.deployments[0],
    green: undefined,
    cancel: () => undefined,
    proceed: undefined,
  };
  world.codeDeploy.deployments.push(deployment);
  return deployment;
}

function eventNames(group: DeploymentGroup, isRollback: boolean): string[] {
  if (isRollback) return ['AllowTraffic'];
  const test = testRoute(group) === undefined ? [] : ['AllowTestTraffic', 'AfterAllowTestTraffic'];
  return ['BeforeInstall', 'Install', 'AfterInstall', ...test, ...trafficEvents];
}

const trafficEvents = ['BeforeAllowTraffic', 'AllowTraffic', 'AfterAllowTraffic'];

function testRoute(group: DeploymentGroup): JsonObject | undefined {
  const [pair = {}] = objects(group.loadBalancerInfo, 'targetGroupPairInfoList');
  const route = object(pair, 'testTrafficRoute');
  return route !== undefined && list(route, 'listenerArns').length > 0 ? route : undefined;
}

export function setStatus(world: World, deployment: CodeDeployment, status: CodeDeployStatus): void {
  deployment.status = status;
  touch(world, deployment);
}

export function touch(world: World, deployment: CodeDeployment): void {
  deployment.updatedAt = world.clock.now();
}

export function failEvent(world: World, event: LifecycleEvent, errorCode: string, message: string): void {
  event.status = 'Failed';
  event.endedAt = world.clock.now();
  event.diagnostics = { errorCode, message };
}

export function skipRest(world: World, deployment: CodeDeployment): void {
  for (const event of deployment.events) {
    if (event.status === 'InProgress') event.endedAt = world.clock.now();
    if (event.status === 'InProgress' || event.status === 'Pending') event.status = 'Skipped';
  }
}

export function end(world: World, deployment: CodeDeployment, status: CodeDeployStatus): void {
  deployment.cancel();
  deployment.completedAt = world.clock.now();
  setStatus(world, deployment, status);
}

/** One thing is waited for at a time. */
export function after(world: World, deployment: CodeDeployment, seconds: number, then: () => void): void {
  deployment.cancel();
  deployment.cancel = world.clock.after(seconds, then);
}
