/** The one action each of Secrets Manager and of Systems Manager that a deployer needs. Nothing has a value here. */
import type { World } from '../engine/world.ts';
import { AwsError } from '../state/errors.ts';
import { epochSeconds, objects, requiredText, text, texts } from '../state/json.ts';
import type { JsonObject } from '../state/json.ts';
import { secretName } from '../state/secrets.ts';
import { page, paging } from './protocol/pages.ts';

export const secretsManagerActions = {
  DescribeSecret(world: World, input: JsonObject): JsonObject {
    const arn = world.secrets.findArn(requiredText(input, 'SecretId'));
    if (arn === undefined) {
      throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    }
    return {
      ARN: arn,
      Name: secretName(arn),
      CreatedDate: epochSeconds(world.clock.now()),
      VersionIdsToStages: { '0a1b2c3d-0000-4000-8000-000000000001': ['AWSCURRENT'] },
    };
  },
};

export const ssmActions = {
  DescribeParameters(world: World, input: JsonObject): JsonObject {
    const filters = objects(input, 'ParameterFilters').map(nameFilter);
    const names = world.secrets.parameterNames().filter((name) => filters.every((passes) => passes(name)));
    const { items, nextToken } = page(names, paging(input, 'MaxResults', 'NextToken'), 50, 10);
    return {
      Parameters: items.map((Name) => ({ Name, Type: 'SecureString', Tier: 'Standard', Version: 1 })),
      NextToken: nextToken,
    };
  },
};

function nameFilter(filter: JsonObject): (name: string) => boolean {
  const values = texts(filter, 'Values');
  const option = text(filter, 'Option') ?? 'Equals';
  if (text(filter, 'Key') !== 'Name' || !['Equals', 'BeginsWith'].includes(option)) {
    throw new AwsError('InvalidFilterKey', 'The simulator filters parameters by Name, Equals or BeginsWith.');
  }
  if (values.length < 1 || values.length > 50) {
    throw new AwsError('InvalidFilterValue', 'A filter must have between 1 and 50 values.');
  }
  return (name) => values.some((value) => (option === 'Equals' ? name === value : name.startsWith(value)));
}
