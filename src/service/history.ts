/**
 * Pure: deployments as a stack, oldest first, each by a name of its content. A content that is in it already pops down to
 * it: going back to it took the ones above off the table, so that rolling back twice goes back two steps and never forth.
 */
export function stackOf<T>(contents: readonly T[]): T[] {
  return contents.reduce<T[]>((stack, next) => {
    const at = stack.indexOf(next);
    return at === -1 ? [...stack, next] : stack.slice(0, at + 1);
  }, []);
}
