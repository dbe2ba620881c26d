/**
 * What the SDK's own model of ECS says of a request: the type of each field, what a structure requires, and the values
 * that a field may have. The model comes with @aws-sdk/client-ecs; `model.test` holds the tables below against it.
 */
import {
  AccessType,
  ApplicationProtocol,
  AssignPublicIp,
  AvailabilityZoneRebalancing,
  Compatibility,
  ContainerCondition,
  CPUArchitecture,
  DeploymentControllerType,
  DeploymentLifecycleHookAction,
  DeploymentLifecycleHookStage,
  DeploymentLifecycleHookTargetType,
  DeploymentStrategy,
  DeviceCgroupPermission,
  EBSResourceType,
  EFSAuthorizationConfigIAM,
  EFSTransitEncryption,
  EnvironmentFileType,
  FirelensConfigurationType,
  GatewayConnectorHealthCheckProtocol,
  IpcMode,
  LaunchType,
  LogDriver,
  NetworkMode,
  OSFamily,
  PidMode,
  PlacementConstraintType,
  PlacementStrategyType,
  PropagateTags,
  ProxyConfigurationType,
  RegisterTaskDefinitionRequest$,
  ResourceType,
  SchedulingStrategy,
  Scope,
  ServiceConnectAccessLoggingFormat,
  ServiceConnectIncludeQueryParameters,
  ServiceRevisionCleanup,
  TaskDefinitionPlacementConstraintType,
  TaskFilesystemType,
  ThresholdType,
  TransportProtocol,
  UlimitName,
  VersionConsistency,
} from '@aws-sdk/client-ecs';
import { NormalizedSchema } from '@smithy/core/schema';
import { closest, distance } from 'fastest-levenshtein';
import { isArray, isObject } from '../../runtime/json.ts';
import type { Json, JsonObject } from '../../model/index.ts';
import { labelOf, onEc2, onFargate, type Found, type Rule } from './rule.ts';

/** The schema of what RegisterTaskDefinition takes. */
export const REGISTRATION = NormalizedSchema.of(RegisterTaskDefinitionRequest$);

/** The values of a field that has a closed list of them. */
export interface Values {
  readonly values: readonly string[];
  /** AWS keeps adding to these: an unknown one may be newer than this table. */
  readonly grows: boolean;
}

const closed = (type: Readonly<Record<string, string>>): Values => ({
  values: Object.values(type),
  grows: false,
});
const growing = (type: Readonly<Record<string, string>>): Values => ({
  values: Object.values(type),
  grows: true,
});

