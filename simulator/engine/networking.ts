/**
 * What ECS finds wrong with the load balancers of a deployment that shifts traffic, in its own words. Developer Guide,
 * "Troubleshooting Amazon ECS blue/green deployments"; a rule or a target group that is gone as people have reported it.
 */
import { listenersOf, ruleArn } from '../state/balancing.ts';
import type { Listener } from '../state/balancing.ts';
import { object, text } from '../state/json.ts';
import type { JsonObject } from '../state/json.ts';
import type { LifecycleStage, ServiceDeployment } from '../state/model.ts';
import type { Role } from '../state/roles.ts';
import type { World } from './world.ts';

/** Changes where a listener rule of an Application Load Balancer forwards to. */
export const CHANGE_RULE = 'elasticloadbalancing:ModifyRule';

export const REGISTER_TARGETS = 'elasticloadbalancing:RegisterTargets';

/** Why the deployment cannot begin, as the end of `Service deployment rolled back because ...`. */
export function networkingProblem(world: World, { target }: ServiceDeployment): string | undefined {
  for (const balancer of target.settings.loadBalancers) {
    const settings = object(balancer, 'advancedConfiguration');
    if (settings === undefined) continue;
    const problem =
      problemOfRole(world, settings) ??
      problemOfGroups(world, text(balancer, 'targetGroupArn') ?? '', settings);
    if (problem !== undefined) return `of invalid networking configuration. ${problem}`;
  }
  return undefined;
}

/** Why the traffic of a stage cannot be shifted, as the end of the same sentence. */
export function shiftProblem(
  world: World,
  { target }: ServiceDeployment,
  stage: LifecycleStage,
): string | undefined {
  if (stage !== 'TEST_TRAFFIC_SHIFT' && stage !== 'PRODUCTION_TRAFFIC_SHIFT') return undefined;
  for (const balancer of target.settings.loadBalancers) {
    const settings = object(balancer, 'advancedConfiguration') ?? {};
    const role = roleOf(world, settings);
    if (role?.lacks.includes(CHANGE_RULE) !== true) continue;
    const isTest = stage === 'TEST_TRAFFIC_SHIFT';
    const rule = text(settings, isTest ? 'testListenerRule' : 'productionListenerRule') ?? '';
    return `${stage} lifecycle hook(s) failed. ${refusal(world, role, 'ECSNetworkingWithELB', CHANGE_RULE, rule)}`;
  }
  return undefined;
}

/** The event where tasks cannot be registered in a target group. */
export function registrationProblem(
  world: World,
  balancer: JsonObject,
  groupArn: string,
): string | undefined {
  const role = roleOf(world, object(balancer, 'advancedConfiguration') ?? {});
  if (role?.lacks.includes(REGISTER_TARGETS) !== true) return undefined;
  const name = groupArn.split('/')[1] ?? groupArn;
  const error = refusal(world, role, 'ecs-service-scheduler', REGISTER_TARGETS, groupArn);
  return `failed to register targets in target-group ${name} with (error ${error})`;
}

function problemOfRole(world: World, settings: JsonObject): string | undefined {
  const role = roleOf(world, settings);
  if (role?.trusts === 'ecs.amazonaws.com') return undefined;
  return `ECS was unable to manage the ELB resources due to missing permissions on ECS Infrastructure Role '${text(settings, 'roleArn') ?? ''}'.`;
}

function problemOfGroups(world: World, groupArn: string, settings: JsonObject): string | undefined {
  const alternateArn = text(settings, 'alternateTargetGroupArn') ?? '';
  const arns = [groupArn, alternateArn];
  const missing = arns.find((arn) => world.balancing.byArn(arn) === undefined);
  if (missing !== undefined) return `The target group ${missing} does not exist.`;
  const production = ruleOf(world, text(settings, 'productionListenerRule'));
  const testRule = text(settings, 'testListenerRule');
  const test = ruleOf(world, testRule);
  if (production === undefined || (testRule !== undefined && test === undefined))
    return 'One or more rules not found';
  const serving = production.forwards.filter(({ weight }) => weight > 0).map(({ group }) => group.arn);
  const stranger = serving.find((arn) => !arns.includes(arn));
  if (stranger !== undefined) {
    return `Production listener rule is forwarding traffic to unexpected target group ${stranger}. Expected traffic to be forwarded to either targetGroupArn: ${groupArn} or alternateTargetGroupArn: ${alternateArn}`;
  }
  if (serving.length > 1) {
    return `productionListenerRule ${ruleArn(production)} should have exactly one target group serving traffic but found ${serving.length} target groups which are serving traffic`;
  }
  const onRules = [production, test].flatMap((rule) => rule?.forwards ?? []).map(({ group }) => group.arn);
  return arns.every((arn) => onRules.includes(arn))
    ? undefined
    : 'Both targetGroup and alternateTargetGroup must be associated with the productionListenerRule or testListenerRule.';
}

function roleOf(world: World, settings: JsonObject): Role | undefined {
  const arn = text(settings, 'roleArn');
  return [...world.roles.all.values()].find((role) => role.arn === arn);
}

function ruleOf(world: World, arn: string | undefined): Listener | undefined {
  const listeners = [...world.balancing.loadBalancers.values()].flatMap(listenersOf);
  return listeners.find((listener) => ruleArn(listener) === arn);
}

/** AWS's refusal of an action to a role that ECS has assumed. */
function refusal(world: World, { name }: Role, session: string, action: string, resource: string): string {
  const user = world.arn('sts', `assumed-role/${name}/${session}`).replace(`:${world.region}:`, '::');
  return `User: ${user} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`;
}
