import type { Delivery } from './delivery.ts';
import { revisionName } from './aws/partition.ts';
import { surveyAlarms } from './gate/alarms.ts';
import { orderImage, type ImageOrder } from './image/order.ts';
import type { AlarmView, Probe, Request, ServiceSnapshot } from './model.ts';
import type { Story } from './report/story.ts';
import { SILENCE } from './runtime/log.ts';
import { surveyServices } from './service/survey.ts';
import { addressForPeople } from './service/url.ts';
import type { Tools } from './tools.ts';

/** Production before anything was touched. */
export interface Survey {
  readonly snapshots: readonly ServiceSnapshot[];
  readonly answer: Probe | undefined;
  readonly alarms: readonly AlarmView[];
  readonly order: ImageOrder;
}

export async function survey(story: Story, request: Request, tools: Tools): Promise<Survey> {
  const check = request.gate.http;
  const [snapshots, answer, alarms, order] = await Promise.all([
    surveyServices(tools, request.cluster, request.services),
    check === undefined || request.mode === 'plan' ? undefined : tools.ask(check, tools.signal),
    surveyAlarms(tools, request.gate.alarms, request.rollout.preflight),
    orderImage(tools, request),
  ]);
  story.url = await addressForPeople(tools.aws, check?.url, snapshots);
  return { snapshots, answer, alarms, order };
}

/** The services as they are now: while an image was built or a task ran, somebody may have deployed. */
export async function surveyAgain(
  request: Request,
  tools: Tools,
  before: readonly ServiceSnapshot[],
): Promise<ServiceSnapshot[]> {
  const names = before.map(({ address }) => address.name);
  const now = await surveyServices({ ...tools, log: SILENCE }, request.cluster, names);
  for (const [at, { address, primaryId, taskDefinitionArn }] of now.entries()) {
    if (primaryId === before[at]?.primaryId) continue;
    tools.log.warn(
      `Service "${address.name}" was deployed by somebody else meanwhile, with ${revisionName(taskDefinitionArn)}: this run goes on from there.`,
    );
  }
  return now;
}

/** The same revisions, to the services as they are now. */
export function deliverAgain(
  request: Request,
  tools: Tools,
  deliveries: readonly Delivery[],
): Promise<Delivery[]> {
  const again = async (delivery: Delivery): Promise<Delivery> => ({
    ...delivery,
    services: await surveyAgain(request, tools, delivery.services),
  });
  return Promise.all(deliveries.map(again));
}
