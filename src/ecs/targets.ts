import type { Task } from '@aws-sdk/client-ecs';
import type { TargetHealthDescription } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { EcsReads, LoadBalancerReads } from '../aws/clients.ts';
import type { TargetGroupAttachment } from '../model/index.ts';

/** One target of a target group, as the load balancer sees it. */
export interface TargetView {
  readonly targetGroupArn: string;
  readonly address: string;
  readonly port: number | undefined;
  /** `initial`, `healthy`, `unhealthy`, `unhealthy.draining`, `unused`, `draining`, `unavailable`. */
  readonly state: string;
  /** Such as `Target.ResponseCodeMismatch`. */
  readonly reason: string | undefined;
  readonly description: string | undefined;
}

/** Every target of one group. */
export async function targetsOf(
  elb: Pick<LoadBalancerReads, 'describeTargetHealth'>,
  targetGroupArn: string,
): Promise<TargetView[]> {
  const answer = await elb.describeTargetHealth({ TargetGroupArn: targetGroupArn });
  return (answer.TargetHealthDescriptions ?? []).map((each) => viewTarget(targetGroupArn, each));
}

/** Targets of an attachment, whichever of its two groups they are in. */
export async function targetsOfAttachment(
  elb: Pick<LoadBalancerReads, 'describeTargetHealth'>,
  { targetGroupArn, alternateTargetGroupArn }: TargetGroupAttachment,
): Promise<TargetView[]> {
  const arns = [targetGroupArn, ...(alternateTargetGroupArn === undefined ? [] : [alternateTargetGroupArn])];
  return (await Promise.all(arns.map((arn) => targetsOf(elb, arn)))).flat();
}

function viewTarget(targetGroupArn: string, description: TargetHealthDescription): TargetView {
  return {
    targetGroupArn,
    address: description.Target?.Id ?? '',
    port: description.Target?.Port,
    state: description.TargetHealth?.State ?? '',
    reason: description.TargetHealth?.Reason,
    description: description.TargetHealth?.Description,
  };
}

/** Under what a load balancer knows a task. */
export interface TaskPlace {
  /** The task's own addresses, or the id of the EC2 instance that it is on. */
  readonly names: readonly string[];
  /** Of the instance; undefined for a task with an address of its own, whose only container behind it is meant. */
  readonly ports: readonly number[] | undefined;
}

/** DescribeContainerInstances takes a hundred a call. */
const BATCH = 100;

/**
 * Where each task is reached, by its ARN: in awsvpc mode at the address of its network interface, in bridge and host
 * mode at a port of its instance (ECS Developer Guide, "Use load balancing to distribute Amazon ECS service traffic").
 * Tasks that are not placed yet are left out. Instances are asked for only where a task needs one.
 */
export async function placesOf(
  ecs: Pick<EcsReads, 'describeContainerInstances'>,
  cluster: string,
  tasks: readonly Task[],
): Promise<ReadonlyMap<string, TaskPlace>> {
  const onInstances = tasks.filter((task) => addressesOf(task).length === 0 && bindingsOf(task).length > 0);
  const arns = new Set(onInstances.flatMap((task) => task.containerInstanceArn ?? []));
  const instances = await instanceIds(ecs, cluster, [...arns]);
  return new Map(
    tasks.flatMap((task): [string, TaskPlace][] => {
      const names = addressesOf(task);
      const arn = task.taskArn ?? '';
      if (names.length > 0) return [[arn, { names, ports: undefined }]];
      const instance = instances.get(task.containerInstanceArn ?? '');
      return instance === undefined ? [] : [[arn, { names: [instance], ports: bindingsOf(task) }]];
    }),
  );
}

/** Pure: the target is one of the task's. */
export function leadsTo(place: TaskPlace, target: Pick<TargetView, 'address' | 'port'>): boolean {
  if (!place.names.includes(target.address)) return false;
  return place.ports === undefined || target.port === undefined || place.ports.includes(target.port);
}

/** Pure: targets by their address, so that thousands of them are found at once. */
export function byAddress(targets: readonly TargetView[]): ReadonlyMap<string, readonly TargetView[]> {
  return Map.groupBy(targets, ({ address }) => address);
}

/** Pure: the targets among these that are the task's. */
export function targetsAt(
  place: TaskPlace,
  targets: ReadonlyMap<string, readonly TargetView[]>,
): readonly TargetView[] {
  return place.names.flatMap((name) => targets.get(name) ?? []).filter((target) => leadsTo(place, target));
}

/** Those of the task's own network interface: a target group has the one or the other (its IpAddressType). */
function addressesOf(task: Task): string[] {
  const details = (task.attachments ?? []).flatMap((attachment) => attachment.details ?? []);
  return ['privateIPv4Address', 'ipv6Address'].flatMap(
    (name) => details.find((detail) => detail.name === name)?.value ?? [],
  );
}

function bindingsOf(task: Task): number[] {
  const bindings = (task.containers ?? []).flatMap((container) => container.networkBindings ?? []);
  return bindings.flatMap(({ hostPort }) => hostPort ?? []);
}

async function instanceIds(
  ecs: Pick<EcsReads, 'describeContainerInstances'>,
  cluster: string,
  arns: readonly string[],
): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (let from = 0; from < arns.length; from += BATCH) {
    const containerInstances = arns.slice(from, from + BATCH);
    const answer = await ecs.describeContainerInstances({ cluster, containerInstances });
    for (const { containerInstanceArn = '', ec2InstanceId } of answer.containerInstances ?? []) {
      if (ec2InstanceId !== undefined) ids.set(containerInstanceArn, ec2InstanceId);
    }
  }
  return ids;
}
