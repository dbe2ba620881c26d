import { revisionName } from '../aws/arn.ts';
import { ANY_AWS_ERROR, attempt, valueOr } from '../aws/attempt.ts';
import type { Aws } from '../aws/clients.ts';
import { describeService, primaryOf, type Deployment, type Service } from '../ecs/services.ts';
import { contentFor, findCreated, sha256Of } from '../codedeploy/create.ts';
import { retryRead, retryUnanswered } from '../aws/writes.ts';
import type { CodeDeploySettings, Rollout, RolloutRequest, ServiceSnapshot } from '../model/index.ts';
import type { Clock } from '../runtime/clock.ts';
import { SILENCE } from '../runtime/log.ts';
import { Deadline, withTimeout } from '../runtime/wait.ts';
import { findServiceDeployment } from './find-deployment.ts';
import { carriesSettings } from './settings.ts';

/** What a run that was killed had begun, as far as AWS shows it. */
export type Found =
  | {
      readonly kind: 'started';
      readonly started: Pick<
        Rollout,
        | 'deploymentId'
        | 'createdAt'
        | 'serviceDeploymentArn'
        | 'replacesTasks'
        | 'adopted'
        | 'codeDeploymentId'
      >;
    }
  /** The service is as it was. */
  | { readonly kind: 'untouched' }
  /** The service changed, and nothing shows that this run did it. One sentence. */
  | { readonly kind: 'other'; readonly sentence: string };

/** A read that does not come is waited for so long, and asked for again after these pauses, in seconds. */
const READ_MS = 5_000;

const READ_PAUSES = [1, 1];

/**
 * Looks for the deployment of a run that was killed after it may have sent UpdateService: in `deployments[]`, among the
 * service deployments, and in the settings that came without a deployment. Rejects where the service cannot be read.
 */
export async function findInterrupted(
  ctx: { readonly aws: Pick<Aws, 'ecs' | 'codeDeploy'>; readonly clock: Clock },
  snapshot: ServiceSnapshot,
  taskDefinitionArn: string,
  request: RolloutRequest,
): Promise<Found> {
  if (snapshot.codeDeploy !== undefined)
    return findCodeDeployment(ctx, snapshot, snapshot.codeDeploy, taskDefinitionArn);
  const service = await readService(ctx, snapshot);
  const primary = primaryOf(service);
  const entry = entryOf(service, snapshot, taskDefinitionArn);
  const isNew = taskDefinitionArn !== snapshot.taskDefinitionArn;
  const arn =
    entry !== undefined || isNew
      ? await search(ctx, snapshot, entry ?? { createdAt: createdAt(service, snapshot) }, taskDefinitionArn)
      : undefined;
  if (entry !== undefined || arn !== undefined) {
    const started = {
      deploymentId: entry?.id ?? '',
      createdAt: entry?.createdAt?.getTime(),
      serviceDeploymentArn: arn,
    };
    return { kind: 'started', started: { ...started, replacesTasks: true, adopted: false } };
  }
  if (primary?.id !== snapshot.primaryId)
    return { kind: 'other', sentence: runsOther(snapshot, primary, taskDefinitionArn) };
  if (isNew || !carriesSettings(service, snapshot, request)) return { kind: 'untouched' };
  const started = { deploymentId: primary?.id ?? '', serviceDeploymentArn: undefined };
  return { kind: 'started', started: { ...started, replacesTasks: false, adopted: false } };
}

/** A deployment that is younger than the run, and has its revision. */
async function findCodeDeployment(
  { aws, clock }: { readonly aws: Pick<Aws, 'codeDeploy'>; readonly clock: Clock },
  snapshot: ServiceSnapshot,
  settings: CodeDeploySettings,
  taskDefinitionArn: string,
): Promise<Found> {
  const content = contentFor(snapshot, settings, taskDefinitionArn);
  const id = await withTimeout(clock, READ_MS, () =>
    retryRead(clock, () => findCreated(aws, settings, sha256Of(content))),
  );
  if (id === undefined) return { kind: 'untouched' };
  const started = { deploymentId: '', serviceDeploymentArn: undefined, codeDeploymentId: id };
  return { kind: 'started', started: { ...started, replacesTasks: true, adopted: false } };
}

async function readService(
  { aws, clock }: { readonly aws: Pick<Aws, 'ecs'>; readonly clock: Clock },
  snapshot: ServiceSnapshot,
): Promise<Service> {
  return retryUnanswered({ clock, pauses: READ_PAUSES }, () =>
    withTimeout(clock, READ_MS, () => describeService(aws.ecs, snapshot.address, snapshot.primarySince)),
  );
}

/** PRIMARY, or replaced and not gone yet. */
function entryOf(
  service: Service,
  snapshot: ServiceSnapshot,
  taskDefinitionArn: string,
): Deployment | undefined {
  return service.deployments?.find(
    (each) =>
      each.id !== snapshot.primaryId &&
      each.taskDefinition === taskDefinitionArn &&
      (each.status === 'PRIMARY' || taskDefinitionArn !== snapshot.taskDefinitionArn),
  );
}

/** Of what was PRIMARY before this run, if that is still to be seen: a deployment of this run is younger. */
function createdAt({ deployments = [] }: Service, { primaryId }: ServiceSnapshot): Date | undefined {
  return deployments.find(({ id }) => id === primaryId)?.createdAt;
}

/** One look, a short one: the entry alone leads back as well. */
async function search(
  ctx: { readonly aws: Pick<Aws, 'ecs'>; readonly clock: Clock },
  snapshot: ServiceSnapshot,
  entry: Pick<Deployment, 'id' | 'createdAt'>,
  taskDefinitionArn: string,
): Promise<string | undefined> {
  const quietly = { ...ctx, signal: new AbortController().signal, log: SILENCE };
  const deadline = Deadline.of(ctx.clock, entry.id === undefined ? 0 : READ_MS);
  const find = (): Promise<string | undefined> =>
    findServiceDeployment(quietly, snapshot, entry, taskDefinitionArn, deadline);
  return valueOr(await attempt(() => withTimeout(ctx.clock, READ_MS, find), ANY_AWS_ERROR), undefined);
}

function runsOther(
  { address }: ServiceSnapshot,
  primary: Deployment | undefined,
  taskDefinitionArn: string,
): string {
  const now = revisionName(primary?.taskDefinition ?? '');
  return `Service "${address.name}" does not run ${revisionName(taskDefinitionArn)} now: it runs ${now}, by a deployment that this run did not make; it was not touched.`;
}
