import fc from 'fast-check';
import type { JsonObject, TaskDefinition } from '../../src/model/index.ts';

const name = fc.constantFrom('A', 'B', 'LOG_LEVEL', 'constructor', '__proto__x');
const value = fc.string({ maxLength: 8 });

function listOf(field: string): fc.Arbitrary<JsonObject[]> {
  return fc.uniqueArray(fc.record({ name, [field]: value }), {
    selector: (entry) => entry['name'],
    maxLength: 4,
  });
}

const container = fc.record(
  {
    image: fc.constantFrom('nginx', 'nginx:1', 'r.example:5000/web@sha256:abc', ''),
    cpu: fc.constantFrom(0, 256),
    essential: fc.boolean(),
    environment: listOf('value'),
    secrets: listOf('valueFrom'),
    dockerLabels: fc.dictionary(fc.constantFrom('a', 'b.c', 'constructor'), value, { maxKeys: 2 }),
    command: fc.array(value, { maxLength: 2 }),
    portMappings: fc.constantFrom<JsonObject[]>(
      [{ containerPort: 80 }],
      [{ containerPort: 80, hostPort: 80, protocol: 'tcp' }],
    ),
    healthCheck: fc.constantFrom<JsonObject>(
      { command: ['CMD', 'x'] },
      { command: ['CMD', 'x'], retries: 3 },
    ),
    logConfiguration: fc.constantFrom<JsonObject>({ logDriver: 'awslogs', options: { g: '1' } }, {}),
    fieldOfTomorrow: fc.jsonValue({ maxDepth: 2 }),
  },
  { requiredKeys: ['image'] },
);

/** Definitions of one to three containers, fields that nobody knows included. */
export const anyDefinition: fc.Arbitrary<TaskDefinition> = fc
  .tuple(
    fc.uniqueArray(fc.constantFrom('web', 'proxy', 'constructor'), { minLength: 1, maxLength: 3 }),
    fc.array(container, { minLength: 3, maxLength: 3 }),
    fc.record(
      {
        cpu: fc.constantFrom('256', '1 vCPU', '.5 vcpu'),
        memory: fc.constantFrom('512', '2 GB', '2048'),
        networkMode: fc.constantFrom('awsvpc', 'bridge'),
        requiresCompatibilities: fc.constantFrom(['FARGATE'], ['FARGATE', 'EC2'], ['EC2', 'FARGATE']),
        runtimePlatform: fc.constantFrom({ cpuArchitecture: 'ARM64' }, { cpuArchitecture: 'X86_64' }),
        tags: fc.constantFrom([], [{ key: 'team', value: 'a' }]),
        fieldOfTomorrow: fc.jsonValue({ maxDepth: 2 }),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([names, containers, more]) => ({
    family: 'backend',
    ...more,
    containerDefinitions: names.map((each, at) => ({ name: each, ...containers[at] })),
  })) as unknown as fc.Arbitrary<TaskDefinition>;
