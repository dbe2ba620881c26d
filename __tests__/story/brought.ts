/** What a person has in a repository: a definition file for the service `worker`, and a run with it. */
import type { Simulator } from '../../simulator/simulator.ts';
import { accepted, step, tag } from './world.ts';

const ROLE = 'arn:aws:iam::123456789012:role/worker-execution';

/** The base file of the faults: what a person has in the repository of the service `worker`. */
const BASE = {
  family: 'worker',
  networkMode: 'awsvpc',
  requiresCompatibilities: ['FARGATE'],
  cpu: '1024',
  memory: '2048',
};

/** A definition with one container. */
export function file(container: object = {}, task: object = {}): string {
  return JSON.stringify({
    ...BASE,
    ...task,
    containerDefinitions: [
      { name: 'worker', image: 'public.ecr.aws/docker/library/busybox:1', ...container },
    ],
  });
}

/** One run with a file in the workspace. */
export function withFile(
  sim: Simulator,
  text: string,
  inputs: Readonly<Record<string, string>> = {},
): ReturnType<typeof step> {
  return step(
    sim,
    {
      service: 'worker',
      'task-definition': 'td.json',
      'execution-role-arn': executionRole(sim),
      ...tag('v2'),
      ...inputs,
    },
    { files: { 'td.json': text } },
  );
}

/** A role that tasks of this world may start with. */
function executionRole(sim: Simulator): string {
  const body = sim.world.taskDefinitions.find('worker:1')?.body;
  return typeof body?.['executionRoleArn'] === 'string' ? body['executionRoleArn'] : ROLE;
}

/** What the last registration of this world sent. */
export function registered(sim: Simulator): Record<string, unknown> & { containerDefinitions: object[] } {
  return accepted(sim, 'RegisterTaskDefinition').at(-1)?.body as Record<string, unknown> & {
    containerDefinitions: object[];
  };
}
