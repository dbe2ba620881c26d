import { objects } from './json.ts';
import type { JsonObject } from './json.ts';
import type { TaskDefinition } from './model.ts';

/** The task definitions of one account and region. */
export class TaskDefinitions {
  /** Fields that this AWS accepts although the published model does not have them. */
  readonly fieldsOfTheFuture = new Set<string>();
  private readonly families = new Map<string, TaskDefinition[]>();
  private readonly arn: (resource: string) => string;
  private readonly now: () => number;

  constructor({ arn, now }: { readonly arn: (resource: string) => string; readonly now: () => number }) {
    this.arn = arn;
    this.now = now;
  }

  /** Adds the next revision of a family. */
  add(family: string, body: JsonObject, tags: JsonObject[]): TaskDefinition {
    const revisions = this.families.get(family) ?? [];
    const revision = revisions.length + 1;
    const registered: TaskDefinition = {
      family,
      revision,
      arn: this.arn(`task-definition/${family}:${revision}`),
      body,
      containers: objects(body, 'containerDefinitions'),
      tags,
      status: 'ACTIVE',
      registeredAt: this.now(),
      deregisteredAt: undefined,
    };
    this.families.set(family, [...revisions, registered]);
    return registered;
  }

  /** Finds by ARN, `family:revision`, or `family` (its latest ACTIVE revision). */
  find(reference: string): TaskDefinition | undefined {
    const name = reference.startsWith('arn:') ? reference.slice(reference.indexOf('/') + 1) : reference;
    const [family = '', revision] = name.split(':');
    const revisions = this.families.get(family) ?? [];
    return revision === undefined
      ? revisions.findLast(({ status }) => status === 'ACTIVE')
      : revisions.find((candidate) => String(candidate.revision) === revision);
  }

  deregister(definition: TaskDefinition): void {
    definition.status = 'INACTIVE';
    definition.deregisteredAt = this.now();
  }

  /** Every revision, ordered by family, then by revision. */
  all(): TaskDefinition[] {
    return [...this.families.keys()].sort().flatMap((family) => this.families.get(family) ?? []);
  }
}
