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

/** What is no loss: a revision that goes from the state stays in ECS, and the rest makes no task and no request go. */
const HARMLESS = new Set(['aws_ecs_task_definition', 'terraform_data']);

/** What scales goes and comes with its range; the number of tasks stays. */
const SCALING = /^aws_appautoscaling_/;

/** What has its successor before it goes, on another listener. */
function isMovedRule({ type, actions }: Change): boolean {
  return type === 'aws_lb_listener_rule' && actions[0] === 'create';
}

/** What would be destroyed to be made again, though something serves with it. */
export function replaced(changes: readonly Change[]): string[] {
  return changes
    .filter(({ actions }) => actions.includes('delete') && actions.includes('create'))
    .filter((change) => !HARMLESS.has(change.type) && !SCALING.test(change.type) && !isMovedRule(change))
    .map(({ address }) => address);
}

/** What requests and tasks go through, and would have no successor. */
export function gone(changes: readonly Change[]): string[] {
  const serving =
    /^aws_(ecs_|lb$|lb_(listener|target_group)$|subnet$|vpc$|iam_role$|ecr_|cloudwatch_log_group$)/;
  return changes
    .filter(({ actions }) => actions.includes('delete') && !actions.includes('create'))
    .filter(({ type, address }) => serving.test(type) && !address.includes('.aws_cloudwatch_log_group.waf'))
    .map(({ address }) => address);
}
