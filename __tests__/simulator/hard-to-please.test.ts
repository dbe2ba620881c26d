import { expect, test } from '@jest/globals';
import {
  ListServiceDeploymentsCommand,
  RegisterTaskDefinitionCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { ManualClock } from '../../simulator/clock.ts';
import { seedWorld } from '../../simulator/scenario/seed.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import { clientsOf } from './clients.ts';

test('calls above the rate of their bucket are throttled until it refills', async () => {
  const clock = new ManualClock();
  const sim = await startSimulator({ clock, throttling: true });
  const clients = clientsOf(sim);
  const register = (): Promise<unknown> =>
    clients.ecs.send(
      new RegisterTaskDefinitionCommand({
        family: 'a',
        containerDefinitions: [{ name: 'a', image: 'a', memory: 64 }],
      }),
    );
  for (let call = 1; call <= 20; call += 1) await register();
  await expect(register()).rejects.toMatchObject({ name: 'ThrottlingException', message: 'Rate exceeded' });
  clock.skip(1);
  await register();
  await expect(register()).rejects.toMatchObject({ name: 'ThrottlingException' });
  expect(sim.calls.filter(({ error }) => error === 'ThrottlingException')).toHaveLength(2);
  clients.close();
  await sim.close();
});

test('a new service deployment shows up late where reads lag behind', async () => {
  const clock = new ManualClock();
  const sim = await startSimulator({ clock, lagSeconds: 4 });
  const clients = clientsOf(sim);
  const input = { cluster: 'demo', service: 'backend' };
  const list = async (): Promise<number> =>
    (await clients.ecs.send(new ListServiceDeploymentsCommand(input))).serviceDeployments!.length;
  const { service } = await clients.ecs.send(
    new UpdateServiceCommand({ ...input, forceNewDeployment: true }),
  );
  const [earlier] = sim.world.cluster('demo').service('backend').serviceDeployments.slice(1);
  expect(service!.currentServiceDeployment).toBe(earlier!.arn);
  expect(service!.deployments).toHaveLength(2);
  expect(await list()).toBe(1);
  clock.skip(4);
  expect(await list()).toBe(2);
  clients.close();
  await sim.close();
});

test('alarms and deployment settings can be part of the seed', async () => {
  const alarms = { alarmNames: ['errors'], enable: true, rollback: true };
  const world = seedWorld({ alarms: { errors: 'ALARM' }, deploymentConfiguration: { alarms } });
  const sim = await startSimulator({ clock: new ManualClock(), world });
  expect(sim.world.alarms.isInAlarm('errors')).toBe(true);
  expect(sim.world.cluster('demo').service('backend').settings.deploymentConfiguration).toMatchObject({
    alarms,
  });
  await sim.close();
});
