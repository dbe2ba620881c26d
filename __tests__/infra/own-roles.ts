/** docs/your-own-service/roles.yaml as CloudFormation makes it of its parameters, as far as the template goes. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Policy } from './iam/evaluate.ts';

type Json = string | number | readonly Json[] | { readonly [key: string]: Json };

interface Template {
  readonly Parameters: Readonly<Record<string, { readonly Default?: string; readonly Type: string }>>;
  readonly Conditions: Readonly<Record<string, Json>>;
  readonly Resources: Readonly<Record<string, { readonly Condition?: string; readonly Properties: Json }>>;
}

export interface Role {
  readonly RoleName?: string;
  readonly MaxSessionDuration?: number;
  readonly AssumeRolePolicyDocument: Policy;
  readonly Policies: readonly { readonly PolicyDocument: Policy }[];
}

const TEMPLATE = parse(
  readFileSync(new URL('../../docs/your-own-service/roles.yaml', import.meta.url), 'utf8'),
) as Template;

export const PARAMETERS = TEMPLATE.Parameters;

const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'us-east-1',
  'AWS::AccountId': '123456789012',
};

const NOTHING = Symbol('AWS::NoValue');

/** The two roles. Throws for a parameter that has no value, and for a function that is not known here. */
export function rolesOf(given: Readonly<Record<string, string>>): Readonly<Record<'deploy' | 'plan', Role>> {
  const resolve = resolver(given);
  const role = (name: string): Role => resolve(TEMPLATE.Resources[name]?.Properties ?? {}) as Role;
  return { deploy: role('DeployRole'), plan: role('PlanRole') };
}

/** The policy of a role. */
export function policyOf({ Policies: [policy, ...others] }: Role): Policy {
  if (policy === undefined || others.length > 0) throw new Error('A role has one policy.');
  return policy.PolicyDocument;
}

/** Where only a text can stand. */
function word(value: Json | undefined): string {
  if (typeof value !== 'string') throw new Error(`Not a text: ${JSON.stringify(value)}.`);
  return value;
}

function resolver(given: Readonly<Record<string, string>>): (value: Json) => unknown {
  const parameter = (name: string): unknown => {
    const { Default, Type } = TEMPLATE.Parameters[name] ?? { Type: '' };
    const value = PSEUDO[name] ?? given[name] ?? Default;
    if (name === 'AWS::NoValue') return NOTHING;
    if (name === 'IdentityProvider') return 'arn:aws:iam::123456789012:oidc-provider/made-here';
    if (value === undefined) throw new Error(`The parameter ${name} has no value.`);
    return Type === 'CommaDelimitedList' ? value.split(',') : value;
  };
  const holds = (name: string): boolean => resolve(TEMPLATE.Conditions[name] ?? '') === true;
  const substitute = (text: string, own: Readonly<Record<string, unknown>>): string =>
    text.replaceAll(/\$\{([\w:]+)\}/g, (_, name: string) => String(own[name] ?? parameter(name)));

  function resolve(value: Json): unknown {
    if (typeof value !== 'object') return value;
    if (Array.isArray(value)) return (value as Json[]).map(resolve).filter((each) => each !== NOTHING);
    const [[name, argument] = ['', ''], ...others] = Object.entries(value);
    if (
      others.length === 0 &&
      /^(Fn::|Ref$|Condition$)/.test(name) &&
      (name !== 'Condition' || typeof argument === 'string')
    ) {
      return call(name, argument);
    }
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, resolve(each)]));
  }

  function call(name: string, argument: Json): unknown {
    const list = (Array.isArray(argument) ? argument : []) as Json[];
    switch (name) {
      case 'Ref':
        return parameter(word(argument));
      case 'Condition':
        return holds(word(argument));
      case 'Fn::If':
        return resolve(holds(word(list[0])) ? (list[1] ?? '') : (list[2] ?? ''));
      case 'Fn::Not':
        return resolve(list[0] ?? '') !== true;
      case 'Fn::Or':
        return list.some((each) => resolve(each) === true);
      case 'Fn::Equals':
        return resolve(list[0] ?? '') === resolve(list[1] ?? '');
      case 'Fn::Join':
        return (resolve(list[1] ?? '') as string[]).join(word(list[0]));
      case 'Fn::Split':
        return String(resolve(list[1] ?? '')).split(word(list[0]));
      case 'Fn::Select':
        return (resolve(list[1] ?? '') as unknown[])[Number(list[0])];
      case 'Fn::Sub':
        return typeof argument === 'string'
          ? substitute(argument, {})
          : substitute(word(list[0]), resolve(list[1] ?? {}) as Record<string, unknown>);
      default:
        throw new Error(`Not resolved here: ${name}.`);
    }
  }

  return resolve;
}
