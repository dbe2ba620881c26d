import { objectIn, textIn } from '../aws/json.ts';
import type { ContainerDefinition, TaskDefinition } from '../model.ts';
import { failed, looked, ok, skipped, type Check } from './check.ts';

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
