import { describe, expect, test } from '@jest/globals';
import ts from 'typescript';
import { isUntold } from '../scripts/unions-by-kind.ts';

const TYPES = `
interface Promise<T> { then(done: (value: T) => void): void }
interface Array<T> { length: number }
interface Found { readonly kind: 'found'; readonly at: number }
interface Lost { readonly kind: 'lost' }
interface Named { readonly name: string }
type Either = Found | Lost;
`;

/** Whether the only union of a type, beside those of TYPES, is told apart by something else than a kind. */
function untold(type: string): boolean {
  const name = 'types.ts';
  const file = ts.createSourceFile(name, `${TYPES}\ntype Asked = ${type};`, ts.ScriptTarget.ES2023, true);
  const host: ts.CompilerHost = {
    ...ts.createCompilerHost({}),
    getSourceFile: (asked) => (asked === name ? file : undefined),
  };
  const program = ts.createProgram([name], { noLib: true, strict: true }, host);
  const asked = file.statements.at(-1);
  if (asked === undefined || !ts.isTypeAliasDeclaration(asked) || !ts.isUnionTypeNode(asked.type))
    throw new Error(`${type} is no union`);
  return isUntold(asked.type, program.getTypeChecker());
}

describe('a union', () => {
  test.each([
    'Found | Lost',
    'Either | undefined',
    'Either | null',
    "Either | { readonly kind: 'other' }",
    "(Found & Named) | { readonly kind: 'other' }",
    "'one' | 'other'",
    'string | number | undefined',
    'Named | undefined',
    'Named[] | undefined',
    'Named | Promise<Named>',
    'boolean | undefined',
  ])('is told apart by kind, or need not be: %s', (type) => {
    expect(untold(type)).toBe(false);
  });

  test.each([
    '{ readonly number: number } | { readonly none: string }',
    "{ readonly by: 'commit' } | { readonly by: 'branch' }",
    'Found | Named',
    'Either | Named',
    "Either | 'look-again'",
    'Found | (Named & { readonly at: number })',
    'Found | string',
    "Found[] | 'denied'",
    'readonly Found[] | Found',
    'Named | undefined | false',
  ])('is not: %s', (type) => {
    expect(untold(type)).toBe(true);
  });
});
