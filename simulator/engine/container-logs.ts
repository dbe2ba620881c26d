import { object, text } from '../state/json.ts';
import type { Container, Task } from '../state/model.ts';
import type { World } from './world.ts';

interface Stream {
  readonly group: string;
  readonly name: string;
}

/** The awslogs stream of a container, `prefix/container/task id`; undefined for other drivers. */
export function logStream(task: Task, container: Container): Stream | undefined {
  const logging = object(container.definition, 'logConfiguration');
  if (logging === undefined || text(logging, 'logDriver') !== 'awslogs') return undefined;
  const options = object(logging, 'options') ?? {};
  const group = text(options, 'awslogs-group');
  if (group === undefined) return undefined;
  return { group, name: `${text(options, 'awslogs-stream-prefix') ?? 'ecs'}/${container.name}/${task.id}` };
}

/** Whether the container makes its log group itself. */
export function createsLogGroup(container: Container): boolean {
  const options = object(object(container.definition, 'logConfiguration') ?? {}, 'options') ?? {};
  return text(options, 'awslogs-create-group') === 'true';
}

export function openLogs(world: World, task: Task, container: Container): void {
  const stream = logStream(task, container);
  if (stream === undefined) return;
  if (createsLogGroup(container) && !world.logs.groups.has(stream.group)) world.logs.create(stream.group);
  world.logs.open(stream.group, stream.name);
}

export function print(world: World, task: Task, container: Container, line: string): void {
  const stream = logStream(task, container);
  if (stream !== undefined) world.logs.append(stream.group, stream.name, line);
}

/** Prints one line a second. */
export function printLines(world: World, task: Task, container: Container, lines: readonly string[]): void {
  lines.forEach((line, second) => {
    if (second === 0) print(world, task, container, line);
    else
      task.cancel.push(
        world.clock.after(second, () => {
          print(world, task, container, line);
        }),
      );
  });
}
