import { parseArn } from '../aws/partition.ts';
import {
  differentRegionOrAccount,
  failed,
  looked,
  ok,
  skipped,
  type Check,
  type Finding,
  type PreflightAws,
} from './check.ts';
import { referencesOf, type ParameterReference } from './references.ts';

/** A filter of DescribeParameters takes fifty values. */
const NAMES_A_CALL = 50;

/** The parameters of the definition exist. Their values are not read. */
export const parameter: Check = {
  name: 'parameter',
  nothing: 'the definition names no parameter of Systems Manager',
  async look(aws, candidate) {
    const desired = referencesOf(candidate.definition).flatMap((each) =>
      each.kind === 'parameter' ? each : [],
    );
    const unlooked = desired.flatMap((each) => {
      const why = differentRegionOrAccount(each.id, aws, candidate) ?? unlisted(each);
      return why === undefined ? [] : [{ each, why }];
    });
    const account = candidate.services[0]?.address.accountId;
    const here = desired.filter((reference) => !unlooked.some(({ each }) => each === reference));
    const seen = await looked(
      'the parameters',
      'ssm:DescribeParameters',
      () =>
        existing(
          aws,
          here.flatMap(({ names }) => names),
        ),
      (found) => here.map((reference) => parameterFinding(reference, found, account)),
    );
    return [...unlooked.map(({ each, why }) => skipped(`parameter ${each.names[0] ?? ''} ${why}`)), ...seen];
  },
};

/**
 * Systems Manager passes the first kind of name on to Secrets Manager; the others are the same for everybody. It lists
 * no parameter of either (Systems Manager User Guide, "Working with public parameters").
 */
function unlisted({ names: [name = ''] }: ParameterReference): string | undefined {
  if (name.startsWith('/aws/reference/secretsmanager/')) return 'stands for a secret and is not looked at';
  return name.startsWith('/aws/') ? "is one of AWS's own and is not looked at" : undefined;
}

/** Pure: whether a parameter is among those that exist. `account`: this one, where it is known. */
export function parameterFinding(
  { id, names }: ParameterReference,
  found: readonly string[],
  account: string | undefined,
): Finding {
  const name = names.find((each) => found.includes(each));
  if (name !== undefined) return ok(`parameter ${name} is there`);
  const ofArn = parseArn(id)?.accountId;
  return account === undefined && ofArn !== undefined
    ? skipped(`parameter ${names[0] ?? ''} is not to be seen in this account; its ARN names account ${ofArn}`)
    : failed(`parameter ${names[0] ?? ''} does not exist`);
}

/** Pages of DescribeParameters may be empty before the last. */
async function existing(aws: Pick<PreflightAws, 'parameters'>, names: readonly string[]): Promise<string[]> {
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
