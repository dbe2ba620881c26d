/** The AppSpec of an ECS deployment. CodeDeploy User Guide, "AppSpec file structure for Amazon ECS deployments". */
import { parse } from 'yaml';
import type { AppSpec } from '../../state/codedeploy.ts';
import { AwsError } from '../../state/errors.ts';
import { isObject, type Json, type JsonObject } from '../../state/json.ts';

/** In the order in which they run. */
export const hookEvents = [
  'BeforeInstall',
  'AfterInstall',
  'AfterAllowTestTraffic',
  'BeforeAllowTraffic',
  'AfterAllowTraffic',
] as const;

/** Reads the content of a revision, JSON or YAML. Throws what CreateDeployment answers where it is not an AppSpec. */
export function parseAppSpec(content: string): AppSpec {
  const document = parsed(content);
  const version = document['version'];
  if (version !== '0.0' && version !== 0) {
    throw invalid('The AppSpec file has an unsupported version: the only version is 0.0.');
  }
  const resources = document['Resources'] ?? document['resources'];
  const [resource] = Array.isArray(resources) ? resources : [];
  const named = isObject(resource) ? Object.values(resource)[0] : undefined;
  if (!isObject(named)) throw invalid('The AppSpec file has no Resources.');
  if (field(named, 'Type') !== 'AWS::ECS::Service')
    throw invalid(`Invalid Type in the AppSpec file: ${JSON.stringify(field(named, 'Type') ?? null)}.`);
  const properties = field(named, 'Properties');
  if (!isObject(properties)) throw invalid('The AppSpec file has no Properties.');
  const taskDefinition = field(properties, 'TaskDefinition');
  if (typeof taskDefinition !== 'string' || !taskDefinition.startsWith('arn:'))
    throw invalid('TaskDefinition in the AppSpec file must be the ARN of a task definition.');
  const balancer = field(properties, 'LoadBalancerInfo');
  const containerName = isObject(balancer) ? field(balancer, 'ContainerName') : undefined;
  const containerPort = isObject(balancer) ? Number(field(balancer, 'ContainerPort')) : Number.NaN;
  if (typeof containerName !== 'string' || !Number.isInteger(containerPort))
    throw invalid('LoadBalancerInfo in the AppSpec file must have a ContainerName and a ContainerPort.');
  const platformVersion = field(properties, 'PlatformVersion');
  const network = field(properties, 'NetworkConfiguration');
  return {
    taskDefinition,
    containerName,
    containerPort,
    platformVersion: typeof platformVersion === 'string' ? platformVersion : undefined,
    networkConfiguration: isObject(network) ? inEcsSpelling(network) : undefined,
    hooks: hooksOf(field(document, 'Hooks')),
  };
}

function hooksOf(hooks: Json | undefined): Map<string, string> {
  if (hooks === undefined) return new Map();
  if (!Array.isArray(hooks)) throw invalid('Hooks in the AppSpec file must be a list.');
  const found = hooks.flatMap((each) => (isObject(each) ? Object.entries(each) : []));
  for (const [name, target] of found) {
    if (!(hookEvents as readonly string[]).includes(name))
      throw invalid(`Invalid lifecycle event in the AppSpec file: ${name}.`);
    if (typeof target !== 'string') throw invalid(`The hook ${name} must name a Lambda function.`);
  }
  return new Map(found as [string, string][]);
}

/** `Resources` and the like are found whatever the case of their first letter is. */
function field(of: JsonObject, name: string): Json | undefined {
  return of[name] ?? of[name.charAt(0).toLowerCase() + name.slice(1)] ?? undefined;
}

function inEcsSpelling(given: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      name.charAt(0).toLowerCase() + name.slice(1),
      isObject(value) ? inEcsSpelling(value) : value,
    ]),
  );
}

function parsed(content: string): JsonObject {
  let document: unknown;
  try {
    document = parse(content);
  } catch {
    throw invalid('The AppSpec file is neither JSON nor YAML.');
  }
  if (!isObject(document)) throw invalid('The AppSpec file is neither JSON nor YAML.');
  return document;
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidRevisionException', message);
}
