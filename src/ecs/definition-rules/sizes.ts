/** CPU and memory: of the task, of its containers, and the sizes that Fargate has. */
import type { Json, JsonObject } from '../../model/index.ts';
import { objectIn, textIn } from '../../runtime/json.ts';
import { cpuUnits, mebibytes } from '../../aws/task-definitions.ts';
import {
  api,
  asksForFargate,
  containersOf,
  guide,
  isGiven,
  numberIn,
  observed,
  onEc2,
  onFargate,
  type Found,
  type Rule,
} from './rule.ts';

/** One cpu value, and the memory that Fargate pairs with it, in MiB. */
export interface FargateSize {
  readonly cpu: number;
  readonly memories: readonly number[];
  /** The memories, for people. */
  readonly described: string;
  readonly windows: boolean;
}

function range(cpu: number, from: number, to: number, step: number, windows: boolean): FargateSize {
  return {
    cpu,
    memories: Array.from({ length: (to - from) / step + 1 }, (_, index) => from + index * step),
    described: `${from} to ${to} MiB in steps of ${step}`,
    windows,
  };
}

function few(cpu: number, memories: readonly number[]): FargateSize {
  return { cpu, memories, described: memories.join(', '), windows: false };
}

/** ECS Developer Guide, "Fargate task definition differences", Task CPU and memory. */
export const FARGATE_SIZES: readonly FargateSize[] = [
  few(256, [512, 1024, 2048]),
  range(512, 1024, 4096, 1024, false),
  range(1024, 2048, 8192, 1024, true),
  range(2048, 4096, 16384, 1024, true),
  range(4096, 8192, 30720, 1024, true),
  range(8192, 16384, 61440, 4096, false),
  range(16384, 32768, 122880, 8192, false),
];

/** Windows containers on Fargate have whole vCPUs, up to four. */
export function fargateSizes(definition: JsonObject): readonly FargateSize[] {
  const windows =
    textIn(objectIn(definition, 'runtimePlatform'), 'operatingSystemFamily')?.startsWith('WINDOWS') === true;
  return FARGATE_SIZES.filter((size) => !windows || size.windows);
}

/** Pure: whether Fargate has the size; undefined where cpu or memory cannot be read at all. */
export function isFargateSize(definition: JsonObject): boolean | undefined {
  const cpu = cpuUnits(definition['cpu']);
  const memory = mebibytes(definition['memory']);
  if (cpu === undefined || memory === undefined) return undefined;
  return fargateSizes(definition).some((size) => size.cpu === cpu && size.memories.includes(memory));
}

/** ECS API, RegisterTaskDefinition `cpu`: 128 CPU units to 196608. */
const LEAST_CPU = 128;
const MOST_CPU = 196_608;

/**
 * The sizes of a task as ECS stores them: as plain numbers, however they were written (ECS API, RegisterTaskDefinition,
 * `cpu` and `memory`). A size that is none is left out.
 */
export function storedSizes(definition: JsonObject): JsonObject {
  const cpu = cpuUnits(definition['cpu']);
  const memory = mebibytes(definition['memory']);
  return {
    ...(cpu === undefined ? {} : { cpu: String(cpu) }),
    ...(memory === undefined ? {} : { memory: String(memory) }),
  };
}

/** Docker reserves as much for a container (API reference, ContainerDefinition `memory`). */
const LEAST_MEMORY = 6;

const LIMITS = guide('task-cpu-memory-error');
const LIKE_CPU = 'write CPU units such as "512", or "0.5 vCPU"';
const LIKE_MEMORY = 'write MiB such as "1024", or "1 GB"';

