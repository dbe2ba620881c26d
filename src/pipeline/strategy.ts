import type { RunContext } from '../context.ts';
import type { Request, ServiceSnapshot } from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';
import { counted, minuteInUtc } from '../runtime/log.ts';

/** No run waits for longer. */
const LONGEST_MINUTES = 360;

/** Beside its bakes and steps a deployment starts tasks, shifts and cleans up. */
const BESIDE_MINUTES = 15;

/**
 * Pure: the request with what the strategies of the services mean for it: where `wait-for-minutes` is not set, a service
 * gets the time of its shift and its bakes, and 15 minutes beside. Throws `invalid-input` where a time that is set would
 * not do, where none would, and where test traffic is asked for that no service has.
 */
export function withStrategies(request: Request, snapshots: readonly ServiceSnapshot[]): Request {
  const { gate, rollout, mode } = request;
  refuseForCodeDeploy(request, snapshots);
  if (gate.testUrl !== undefined && !snapshots.some(({ hasTestTraffic }) => hasTestTraffic === true)) {
    const names = snapshots.map(({ address }) => `"${address.name}"`).join(', ');
    throw new DeployError(
      'invalid-input',
      `test-url: no test traffic reaches service ${names}: it has no test listener, or does not shift traffic.`,
      { hint: 'Leave test-url out, or give the service a strategy and a test listener rule.' },
    );
  }
  const [longest] = snapshots.toSorted((a, b) => b.strategyMinutes - a.strategyMinutes);
  if (longest === undefined || longest.strategyMinutes === 0 || !rollout.wait || mode === 'rollback')
    return request;
  const { strategyMinutes, address, deployment } = longest;
  if (strategyMinutes >= LONGEST_MINUTES && mode !== 'promote') {
    throw new DeployError(
      'invalid-input',
      `wait-for-minutes: service "${address.name}" bakes and shifts (${deployment.strategy}) for ${strategyMinutes} minutes by itself, and no run waits for more than ${LONGEST_MINUTES}.`,
      {
        hint: 'Give the strategy of the service fewer or shorter steps, or start it with wait-for-service-stability: false.',
      },
    );
  }
  if (rollout.isWaitSet !== true) {
    const waitMinutes = Math.min(
      Math.max(rollout.waitMinutes, strategyMinutes + BESIDE_MINUTES),
      LONGEST_MINUTES,
    );
    return { ...request, rollout: { ...rollout, waitMinutes } };
  }
  if (strategyMinutes < rollout.waitMinutes) return request;
  throw new DeployError(
    'invalid-input',
    `wait-for-minutes: service "${address.name}" bakes and shifts (${deployment.strategy}) for ${strategyMinutes} minutes by itself, and ${rollout.waitMinutes} minutes are given.`,
    { hint: `Leave wait-for-minutes out, or give more than ${strategyMinutes}.` },
  );
}

/** Credentials that end before the run may: what it begins would be followed by nobody. */
export function warnOfExpiry(
  { credentialsEnd, log }: Pick<RunContext, 'credentialsEnd' | 'log'>,
  { mode, rollout, gate, services }: Request,
): void {
  if (credentialsEnd === undefined || mode === 'plan' || !rollout.wait || services.length === 0) return;
  const { at, leftMs } = credentialsEnd;
  const minutes = rollout.waitMinutes + gate.bakeMinutes + gate.deadlineSeconds / 60;
  if (leftMs >= minutes * 60_000) return;
  const left = Math.max(Math.floor(leftMs / 60_000), 0);
  log.warn(
    `The AWS credentials expire at ${minuteInUtc(at.toISOString())}, in ${counted(left, 'minute')}, and this run may take ${Math.ceil(minutes)}: from then on nobody follows the deployment, or rolls it back. Give the role a longer session (role-duration-seconds of aws-actions/configure-aws-credentials).`,
  );
}

/** What UpdateService takes and CodeDeploy does not; and names that are of one service. */
function refuseForCodeDeploy(
  { rollout, codeDeploy, services }: Request,
  snapshots: readonly ServiceSnapshot[],
): void {
  const [first] = snapshots.filter((each) => each.codeDeploy !== undefined);
  const asked = [
    ['desired-count', rollout.desiredCount],
    ['enable-ecs-managed-tags', rollout.enableEcsManagedTags],
    ['propagate-tags', rollout.propagateTags],
  ] as const;
  const sent = asked.filter(([, setting]) => setting !== undefined).map(([input]) => input);
  if (first !== undefined && sent.length > 0) {
    throw new DeployError(
      'invalid-input',
      `${sent.join(', ')}: CodeDeploy deploys service "${first.address.name}", and takes no such setting.`,
      { hint: `Leave ${sent.join(', ')} out.` },
    );
  }
  const named = [
    ['codedeploy-application', codeDeploy?.application],
    ['codedeploy-deployment-group', codeDeploy?.group],
    ['codedeploy-deployment-config', codeDeploy?.config],
    ['codedeploy-appspec', codeDeploy?.appSpec],
  ] as const;
  const [given] = named.find(([, text]) => text !== undefined) ?? [];
  if (given === undefined || snapshots.length === 0) return;
  if (first === undefined) {
    const names = snapshots.map(({ address }) => `"${address.name}"`).join(', ');
    throw new DeployError('invalid-input', `${given}: ECS deploys service ${names}, and not CodeDeploy.`, {
      hint: `Leave ${given} out.`,
    });
  }
  const isOfOne = codeDeploy?.application !== undefined || codeDeploy?.group !== undefined;
  if (isOfOne && services.length > 1) {
    throw new DeployError(
      'invalid-input',
      `${given}: it is of one service, and ${services.length} services are given.`,
      { hint: 'Deploy them in steps of their own, or give their groups the default names.' },
    );
  }
}
