/** The AppSpec of an ECS deployment (CodeDeploy User Guide, "AppSpec file structure for Amazon ECS deployments"). */
import type { Json, JsonObject } from '../model/index.ts';
import { isArray, isObject, parsedObject } from '../runtime/json.ts';

/** Lifecycle events that may have a Lambda function, in their order. */
export const HOOK_EVENTS = [
  'BeforeInstall',
  'AfterInstall',
  'AfterAllowTestTraffic',
  'BeforeAllowTraffic',
  'AfterAllowTraffic',
] as const;

/** Pure: what is wrong with what a file holds that is to be an AppSpec, as a clause; undefined where nothing is. */
export function problemOfAppSpec(document: Json): string | undefined {
  if (!isObject(document)) return 'holds no keys';
  const resources = valueOf(document, 'Resources');
  if (!isArray(resources) || resources.length === 0) return 'has no Resources, a list that names the service';
  return resources.some((resource) => propertiesOf(resource) === undefined)
    ? 'has a resource without Properties: they hold the task definition'
    : undefined;
}

/**
 * Pure: the AppSpec with another task definition in each of its resources, as amazon-ecs-deploy-task-definition puts it
 * there. Everything else is kept as it is written.
 */
export function withTaskDefinition(document: JsonObject, taskDefinitionArn: string): JsonObject {
  const key = keyOf(document, 'Resources') ?? 'Resources';
  const resources = document[key];
  return {
    ...document,
    [key]: (isArray(resources) ? resources : []).map((resource): Json => {
      if (!isObject(resource)) return resource;
      return Object.fromEntries(
        Object.entries(resource).map(([name, content]): [string, Json | undefined] => {
          if (!isObject(content)) return [name, content];
          const properties = keyOf(content, 'Properties') ?? 'Properties';
          const known = content[properties];
          const of = isObject(known) ? known : {};
          const definition = keyOf(of, 'TaskDefinition') ?? 'TaskDefinition';
          return [name, { ...content, [properties]: { ...of, [definition]: taskDefinitionArn } }];
        }),
      );
    }),
  };
}

/** Pure: the AppSpec of a service for which the user has none: the container and the port that its load balancer leads to. */
export function newAppSpec(containerName: string, containerPort: number): JsonObject {
  return {
    version: 0,
    Resources: [
      {
        TargetService: {
          Type: 'AWS::ECS::Service',
          Properties: {
            TaskDefinition: '<TASK_DEFINITION>',
            LoadBalancerInfo: { ContainerName: containerName, ContainerPort: containerPort },
          },
        },
      },
    ],
  };
}

/** Pure: the task definition that the content of a revision names, JSON or YAML; undefined where it names none. */
export function taskDefinitionOf(content: string): string | undefined {
  const resources = valueOf(parsedObject(content), 'Resources');
  const [first] = isArray(resources) ? resources : [];
  const named = valueOf(propertiesOf(first) ?? {}, 'TaskDefinition');
  if (typeof named === 'string') return named;
  return /\bTaskDefinition["']?\s*:\s*["']?(arn:[^\s"',}]+)/i.exec(content)?.[1];
}

/** Pure: the lifecycle events for which an AppSpec names a Lambda function. */
export function hooksOf(document: JsonObject): string[] {
  const hooks = valueOf(document, 'Hooks');
  const named = (isArray(hooks) ? hooks : []).flatMap((each) => (isObject(each) ? Object.keys(each) : []));
  return HOOK_EVENTS.filter((event) => named.includes(event));
}

function propertiesOf(resource: Json | undefined): JsonObject | undefined {
  const [content] = isObject(resource) ? Object.values(resource) : [];
  const properties = isObject(content) ? valueOf(content, 'Properties') : undefined;
  return isObject(properties) ? properties : undefined;
}

function valueOf(of: JsonObject, name: string): Json | undefined {
  const key = keyOf(of, name);
  return key === undefined ? undefined : of[key];
}

/** Keys count in any case, as the official action reads them. */
function keyOf(of: JsonObject, name: string): string | undefined {
  return Object.keys(of).find((key) => key.toLowerCase() === name.toLowerCase());
}
