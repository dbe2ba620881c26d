import { expect, test } from '@jest/globals';
import { ManualClock } from '../../simulator/clock.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import { bench } from './worlds.ts';

const watched = (
  rollback: boolean,
): { alarms: { alarmNames: string[]; enable: boolean; rollback: boolean } } => ({
  alarms: { alarmNames: ['errors'], enable: true, rollback },
});

test.each([
  [true, 'ROLLBACK_SUCCESSFUL'],
  [false, 'STOPPED'],
])('an alarm during a deployment fails it; rollback %p ends as %s', (rollback, status) => {
  const { clock, operator, backend, finish, news } = bench();
  operator.updateService('backend', { deploymentConfiguration: watched(rollback) });
  operator.deploy('backend', 'v2');
  clock.skip(30);
  operator.setAlarm('errors', 'ALARM');
  finish();
  expect(backend.serviceDeployments[0]).toMatchObject({
    status,
    alarms: { status: 'TRIGGERED', triggered: ['errors'] },
  });
  expect(news()).toContain('(deployment ecs-svc/N) deployment failed: alarm detected.');
});

test('a deployment stays underway through its bake time, and an alarm in it still counts', () => {
  const { clock, operator, backend, finish } = bench();
  operator.updateService('backend', { deploymentConfiguration: { ...watched(true), bakeTimeInMinutes: 5 } });
  operator.deploy('backend', 'v2');
  clock.skip(300);
  expect(backend.serviceDeployments[0]!.status).toBe('IN_PROGRESS');
  clock.skip(120);
  expect(backend.serviceDeployments[0]!.status).toBe('SUCCESSFUL');
  operator.deploy('backend', 'v3');
  clock.skip(300);
  operator.setAlarm('errors', 'ALARM');
  finish();
  expect(backend.serviceDeployments[0]!.status).toBe('ROLLBACK_SUCCESSFUL');
});

test('an alarm that is raised before a deployment begins is ignored by it', () => {
  const { clock, operator, backend, finish } = bench();
  operator.updateService('backend', { deploymentConfiguration: watched(true) });
  operator.setAlarm('errors', 'ALARM');
  operator.deploy('backend', 'v2');
  clock.skip(30);
  operator.setAlarm('errors', 'ALARM');
  finish();
  expect(backend.serviceDeployments[0]).toMatchObject({
    status: 'SUCCESSFUL',
    alarms: { status: 'DISABLED' },
  });
});

test('DescribeAlarms tells their states', async () => {
  const sim = await startSimulator({ clock: new ManualClock() });
  sim.operator.setAlarm('errors', 'OK');
  sim.operator.setAlarm('latency', 'ALARM');
  const response = await fetch(sim.url, {
    method: 'POST',
    headers: {
      'x-amz-target': 'GraniteServiceVersion20100801.DescribeAlarms',
      'content-type': 'application/x-amz-json-1.0',
    },
    body: JSON.stringify({ StateValue: 'ALARM' }),
  });
  expect(response.headers.get('content-type')).toBe('application/x-amz-json-1.0');
  expect(await response.json()).toMatchObject({
    MetricAlarms: [{ AlarmName: 'latency', StateValue: 'ALARM' }],
    CompositeAlarms: [],
  });
  await sim.close();
});
