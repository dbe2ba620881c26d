import type { Json, JsonObject, TaskDefinition } from '../../src/model/index.ts';
import { awsError } from './aws-errors.ts';
import { REGION, revisionArn } from './literals.ts';

/** Task definitions as ECS holds them: `register` appends to the family, `describe` knows the rest. */
export function fakeRevisions(
  held: Readonly<Record<string, TaskDefinition>>,
  more: {
    inactive?: readonly string[];
    tags?: readonly Json[];
    /** Thrown by the nth registration instead of an answer; `after`: it was registered all the same. */
    failing?: readonly { error: Error; after?: boolean }[];
    describing?: Error;
  } = {},
): {
  region: string;
  taskDefinitions: {
    describe: (reference: string) => Promise<{ taskDefinition: JsonObject; tags: readonly Json[] }>;
    register: (definition: TaskDefinition) => Promise<string>;
  };
  described: string[];
  registered: TaskDefinition[];
} {
  const revisions = new Map(Object.entries(held));
  const described: string[] = [];
  const registered: TaskDefinition[] = [];
  const failing = [...(more.failing ?? [])];
  const latestOf = (family: string): number =>
    Math.max(
      0,
      ...[...revisions.keys()]
        .filter((name) => name.startsWith(`${family}:`) && !(more.inactive ?? []).includes(name))
        .map((name) => Number(name.split(':')[1])),
    );
  return {
    region: REGION,
    described,
    registered,
    taskDefinitions: {
      describe: (reference) => {
        described.push(reference);
        if (more.describing !== undefined) return Promise.reject(more.describing);
        const short = reference.replace(/^.*task-definition\//, '');
        const name = short.includes(':') ? short : `${short}:${latestOf(short)}`;
        const definition = revisions.get(name);
        if (definition === undefined) {
          return Promise.reject(awsError('ClientException', 'Unable to describe task definition.'));
        }
        const status = (more.inactive ?? []).includes(name) ? 'INACTIVE' : 'ACTIVE';
        const [family = '', revision] = name.split(':');
        return Promise.resolve({
          taskDefinition: {
            ...definition,
            family,
            taskDefinitionArn: revisionArn(name),
            revision: Number(revision),
            status,
          },
          tags: more.tags ?? [],
        });
      },
      register: (definition) => {
        const failure = failing.shift();
        if (failure === undefined || failure.after === true) {
          revisions.set(`${definition.family}:${latestOf(definition.family) + 1}`, definition);
        }
        registered.push(definition);
        return failure === undefined
          ? Promise.resolve(revisionArn(`${definition.family}:${latestOf(definition.family)}`))
          : Promise.reject(failure.error);
      },
    },
  };
}
