/** Alarms that watch a deployment. Developer Guide, "How CloudWatch alarms detect Amazon ECS deployment failures". */
import type { World } from './world.ts';
import type { Service } from '../state/model.ts';
import { failByAlarm } from './deployment-failures.ts';
import { isUnderway, primaryOf } from './service-deployments.ts';
import { scheduleRound } from './scheduler.ts';

/** Fails a deployment underway as soon as one of the alarms that it monitors is raised. */
export function watchAlarms(world: World): void {
  world.alarms.onChange((alarm) => {
    if (alarm.state !== 'ALARM') return;
    const services = [...world.clusters.values()].flatMap((cluster) => [...cluster.services.values()]);
    for (const service of services.filter((one) => isMonitoring(one, alarm.name))) {
      const primary = primaryOf(service);
      if (primary === undefined) continue;
      failByAlarm(world, service, primary, alarm.name);
      scheduleRound(world, service);
    }
  });
}

function isMonitoring(service: Service, alarmName: string): boolean {
  const deployment = primaryOf(service)?.serviceDeployment;
  if (deployment === undefined || !isUnderway(deployment) || deployment.rollback !== undefined) return false;
  return deployment.alarms.status === 'MONITORING' && deployment.alarms.names.includes(alarmName);
}
