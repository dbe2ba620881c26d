import { Written, type Raw } from './file-shape.ts';

/** Deeper than any definition is, and far from where a stack ends. */
const DEEPEST = 100;

/**
 * Pure: what a text in JSON holds. Undefined for everything that is not plain JSON, and for what YAML means otherwise or has
 * more to say of: keys that are given twice, merges, depths. Keys that are numbers would lose their order.
 */
export function contentOfJson(text: string): Raw | undefined {
  try {
    const content = JSON.parse(text, withSources) as Raw;
    return isPlain(text) ? content : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Numbers and booleans keep the text that they are written as; objects are maps. */
function withSources(_key: string, value: unknown, context?: { readonly source?: string }): Raw {
  if (typeof value === 'number' || typeof value === 'boolean')
    return new Written(value, context?.source ?? '');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value as Raw;
  return new Map(Object.entries(value as Record<string, Raw>));
}

/** Texts, and what opens and closes; a text before a colon is a key. */
const TOKENS = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g;

function isPlain(text: string): boolean {
  const open: Set<string>[] = [];
  for (const [token, colon] of text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') {
      if (open.push(new Set()) > DEEPEST) return false;
    } else if (token === '}' || token === ']') {
      open.pop();
    } else if (colon !== undefined) {
      const key = token.slice(1, -colon.length - 1);
      const keys = open.at(-1);
      if (/^(?:<<|\d+)$|\\/.test(key) || keys?.has(key) === true) return false;
      keys?.add(key);
    }
  }
  return true;
}
