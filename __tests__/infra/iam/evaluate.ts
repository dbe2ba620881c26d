/**
 * Evaluates IAM policies as IAM does, for the elements that this project's policies have: Action and Resource with
 * wildcards, Condition, Allow and Deny (IAM User Guide, "Policy evaluation logic" and "IAM JSON policy elements").
 * What it does not know it refuses, so that nothing is allowed by mistake.
 */

export interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly NotResource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface Policy {
  readonly Version: string;
  readonly Statement: readonly Statement[];
}

/** One authorization that AWS asks for. */
export interface Authorization {
  /** Such as `ecs:UpdateService`. */
  readonly action: string;
  /** The ARN, or `*` for an action for which IAM knows no resource. */
  readonly resource: string;
  /** Values of the condition keys that the request has. A key with several values, such as `aws:TagKeys`, has a list. */
  readonly context: Readonly<Record<string, string | readonly string[]>>;
}

export interface Decision {
  readonly allowed: boolean;
  /** The statements that allow it, or the one that denies it; none where nothing says anything. */
  readonly statements: readonly Statement[];
}

const ELEMENTS = new Set(['Sid', 'Effect', 'Action', 'Resource', 'NotResource', 'Condition']);

/** An explicit Deny wins; else one Allow is enough; else it is denied. Throws for an element that is not known here. */
export function evaluate(policy: Policy, authorization: Authorization): Decision {
  const matching = policy.Statement.filter((statement) => applies(statement, authorization));
  const denying = matching.filter(({ Effect }) => Effect === 'Deny');
  return denying.length > 0
    ? { allowed: false, statements: denying }
    : { allowed: matching.length > 0, statements: matching };
}

function applies(statement: Statement, { action, resource, context }: Authorization): boolean {
  const unknown = Object.keys(statement).filter((element) => !ELEMENTS.has(element));
  if (unknown.length > 0) throw new Error(`Not evaluated here: ${unknown.join(', ')}.`);
  return (
    list(statement.Action).some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase())) &&
    concerns(statement, resource) &&
    Object.entries(statement.Condition ?? {}).every(([operator, keys]) => holds(operator, keys, context))
  );
}

function concerns({ Resource, NotResource }: Statement, resource: string): boolean {
  if ((Resource === undefined) === (NotResource === undefined)) {
    throw new Error('A statement has either Resource or NotResource.');
  }
  const named = list(Resource ?? NotResource ?? []).some((pattern) => matches(pattern, resource));
  return named === (Resource !== undefined);
}

/**
 * Every key must hold; of its values, one. A key that the request does not have does not hold, save with a negated
 * operator and with ForAllValues, for which nothing to compare is as good as a match. A list in the request is compared
 * by ForAllValues only, each of its values.
 */
function holds(
  operator: string,
  keys: Readonly<Record<string, string | readonly string[]>>,
  context: Authorization['context'],
): boolean {
  const given = new Map(Object.entries(context).map(([key, value]) => [key.toLowerCase(), value]));
  return Object.entries(keys).every(([key, values]) => {
    const value = given.get(key.toLowerCase());
    const present = list(value ?? []);
    if (operator === 'Null') return list(values).includes(String(present.length === 0));
    const all = operator.startsWith('ForAllValues:');
    if (!all && typeof value === 'object') {
      throw new Error(`Not evaluated here: ${operator} on the list ${key}. A list needs ForAllValues.`);
    }
    if (operator === 'StringNotEquals') return present.every((one) => !list(values).includes(one));
    const compare = comparison(operator.replace('ForAllValues:', ''));
    const isWanted = (one: string): boolean => list(values).some((wanted) => compare(wanted, one));
    return (all || present.length > 0) && present.every(isWanted);
  });
}

function comparison(operator: string): (wanted: string, value: string) => boolean {
  switch (operator) {
    case 'StringEquals':
    case 'Bool':
      return (wanted, value) => wanted === value;
    case 'StringLike':
      return matches;
    case 'ArnEquals':
    case 'ArnLike':
      return matchesArn;
    default:
      throw new Error(`Not evaluated here: the condition ${operator}.`);
  }
}

/** Each of the six parts of an ARN is matched for itself. */
function matchesArn(pattern: string, arn: string): boolean {
  const [wanted, given] = [parts(pattern), parts(arn)];
  return wanted.length === given.length && wanted.every((part, at) => matches(part, given[at] ?? ''));
}

function parts(arn: string): string[] {
  const all = arn.split(':');
  return [...all.slice(0, 5), all.slice(5).join(':')];
}

/** `*` stands for any characters, `?` for one. */
function matches(pattern: string, text: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 's').test(text);
}

function list(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}