/** By the structure and the member of the model; of a list, what its entries may be. */
export const VALUES: Readonly<Record<string, Values>> = {
  'RegisterTaskDefinitionRequest.networkMode': closed(NetworkMode),
  'RegisterTaskDefinitionRequest.pidMode': closed(PidMode),
  'RegisterTaskDefinitionRequest.ipcMode': closed(IpcMode),
  'RegisterTaskDefinitionRequest.requiresCompatibilities': growing(Compatibility),
  'ContainerDefinition.versionConsistency': closed(VersionConsistency),
  'PortMapping.protocol': closed(TransportProtocol),
  'PortMapping.appProtocol': growing(ApplicationProtocol),
  'EnvironmentFile.type': growing(EnvironmentFileType),
  'Device.permissions': closed(DeviceCgroupPermission),
  'ContainerDependency.condition': closed(ContainerCondition),
  'Ulimit.name': closed(UlimitName),
  'LogConfiguration.logDriver': growing(LogDriver),
  'ResourceRequirement.type': growing(ResourceType),
  'FirelensConfiguration.type': growing(FirelensConfigurationType),
  'DockerVolumeConfiguration.scope': closed(Scope),
  'EFSVolumeConfiguration.transitEncryption': closed(EFSTransitEncryption),
  'EFSAuthorizationConfig.iam': closed(EFSAuthorizationConfigIAM),
  'TaskDefinitionPlacementConstraint.type': closed(TaskDefinitionPlacementConstraintType),
  'ProxyConfiguration.type': closed(ProxyConfigurationType),
  'RuntimePlatform.cpuArchitecture': growing(CPUArchitecture),
  'RuntimePlatform.operatingSystemFamily': growing(OSFamily),
  'AwsVpcConfiguration.assignPublicIp': closed(AssignPublicIp),
  'DeploymentConfiguration.strategy': growing(DeploymentStrategy),
  'DeploymentController.type': growing(DeploymentControllerType),
  'PlacementConstraint.type': closed(PlacementConstraintType),
  'PlacementStrategy.type': closed(PlacementStrategyType),
  'CreateServiceRequest.launchType': growing(LaunchType),
  'CreateServiceRequest.propagateTags': closed(PropagateTags),
  'UpdateServiceRequest.propagateTags': closed(PropagateTags),
  'CreateServiceRequest.availabilityZoneRebalancing': closed(AvailabilityZoneRebalancing),
  'CreateServiceRequest.schedulingStrategy': closed(SchedulingStrategy),
  'UpdateServiceRequest.availabilityZoneRebalancing': closed(AvailabilityZoneRebalancing),
  'ThresholdConfiguration.type': growing(ThresholdType),
  'DeploymentLifecycleHook.targetType': growing(DeploymentLifecycleHookTargetType),
  'DeploymentLifecycleHook.lifecycleStages': growing(DeploymentLifecycleHookStage),
  'DeploymentLifecycleHookTimeoutConfiguration.action': closed(DeploymentLifecycleHookAction),
  'DeploymentEarlySuccessCriteria.sourceServiceRevisionCleanup': growing(ServiceRevisionCleanup),
  'ServiceConnectAccessLogConfiguration.format': closed(ServiceConnectAccessLoggingFormat),
  'ServiceConnectAccessLogConfiguration.includeQueryParameters': closed(ServiceConnectIncludeQueryParameters),
  'ServiceManagedEBSVolumeConfiguration.filesystemType': growing(TaskFilesystemType),
  'TaskManagedEBSVolumeConfiguration.filesystemType': growing(TaskFilesystemType),
  'EBSTagSpecification.resourceType': closed(EBSResourceType),
  'EBSTagSpecification.propagateTags': closed(PropagateTags),
  'GatewayConnectorHealthCheck.healthCheckProtocol': growing(GatewayConnectorHealthCheckProtocol),
  'GatewayConnectorFilters.accessTypes': growing(AccessType),
  'RunTaskRequest.launchType': growing(LaunchType),
  'RunTaskRequest.propagateTags': closed(PropagateTags),
};

/** What an entry means nothing without, although the model does not require it (API reference of each structure). */
export const ALSO_MEANT: Readonly<Record<string, readonly string[]>> = {
  ContainerDefinition: ['name'],
  KeyValuePair: ['name'],
  MountPoint: ['sourceVolume', 'containerPath'],
  VolumeFrom: ['sourceContainer'],
  Volume: ['name'],
  SystemControl: ['namespace', 'value'],
  Tag: ['key'],
};

/** The members that a structure of the model requires, in its order. */
export function requiredMembers(schema: NormalizedSchema): readonly string[] {
  // A structure of the SDK is [kind, namespace, name, traits, members, schemas, number of required ones at the front].
  const parts = schema.getSchema() as readonly unknown[];
  const [, , , , members, , count] = parts;
  return (members as readonly string[]).slice(0, typeof count === 'number' ? count : 0);
}

/** What a field has to be, in words. */
export type Kind = 'text' | 'number' | 'boolean' | 'list' | 'map' | 'structure' | 'anything';

export function kindOf(schema: NormalizedSchema): Kind {
  if (schema.isListSchema()) return 'list';
  if (schema.isMapSchema()) return 'map';
  if (schema.isStructSchema()) return 'structure';
  if (schema.isStringSchema()) return 'text';
  if (schema.isBooleanSchema()) return 'boolean';
  if (schema.isNumericSchema()) return 'number';
  return 'anything';
}

