import {
  check,
  destinations,
  findPreviousCommit,
  imagesOf,
  plan,
  preDeploy,
  register,
  tidyDeliveries,
} from './delivery.ts';
import { surveyAlarms } from './gate/alarms.ts';
import { bake, proveService, proveUrl } from './gate/gate.ts';
import { FINISHED, packHandover } from './handover.ts';
import { announced, orderImage, type ImageOrder } from './image/order.ts';
import { findImages, lookAhead } from './images.ts';
import type { AlarmView, Course, Probe, Request, ServiceSnapshot } from './model.ts';
import { concludePlan } from './planning.ts';
import { endingOf, newStory, type Ending, type Story } from './report/story.ts';
import { abandonCourse } from './rollout/abandon.ts';
import { concludeCourse } from './rollout/conclude.ts';
import { needsRemedy, remedyCourse, shareTrouble } from './rollout/remedy.ts';
import { startCourse } from './rollout/start.ts';
import { watchCourse } from './rollout/watch.ts';
import { surveyServices } from './service/survey.ts';
import { addressForPeople } from './service/url.ts';
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
  // What ECS has not answered when the job is cancelled, the post step finds out.
  if (!story.courses.some(({ unanswered }) => unanswered) || !tools.signal.aborted) tools.handOver(FINISHED);
  return story;
}

async function tell(story: Story, request: Request, tools: Tools): Promise<void> {
  const { log } = tools;
  // A write that is under way is seen through, cancelled or not: these clients answer to the end.
  const starting = { ...tools, aws: tools.awsToTheEnd };
  const { snapshots, order, ...before } = await log.step('Survey', () => survey(story, request, tools));
  const builds = order.kind === 'build' && request.mode === 'deploy';
  const platforms = builds
    ? await log.step('Look ahead', () => lookAhead(story, request, tools, snapshots, announced(order)))
    : [];
  const images = await log.step('Image', () => findImages(story, request, tools, order, platforms));
  const plans = await log.step('Task definition', () => plan(story, request, tools, snapshots, images));
  await log.step('Verify', () => check(story, request, tools, plans, builds ? CHECKS_AFTER_BUILD : CHECKS));
  if (request.mode === 'plan') {
    await findPreviousCommit(story, tools, snapshots);
    concludePlan(story, request, plans);
    return;
  }
  const deliveries = await log.step('Register', () => register(story, starting, plans));
  if (snapshots.length === 0) return;
  if (request.preDeploy !== undefined) {
    await log.step('Pre-deploy', () => preDeploy(story, request, tools, deliveries));
  }
  tools.handOver(packHandover(tools.aws.region, request, destinations(deliveries)));
  await log.step('Roll out', async () => {
    const starts = deliveries.flatMap(({ services, prepared, revision }) =>
      services.map((service) =>
        startCourse(starting, service, revision.arn, prepared.definition, request.rollout),
      ),
    );
    story.courses = await Promise.all(starts);
  });
  tools.signal.throwIfAborted();
  if (request.rollout.wait) {
    await log.step('Watch', () => forEach(story, (course) => watchCourse(tools, course, request)));
  }
  if (request.rollout.wait && story.courses.some((course) => course.trouble === undefined)) {
    await log.step('Gate', async () => {
      await forEach(story, (course) => proveService(tools, course, imagesOf(course, deliveries), request));
      story.courses = await proveUrl(tools, story.courses, request, before.answer);
      story.courses = await bake(tools, story.courses, request, before);
    });
  }
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

/** Ends what is under way. Outcomes that stand stay: what comes after them, such as tidying up, changes none. */
async function abandon(story: Story, request: Request, tools: Tools, ending: Ending): Promise<void> {
  if (story.courses.length > 0 && story.courses.every(({ outcome }) => outcome !== undefined)) return;
  const last = { aws: tools.awsToTheEnd, clock: tools.clock };
  story.ending = ending;
  await forEach(story, (course) => abandonCourse(last, course, ending, request.rollout));
}

/** Moves every service one step on, side by side. */
async function forEach(story: Story, step: (course: Course) => Promise<Course>): Promise<void> {
  story.courses = await Promise.all(story.courses.map(step));
}

/** Production before anything was touched. */
interface Survey {
  readonly snapshots: readonly ServiceSnapshot[];
  readonly answer: Probe | undefined;
  readonly alarms: readonly AlarmView[];
  readonly order: ImageOrder;
}

async function survey(story: Story, request: Request, tools: Tools): Promise<Survey> {
  const check = request.gate.http;
  const [snapshots, answer, alarms, order] = await Promise.all([
    surveyServices(tools, request.cluster, request.services),
    check === undefined || request.mode === 'plan' ? undefined : tools.ask(check, tools.signal),
    surveyAlarms(tools, request.gate.alarms),
    orderImage(tools, request),
  ]);
  story.url = await addressForPeople(tools.aws, check?.url, snapshots);
  return { snapshots, answer, alarms, order };
}
