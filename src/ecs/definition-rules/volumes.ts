/** Volumes, and what mounts them. */
import { objectIn, objectsIn, textIn } from '../../runtime/json.ts';
import type { JsonObject } from '../../model/index.ts';
import {
  and,
  api,
  containersOf,
  isGiven,
  observed,
  onEc2,
  onFargate,
  placed,
  repeated,
  type Found,
  type Rule,
} from './rule.ts';

const NAME = /^[A-Za-z0-9_-]{1,255}$/;
const KINDS = [
  'dockerVolumeConfiguration',
  'efsVolumeConfiguration',
  's3filesVolumeConfiguration',
  'fsxWindowsFileServerVolumeConfiguration',
] as const;

const MOUNT = { mountPoints: [{ sourceVolume: 'data', containerPath: '/data' }] };

export const VOLUME_RULES: readonly Rule<JsonObject>[] = [
  {
    name: 'volumes that are mounted',
    words: "Unknown volume '{volume}'.",
    source: observed('pf-ecs-mountpoint-source-volume-missing'),
    accepted: onEc2(MOUNT, { volumes: [{ name: 'data' }] }),
    refused: onEc2(MOUNT),
    find: (definition: JsonObject): Found[] => {
      const known = volumeNames(definition);
      return containersOf(definition).flatMap(({ name, path, container }) =>
        placed(container, 'mountPoints', path).flatMap(({ path: at, entry }) => {
          const volume = textIn(entry, 'sourceVolume');
          if (volume === undefined || known.includes(volume)) return [];
          return [
            {
              path: `${at}.sourceVolume`,
              container: name,
              values: { volume },
              instead:
                known.length === 0
                  ? `add ${volume} to the volumes of the task`
                  : `name one of ${known.join(', ')}, or add ${volume} to the volumes of the task`,
            },
          ];
        }),
      );
    },
  },
  {
    name: 'names of volumes',
    words: "Volume name '{volume}' is used more than once.",
    source: undefined,
    accepted: onEc2({}, { volumes: [{ name: 'data' }, { name: 'cache' }] }),
    refused: onEc2({}, { volumes: [{ name: 'data' }, { name: 'data' }] }),
    find: (definition) =>
      repeated(volumeNames(definition)).map((volume) => ({
        path: 'volumes',
        values: { volume },
        instead: `give each volume a name of its own; ${volume} is there twice`,
      })),
  },
  {
    name: 'letters of the name of a volume',
    words: 'Volume.name contains invalid characters.',
    source: api('Volume'),
    accepted: onEc2({}, { volumes: [{ name: 'my_data-1' }] }),
    refused: onEc2({}, { volumes: [{ name: 'my data' }] }),
    find: (definition) =>
      placed(definition, 'volumes').flatMap(({ path, entry }) => {
        const name = textIn(entry, 'name');
        if (name === undefined || NAME.test(name)) return [];
        return [
          { path: `${path}.name`, instead: 'write up to 255 letters, digits, hyphens and underscores' },
        ];
      }),
  },
  {
    name: 'one kind of volume',
    words: "Volume '{volume}' has more than one configuration.",
    source: undefined,
    accepted: onEc2({}, { volumes: [{ name: 'data', host: { sourcePath: '/data' } }] }),
    refused: onEc2(
      {},
      {
        volumes: [
          {
            name: 'data',
            dockerVolumeConfiguration: { scope: 'task' },
            efsVolumeConfiguration: { fileSystemId: 'fs-1' },
          },
        ],
      },
    ),
    find: (definition) =>
      placed(definition, 'volumes').flatMap(({ path, entry }) => {
        const given = KINDS.filter((kind) => isGiven(entry, kind));
        return given.length < 2
          ? []
          : [
              {
                path,
                values: { volume: textIn(entry, 'name') ?? '' },
                instead: `keep one of ${given.join(', ')}`,
              },
            ];
      }),
  },
  {
    name: 'one volume that is configured at launch',
    words: 'Only one volume can be configured at launch.',
    source: api('Volume'),
    accepted: onFargate({}, { volumes: [{ name: 'data', configuredAtLaunch: true }] }),
    refused: onFargate(
      {},
      {
        volumes: [
          { name: 'data', configuredAtLaunch: true },
          { name: 'more', configuredAtLaunch: true },
        ],
      },
    ),
    find: (definition) =>
      placed(definition, 'volumes')
        .filter(({ entry }) => entry['configuredAtLaunch'] === true)
        .slice(1)
        .map(({ path }) => ({
          path: `${path}.configuredAtLaunch`,
          instead: 'leave it out of all volumes but one',
        })),
  },
  {
    name: 'containers whose volumes are mounted',
    words: "Container '{source}' in volumesFrom does not exist.",
    source: undefined,
    accepted: and(onEc2({ volumesFrom: [{ sourceContainer: 'side' }] }), {}),
    refused: onEc2({ volumesFrom: [{ sourceContainer: 'db' }] }),
    find: (definition: JsonObject): Found[] => {
      const known = containersOf(definition).map(({ name }) => name);
      return containersOf(definition).flatMap(({ name, path, container }) =>
        objectsIn(container, 'volumesFrom').flatMap((entry) => {
          const source = textIn(entry, 'sourceContainer');
          if (source === undefined || known.includes(source)) return [];
          return [
            {
              path: `${path}.volumesFrom`,
              container: name,
              values: { source },
              instead: `name one of ${known.join(', ')}`,
            },
          ];
        }),
      );
    },
  },
  {
    name: 'root of an EFS access point',
    words: 'When using an EFS access point, the root directory must either be set to "/" or be omitted.',
    source: observed('pf-ecs-efs-access-point-with-root-directory'),
    accepted: onFargate({}, { volumes: [efs({ rootDirectory: '/', ...accessPoint() })] }),
    refused: onFargate({}, { volumes: [efs({ rootDirectory: '/data', ...accessPoint() })] }),
    find: (definition) =>
      placed(definition, 'volumes').flatMap(({ path, entry }) => {
        const volume = objectIn(entry, 'efsVolumeConfiguration');
        const point = textIn(objectIn(volume, 'authorizationConfig'), 'accessPointId');
        const root = textIn(volume, 'rootDirectory') ?? '/';
        if (point === undefined || root === '/' || root === '') return [];
        return [
          {
            path: `${path}.efsVolumeConfiguration.rootDirectory`,
            instead: 'write /, or leave it out: the access point says the folder',
          },
        ];
      }),
  },
  {
    name: 'encryption for EFS with IAM',
    words: 'EFS IAM authorization requires TransitEncryption to be enabled.',
    source: observed('pf-ecs-efs-iam-without-transit-encryption'),
    accepted: onFargate(
      {},
      { volumes: [efs({ transitEncryption: 'ENABLED', authorizationConfig: { iam: 'ENABLED' } })] },
    ),
    refused: onFargate({}, { volumes: [efs({ authorizationConfig: { iam: 'ENABLED' } })] }),
    find: (definition) =>
      placed(definition, 'volumes').flatMap(({ path, entry }) => {
        const volume = objectIn(entry, 'efsVolumeConfiguration');
        const iam = objectIn(volume, 'authorizationConfig')['iam'];
        if (iam !== 'ENABLED' || volume['transitEncryption'] === 'ENABLED') return [];
        return [{ path: `${path}.efsVolumeConfiguration.transitEncryption`, instead: 'write ENABLED' }];
      }),
  },
  {
    name: 'encryption for the port of EFS',
    words: 'TransitEncryptionPort requires that TransitEncryption is enabled.',
    source: observed('pf-ecs-efs-transit-encryption-port-without-encryption'),
    accepted: onFargate(
      {},
      { volumes: [efs({ transitEncryption: 'ENABLED', transitEncryptionPort: 2999 })] },
    ),
    refused: onFargate({}, { volumes: [efs({ transitEncryptionPort: 2999 })] }),
    find: (definition) =>
      placed(definition, 'volumes').flatMap(({ path, entry }) => {
        const volume = objectIn(entry, 'efsVolumeConfiguration');
        if (!isGiven(volume, 'transitEncryptionPort') || volume['transitEncryption'] === 'ENABLED') return [];
        return [
          {
            path: `${path}.efsVolumeConfiguration.transitEncryption`,
            instead: 'write ENABLED, or leave transitEncryptionPort out',
          },
        ];
      }),
  },
];

function volumeNames(definition: JsonObject): string[] {
  return objectsIn(definition, 'volumes').flatMap((volume) => textIn(volume, 'name') ?? []);
}

function efs(more: JsonObject): JsonObject {
  return { name: 'data', efsVolumeConfiguration: { fileSystemId: 'fs-0123456789abcdef0', ...more } };
}

function accessPoint(): JsonObject {
  return { transitEncryption: 'ENABLED', authorizationConfig: { accessPointId: 'fsap-1' } };
}
