import type { Service } from '@aws-sdk/client-ecs';
import type { Listener } from '@aws-sdk/client-elastic-load-balancing-v2';
import { lastSegment, parseArn, revisionName } from '../aws/arn.ts';
import { ANY_AWS_ERROR, ANY_ERROR, attempt, valueOr } from '../aws/attempt.ts';
import type { AwsReads, EcsReads } from '../aws/clients.ts';
import { isAwsError, wrapAwsError } from '../aws/errors.ts';
import type { Request, ServiceAddress, ServiceSnapshot } from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';
import { counted, type Log } from '../runtime/log.ts';
import { withTaskSets } from '../ecs/services.ts';
import { begun } from '../runtime/wait.ts';
import { takeCodeDeploySnapshot } from './codedeploy.ts';
import { readHistory } from './history.ts';
import { snapshotOf, targetGroupsOf, takeSnapshot } from './snapshot.ts';

/** DescribeServices takes ten services a call. */
const BATCH = 10;

/** Which services, by name or ARN, and what their deployments by CodeDeploy are to be. */
export type ServicesRequest = Pick<Request, 'cluster' | 'services' | 'codeDeploy'>;

/**
 * Reads every named service, all at once, and changes nothing. `meanwhile` is done once AWS has answered for the first
 * time, beside what is asked then. Rejects with `cluster-not-found`,
 * `service-not-found`, `service-inactive` or `unsupported-controller`, in the order of the names, and with `invalid-input`
 * where an ARN is of another region or account.
 */
export async function surveyServices(
  { aws, log }: { readonly aws: Pick<AwsReads, 'ecs' | 'elb' | 'codeDeploy' | 'region'>; readonly log: Log },
  request: ServicesRequest,
  meanwhile: (services: readonly Service[]) => Promise<unknown> = () => Promise.resolve(),
): Promise<ServiceSnapshot[]> {
  const { cluster, services: names, codeDeploy } = request;
  refuseForeignArns(request, aws.region, undefined);
  // Side by side: the names are known, and a service that is not there is told by the first of the two.
  const histories = new Map(
    names.map(lastSegment).map((name) => [name, begun(readHistory(aws.ecs, { cluster, name }))] as const),
  );
  const services = await findServices(aws, cluster, names);
  for (const service of services) refuseWhatCannotBeDeployed(service);
  const taken = services.map((service) => {
    const address = addressOf(cluster, service);
    return wrapAwsError(`reading the deployments of service "${address.name}"`, () => {
      if (service.deploymentController?.type !== 'CODE_DEPLOY')
        return takeSnapshot(aws.ecs, address, service, histories.get(address.name));
      const shown = withTaskSets(service);
      return takeCodeDeploySnapshot(aws, snapshotOf(address, shown), shown, codeDeploy);
    });
  });
  const [snapshots] = await Promise.all([Promise.all(taken), meanwhile(services)]);
  for (const snapshot of snapshots) {
    log.line(describeSnapshot(snapshot));
    const { address, strategy } = snapshot;
    if (strategy !== undefined) log.line(`${address.name}: ${strategy}.`);
  }
  refuseForeignArns(request, aws.region, snapshots[0]?.address.accountId);
  return snapshots;
}

/**
 * An ARN says more than a name: what is in another region or account is not the service of the same name here. Throws
 * `invalid-input` that names both. `account`: that of the credentials, once it is known.
 */
function refuseForeignArns(
  { cluster, services }: ServicesRequest,
  region: string,
  account: string | undefined,
): void {
  const given = [['cluster', cluster], ...services.map((service) => ['service', service])];
  for (const [input = '', text = ''] of given) {
    const arn = parseArn(text);
    if (arn === undefined) continue;
    const elsewhere =
      arn.region !== region
        ? `is in ${arn.region}, and this run is in ${region}`
        : account !== undefined && arn.accountId !== account
          ? `is in account ${arn.accountId}, and the credentials are of account ${account}`
          : undefined;
    if (elsewhere === undefined) continue;
    throw new DeployError('invalid-input', `${input}: ${text} ${elsewhere}.`, {
      hint: 'Give the name or the ARN of what is here, or the region and credentials of what is there. Nothing was touched.',
    });
  }
}

