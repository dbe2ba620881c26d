import type { AlarmView } from '../model/index.ts';
import { failed, looked, ok, warning, type Candidate, type Check, type Finding } from './check.ts';

/** No alarm that watches this deployment is in ALARM before it begins. */
export const alarms: Check = {
  name: 'alarms',
  nothing: 'none watches the deployment',
  async look(aws, candidate) {
    const watched = watchedAlarms(candidate);
    if (watched.length === 0) return [];
    return looked(
      'the alarms',
      'cloudwatch:DescribeAlarms',
      () =>
        aws.alarms.describeAlarms({
          AlarmNames: watched.map(({ name }) => name),
          AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
          MaxRecords: 100,
        }),
      ({ MetricAlarms = [], CompositeAlarms = [] }) =>
        watched.map((alarm) => {
          const seen = [...MetricAlarms, ...CompositeAlarms].find((each) => each.AlarmName === alarm.name);
          return alarmFinding(alarm, seen?.StateValue);
        }),
    );
  },
};

interface WatchedAlarm {
  readonly name: string;
  /** The service that has ECS or CodeDeploy watch it; undefined: this run watches it. */
  readonly service: string | undefined;
  /** CodeDeploy watches it, and deploys a new revision, or leads back. */
  readonly codeDeploy?: 'forth' | 'back';
}

/** Those of the services' deployment configurations, and those of the input; DescribeAlarms takes a hundred names. */
function watchedAlarms({ services, request }: Candidate): readonly WatchedAlarm[] {
  const byAws = services.flatMap(({ address, deployment, codeDeploy }) =>
    deployment.alarms.map((name): WatchedAlarm => {
      const way = codeDeploy?.order.leadsBack === true ? 'back' : 'forth';
      return { name, service: address.name, ...(codeDeploy === undefined ? {} : { codeDeploy: way }) };
    }),
  );
  const byUs = request.gate.alarms.map((name) => ({ name, service: undefined }));
  const all = [...byAws, ...byUs];
  return all.filter(({ name }, index) => all.findIndex((each) => each.name === name) === index).slice(0, 100);
}

/**
 * Pure: ECS ignores its alarms for a whole deployment when one is in ALARM at the start (ECS API, DeploymentAlarms);
 * CodeDeploy stops the deployment (CodeDeploy API, CreateDeployment, overrideAlarmConfiguration).
 */
export function alarmFinding(
  { name, service, codeDeploy }: WatchedAlarm,
  state: AlarmView['state'] | undefined,
): Finding {
  if (state === undefined) {
    return warning(
      `alarm "${name}" does not exist${service === undefined ? '' : `, though ${service} has ${codeDeploy === undefined ? 'ECS' : 'CodeDeploy'} watch it`}`,
    );
  }
  if (state !== 'ALARM') return ok(`alarm "${name}" is ok`);
  if (codeDeploy === 'forth') {
    return failed(
      `alarm "${name}" is in ALARM, and CodeDeploy stops each deployment to ${service ?? ''} as long as it is`,
    );
  }
  if (codeDeploy === 'back') {
    return warning(
      `alarm "${name}" is in ALARM before the deployment: CodeDeploy would stop a new revision; going back is without the alarms of the group`,
    );
  }
  const then =
    service === undefined
      ? 'it counts only once it has been OK'
      : `ECS ignores the alarms of ${service} while it deploys`;
  return warning(`alarm "${name}" is in ALARM before the deployment: ${then}`);
}
