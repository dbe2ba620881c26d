import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { DescribeTasksCommand, RunTaskCommand } from '@aws-sdk/client-ecs';
import type { RunTaskCommandInput, Task } from '@aws-sdk/client-ecs';
import { ManualClock } from '../../simulator/clock.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { clientsOf } from './clients.ts';
import { bench } from './worlds.ts';

const clock = new ManualClock();
let sim: Simulator;
let clients: ReturnType<typeof clientsOf>;

beforeAll(async () => {
  sim = await startSimulator({ clock });
  clients = clientsOf(sim);
});

afterAll(async () => {
  clients.close();
  await sim.close();
});

const network = { awsvpcConfiguration: { subnets: ['subnet-1'] } };

async function run(input: Partial<RunTaskCommandInput>): Promise<Task[]> {
  const request = { cluster: 'demo', taskDefinition: 'backend', networkConfiguration: network, ...input };
  return (await clients.ecs.send(new RunTaskCommand(request))).tasks!;
}

async function describeTask(arn: string): Promise<Task> {
  const { tasks } = await clients.ecs.send(new DescribeTasksCommand({ cluster: 'demo', tasks: [arn] }));
  return tasks![0]!;
}

const overriding = (...command: string[]): Partial<RunTaskCommandInput> => ({
  overrides: { containerOverrides: [{ name: 'backend', command }] },
});

test.each([
  [['python', '-m', 'migrate'], 0, 'Running python -m migrate'],
  [['sh', '-c', 'echo table exists; exit 3'], 3, 'table exists'],
])('a one-off task runs the command %p and exits with %d', async (command, exitCode, lastLine) => {
  const [started] = await run(overriding(...command));
  expect(started).toMatchObject({ lastStatus: 'PROVISIONING', group: 'family:backend' });
  clock.skip(18);
  expect(await describeTask(started!.taskArn!)).toMatchObject({ lastStatus: 'RUNNING' });
  clock.skip(30);
  expect(await describeTask(started!.taskArn!)).toMatchObject({
    lastStatus: 'STOPPED',
    stopCode: 'EssentialContainerExited',
    containers: [{ exitCode }],
    overrides: { containerOverrides: [{ name: 'backend', command }] },
  });
  const id = started!.taskArn!.split('/').at(-1)!;
  expect(sim.world.logs.stream('/ecs/backend', `ecs/backend/${id}`).at(-1)!.message).toBe(lastLine);
});

test('the same client token runs nothing twice', async () => {
  const [first] = await run({ clientToken: 'once' });
  const [again] = await run({ clientToken: 'once' });
  expect(again!.taskArn).toBe(first!.taskArn);
  await expect(run({ clientToken: 'once', count: 2 })).rejects.toMatchObject({ name: 'ConflictException' });
});

test('RunTask refuses what ECS refuses', async () => {
  await expect(run({ taskDefinition: 'none' })).rejects.toMatchObject({
    message: 'TaskDefinition not found.',
  });
  await expect(run({ networkConfiguration: undefined })).rejects.toMatchObject({
    message: "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
  });
  await expect(run({ count: 11 })).rejects.toMatchObject({ name: 'InvalidParameterException' });
  await expect(run({ overrides: { containerOverrides: [{ name: 'other' }] } })).rejects.toMatchObject({
    message: 'Override for container named other is not a container in the TaskDefinition.',
  });
  sim.world.capacityAvailable = false;
  await expect(run({})).rejects.toMatchObject({ name: 'ClientException' });
  sim.world.capacityAvailable = true;
});

test('a Spot task that is interrupted is replaced, and nobody is blamed', () => {
  const { clock: time, operator, backend, tasksOf } = bench();
  const [victim] = tasksOf(1);
  operator.interruptTask(victim!);
  expect(victim).toMatchObject({
    stopCode: 'SpotInterruption',
    stoppedReason: 'Your Spot Task was interrupted.',
  });
  time.skip(60);
  expect(tasksOf(1).filter((task) => task.lastStatus === 'RUNNING')).toHaveLength(2);
  expect(backend.deployments[0]).toMatchObject({ rolloutState: 'COMPLETED', failedTasks: 0 });
});
