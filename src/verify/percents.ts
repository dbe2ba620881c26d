import type { ServiceSnapshot } from '../model.ts';
import { counted } from '../runtime/counted.ts';
import { failed, ok, willBeReplaced, type Check, type Finding } from './check.ts';

/** ECS may stop an old task or start a new one: a rolling deployment can get anywhere. */
export const percents: Check = {
  name: 'deployment percents',
  nothing: 'no service replaces its tasks by percents',
  look(_aws, candidate) {
    const concerned = candidate.services.filter(
      (service) =>
        service.schedulingStrategy === 'REPLICA' &&
        service.deployment.strategy === 'ROLLING' &&
        willBeReplaced(service, candidate),
    );
    return concerned.map((service) => percentFinding(service, candidate.request.rollout.desiredCount));
  },
};

/**
 * Pure: the minimum is rounded up and the maximum down (ECS API, DeploymentConfiguration). Where both are the desired
 * count, no old task may stop before a new one is healthy, and no new one may start before an old one has stopped.
 */
export function percentFinding(
  {
    address,
    desiredCount: present,
    deployment,
  }: Pick<ServiceSnapshot, 'address' | 'desiredCount' | 'deployment'>,
  asked: number | undefined,
): Finding {
  const desired = asked ?? present;
  const { minimumHealthyPercent, maximumPercent } = deployment;
  const least = Math.ceil((desired * minimumHealthyPercent) / 100);
  const most = Math.floor((desired * maximumPercent) / 100);
  const tasks = counted(desired, 'task');
  const settings = `${minimumHealthyPercent}/${maximumPercent} %`;
  const nothingToReplace = desired === 0 || present === 0;
  if (nothingToReplace || most > desired || least < desired) {
    return ok(`${address.name} keeps ${least} to ${most} of ${tasks} (${settings})`);
  }
  return failed(
    `${address.name} can never replace its ${tasks}: minimumHealthyPercent ${minimumHealthyPercent} keeps ${least} running and maximumPercent ${maximumPercent} allows ${most}; raise the maximum or lower the minimum`,
  );
}
