import { revisionName } from '../aws/arn.ts';
import type { ReadContext } from '../context.ts';
import { leadingBack } from '../codedeploy/create.ts';
import { describeCodeDeploy } from '../codedeploy/group.ts';
import { costOf } from '../cost/monthly.ts';
import type {
  Conclusion,
  DefinitionBase,
  DeployedImage,
  PlannedChange,
  PlannedService,
  ProvidedImages,
  Request,
  RolloutRequest,
  RunningImage,
  ServiceCost,
  ServiceRun,
  ServiceSnapshot,
} from '../model/index.ts';
import { resolveReference } from '../image/resolve.ts';
import { chooseContainer } from '../pre-deploy/start.ts';
import type { RunRecord } from '../report/run-record.ts';
import { prepareTaskDefinition, type PreparedDefinition } from '../task-definition/prepare.ts';
import { findWayBack, wayBackTo } from './going-back.ts';

/** Pure: the end of a plan, which says what a deployment would do with each service. Nothing was changed, and nothing is. */
export function concludePlan(
  plans: readonly Plan[],
): Pick<RunRecord, 'definitions' | 'wouldChange' | 'serviceRuns' | 'ending'> {
  const serviceRuns = plans.flatMap((plan) =>
    plan.services.map((service) => plannedServiceRun(service, plan)),
  );
  return {
    definitions: plans.map(({ prepared }) => ({
      arn: prepared.existingArn ?? '',
      origin: prepared.origin,
      registered: false,
      deregistered: false,
      changes: prepared.changes,
      unasked: prepared.unasked ?? [],
    })),
    wouldChange: plans.some(isAboutToChange),
    serviceRuns,
    ending: serviceRuns.length === 0 ? withoutService(plans) : undefined,
  };
}

function plannedServiceRun(service: PlannedService, plan: Plan): ServiceRun {
  const { snapshot, change, desiredCount } = service;
  return {
    snapshot,
    taskDefinitionArn: plan.prepared.existingArn ?? '',
    change,
    rollout: undefined,
    desiredCount,
    problem: undefined,
    gates: [],
    rollback: undefined,
    outcome: {
      result: 'planned',
      cause: undefined,
      message: intention(service, plan),
      nowRunning: `Service "${snapshot.address.name}" runs ${revisionName(snapshot.taskDefinitionArn)}; nothing was changed.`,
      hint: undefined,
      evidence: [],
    },
  };
}

/** What a deployment would do, in one sentence. */
function intention({ snapshot, change }: PlannedService, { prepared }: Plan): string {
  const { existingArn, definition, images } = prepared;
  const service = `service "${snapshot.address.name}"`;
  const build = Object.values(images).some((image) => image.toBeBuilt === true) ? 'build an image, ' : '';
  const how = snapshot.codeDeploy === undefined ? '' : `: ${describeCodeDeploy(snapshot.codeDeploy)}`;
  if (existingArn === undefined) {
    return `A deployment would ${build}register a new revision of ${definition.family} and roll it out to ${service}${how}.`;
  }
  const revision = revisionName(existingArn);
  switch (change) {
    case 'none':
      return `A deployment would change nothing: ${service} already runs ${revision}.`;
    case 'adopt':
      return `A deployment would follow the one of ${revision} to ${service} that is under way.`;
    case 'update':
      return `A deployment would roll ${revision} out to ${service}${how}.`;
  }
}

function withoutService(plans: readonly Plan[]): Conclusion {
  const [plan] = plans;
  const family = plan?.prepared.definition.family ?? '';
  const existing = plan?.prepared.existingArn;
  return {
    result: 'planned',
    cause: undefined,
    message:
      existing === undefined
        ? `A deployment would register a new revision of ${family}; no service is named, so none would be touched.`
        : `A deployment would change nothing: ${revisionName(existing)} holds this definition already.`,
    hint: undefined,
    evidence: [],
  };
}

/** What goes to which services. */
export interface Plan {
  readonly services: readonly PlannedService[];
  readonly prepared: PreparedDefinition;
  /** The container that runs the pre-deploy command; undefined where there is none. */
  readonly preDeployContainer: string | undefined;
  /** It leads back to what ran well there before. */
  readonly isApproved?: true;
}

/** Pure: what has to be done to each service, as it was seen last, so that it runs the definition. */
export function plannedFor(
  services: readonly ServiceSnapshot[],
  { existingArn = '' }: Pick<PreparedDefinition, 'existingArn'>,
  rollout: RolloutRequest,
): readonly PlannedService[] {
  return services.map((snapshot) => ({
    snapshot,
    change: plannedChangeFor(snapshot, existingArn, rollout),
    desiredCount: rollout.desiredCount ?? snapshot.desiredCount,
  }));
}

