import type { Rule } from 'eslint';
import ts from 'typescript';

/**
 * Pure: whether the members of a union are told apart by something else than their `kind`: two objects of which one has
 * none, or an object beside a text, a number or a list. What may be awaited is the same value either way.
 */
export function isUntold(union: ts.UnionTypeNode, checker: ts.TypeChecker): boolean {
  const members = union.types
    .map((node) => checker.getTypeFromTypeNode(node))
    .filter((type) => !isNothing(type));
  if (members.length < 2 || members.some((type) => type.getSymbol()?.name === 'Promise')) return false;
  const all = members.flatMap((type) => (type.isUnion() ? type.types : [type]));
  const objects = all.filter((type) => (type.flags & OBJECT) !== 0);
  if (objects.length === 0) return false;
  return objects.length < all.length || objects.some((type) => type.getProperty('kind') === undefined);
}

const OBJECT = ts.TypeFlags.Object | ts.TypeFlags.Intersection;

function isNothing(type: ts.Type): boolean {
  return (type.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Null)) !== 0;
}

/** What typescript-eslint gives to a rule. */
interface Services {
  readonly program: ts.Program;
  readonly esTreeNodeToTSNodeMap: { get(node: unknown): ts.Node };
}

/** The rule of ESLint: a union of this project has a `kind` in each member. */
export const unionsByKind: Rule.RuleModule = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { untold: 'Give each member of this union a kind, and tell them apart by it.' },
  },
  create(context) {
    const { program, esTreeNodeToTSNodeMap } = context.sourceCode.parserServices as unknown as Services;
    const checker = program.getTypeChecker();
    return {
      TSUnionType(node: Rule.Node) {
        const union = esTreeNodeToTSNodeMap.get(node);
        if (ts.isUnionTypeNode(union) && isUntold(union, checker))
          context.report({ node, messageId: 'untold' });
      },
    };
  },
};
