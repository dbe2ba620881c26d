import {
  DescribeTaskDefinitionCommand,
  RegisterTaskDefinitionCommand,
  type ECSClient,
} from '@aws-sdk/client-ecs';
import type { Json, JsonObject, TaskDefinition } from '../model/index.ts';
import { isArray, isObject, objectsIn, textIn } from '../runtime/json.ts';
import { MalformedAnswer } from './answers.ts';

/** A task definition as AWS sent it, field by field, whatever the SDK's model knows of it. */
export interface DescribedTaskDefinition {
  readonly taskDefinition: JsonObject;
  readonly tags: readonly Json[];
  /** AWS's own time of the answer, in milliseconds; undefined where it has none. */
  readonly answeredAt?: number;
}

export interface RawTaskDefinitions {
  /** DescribeTaskDefinition with its tags. `reference`: a family, `family:revision` or an ARN. */
  describe(reference: string): Promise<DescribedTaskDefinition>;
  /** RegisterTaskDefinition with exactly this body; resolves to the new revision's ARN. */
  register(definition: TaskDefinition): Promise<string>;
}

/**
 * Task definitions on the wire. The SDK serialises and parses by its model and silently drops the fields that the
 * model lacks, so a field that AWS added last week would vanish between Describe and Register. Both calls therefore
 * go through the SDK for signing, retries and errors, but take and give the JSON body itself.
 */
export function rawTaskDefinitions(reader: ECSClient, writer: ECSClient): RawTaskDefinitions {
  return {
    describe: async (reference) => {
      let body = '{}';
      let date: string | undefined;
      const command = new DescribeTaskDefinitionCommand({ taskDefinition: reference, include: ['TAGS'] });
      command.middlewareStack.add(
        (next) => async (args) => {
          const result = await next(args);
          const response = result.response as {
            body: unknown;
            readonly headers?: Readonly<Record<string, string>>;
          };
          date = response.headers?.['date'];
          const bytes = await readAll(response.body);
          response.body = bytes;
          body = bytes.toString('utf8');
          return result;
        },
        { step: 'deserialize', priority: 'low', name: 'keepTheBody' },
      );
      await reader.send(command);
      const { taskDefinition, tags } = describedIn(JSON.parse(body) as Json);
      const answeredAt = Date.parse(date ?? '');
      return {
        taskDefinition,
        tags,
        ...(Number.isNaN(answeredAt) ? {} : { answeredAt }),
      };
    },
    register: async (definition) => {
      const command = new RegisterTaskDefinitionCommand({
        family: definition.family,
        containerDefinitions: [],
      });
      command.middlewareStack.add(
        (next) => (args) => {
          (args.request as { body: string }).body = JSON.stringify(definition);
          return next(args);
        },
        { step: 'serialize', priority: 'low', name: 'sendTheBody' },
      );
      const arn = (await writer.send(command)).taskDefinition?.taskDefinitionArn;
      if (arn === undefined) throw new Error('RegisterTaskDefinition answered without an ARN.');
      return arn;
    },
  };
}

/** The SDK has read the same body before, so what is there has its form; what every revision has may still be missing. */
function describedIn(answer: Json): DescribedTaskDefinition {
  const { taskDefinition, tags } = isObject(answer) ? answer : {};
  if (!isObject(taskDefinition)) throw incomplete('there is no revision in it');
  if (textIn(taskDefinition, 'taskDefinitionArn') === undefined) throw incomplete('the revision has no ARN');
  const containers = objectsIn(taskDefinition, 'containerDefinitions');
  if (containers.length === 0) throw incomplete('the revision has no containers');
  for (const field of ['name', 'image']) {
    const isWhole = containers.every((container) => textIn(container, field) !== undefined);
    if (!isWhole) throw incomplete(`a container has no ${field}`);
  }
  return { taskDefinition, tags: isArray(tags) ? tags : [] };
}

function incomplete(what: string): MalformedAnswer {
  return new MalformedAnswer('DescribeTaskDefinition', what);
}

/** What DescribeTaskDefinition adds and RegisterTaskDefinition refuses (ECS API, TaskDefinition). */
export const READ_ONLY: ReadonlySet<string> = new Set([
  'taskDefinitionArn',
  'revision',
  'status',
  'requiresAttributes',
  'compatibilities',
  'registeredAt',
  'registeredBy',
  'deregisteredAt',
  'deleteRequestedAt',
]);

/**
 * Pure: a described definition in the form that can be registered: a deny-list, so that a field that AWS adds tomorrow
 * travels along. Tags are a sibling in the answer and a field of the request.
 */
export function withoutReadOnlyFields(described: JsonObject, tags: readonly Json[]): TaskDefinition {
  const kept = Object.entries(described).filter(([field]) => !READ_ONLY.has(field));
  return { ...Object.fromEntries(kept), ...(tags.length === 0 ? {} : { tags }) } as unknown as TaskDefinition;
}

async function readAll(body: unknown): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** CPU units of "1024", "1 vCPU" and "1vcpu" (ECS API, TaskDefinition `cpu`); undefined for anything else. */
export function cpuUnits(cpu: Json | undefined): number | undefined {
  return sizeOf(cpu, /^(\d+(?:\.\d+)?|\.\d+)\s*(vcpu)?$/i);
}

/** MiB of "2048", "2 GB" and "2gb" (ECS API, TaskDefinition `memory`); undefined for anything else. */
export function mebibytes(memory: Json | undefined): number | undefined {
  return sizeOf(memory, /^(\d+(?:\.\d+)?|\.\d+)\s*(gb)?$/i);
}

/** A unit is worth 1024 of what goes without one. */
function sizeOf(value: Json | undefined, pattern: RegExp): number | undefined {
  const match = typeof value === 'string' ? pattern.exec(value.trim()) : null;
  if (match === null) return undefined;
  return match[2] === undefined ? Number(match[1]) : Number(match[1]) * 1024;
}
