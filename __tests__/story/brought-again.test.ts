/** A file that was deployed is unchanged when it is deployed again, whatever AWS has filled in. */
import { describe, expect, test } from '@jest/globals';
import { createService } from '../../simulator/engine/services.ts';
import { registerTaskDefinition } from '../../simulator/engine/task-definitions.ts';
import type { Seed } from '../../simulator/scenario/seed.ts';
import { file, withFile } from './brought.ts';
import { expectGreen, inAWorld, mutations } from './world.ts';

/** A service on EC2, without a load balancer. */
const onInstances: Seed = (world) => {
  registerTaskDefinition(world, {
    family: 'instances',
    containerDefinitions: [{ name: 'worker', image: `${world.registry.host}/backend:v1`, memory: 128 }],
  });
  createService(world, world.cluster('demo'), 'instances', {
    taskDefinition: 'instances',
    launchType: 'EC2',
    desiredCount: 1,
  });
};

describe('a file that was deployed is unchanged when it is deployed again', () => {
  test.each<[string, object, object]>([
    ['nothing but what it must have', {}, {}],
    ['sizes in words', {}, { cpu: '1 vCPU', memory: '2GB' }],
    ['a port', { portMappings: [{ containerPort: 80 }] }, {}],
    ['a health check', { healthCheck: { command: ['CMD', 'true'] } }, {}],
    [
      'variables in an order',
      {
        environment: [
          { name: 'B', value: '2' },
          { name: 'A', value: '1' },
          { name: 'C', value: '' },
        ],
      },
      {},
    ],
    [
      'volumes',
      { mountPoints: [{ sourceVolume: 'scratch', containerPath: '/scratch' }] },
      {
        volumes: [
          { name: 'scratch' },
          { name: 'shared', efsVolumeConfiguration: { fileSystemId: 'fs-12345678' } },
        ],
      },
    ],
    ['a restart policy', { restartPolicy: { enabled: true } }, {}],
    ['a platform that is named in part', {}, { runtimePlatform: { operatingSystemFamily: 'LINUX' } }],
    [
      'nulls and empty values',
      { command: null, user: '', dockerLabels: {}, logConfiguration: null },
      { pidMode: '', tags: [], volumes: null },
    ],
  ])('%s', (_what, container, task) =>
    inAWorld({}, async (sim) => {
      expectGreen(await withFile(sim, file(container, task)), 'succeeded');
      const before = mutations(sim).length;
      expectGreen(await withFile(sim, file(container, task)), 'unchanged');
      expect(mutations(sim)).toHaveLength(before);
    }),
  );

  test.each<[string, string, object]>([
    ['a volume of Docker', 'bridge', { scope: 'task', driver: 'local' }],
    ['a volume of Docker, all of it left to ECS', 'bridge', {}],
    ['ports of the host', 'host', { scope: 'shared', autoprovision: true }],
  ])('on instances: %s', (_what, networkMode, dockerVolumeConfiguration) =>
    inAWorld({ more: onInstances }, async (sim) => {
      const text = file(
        { memory: 128, portMappings: [{ containerPort: 8000 }] },
        {
          family: 'instances',
          networkMode,
          requiresCompatibilities: ['EC2'],
          volumes: [{ name: 'v', dockerVolumeConfiguration }],
        },
      );
      expectGreen(await withFile(sim, text, { service: 'instances' }), 'succeeded');
      expectGreen(await withFile(sim, text, { service: 'instances' }), 'unchanged');
    }),
  );
});