/** The values that a member may have; undefined where any will do. */
export function valuesOf(structure: NormalizedSchema, member: string): Values | undefined {
  const key = `${structure.getName() ?? ''}.${member}`;
  return Object.hasOwn(VALUES, key) ? VALUES[key] : undefined;
}

/** One field of a request as the walk meets it. */
interface Visit {
  readonly value: Json;
  readonly schema: NormalizedSchema;
  readonly path: string;
  readonly container: string | undefined;
  /** What this value, or an entry of this list, may be. */
  readonly values: Values | undefined;
}

/** Calls back for every value that the model knows, from the outside in. Null is no value. */
function walk(visit: Visit, see: (visit: Visit) => readonly Found[]): Found[] {
  const { value, schema, path, container } = visit;
  const found = [...see(visit)];
  if (schema.isListSchema() && isArray(value)) {
    const inside = schema.getValueSchema();
    return [
      ...found,
      ...value.flatMap((entry, index) =>
        entry === null
          ? []
          : walk(
              {
                value: entry,
                schema: inside,
                path: `${path}[${labelOf(value, entry, index)}]`,
                container: path === 'containerDefinitions' ? labelOf(value, entry, index) : container,
                values: visit.values,
              },
              see,
            ),
      ),
    ];
  }
  if (schema.isMapSchema() && isObject(value)) {
    const inside = schema.getValueSchema();
    return [
      ...found,
      ...present(value).flatMap(([key, entry]) =>
        walk({ value: entry, schema: inside, path: `${path}[${key}]`, container, values: undefined }, see),
      ),
    ];
  }
  if (!schema.isStructSchema() || !isObject(value)) return found;
  const members = new Map(schema.structIterator());
  return [
    ...found,
    ...present(value).flatMap(([field, entry]) => {
      const member = members.get(field);
      if (member === undefined) return [];
      const at = path === '' ? field : `${path}.${field}`;
      return walk(
        { value: entry, schema: member, path: at, container, values: valuesOf(schema, field) },
        see,
      );
    }),
  ];
}

function present(object: JsonObject): (readonly [string, Json])[] {
  return Object.entries(object).flatMap(([field, value]) =>
    value === undefined || value === null ? [] : [[field, value] as const],
  );
}

function fromTop(value: JsonObject, schema: NormalizedSchema): Visit {
  return { value, schema, path: '', container: undefined, values: undefined };
}

/** What a value is, as AWS's reader of JSON calls it. */
function wireName(value: Json): string {
  if (isArray(value)) return 'START_ARRAY';
  if (isObject(value)) return 'START_OBJECT';
  if (typeof value === 'string') return 'STRING_VALUE';
  if (typeof value === 'boolean') return value ? 'TRUE_VALUE' : 'FALSE_VALUE';
  return 'NUMBER_VALUE';
}

const WIRE_TYPES: Readonly<Record<Kind, string>> = {
  text: 'String',
  number: 'Integer',
  boolean: 'Boolean',
  list: 'List',
  map: 'Map',
  structure: 'Structure',
  anything: 'Document',
};

/** Pure: whether a value has the type that the model wants. */
export function hasKind(value: Json, kind: Kind): boolean {
  switch (kind) {
    case 'text':
      return typeof value === 'string';
    case 'number':
      return typeof value === 'number';
    case 'boolean':
      return typeof value === 'boolean';
    case 'list':
      return isArray(value);
    case 'map':
    case 'structure':
      return isObject(value);
    case 'anything':
      return true;
  }
}

/** Pure: the fields of a request whose type is not the model's. */
export function wrongTypes(request: JsonObject, schema: NormalizedSchema): Found[] {
  return walk(fromTop(request, schema), ({ value, schema: at, path, container }) => {
    const kind = kindOf(at);
    if (hasKind(value, kind)) return [];
    return [
      {
        path,
        container,
        values: { is: wireName(value), wanted: WIRE_TYPES[kind] },
        instead: `write ${shapeInWords(at)}`,
      },
    ];
  });
}

