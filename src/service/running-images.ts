/** What runs in a service, by digest: as its service revisions tell, and as its tasks report. */
import type { Deployment, Service } from '@aws-sdk/client-ecs';
import { lastSegment } from '../aws/arn.ts';
import { ANY_AWS_ERROR, attempt, valueOr } from '../aws/attempt.ts';
import type { EcsReads } from '../aws/clients.ts';
import type { ServiceRevision } from '../ecs/service-deployments.ts';
import { primaryOf } from '../ecs/services.ts';
import { describeTasks, listServiceTasks, type Task } from '../ecs/tasks.ts';
import type { GoodRevision, RunningImage, ServiceSnapshot } from '../model/index.ts';

/** Tasks that are looked at for what a service revision does not tell. */
const TASKS = 100;

/** What the running tasks of the revision report, where all of them report the same; nothing where tasks cannot be read. */
export async function imagesOfTasks(
  ecs: Pick<EcsReads, 'listTasks' | 'describeTasks'>,
  { address, taskDefinitionArn }: ServiceSnapshot,
): Promise<RunningImage[]> {
  const read = async (): Promise<Task[]> => {
    const arns = await listServiceTasks(ecs, address, 'RUNNING');
    return describeTasks(ecs, address.cluster, arns.slice(0, TASKS));
  };
  const containers = valueOr(await attempt(read, ANY_AWS_ERROR), [])
    .filter((task) => task.taskDefinitionArn === taskDefinitionArn)
    .flatMap((task) => task.containers ?? []);
  return containers.flatMap(({ name, image, imageDigest }, at) => {
    const same = containers.filter((each) => each.name === name);
    const isFirst = containers.findIndex((each) => each.name === name) === at;
    const agree = same.every((each) => each.imageDigest === imageDigest);
    if (name === undefined || image === undefined || imageDigest === undefined || !isFirst || !agree)
      return [];
    return { container: name, image, digest: imageDigest };
  });
}

/**
 * Images of the revision that counts as what runs: the PRIMARY's, unless it failed. Of several service revisions of one
 * task definition, the one that succeeded counts: a forced deployment that ECS took back left a newer one behind, with
 * images that do not run.
 */
export function runningImages(
  revisions: readonly ServiceRevision[],
  service: Service,
  taskDefinitionArn: string,
  lastGood: GoodRevision | undefined,
): RunningImage[] {
  const primary = primaryOf(service);
  const completed = (service.deployments ?? []).find((each) => each.rolloutState === 'COMPLETED');
  const counts = primary?.rolloutState === 'FAILED' ? (completed ?? primary) : primary;
  const serving = counts?.taskDefinition ?? taskDefinitionArn;
  const current = (service.currentServiceRevisions ?? []).map((each) => each.arn);
  const revision =
    revisionOf(counts, revisions) ??
    revisions.find(
      (each) => each.taskDefinition === serving && each.serviceRevisionArn === lastGood?.serviceRevisionArn,
    ) ??
    newestOf(
      revisions.filter((each) => current.includes(each.serviceRevisionArn)),
      serving,
    ) ??
    newestOf(revisions, serving) ??
    newestOf(revisions, taskDefinitionArn);
  return revision === undefined ? [] : imagesOf(revision);
}

export function imagesOf({ containerImages = [] }: ServiceRevision): RunningImage[] {
  return containerImages.flatMap((each) =>
    each.containerName === undefined || each.image === undefined
      ? []
      : [{ container: each.containerName, image: each.image, digest: each.imageDigest }],
  );
}

function newestOf(
  revisions: readonly ServiceRevision[],
  taskDefinitionArn: string,
): ServiceRevision | undefined {
  return revisions
    .filter((each) => each.taskDefinition === taskDefinitionArn)
    .sort((a, b) => (b.createdAt?.getTime() ?? 0) - (a.createdAt?.getTime() ?? 0))[0];
}

/** ECS numbers a service revision like the deployment that it belongs to: `.../4980306466373577095`. */
export function revisionOf(
  deployment: Deployment | undefined,
  revisions: readonly ServiceRevision[],
): ServiceRevision | undefined {
  const number = lastSegment(deployment?.id ?? '');
  return revisions.find(
    ({ serviceRevisionArn = '' }) => number !== '' && lastSegment(serviceRevisionArn) === number,
  );
}
