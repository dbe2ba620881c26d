/** What infra/ can be told, read from its own files. */
import { readdirSync, readFileSync } from 'node:fs';

import { parse } from '@cdktn/hcl2json';

export interface Variable {
  readonly name: string;
  readonly type: string;
  /** As JSON; undefined where the variable must be given. */
  readonly default: string | undefined;
  readonly description: string;
}

export interface Output {
  readonly name: string;
  readonly description: string;
}

type Blocks = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;

/** The variables of the root module, file by file in the order of their names, in each as they are written. */
export async function readVariables(folder: URL): Promise<ReadonlyMap<string, readonly Variable[]>> {
  const files = readdirSync(folder).filter((name) => /^variables.*\.tf$/.test(name));
  const read = files.sort().map(async (file) => {
    const text = readFileSync(new URL(file, folder), 'utf8');
    const { variable = {} } = (await parse(file, text)) as { variable?: Blocks };
    return [file, inOrder(text, 'variable', variable).map(variableOf)] as const;
  });
  return new Map(await Promise.all(read));
}

/** The outputs of the root module, as they are written. */
export async function readOutputs(folder: URL): Promise<readonly Output[]> {
  const text = readFileSync(new URL('outputs.tf', folder), 'utf8');
  const { output = {} } = (await parse('outputs.tf', text)) as { output?: Blocks };
  return inOrder(text, 'output', output).map(([name, block]) => ({
    name,
    description: String(block['description']),
  }));
}

/** What an environment gives the stack: the arguments of its module block. */
export async function readSettings(folder: URL): Promise<Readonly<Record<string, unknown>>> {
  const { module: modules = {} } = (await parse(
    'main.tf',
    readFileSync(new URL('main.tf', folder), 'utf8'),
  )) as { module?: Blocks };
  const given = Object.entries(modules['stack']?.[0] ?? {});
  return Object.fromEntries(given.filter(([name]) => name !== 'source'));
}

function variableOf([name, block]: readonly [string, Readonly<Record<string, unknown>>]): Variable {
  return {
    name,
    type: String(block['type'])
      .replace(/^\$\{(.*)\}$/s, '$1')
      .replace(/\s+/g, ' '),
    default: 'default' in block ? JSON.stringify(block['default']) : undefined,
    description: String(block['description']),
  };
}

/** The parser sorts blocks by their names; whoever wrote them had another order in mind. */
function inOrder(
  text: string,
  kind: string,
  blocks: Blocks,
): (readonly [string, Readonly<Record<string, unknown>>])[] {
  const names = [...text.matchAll(new RegExp(`^${kind} "([^"]+)"`, 'gm'))].map(([, name = '']) => name);
  return names.map((name) => [name, blocks[name]?.[0] ?? {}] as const);
}