/** What a field of this schema looks like, for people. */
export function shapeInWords(schema: NormalizedSchema): string {
  switch (kindOf(schema)) {
    case 'text':
      return 'text, in quotes';
    case 'number':
      return 'a number, without quotes';
    case 'boolean':
      return 'true or false';
    case 'list':
      return listInWords(schema.getValueSchema());
    case 'map':
      return 'name: value pairs';
    case 'structure':
      return `an object with ${fieldsInWords(schema)}`;
    case 'anything':
      return 'a value';
  }
}

function listInWords(entry: NormalizedSchema): string {
  switch (kindOf(entry)) {
    case 'text':
      return 'a list of texts, such as ["one", "two"]';
    case 'structure':
      return `a list of objects with ${fieldsInWords(entry)}`;
    case 'number':
      return 'a list of numbers';
    case 'boolean':
    case 'list':
    case 'map':
    case 'anything':
      return 'a list';
  }
}

const FEW = 4;

function fieldsInWords(schema: NormalizedSchema): string {
  const required = [...requiredMembers(schema), ...alsoMeant(schema)];
  const all = [...schema.structIterator()].map(([name]) => name);
  const shown = required.length > 0 ? required : all;
  const few = all.length <= FEW ? all : shown.slice(0, FEW);
  return few.length === all.length ? few.join(', ') : `${few.join(', ')} and more`;
}

function alsoMeant(schema: NormalizedSchema): readonly string[] {
  const name = schema.getName() ?? '';
  return Object.hasOwn(ALSO_MEANT, name) ? (ALSO_MEANT[name] ?? []) : [];
}

/** Pure: what the structures of a request lack: what the model requires, or with `meant` what means nothing without it. */
export function missingMembers(
  request: JsonObject,
  schema: NormalizedSchema,
  of: 'required' | 'meant' = 'required',
): Found[] {
  return walk(fromTop(request, schema), ({ value, schema: at, path, container }) => {
    if (!at.isStructSchema() || !isObject(value)) return [];
    const wanted = of === 'required' ? requiredMembers(at) : [...requiredMembers(at), ...alsoMeant(at)];
    return wanted
      .filter((member) => value[member] === undefined || value[member] === null)
      .map((member) => ({
        path: path === '' ? member : `${path}.${member}`,
        container,
        values: { where: path === '' ? 'input' : path, member },
        instead: `give it ${shapeInWords(at.getMemberSchema(member))}`,
      }));
  });
}

/** Pure: the values of a request that are in none of the model's lists. */
export function unknownValues(request: JsonObject, schema: NormalizedSchema): Found[] {
  return walk(fromTop(request, schema), ({ value, path, container, values }) => {
    if (values === undefined || typeof value !== 'string' || values.values.includes(value)) return [];
    const meant = nearest(value, values.values);
    return [
      {
        path,
        container,
        values: { value, field: path, set: values.values.join(', ') },
        instead:
          meant === undefined
            ? `write ${oneOf(values.values)}`
            : `write ${meant}${value === '' ? '' : `, not ${value}`}`,
        certain: !values.grows || meant !== undefined || value === '',
      },
    ];
  });
}

const MANY = 8;

function oneOf(values: readonly string[]): string {
  const shown = values.slice(0, MANY);
  return values.length > MANY ? `${shown.join(', ')} or another that AWS lists` : shown.join(' or ');
}

/** Letters that a slip of the keyboard changes. */
const SLIP = 2;

/** Pure: the name that was probably meant; undefined where none is near. Case, `-` and `_` make no difference. */
export function nearest(written: string, known: readonly string[]): string | undefined {
  const bare = plain(written);
  if (bare === '' || known.length === 0) return undefined;
  const same = known.find((name) => plain(name) === bare);
  if (same !== undefined) return same;
  const candidate = closest(bare, known.map(plain));
  const near = distance(bare, candidate) <= Math.min(SLIP, Math.floor(bare.length / 3));
  return near ? known.find((name) => plain(name) === candidate) : undefined;
}

/**
 * Pure: the only name that begins or ends with all the words of what was written: `architecture` of `cpuArchitecture`,
 * `operatingSystem` of `operatingSystemFamily`; undefined where there is none, or more than one.
 */
