import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeAccount } from './account.ts';
import { startMoto } from './moto.ts';
import type { Moto } from './moto.ts';
import { changesIn, gone, replaced } from './planned.ts';
import { sayIfSkipped, withoutMoto } from './tools.ts';
import type { Finished } from './tools.ts';
import {
  awsEnvironment,
  infraWorkspace,
  useLocalState,
  useLoopbackBuckets,
  useSettings,
  variables,
} from './workspace.ts';
import type { Workspace } from './workspace.ts';

const missing = await withoutMoto();
sayIfSkipped('changing a stack that serves', missing);

const STATE = 'terraform.tfstate';
const GIVEN = variables({ github_repository: 'octo-org/video', state_bucket: 'octo-states' });

/** A second service behind the load balancer, which is there from the beginning. */
const ADMIN = {
  admin: {
    container: { port: 9000, repository_name: 'backend' },
    load_balancer: { paths: ['/admin/*'], priority: 10 },
  },
};

/** What a person may change on a stack that serves, several at a time where they have nothing to do with each other. */
const CHANGES: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  [
    'shares of Spot, zones, size, night, health check, logs',
    {
      fargate_weight: 0,
      fargate_spot_weight: 1,
      zone_count: 3,
      // Those of the first zones stay; only the third one has a place of its own.
      subnet_places: { public: [0, 1, 6], private: [2, 3, 7] },
      cpu: 2048,
      memory: 4096,
      night: { stop: 'cron(0 20 ? * MON-FRI *)', start: 'cron(0 7 ? * MON-FRI *)' },
      health_check_path: '/up',
      log_retention_days: 14,
      idle_timeout_seconds: 120,
    },
  ],
  [
    'NAT, architecture, range, web ACL, ECS Exec, further services',
    {
      nat: 'single',
      cpu_architecture: 'ARM64',
      max_capacity: 10,
      waf: false,
      execute_command: true,
      allowed_cidrs: ['10.0.0.0/8'],
      services: {
        backend: {
          scaling: { requests: 500 },
          network: { egress: [{ port: 5432, cidr: '10.0.0.0/16' }] },
          // The revision that runs has the name of the port already.
          connect: {},
        },
        ...ADMIN,
        instances: {
          capacity: { kind: 'ec2' },
          container: { port: 8000, repository_name: 'backend' },
          load_balancer: { paths: ['/ec2/*'], priority: 20 },
        },
        worker: { container: { repository_name: 'backend' } },
      },
    },
  ],
  [
    'a certificate, which moves the rules to HTTPS',
    { certificate_arn: 'arn:aws:acm:us-east-1:123456789012:certificate/x' },
  ],
];

/**
 * What it refuses, several at a time where one does not keep Terraform from reading on to the next, with what it says of
 * each.
 */
const REFUSED: readonly (readonly [string, Readonly<Record<string, unknown>>, readonly string[]])[] = [
  [
    'the port, and who reaches the load balancer',
    { container_port: 9000, internal: true },
    ['Add a second service with the new port to services', 'The load balancer of backend-prod is public'],
  ],
  [
    'capacity, the network, the places of subnets, the path of the roles',
    {
      capacity: 'ec2',
      vpc_cidr: '10.1.0.0/16',
      subnet_places: { public: [0, 1, 2], private: [3, 4, 5] },
      role_path: '/',
    },
    [
      'Add a second service with the new capacity to services',
      'The VPC of backend-prod has the range 10.0.0.0/16',
      'The subnets of backend-prod have the places { public = [0,1], private = [2,3] }',
      'Set role_path = "/backend-prod/"',
    ],
  ],
  [
    'the load balancer, and the VPC',
    {
      services: { backend: { load_balancer: null } },
      vpc_id: 'vpc-12345678',
      public_subnet_ids: ['subnet-1', 'subnet-2'],
      private_subnet_ids: ['subnet-3', 'subnet-4'],
    },
    ['backend cannot get or lose its load balancer while it runs', 'backend-prod is in a VPC of its own'],
  ],
  [
    'the protocol',
    { services: { backend: { load_balancer: { protocol_version: 'GRPC' } } } },
    ['Add a second service with the new protocol_version to services'],
  ],
];

/** Ways to the same state from a folder that it is not of, and ways in which a destroy looks at nothing. */
const WAYS = ['plan -refresh=false', 'plan -destroy', 'plan -destroy -refresh=false'];

/** Production as it is shipped. Each test plans from the same state. */
(missing === undefined ? describe : describe.skip)('production that is there', () => {
  let moto: Moto;
  let workspace: Workspace;

  beforeAll(async () => {
    moto = await startMoto();
    await makeAccount(moto);
    workspace = await infraWorkspace(awsEnvironment(moto.url), 'environments/prod');
    await useLoopbackBuckets(workspace);
    await useLocalState(workspace);
    await workspace.succeed(['init', '-no-color']);
    await useSettings(workspace, { services: ADMIN });
    await workspace.succeed(['apply', '-auto-approve', '-no-color', ...GIVEN]);
  }, 900_000);

  afterAll(async () => {
    await Promise.all([moto.close(), workspace.remove()]);
  });

  test.each(CHANGES)(
    'keeps what serves, whatever a person changes: %s',
    async (_, settings) => {
      await useSettings(workspace, { services: ADMIN, ...settings });
      const changes = await changesIn(workspace, ['-refresh=false', ...GIVEN]);
      expect(changes.some(({ actions }) => !actions.includes('no-op'))).toBe(true);
      expect(replaced(changes)).toEqual([]);
      expect(gone(changes)).toEqual([]);
    },
    900_000,
  );

  test.each(REFUSED)(
    'refuses what it cannot change in place, and says how to get there: %s',
    async (_, settings, said) => {
      await useSettings(workspace, { services: ADMIN, ...settings });
      const refused = await workspace.terraform(['plan', '-refresh=false', '-no-color', ...GIVEN]);
      expect(refused.exitCode).toBe(1);
      for (const each of said) expect(words(refused)).toContain(each);
    },
    900_000,
  );

  test.each(WAYS)(
    'keeps its state from the folder of another environment: %s',
    async (way) => {
      const other = await infraWorkspace(awsEnvironment(moto.url), 'environments/staging');
      await useLoopbackBuckets(other);
      await useLocalState(other);
      await copyFile(join(workspace.folder, STATE), join(other.folder, STATE));
      await other.succeed(['init', '-no-color']);
      const refused = await other.terraform([...way.split(' '), '-no-color', ...GIVEN]);
      await other.remove();
      expect(refused.exitCode).toBe(1);
      expect(words(refused)).toContain('This state is of backend-prod in us-east-1');
    },
    900_000,
  );

  test.each(WAYS)(
    'is not looked for in another region, where nothing of it would be found: %s',
    async (way) => {
      await useSettings(workspace, { services: ADMIN });
      const args = [...way.split(' '), '-no-color', ...GIVEN, '-var=aws_region=eu-central-1'];
      const refused = await workspace.terraform(args);
      expect(refused.exitCode).toBe(1);
      expect(words(refused)).toContain('This state is of backend-prod in us-east-1');
    },
    900_000,
  );

  test('would be destroyed from its own folder and region', async () => {
    await useSettings(workspace, { services: ADMIN });
    const planned = await workspace.succeed(['plan', '-destroy', '-refresh=false', '-no-color', ...GIVEN]);
    expect(planned).toContain('module.stack.terraform_data.identity will be destroyed');
  }, 900_000);
});

/** What was printed, without its line breaks. */
function words({ output }: Finished): string {
  return output.replace(/[\s│]+/g, ' ');
}