export const SIZE_RULES: readonly Rule<JsonObject>[] = [
  {
    name: 'cpu of the task',
    words: "Invalid 'cpu' setting for task.",
    source: LIMITS,
    accepted: onEc2({}, { cpu: '.5 vCPU' }),
    refused: onEc2({}, { cpu: 'half' }),
    find: ({ cpu }: JsonObject): Found[] => {
      if (!isText(cpu)) return [];
      const units = cpuUnits(cpu);
      const fits = units !== undefined && Number.isInteger(units) && units >= LEAST_CPU && units <= MOST_CPU;
      return fits ? [] : [{ path: 'cpu', instead: LIKE_CPU }];
    },
  },
  {
    name: 'memory of the task',
    words: "Invalid 'memory' setting for task.",
    source: LIMITS,
    accepted: onEc2({}, { memory: '.5 GB' }),
    refused: onEc2({}, { memory: '512 megabytes' }),
    find: ({ memory }: JsonObject): Found[] => {
      if (!isText(memory)) return [];
      const amount = mebibytes(memory);
      const fits = amount !== undefined && Number.isInteger(amount) && amount > 0;
      return fits ? [] : [{ path: 'memory', instead: LIKE_MEMORY }];
    },
  },
  {
    name: 'memory of a container',
    words:
      "Invalid setting for container '{name}'. At least one of 'memory' or 'memoryReservation' must be specified.",
    source: 'https://github.com/aws/aws-cli/issues/4453',
    accepted: onEc2({ memoryReservation: 128 }),
    refused: { family: 'web', containerDefinitions: [{ name: 'web', image: 'nginx:1' }] },
    find: (definition) =>
      isGiven(definition, 'memory') || asksForFargate(definition)
        ? []
        : containersOf(definition).flatMap(({ name, path, container }) =>
            isGiven(container, 'memory') || isGiven(container, 'memoryReservation')
              ? []
              : [
                  {
                    path: `${path}.memory`,
                    container: name,
                    values: { name },
                    instead: `give ${name} memory or memoryReservation, or the task memory`,
                  },
                ],
          ),
  },
  {
    name: 'memory above zero',
    words: "Invalid '{field}' setting for container '{name}'.",
    source: 'https://github.com/ansible/ansible/issues/67647',
    accepted: onEc2({ memory: 64 }),
    refused: onEc2({ memory: 0 }),
    find: (definition) =>
      (['memory', 'memoryReservation'] as const).flatMap((field) =>
        containersOf(definition).flatMap(({ name, path, container }) => {
          const amount = numberIn(container, field);
          if (amount === undefined || (Number.isInteger(amount) && amount > 0)) return [];
          const instead = `write whole MiB, ${LEAST_MEMORY} or more, or leave ${field} out`;
          return [{ path: `${path}.${field}`, container: name, values: { name, field }, instead }];
        }),
      ),
  },
  {
    name: 'least memory of a container',
    words: "The 'memory' setting for container '{name}' is less than Docker reserves.",
    source: undefined,
    accepted: onEc2({ memory: 6 }),
    refused: onEc2({ memory: 3 }),
    find: (definition) =>
      containersOf(definition).flatMap(({ name, path, container }) => {
        const memory = numberIn(container, 'memory') ?? LEAST_MEMORY;
        if (memory >= LEAST_MEMORY || memory <= 0) return [];
        return [
          {
            path: `${path}.memory`,
            container: name,
            values: { name },
            instead: `write ${LEAST_MEMORY} MiB or more`,
          },
        ];
      }),
  },
  {
    name: 'cpu of a container',
    words: "Invalid 'cpu' setting for container '{name}'.",
    source: api('ContainerDefinition'),
    accepted: onEc2({ cpu: 0 }),
    refused: onEc2({ cpu: -1 }),
    find: (definition) =>
      containersOf(definition).flatMap(({ name, path, container }) => {
        const cpu = numberIn(container, 'cpu') ?? 0;
        if (Number.isInteger(cpu) && cpu >= 0) return [];
        return [
          {
            path: `${path}.cpu`,
            container: name,
            values: { name },
            instead: 'write whole CPU units, 0 or more',
          },
        ];
      }),
  },
  {
    name: 'memoryReservation within memory',
    words:
      "Invalid setting for container '{name}'. 'memory' must be greater than or equal to 'memoryReservation'.",
    source: observed('pf-ecs-container-memory-reservation'),
    accepted: onEc2({ memory: 128, memoryReservation: 128 }),
    refused: onEc2({ memory: 128, memoryReservation: 256 }),
    find: (definition) =>
      containersOf(definition).flatMap(({ name, path, container }) => {
        const memory = numberIn(container, 'memory');
        const reserved = numberIn(container, 'memoryReservation');
        if (memory === undefined || reserved === undefined || memory >= reserved) return [];
        return [
          {
            path: `${path}.memoryReservation`,
            container: name,
            values: { name },
            instead: `write ${memory} or less, or raise memory`,
          },
        ];
      }),
  },
  {
    name: 'memory of a container within the task',
    words: "The 'memory' setting for container '{name}' is greater than for the task.",
    source: observed('pf-ecs-container-memory-over-task'),
    accepted: onFargate({ memory: 512 }),
    refused: onFargate({ memory: 1024 }),
    find: (definition: JsonObject): Found[] => {
      const most = mebibytes(definition['memory']);
      if (most === undefined) return [];
      return containersOf(definition).flatMap(({ name, path, container }): Found[] => {
        const memory = numberIn(container, 'memory') ?? 0;
        if (memory <= most) return [];
        const instead = `write ${most} or less, or raise the memory of the task`;
        return [{ path: `${path}.memory`, container: name, values: { name }, instead }];
      });
    },
  },
  {
    name: 'cpu of the containers within the task',
    words: "The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'.",
    source: 'https://github.com/klothoplatform/klotho/issues/892',
    accepted: onFargate({ cpu: 256 }),
    refused: onFargate({ cpu: 512 }),
    find: (definition: JsonObject): Found[] => {
      const most = cpuUnits(definition['cpu']);
      const sum = containersOf(definition).reduce(
        (total, { container }) => total + (numberIn(container, 'cpu') ?? 0),
        0,
      );
      if (most === undefined || sum <= most) return [];
      return [
        {
          path: 'cpu',
          instead: `the containers ask for ${sum} CPU units together: lower theirs to ${most}, or raise the task's`,
        },
      ];
    },
  },
  {
    name: 'network mode on Fargate',
    words: "Fargate only supports network mode 'awsvpc'.",
    source: observed('pf-ecs-fargate-network-mode'),
    accepted: onFargate({}),
    refused: onFargate({}, { networkMode: 'bridge' }),
    find: (definition) =>
      asksForFargate(definition) && definition['networkMode'] !== 'awsvpc'
        ? [{ path: 'networkMode', instead: 'write awsvpc' }]
        : [],
  },
  {
    name: 'cpu on Fargate',
    words: "Fargate requires that 'cpu' be defined at the task level.",
    source: observed('pf-ecs-fargate-task-cpu-memory'),
    accepted: onFargate({}),
    refused: { ...onFargate({}), cpu: null },
    find: (definition) =>
      asksForFargate(definition) && !isGiven(definition, 'cpu') ? [{ path: 'cpu', instead: LIKE_CPU }] : [],
  },
  {
    name: 'memory on Fargate',
    words: "Fargate requires that 'memory' be defined at the task level.",
    source: observed('pf-ecs-fargate-task-cpu-memory'),
    accepted: onFargate({}),
    refused: { ...onFargate({}), memory: null },
    find: (definition) =>
      asksForFargate(definition) && !isGiven(definition, 'memory')
        ? [{ path: 'memory', instead: LIKE_MEMORY }]
        : [],
  },
  {
    name: 'size on Fargate',
    words:
      'No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. See the Amazon ECS documentation for the valid values.',
    source: LIMITS,
    accepted: onFargate({}, { cpu: '.25 vCPU', memory: '.5 GB' }),
    refused: onFargate({}, { cpu: '256', memory: '4096' }),
    find: (definition: JsonObject): Found[] => {
      if (!asksForFargate(definition) || isFargateSize(definition) !== false) return [];
      const cpu = cpuUnits(definition['cpu']) ?? 0;
      const sizes = fargateSizes(definition);
      const size = sizes.find((each) => each.cpu === cpu);
      return [
        {
          path: size === undefined ? 'cpu' : 'memory',
          values: { cpu, memory: mebibytes(definition['memory']) ?? 0 },
          instead:
            size === undefined
              ? `write one of ${sizes.map((each) => each.cpu).join(', ')}`
              : `with cpu ${cpu} write ${size.described}`,
        },
      ];
    },
  },
];

function isText(value: Json | undefined): value is string {
  return typeof value === 'string';
}