/** Pure: nothing where the service has it all already, unless a new deployment is forced. */
export function plannedChangeFor(
  snapshot: ServiceSnapshot,
  taskDefinitionArn: string,
  request: RolloutRequest,
): PlannedChange {
  const sameRevision = snapshot.taskDefinitionArn === taskDefinitionArn;
  const sameCount = request.desiredCount === undefined || request.desiredCount === snapshot.desiredCount;
  const sameTags =
    (request.enableEcsManagedTags ?? snapshot.enableEcsManagedTags) === snapshot.enableEcsManagedTags &&
    (request.propagateTags ?? snapshot.propagateTags) === snapshot.propagateTags;
  if (!sameRevision || !sameCount || !sameTags || request.forceNewDeployment === true) return 'update';
  switch (snapshot.rollout) {
    case 'complete':
      return 'none';
    case 'in-progress':
      return 'adopt';
    case 'failed':
      return 'update';
  }
}

/** The plans of a run, and what is known by them. */
export interface Planned {
  readonly plans: readonly Plan[];
  /** What the first of them brings. */
  readonly image: DeployedImage | undefined;
  readonly costs: readonly ServiceCost[];
}

/** One plan for all services; a rollback takes each service back to a revision of its own. */
export async function plan(
  request: Request,
  ctx: ReadContext,
  snapshots: readonly ServiceSnapshot[],
  images: ProvidedImages,
): Promise<Planned> {
  const resolve = (reference: string): Promise<DeployedImage> =>
    resolveReference(ctx.aws, reference, {
      account: snapshots[0]?.address.accountId,
      warn: (text) => {
        ctx.log.line(text);
      },
    });
  const prepare = async (
    services: readonly ServiceSnapshot[],
    base: DefinitionBase,
    ran?: readonly RunningImage[],
  ): Promise<Plan> => {
    const ofBase = { ...request, definition: { ...request.definition, base } };
    const prepared = await prepareTaskDefinition({ ...ctx, resolve }, ofBase, services, images, ran);
    return {
      services: plannedFor(services, prepared, request.rollout),
      prepared,
      preDeployContainer: preDeployContainerOf(request, prepared),
    };
  };
  const goBack = async (service: ServiceSnapshot): Promise<Plan> => {
    const { base } = request.definition;
    const way =
      base.kind === 'revision'
        ? await wayBackTo(ctx, service, base.reference)
        : await findWayBack(ctx, service);
    const { taskDefinitionArn: reference, images: ran } =
      way.kind === 'to'
        ? way.good
        : { taskDefinitionArn: service.taskDefinitionArn, images: service.running };
    const isApproved = way.kind !== 'to' || way.ranWell;
    const { codeDeploy } = service;
    const target = codeDeploy === undefined ? service : { ...service, codeDeploy: leadingBack(codeDeploy) };
    const back = await prepare([target], { kind: 'revision', reference }, ran);
    return isApproved ? { ...back, isApproved } : back;
  };
  const plans =
    request.mode === 'rollback' ? snapshots.map(goBack) : [prepare(snapshots, request.definition.base)];
  const made = await Promise.all(plans);
  return {
    plans: made,
    image: Object.values(made[0]?.prepared.images ?? {})[0],
    costs: made.flatMap(costs),
  };
}

/** What each service costs a month, and will. */
function costs({ services, prepared }: Plan): ServiceCost[] {
  const { current, definition } = prepared;
  const [first] = services;
  return services.map(({ snapshot: service, desiredCount }) => {
    const isCurrent =
      service.taskDefinitionArn === first?.snapshot.taskDefinitionArn && current !== undefined;
    return costOf({
      service: service.address.name,
      region: service.address.region,
      placement: service.placement,
      before: isCurrent ? { definition: current, tasks: service.desiredCount } : undefined,
      after: { definition, tasks: desiredCount },
    });
  });
}

/** Some service gets an update, or a revision is to be registered. */
export function isAboutToChange({ services, prepared }: Plan): boolean {
  return prepared.existingArn === undefined || services.some(({ change }) => change === 'update');
}

export function snapshotsOf(services: readonly PlannedService[]): ServiceSnapshot[] {
  return services.map(({ snapshot }) => snapshot);
}

/** The same, or one is under way that this run takes up. */
export function isToBeChecked({ services, prepared }: Plan): boolean {
  return prepared.existingArn === undefined || services.some(({ change }) => change !== 'none');
}

/** A container that does not exist is found before anything is registered. */
function preDeployContainerOf(
  { preDeploy }: Request,
  { definition, images }: PreparedDefinition,
): string | undefined {
  return preDeploy && chooseContainer(preDeploy.container, definition, Object.keys(images));
}
