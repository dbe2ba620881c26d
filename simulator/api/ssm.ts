/** The one action of Systems Manager that a deployer needs. No parameter has a value here. */
import { AwsError } from '../state/errors.ts';
import { number, objects, text, texts } from '../state/json.ts';
import type { JsonObject } from '../state/json.ts';
import { page } from './protocol/pages.ts';
import type { World } from '../engine/world.ts';
import { parameterNames } from '../state/secrets.ts';

export const ssmActions = {
  DescribeParameters(world: World, input: JsonObject): JsonObject {
    const filters = objects(input, 'ParameterFilters').map(nameFilter);
    const names = parameterNames(world).filter((name) => filters.every((passes) => passes(name)));
    const asked = { maxResults: number(input, 'MaxResults'), nextToken: text(input, 'NextToken') };
    const { items, nextToken } = page(names, asked, 50, 10);
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
