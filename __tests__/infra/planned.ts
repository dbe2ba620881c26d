/** What Terraform plans to do, resource by resource. */
import type { Workspace } from './workspace.ts';

type Values = Readonly<Record<string, unknown>>;

export interface Change {
  readonly address: string;
  readonly type: string;
  /** Such as `update`, or `delete` and `create` in either order. */
  readonly actions: readonly string[];
  readonly before: Values | null;
  readonly after: Values | null;
}

interface Shown {
  readonly resource_changes?: readonly {
    readonly address: string;
    readonly type: string;
    readonly mode: string;
    readonly change: Pick<Change, 'actions' | 'before' | 'after'>;
  }[];
}

/** Plans, and answers what would become of each resource. Throws what was printed where there is no plan. */
export async function changesIn(workspace: Workspace, args: readonly string[]): Promise<Change[]> {
  await workspace.succeed(['plan', '-no-color', '-out=planned', ...args]);
  const { resource_changes: changes = [] } = JSON.parse(
    await workspace.succeed(['show', '-json', 'planned']),
  ) as Shown;
  return changes
    .filter(({ mode }) => mode === 'managed')
    .map(({ address, type, change: { actions, before, after } }) => ({
      address,
      type,
      actions,
      before,
      after,
    }));
}

/** What would be destroyed to be made again, or goes without a successor, of what serves. */
export function replaced(changes: readonly Change[]): string[] {
  return changes
    .filter(({ actions }) => actions.includes('delete') && actions.includes('create'))
    .map(({ address }) => address);
}