export function wholeNameOf(written: string, known: readonly string[]): string | undefined {
  if (written.length < LEAST_PART) return undefined;
  const capital = `${written.charAt(0).toUpperCase()}${written.slice(1)}`;
  const whole = known.filter(
    (name) =>
      name.endsWith(capital) || (name.startsWith(written) && /^[A-Z]/.test(name.slice(written.length))),
  );
  return whole.length === 1 ? whole[0] : undefined;
}

/** Letters of a part of a name that says enough to know the whole by. */
const LEAST_PART = 6;

function plain(name: string): string {
  return name.toLowerCase().replace(/[-_\s]/g, '');
}

/** A field that the model does not have. */
export interface UnknownField {
  readonly path: string;
  readonly field: string;
  /** The structure that it stands in. */
  readonly structure: NormalizedSchema;
}

/** Pure: every field of a request that the model does not have. */
export function unknownFields(request: JsonObject, schema: NormalizedSchema): UnknownField[] {
  const unknown: UnknownField[] = [];
  walk(fromTop(request, schema), ({ value, schema: at, path }) => {
    if (!at.isStructSchema() || !isObject(value)) return [];
    const members = new Set([...at.structIterator()].map(([name]) => name));
    for (const field of Object.keys(value)) {
      if (members.has(field) || value[field] === undefined || value[field] === null) continue;
      unknown.push({ path: path === '' ? field : `${path}.${field}`, field, structure: at });
    }
    return [];
  });
  return unknown;
}

const MODEL = 'https://github.com/aws/aws-sdk-js-v3/tree/main/clients/client-ecs (its schemas)';

const ACCEPTED = onFargate({ environment: [{ name: 'PORT', value: '8080' }] });

/** What the model says, as rules of RegisterTaskDefinition. */
export const MODEL_RULES: readonly Rule<JsonObject>[] = [
  {
    name: 'types',
    code: 'SerializationException',
    words: '{is} cannot be converted to {wanted}',
    source: 'https://github.com/aws-actions/amazon-ecs-deploy-task-definition/issues/587',
    accepted: ACCEPTED,
    refused: onFargate({ environment: [{ name: 'PORT', value: 8080 }] }),
    find: (definition) => wrongTypes(definition, REGISTRATION),
  },
  {
    name: 'what each structure requires',
    words: 'Missing required parameter in {where}: "{member}"',
    source: MODEL,
    accepted: onFargate({ secrets: [{ name: 'KEY', valueFrom: '/app/key' }] }),
    refused: onFargate({ secrets: [{ name: 'KEY' }] }),
    find: (definition) =>
      missingMembers(definition, REGISTRATION).filter(({ path }) => !SAID_ELSEWHERE.test(path)),
  },
  {
    name: 'values of a list of values',
    words:
      "1 validation error detected: Value '{value}' at '{field}' failed to satisfy constraint: Member must satisfy enum value set: [{set}]",
    source: MODEL,
    accepted: onEc2({}, { networkMode: 'bridge', pidMode: 'host', ipcMode: 'none' }),
    refused: onEc2({}, { pidMode: '' }),
    find: (definition) => unknownValues(definition, REGISTRATION),
  },
];

/** What the model says of any request, as rules of that request. */
export function modelRules(schema: NormalizedSchema): readonly Rule<JsonObject>[] {
  const [types, required, values] = MODEL_RULES;
  const examples = { accepted: {}, refused: { unknown: true } };
  const rule = (
    like: Rule<JsonObject> | undefined,
    find: (request: JsonObject, of: NormalizedSchema) => readonly Found[],
  ): Rule<JsonObject>[] =>
    like === undefined ? [] : [{ ...like, ...examples, find: (request) => find(request, schema) }];
  return [...rule(types, wrongTypes), ...rule(required, missingMembers), ...rule(values, unknownValues)];
}

/** AWS has sentences of its own for these; the rules of names and tags have them. */
const SAID_ELSEWHERE = /^(?:family|containerDefinitions|containerDefinitions\[[^\]]*\]\.name)$/;
