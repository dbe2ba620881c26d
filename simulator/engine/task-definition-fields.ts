/**
 * The fields that RegisterTaskDefinition knows, as a tree: `leaf` a value, `map` free keys, `[x]` a list of x.
 * From the ECS service model (RegisterTaskDefinitionRequest).
 */
export type Shape = 'leaf' | 'map' | readonly [Shape] | { readonly [field: string]: Shape };

const leaf = 'leaf';
const map = 'map';

const containerDefinition: Shape = {
  name: leaf,
  image: leaf,
  repositoryCredentials: { credentialsParameter: leaf },
  cpu: leaf,
  memory: leaf,
  memoryReservation: leaf,
  links: [leaf],
  portMappings: [
    {
      containerPort: leaf,
      hostPort: leaf,
      protocol: leaf,
      name: leaf,
      appProtocol: leaf,
      containerPortRange: leaf,
    },
  ],
  essential: leaf,
  restartPolicy: { enabled: leaf, ignoredExitCodes: [leaf], restartAttemptPeriod: leaf },
  entryPoint: [leaf],
  command: [leaf],
  environment: [{ name: leaf, value: leaf }],
  environmentFiles: [{ value: leaf, type: leaf }],
  mountPoints: [{ sourceVolume: leaf, containerPath: leaf, readOnly: leaf }],
  volumesFrom: [{ sourceContainer: leaf, readOnly: leaf }],
  linuxParameters: {
    capabilities: { add: [leaf], drop: [leaf] },
    devices: [{ hostPath: leaf, containerPath: leaf, permissions: [leaf] }],
    initProcessEnabled: leaf,
    sharedMemorySize: leaf,
    tmpfs: [{ containerPath: leaf, size: leaf, mountOptions: [leaf] }],
    maxSwap: leaf,
    swappiness: leaf,
  },
  secrets: [{ name: leaf, valueFrom: leaf }],
  dependsOn: [{ containerName: leaf, condition: leaf }],
  startTimeout: leaf,
  stopTimeout: leaf,
  versionConsistency: leaf,
  hostname: leaf,
  user: leaf,
  workingDirectory: leaf,
  disableNetworking: leaf,
  privileged: leaf,
  readonlyRootFilesystem: leaf,
  dnsServers: [leaf],
  dnsSearchDomains: [leaf],
  extraHosts: [{ hostname: leaf, ipAddress: leaf }],
  dockerSecurityOptions: [leaf],
  interactive: leaf,
  pseudoTerminal: leaf,
  dockerLabels: map,
  ulimits: [{ name: leaf, softLimit: leaf, hardLimit: leaf }],
  logConfiguration: { logDriver: leaf, options: map, secretOptions: [{ name: leaf, valueFrom: leaf }] },
  healthCheck: { command: [leaf], interval: leaf, timeout: leaf, retries: leaf, startPeriod: leaf },
  systemControls: [{ namespace: leaf, value: leaf }],
  resourceRequirements: [{ value: leaf, type: leaf }],
  firelensConfiguration: { type: leaf, options: map },
  credentialSpecs: [leaf],
};

const volume: Shape = {
  name: leaf,
  host: { sourcePath: leaf },
  dockerVolumeConfiguration: { scope: leaf, autoprovision: leaf, driver: leaf, driverOpts: map, labels: map },
  efsVolumeConfiguration: {
    fileSystemId: leaf,
    rootDirectory: leaf,
    transitEncryption: leaf,
    transitEncryptionPort: leaf,
    authorizationConfig: { accessPointId: leaf, iam: leaf },
  },
  s3filesVolumeConfiguration: {
    fileSystemArn: leaf,
    rootDirectory: leaf,
    transitEncryptionPort: leaf,
    accessPointArn: leaf,
  },
  fsxWindowsFileServerVolumeConfiguration: {
    fileSystemId: leaf,
    rootDirectory: leaf,
    authorizationConfig: { credentialsParameter: leaf, domain: leaf },
  },
  configuredAtLaunch: leaf,
};

export const registrationShape: Shape = {
  family: leaf,
  taskRoleArn: leaf,
  executionRoleArn: leaf,
  networkMode: leaf,
  containerDefinitions: [containerDefinition],
  volumes: [volume],
  placementConstraints: [{ type: leaf, expression: leaf }],
  requiresCompatibilities: [leaf],
  cpu: leaf,
  memory: leaf,
  tags: [{ key: leaf, value: leaf }],
  pidMode: leaf,
  ipcMode: leaf,
  proxyConfiguration: { type: leaf, containerName: leaf, properties: [{ name: leaf, value: leaf }] },
  inferenceAccelerators: [{ deviceName: leaf, deviceType: leaf }],
  ephemeralStorage: { sizeInGiB: leaf },
  runtimePlatform: { cpuArchitecture: leaf, operatingSystemFamily: leaf },
  enableFaultInjection: leaf,
};

/** Fields that DescribeTaskDefinition adds and RegisterTaskDefinition does not accept. */
export const readOnlyFields = [
  'taskDefinitionArn',
  'revision',
  'status',
  'requiresAttributes',
  'compatibilities',
  'registeredAt',
  'registeredBy',
  'deregisteredAt',
  'deleteRequestedAt',
] as const;

/** Paths of the fields in `value` that `shape` does not have, such as `containerDefinitions[0].portMapping`. */
export function unknownFields(value: unknown, shape: Shape, path = ''): string[] {
  if (shape === leaf || shape === map || typeof value !== 'object' || value === null) return [];
  if (isListShape(shape)) {
    return Array.isArray(value)
      ? value.flatMap((item, index) => unknownFields(item, shape[0], `${path}[${index}]`))
      : [];
  }
  return Object.entries(value).flatMap(([field, inner]) => {
    const innerPath = path === '' ? field : `${path}.${field}`;
    const innerShape = shape[field];
    return innerShape === undefined ? [innerPath] : unknownFields(inner, innerShape, innerPath);
  });
}

function isListShape(shape: Shape): shape is readonly [Shape] {
  return Array.isArray(shape);
}
