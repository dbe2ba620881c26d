import { forEach } from './courses.ts';
import {
  check,
  destinations,
  findPreviousCommit,
  imagesOf,
  plan,
  preDeploy,
  register,
  tidyDeliveries,
  type Delivery,
  type Plan,
} from './delivery.ts';
import { bake, proveService, proveUrl } from './gate/gate.ts';
import { FINISHED, packHandover } from './handover.ts';
import { announced, type ImageOrder } from './image/order.ts';
import { findImages, lookAhead } from './images.ts';
import type { Course, Request, ServiceSnapshot } from './model.ts';
import { concludePlan } from './planning.ts';
import { endingOf, newStory, withEvidence, type Ending, type Story } from './report/story.ts';
import { abandonCourse } from './rollout/abandon.ts';
import { concludeCourse } from './rollout/conclude.ts';
import { explainCourse } from './rollout/explain.ts';
import { needsRemedy, remedyCourse, shareTrouble } from './rollout/remedy.ts';
import { startCourse } from './rollout/start.ts';
import { watchCourse } from './rollout/watch.ts';
import { deliverAgain, survey, surveyAgain, type Survey } from './survey.ts';
import type { Tools } from './tools.ts';
import { CHECKS, CHECKS_AFTER_BUILD } from './verify/checks.ts';

/**
 * A deployment, from the first look at the services to the last. Whatever happens, it resolves to the story as far
 * as it went: what was done, how it ended, and what runs now.
 */
export async function deploy(request: Request, tools: Tools): Promise<Story> {
  const story = newStory();
  try {
    await tell(story, request, tools);
  } catch (error) {
    await abandon(story, request, tools, endingOf(error));
  }
  // What ECS has not answered or done when the job is cancelled, the post step finds out and asks for.
  if (!story.courses.some(({ isOpen }) => isOpen) || !tools.signal.aborted) tools.handOver(FINISHED);
  return story;
}

async function tell(story: Story, request: Request, tools: Tools): Promise<void> {
  const { log } = tools;
  const { snapshots, order, ...before } = await log.step('Survey', () => survey(story, request, tools));
  const plans = await prepare(story, request, tools, snapshots, order);
  if (request.mode === 'plan') {
    await findPreviousCommit(story, tools, snapshots);
    concludePlan(story, request, plans);
    return;
  }
  // A write that is under way is seen through, cancelled or not: these clients answer to the end.
  const starting = { ...tools, aws: tools.awsToTheEnd };
  let deliveries = await log.step('Register', () => register(story, starting, plans));
  tools.signal.throwIfAborted();
  if (snapshots.length === 0) return;
  if (request.preDeploy !== undefined) {
    await log.step('Pre-deploy', () => preDeploy(story, request, tools, deliveries));
    deliveries = await deliverAgain(request, tools, deliveries);
  }
  await log.step('Roll out', () => rollOut(story, request, starting, deliveries));
  if (request.rollout.wait) await proveAll(story, request, tools, deliveries, before);
  story.courses = shareTrouble(story.courses, request.rollout);
  if (story.courses.some((course) => needsRemedy(course, request.rollout))) {
    await log.step('Roll back', () => forEach(story, (course) => remedyCourse(tools, course, request)));
  }
  await log.step('Conclude', async () => {
    await findPreviousCommit(story, tools, snapshots);
    await forEach(story, (course) => concludeCourse(tools, course, request.rollout));
    story.definitions = await tidyDeliveries(tools, deliveries, story.courses);
  });
}

/** What goes where: the image, the definition, and the checks of both. Nothing in AWS is touched but the image. */
async function prepare(
  story: Story,
  request: Request,
  tools: Tools,
  snapshots: readonly ServiceSnapshot[],
  order: ImageOrder,
): Promise<Plan[]> {
  const { log } = tools;
  const builds = order.kind === 'build' && request.mode === 'deploy';
  const platforms = builds
    ? await log.step('Look ahead', () => lookAhead(story, request, tools, snapshots, announced(order)))
    : [];
  const images = await log.step('Image', () => findImages(story, request, tools, order, platforms));
  const now = builds ? await surveyAgain(request, tools, snapshots) : snapshots;
  const plans = await log.step('Task definition', () => plan(story, request, tools, now, images));
  await log.step('Verify', () => check(story, request, tools, plans, builds ? CHECKS_AFTER_BUILD : CHECKS));
  return plans;
}

/** One update for each service. What the post step needs is handed over before the first of them. */
async function rollOut(
  story: Story,
  request: Request,
  tools: Tools,
  deliveries: readonly Delivery[],
): Promise<void> {
  tools.handOver(packHandover(tools.aws.region, request, destinations(deliveries)));
  const start = ({ services, prepared: { definition }, revision: { arn } }: Delivery): Promise<Course>[] =>
    services.map((service) => startCourse(tools, service, arn, definition, request.rollout));
  story.courses = await Promise.all(deliveries.flatMap(start));
  tools.handOver(packHandover(tools.aws.region, request, destinations(deliveries), story.courses));
  tools.signal.throwIfAborted();
}

/** Follows every service to its end, then asks for the proofs: of each by itself, and of all together. */
async function proveAll(
  story: Story,
  request: Request,
  tools: Tools,
  deliveries: readonly Delivery[],
  before: Pick<Survey, 'answer' | 'alarms'>,
): Promise<void> {
  // With several services, none that failed stays broken until the others are done; a cancelled job undoes no more.
  const undoEarly = (course: Course): Promise<Course> | Course => {
    tools.signal.throwIfAborted();
    return story.courses.length > 1 ? remedyCourse(tools, course, request) : course;
  };
  const watch = (course: Course): Promise<Course> => watchCourse(tools, course, request);
  const explain = (course: Course): Promise<Course> => explainCourse(tools, course, request);
  await tools.log.step('Watch', () => forEach(story, watch, undoEarly));
  if (story.courses.every((course) => course.trouble !== undefined)) return;
  await tools.log.step('Gate', async () => {
    const prove = (course: Course): Promise<Course> =>
      proveService(tools, course, imagesOf(course, deliveries), request);
    await forEach(story, prove, explain, undoEarly);
    const proven = story.courses;
    story.courses = await proveUrl(tools, proven, request, before.answer);
    story.courses = await bake(tools, story.courses, request, before);
    await forEach(story, (course) => (proven.includes(course) ? course : explain(course)));
  });
}

/** Ends what is under way. Outcomes that stand stay: what comes after them, such as tidying up, changes none. */
async function abandon(story: Story, request: Request, tools: Tools, ending: Ending): Promise<void> {
  if (story.courses.length > 0 && story.courses.every(({ outcome }) => outcome !== undefined)) return;
  const last = { aws: tools.awsToTheEnd, clock: tools.clock };
  await forEach(story, (course) => abandonCourse(last, course, ending, request.rollout));
  story.ending = withEvidence(ending, story.courses);
}
