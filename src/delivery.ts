import { commitOfTag } from './aws/image-reference.ts';
import { costOf } from './cost/monthly.ts';
import { runningCommit } from './image/running-commit.ts';
import type {
  Course,
  DefinitionBase,
  ProvidedImages,
  RegisteredDefinition,
  Request,
  ServiceCost,
  ServiceSnapshot,
} from './model.ts';
import { chooseContainer } from './pre-deploy/container.ts';
import { runPreDeployTask } from './pre-deploy/run.ts';
import type { Story } from './report/story.ts';
import { Cancelled } from './runtime/cancellation.ts';
import type { Log } from './runtime/log.ts';
import { moveFor } from './rollout/start.ts';
import { lastGoodBelow } from './service/history.ts';
import { prepareTaskDefinition, type PreparedDefinition } from './task-definition/prepare.ts';
import { registerOrReuse, takeBack, tidyUp } from './task-definition/register.ts';
import type { Tools } from './tools.ts';
import type { Check } from './verify/check.ts';
import { CHECKS } from './verify/checks.ts';
import { refuseFailed, verify } from './verify/verify.ts';

/** What goes to which services. */
export interface Plan {
  readonly services: readonly ServiceSnapshot[];
  readonly prepared: PreparedDefinition;
}

/** A plan whose revision exists. */
export interface Delivery extends Plan {
  readonly revision: RegisteredDefinition;
}

/** One plan for all services; a rollback takes each service back to a revision of its own. */
export async function plan(
  story: Story,
  request: Request,
  tools: Omit<Tools, 'log'> & { readonly log: Log },
  snapshots: readonly ServiceSnapshot[],
  images: ProvidedImages,
): Promise<Plan[]> {
  const prepare = async (services: readonly ServiceSnapshot[], base: DefinitionBase): Promise<Plan> => {
    const ofBase = { ...request, definition: { ...request.definition, base } };
    return { services, prepared: await prepareTaskDefinition(tools, ofBase, services, images) };
  };
  const plans =
    request.mode === 'rollback'
      ? snapshots.map(async (service) =>
          prepare([service], { kind: 'revision', reference: await lastGoodBelow(tools.aws, service) }),
        )
      : [prepare(snapshots, request.definition.base)];
  const made = await Promise.all(plans);
  for (const { prepared } of made) findPreDeployContainer(request, prepared);
  story.image ??= Object.values(made[0]?.prepared.images ?? {})[0];
  story.costs = made.flatMap((each) => costs(each, request));
  return made;
}

/** What each service costs a month, and will: its count is the one that was asked for, else the one that it has. */
function costs({ services, prepared }: Plan, { rollout }: Request): ServiceCost[] {
  const { current, definition } = prepared;
  return services.map((service) => {
    const isCurrent = service.taskDefinitionArn === services[0]?.taskDefinitionArn && current !== undefined;
    return costOf({
      service: service.address.name,
      region: service.address.region,
      placement: service.placement,
      before: isCurrent ? { definition: current, tasks: service.desiredCount } : undefined,
      after: { definition, tasks: rollout.desiredCount ?? service.desiredCount },
    });
  });
}

/** Looks for whatever is known to go wrong, where anything is about to change; refuses before anything is touched. */
export async function check(
  story: Story,
  request: Request,
  tools: Tools,
  plans: readonly Plan[],
  checks: readonly Check[] = CHECKS,
): Promise<void> {
  const results = await Promise.all(
    plans
      .filter((plan) => isAboutToChange(plan, request))
      .map(({ services, prepared }) => {
        const { definition, images, existingArn } = prepared;
        return verify(tools, { request, services, definition, images, existingArn }, checks);
      }),
  );
  const anew = results.flat();
  const names = new Set(anew.map((result) => result.check));
  story.checks = [...anew, ...story.checks.filter((before) => !names.has(before.check))];
  refuseFailed(story.checks, request.rollout.preflight);
}

/** Some service gets an update, or a revision is to be registered. */
export function isAboutToChange({ services, prepared }: Plan, { rollout }: Request): boolean {
  const { existingArn } = prepared;
  if (existingArn === undefined) return true;
  return services.some((service) => moveFor(service, existingArn, rollout) === 'update');
}

/** Registers each plan's definition once, or finds the revision that holds it already. */
export async function register(story: Story, tools: Tools, plans: readonly Plan[]): Promise<Delivery[]> {
  const deliveries: Delivery[] = [];
  for (const each of plans) {
    deliveries.push({ ...each, revision: await registerOrReuse(tools, each.prepared) });
    story.definitions = deliveries.map(({ revision }) => revision);
  }
  return deliveries;
}

/** A container that does not exist is found before anything is registered. */
function findPreDeployContainer({ preDeploy }: Request, { definition, images }: PreparedDefinition): void {
  if (preDeploy !== undefined) chooseContainer(preDeploy.container, definition, Object.keys(images));
}

/**
 * Runs the one-off task on the new revision, beside the first service. Where it fails, no service gets the revision,
 * which is taken back. Where nothing is about to change, it does not run.
 */
export async function preDeploy(
  story: Story,
  request: Request,
  tools: Tools,
  deliveries: readonly Delivery[],
): Promise<void> {
  const [delivery] = deliveries.filter((each) => isAboutToChange(each, request));
  const [snapshot] = delivery?.services ?? [];
  if (request.preDeploy === undefined || delivery === undefined || snapshot === undefined) return;
  const { services, prepared, revision } = delivery;
  try {
    await runPreDeployTask(tools, request.preDeploy, {
      snapshot,
      revisionArn: revision.arn,
      definition: prepared.definition,
      withImage: Object.keys(prepared.images),
      pollSeconds: request.rollout.pollSeconds,
      logLines: request.report.failureLogLines,
    });
  } catch (error) {
    if (error instanceof Cancelled) throw error;
    const addresses = services.map(({ address }) => address);
    // What the tidying meets is no news beside this failure.
    story.definitions = [await takeBack(tools, revision, addresses).catch(() => revision)];
    throw error;
  }
}

/** Finds the commit to compare with, where the image tells its own. */
export async function findPreviousCommit(
  story: Story,
  tools: Tools,
  [service]: readonly ServiceSnapshot[],
): Promise<void> {
  const { image, build } = story;
  if (image === undefined || service === undefined) return;
  const isOfACommit =
    build !== undefined || image.toBeBuilt === true || commitOfTag(image.tag ?? '') !== undefined;
  if (isOfACommit) story.previousCommit = await runningCommit(tools.aws, service.running, image);
}

/** Which service gets which revision. */
export function destinations(
  deliveries: readonly Delivery[],
): { readonly snapshot: ServiceSnapshot; readonly taskDefinitionArn: string }[] {
  return deliveries.flatMap(({ services, revision }) =>
    services.map((snapshot) => ({ snapshot, taskDefinitionArn: revision.arn })),
  );
}

/** The images that this run brings to a service. */
export function imagesOf(course: Course, deliveries: readonly Delivery[]): PreparedDefinition['images'] {
  return deliveries.find(({ services }) => services.includes(course.snapshot))?.prepared.images ?? {};
}

/** Deregisters the revisions of this run on which no service ended up. */
export function tidyDeliveries(
  tools: Tools,
  deliveries: readonly Delivery[],
  courses: readonly Course[],
): Promise<RegisteredDefinition[]> {
  const tidy = ({ services, revision }: Delivery): Promise<RegisteredDefinition> =>
    tidyUp(
      tools,
      revision,
      courses.filter((course) => services.includes(course.snapshot)),
    );
  return Promise.all(deliveries.map(tidy));
}
