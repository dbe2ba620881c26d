import { elsewhere, failed, looked, ok, skipped, type Check, type Finding, type VerifyAws } from './check.ts';
import { referencesOf, type ParameterReference } from './references.ts';

/** A filter of DescribeParameters takes fifty values. */
const NAMES_A_CALL = 50;

/** The parameters of the definition exist. Their values are not read. */
export const parameter: Check = {
  name: 'parameter',
  nothing: 'the definition names no parameter of Systems Manager',
  async look(aws, subject) {
    const wanted = referencesOf(subject.definition).flatMap((each) =>
      each.kind === 'parameter' ? each : [],
    );
    const unlooked = wanted.flatMap((each) => {
      const why = elsewhere(each.id, aws, subject) ?? aliasOfSecret(each);
      return why === undefined ? [] : [{ each, why }];
    });
    const here = wanted.filter((reference) => !unlooked.some(({ each }) => each === reference));
    const seen = await looked(
      'the parameters',
      'ssm:DescribeParameters',
      () =>
        existing(
          aws,
          here.flatMap(({ names }) => names),
        ),
      (found) => here.map((reference) => parameterFinding(reference, found)),
    );
    return [...unlooked.map(({ each, why }) => skipped(`parameter ${each.names[0] ?? ''} ${why}`)), ...seen];
  },
};

/** Systems Manager passes such a name on to Secrets Manager, and lists no parameter of it. */
function aliasOfSecret({ names }: ParameterReference): string | undefined {
  return names[0]?.startsWith('/aws/reference/secretsmanager/') === true
    ? 'stands for a secret and is not looked at'
    : undefined;
}

/** Pure: whether a parameter is among those that exist. */
export function parameterFinding({ names }: ParameterReference, found: readonly string[]): Finding {
  const name = names.find((each) => found.includes(each));
  return name === undefined
    ? failed(`parameter ${names[0] ?? ''} does not exist`)
    : ok(`parameter ${name} is there`);
}

/** Pages of DescribeParameters may be empty before the last. */
async function existing(aws: Pick<VerifyAws, 'parameters'>, names: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (let from = 0; from < names.length; from += NAMES_A_CALL) {
    let token: string | undefined;
    do {
      const answer = await aws.parameters.describeParameters({
        ParameterFilters: [{ Key: 'Name', Option: 'Equals', Values: names.slice(from, from + NAMES_A_CALL) }],
        MaxResults: 50,
        NextToken: token,
      });
      found.push(...(answer.Parameters ?? []).flatMap(({ Name }) => Name ?? []));
      token = answer.NextToken;
    } while (token !== undefined);
  }
  return found;
}
