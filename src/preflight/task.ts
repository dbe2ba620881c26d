import { cpuUnits, mebibytes } from '../aws/task-definitions.ts';
import type { ContainerDefinition, TaskDefinition } from '../model/index.ts';
import { objectIn, textIn } from '../runtime/json.ts';
import { failed, looked, ok, runsOnFargate, skipped, warning, type Check, type Finding } from './check.ts';
import { MOST_BYTES } from '../ecs/definition-rules/names.ts';
import { fargateSizes } from '../ecs/definition-rules/sizes.ts';
import { asksForFargate } from './image.ts';

/** Fargate has the size that the task definition asks for. */
export const taskSize: Check = {
  name: 'task size',
  nothing: 'not on Fargate, which alone has fixed sizes',
  look(_aws, { definition, services }) {
    return asksForFargate(definition) || services.some(runsOnFargate) ? [sizeFinding(definition)] : [];
  },
};

/** Pure: whether Fargate pairs the definition's cpu and memory. */
export function sizeFinding(definition: TaskDefinition): Finding {
  const { cpu: cpuText, memory: memoryText } = definition;
  const cpu = cpuUnits(cpuText);
  const memory = mebibytes(memoryText);
  const asked = `cpu ${shown(cpuText)} and memory ${shown(memoryText)}`;
  if (cpu === undefined || memory === undefined) {
    return failed(
      `Fargate needs cpu and memory of the task, such as 256 and 512; the definition has ${asked}`,
    );
  }
  const sizes = fargateSizes(definition);
  const size = sizes.find((each) => each.cpu === cpu);
  if (size === undefined) {
    const all = sizes.map((each) => each.cpu).join(', ');
    const system = sizes.every(({ windows }) => windows) ? ' on Windows' : '';
    return failed(`Fargate has no ${asked}${system}; cpu can be ${all}`);
  }
  return size.memories.includes(memory)
    ? ok(asked)
    : failed(`Fargate has no ${asked}; with cpu ${cpu}, memory can be ${size.described}`);
}

function shown(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value : 'missing';
}

/** ECS takes 64 KiB (ECS Developer Guide, service quotas). */
const LIMIT = MOST_BYTES;

const NEAR = 60 * 1024;

/** The definition is well below the size that ECS takes. */
export const definitionSize: Check = {
  name: 'definition size',
  nothing: '',
  look: (_aws, { definition }) => [definitionSizeFinding(definition)],
};

/** Pure: as it goes over the wire. */
export function definitionSizeFinding(definition: TaskDefinition): Finding {
  const bytes = Buffer.byteLength(JSON.stringify(definition));
  const size = `${(bytes / 1024).toFixed(1)} of ${LIMIT / 1024} KiB`;
  if (bytes < NEAR) return ok(size);
  const told = `the definition has ${size}: move environment variables to an environment file or to parameters`;
  return bytes > LIMIT ? failed(told) : warning(told);
}

interface LogGroup {
  readonly name: string;
  /** Undefined: that of the task. */
  readonly region: string | undefined;
}

/** The log groups that the awslogs driver writes to exist; those that it makes itself need not. */
export const logGroup: Check = {
  name: 'log group',
  nothing: 'no container needs one',
  async look(aws, { definition }) {
    const looks = logGroupsOf(definition).map(async ({ name, region = aws.region }) => {
      if (region !== aws.region) return [skipped(`log group ${name} is in ${region}, not in ${aws.region}`)];
      return looked(
        `log group ${name}`,
        'logs:DescribeLogGroups',
        // Groups come in order of their names, so that one that equals the prefix comes first.
        () => aws.logs.describeLogGroups({ logGroupNamePrefix: name, limit: 50 }),
        (answer) => [
          (answer.logGroups ?? []).some(({ logGroupName }) => logGroupName === name)
            ? ok(`log group ${name} is there`)
            : failed(`log group ${name} does not exist`),
        ],
      );
    });
    return (await Promise.all(looks)).flat();
  },
};

/** Pure: the groups that must be there when a container starts (ECS Developer Guide, awslogs driver options). */
export function logGroupsOf(definition: TaskDefinition): readonly LogGroup[] {
  const groups = definition.containerDefinitions.flatMap(groupOf);
  return groups.filter(
    ({ name, region }, index) =>
      groups.findIndex((each) => each.name === name && each.region === region) === index,
  );
}

function groupOf(container: ContainerDefinition): LogGroup[] {
  const logging = objectIn(container, 'logConfiguration');
  const options = objectIn(logging, 'options');
  const name = textIn(options, 'awslogs-group');
  if (textIn(logging, 'logDriver') !== 'awslogs' || name === undefined) return [];
  if (textIn(options, 'awslogs-create-group')?.toLowerCase() === 'true') return [];
  return [{ name, region: textIn(options, 'awslogs-region') }];
}
