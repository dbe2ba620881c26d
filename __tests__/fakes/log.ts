import type { OutputLog } from '../../src/runtime/log.ts';

/** A log that keeps its lines; warnings start with `warning: `. */
export function fakeLog(): OutputLog & { readonly said: readonly string[] } {
  const said: string[] = [];
  return {
    said,
    line: (text) => {
      said.push(text);
    },
    output: (text) => {
      said.push(text);
    },
    warn: (text) => {
      said.push(`warning: ${text}`);
    },
    point: () => undefined,
  };
}