/** `cluster`: as it was given, where the service does not say. */
export function addressOf(cluster: string, service: Service): ServiceAddress {
  const arn = service.serviceArn ?? '';
  const parts = parseArn(arn);
  return {
    cluster: service.clusterArn ?? cluster,
    name: service.serviceName ?? '',
    arn,
    region: parts?.region ?? '',
    partition: parts?.partition ?? 'aws',
    accountId: parts?.accountId ?? '',
  };
}

function describeSnapshot(snapshot: ServiceSnapshot): string {
  const { address, taskDefinitionArn, desiredCount, rollout, lastGood } = snapshot;
  const wants = counted(desiredCount, 'task');
  const good =
    lastGood === undefined
      ? 'no deployment of it ever succeeded, so nothing can be rolled back to'
      : `last good: ${revisionName(lastGood.taskDefinitionArn)}`;
  return `${address.name}: ${revisionName(taskDefinitionArn)}, ${wants}, deployment ${rollout.replace('-', ' ')}; ${good}`;
}

async function findServices(
  aws: Pick<AwsReads, 'ecs' | 'region'>,
  cluster: string,
  names: readonly string[],
): Promise<Service[]> {
  const found: Service[] = [];
  const batches = Array.from({ length: Math.ceil(names.length / BATCH) }, (_, at) =>
    names.slice(at * BATCH, (at + 1) * BATCH),
  );
  const answers = batches.map((batch) =>
    begun(
      wrapAwsError(`reading ${batch.map((name) => `"${lastSegment(name)}"`).join(', ')}`, () =>
        describe(aws, cluster, batch),
      ),
    ),
  );
  // One after the other: of several problems, that of the first name is told.
  for (const answer of answers) {
    const { services = [], failures = [] } = await answer;
    found.push(...services);
    const [missing] = failures;
    if (missing !== undefined) throw await serviceNotFound(aws, cluster, missing);
  }
  return names.map((name) => {
    const service = found.find((each) => each.serviceName === lastSegment(name));
    if (service === undefined) throw new DeployError('service-not-found', notFound(aws, cluster, name));
    return service;
  });
}

async function describe(
  aws: Pick<AwsReads, 'ecs' | 'region'>,
  cluster: string,
  names: readonly string[],
): ReturnType<EcsReads['describeServices']> {
  try {
    return await aws.ecs.describeServices({ cluster, services: names.map(lastSegment) });
  } catch (error) {
    if (isAwsError(error, 'ClusterNotFoundException')) throw await clusterNotFound(aws, cluster, error);
    throw error;
  }
}

async function clusterNotFound(
  aws: Pick<AwsReads, 'ecs' | 'region'>,
  cluster: string,
  cause: unknown,
): Promise<DeployError> {
  const arns: string[] = [];
  const others = await namesFrom(async () => {
    arns.push(...((await aws.ecs.listClusters({ maxResults: 100 })).clusterArns ?? []));
    return arns;
  });
  const asked = parseArn(cluster)?.accountId;
  const here = parseArn(arns[0] ?? '')?.accountId;
  if (asked !== undefined && here !== undefined && asked !== here) {
    return new DeployError(
      'invalid-input',
      `cluster: ${cluster} is in account ${asked}, and the credentials are of account ${here}.`,
      {
        hint: 'Give a cluster of this account, or the credentials of the other. Nothing was touched.',
        cause,
      },
    );
  }
  return new DeployError(
    'cluster-not-found',
    `Cluster "${lastSegment(cluster)}" was not found in ${aws.region}. ${listing('Clusters', others)}`,
    { hint: 'Check the inputs cluster and aws-region, and the account of the credentials.', cause },
  );
}

async function serviceNotFound(
  aws: Pick<AwsReads, 'ecs' | 'region'>,
  cluster: string,
  failure: { arn?: string | undefined; reason?: string | undefined },
): Promise<DeployError> {
  const others = await namesFrom(
    async () => (await aws.ecs.listServices({ cluster, maxResults: 100 })).serviceArns,
  );
  return new DeployError(
    'service-not-found',
    `${notFound(aws, cluster, failure.arn ?? '')} ${listing('Services', others)}`,
    { hint: 'Check the inputs service, cluster and aws-region, and the account of the credentials.' },
  );
}

function notFound(aws: Pick<AwsReads, 'region'>, cluster: string, service: string): string {
  return `Service "${lastSegment(service)}" was not found in cluster "${lastSegment(cluster)}" (${aws.region}).`;
}

/** The list only helps the message: where it cannot be had, the message does without. */
async function namesFrom(list: () => Promise<string[] | undefined>): Promise<string[] | undefined> {
  const answer = await attempt(list, ANY_ERROR);
  return answer.kind === 'answered' ? (answer.value ?? []).map(lastSegment).sort() : undefined;
}

function listing(what: string, names: readonly string[] | undefined): string {
  if (names === undefined) return `${what} there could not be listed.`;
  return names.length === 0
    ? `There are no ${what.toLowerCase()} there.`
    : `${what} there: ${names.join(', ')}.`;
}

function refuseWhatCannotBeDeployed(service: Service): void {
  const name = service.serviceName ?? '';
  if (service.status !== 'ACTIVE') {
    throw new DeployError(
      'service-inactive',
      `Service "${name}" is ${service.status ?? 'in no state'}, not ACTIVE.`,
      {
        hint: 'A deleted service stays visible for a while. Create it again, then deploy.',
      },
    );
  }
  const controller = service.deploymentController?.type ?? 'ECS';
  if (controller === 'EXTERNAL') {
    throw new DeployError(
      'unsupported-controller',
      `Service "${name}" is deployed by the ${controller} deployment controller; this action deploys services of ECS and of CodeDeploy only.`,
      {
        hint: 'ECS deploys blue/green by itself now: a service with the ECS controller and the strategy BLUE_GREEN is supported.',
      },
    );
  }
}

/**
 * Where a person reaches the service: the origin of the health-check URL, or the load balancer of the first target group.
 * Undefined where neither is known, where the load balancer is internal, and where it answers by HTTPS alone: its certificate
 * is for another name than its own. A denied look-up is no failure.
 */
export async function addressForPeople(
  aws: Pick<AwsReads, 'elb'>,
  healthCheckUrl: string | undefined,
  services: readonly Service[],
): Promise<string | undefined> {
  if (healthCheckUrl !== undefined) return new URL(healthCheckUrl).origin;
  const [group] = services.flatMap(targetGroupsOf);
  if (group === undefined) return undefined;
  const read = (): Promise<string | undefined> => loadBalancerUrl(aws, group.targetGroupArn);
  return valueOr(await attempt(read, ANY_AWS_ERROR), undefined);
}

async function loadBalancerUrl(
  aws: Pick<AwsReads, 'elb'>,
  targetGroupArn: string,
): Promise<string | undefined> {
  const groups = await aws.elb.describeTargetGroups({ TargetGroupArns: [targetGroupArn] });
  const loadBalancerArn = groups.TargetGroups?.[0]?.LoadBalancerArns?.[0];
  if (loadBalancerArn === undefined) return undefined;
  const [answer, { Listeners: listeners = [] }] = await Promise.all([
    aws.elb.describeLoadBalancers({ LoadBalancerArns: [loadBalancerArn] }),
    aws.elb.describeListeners({ LoadBalancerArn: loadBalancerArn }),
  ]);
  const { DNSName: name, Scheme: scheme } = answer.LoadBalancers?.[0] ?? {};
  const port = plainPort(listeners);
  if (name === undefined || scheme === 'internal' || port === undefined) return undefined;
  return port === HTTP ? `http://${name}` : `http://${name}:${port}`;
}

const HTTP = 80;

/** The port that answers by HTTP, and sends nobody to another address; the usual one first, then the lowest. */
function plainPort(listeners: readonly Listener[]): number | undefined {
  const ports = listeners.flatMap(({ Protocol, Port, DefaultActions = [] }) =>
    Protocol === 'HTTP' && Port !== undefined && DefaultActions.every(({ Type }) => Type !== 'redirect')
      ? [Port]
      : [],
  );
  return ports.includes(HTTP) ? HTTP : ports.toSorted((a, b) => a - b)[0];
}
