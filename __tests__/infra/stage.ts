/** What a test of a whole stack stands on: moto for Terraform, and a simulated ECS that the action deploys to. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { ECR } from '@aws-sdk/client-ecr';
import { runStep } from '../../runner/step.ts';
import type { StepResult } from '../../runner/step.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { copyOf } from './copy.ts';
import { startMoto } from './moto.ts';
import type { Moto } from './moto.ts';
import { awsEnvironment, infraWorkspace, makeWorkspace, useLoopbackBuckets } from './workspace.ts';
import type { Workspace } from './workspace.ts';

/** Simulated seconds a real one. */
const SPEED = 60;
/** How long a service exists before anybody deploys to it. */
const AN_HOUR = 3600;

export interface Stage {
  readonly moto: Moto;
  readonly workspace: Workspace;
  /** Runs the bundle: ECS, load balancing and logs from the simulator, everything else from moto. */
  deploy(sim: Simulator, inputs: Readonly<Record<string, string>>): Promise<StepResult>;
  /** What Terraform needs to see the services as the simulator has them. */
  ecsOf(sim: Simulator): Record<string, string>;
  close(): Promise<void>;
}

/** An empty account, and the folder of an environment. */
export async function openStage(environment: string): Promise<Stage> {
  const moto = await startMoto();
  const aws = awsEnvironment(moto.url);
  const workspace = await infraWorkspace(aws, `environments/${environment}`);
  await useLoopbackBuckets(workspace);
  return {
    moto,
    workspace,
    deploy: (sim, inputs) =>
      runStep(
        { 'poll-interval-seconds': '0.1', 'health-check-interval-seconds': '0.1', ...inputs },
        {
          ...aws,
          AWS_ENDPOINT_URL_ECS: sim.url,
          AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2: sim.url,
          AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: sim.url,
        },
      ),
    ecsOf: (sim) => ({ AWS_ENDPOINT_URL_ECS: sim.url }),
    async close() {
      await Promise.all([moto.close(), workspace.remove()]);
    },
  };
}

/** A simulator with what Terraform made in moto, an hour after that. */
export async function simulatorOf(moto: Moto): Promise<Simulator> {
  const copy = await copyOf(moto.url);
  return startSimulator({
    speed: SPEED,
    world: (world) => {
      copy(world);
      world.clock.skip(AN_HOUR);
    },
  });
}

/** What `docker push` does: the image is in the registry that the action asks, and ECS can pull it. */
export async function push(moto: Moto, sim: Simulator, repositoryName: string, tag: string): Promise<string> {
  const image = sim.world.registry.push(repositoryName, tag);
  const ecr = new ECR({
    endpoint: moto.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  await ecr.putImage({
    repositoryName,
    imageManifest: image.manifest,
    imageManifestMediaType: image.mediaType,
    imageTag: tag,
    imageDigest: image.digest,
  });
  return image.digest;
}

/** What the stack of the account gives every environment. */
export const ACCOUNT = {
  aws_ecr_repository: { backend: { name: 'backend', image_tag_mutability: 'IMMUTABLE' } },
  aws_iam_openid_connect_provider: {
    github: { url: 'https://token.actions.githubusercontent.com', client_id_list: ['sts.amazonaws.com'] },
  },
};

/** Resources that somebody else has in the same account. `outputs` are expressions; the answer has their values. */
export async function made(
  moto: Moto,
  resource: object,
  outputs: Readonly<Record<string, string>> = {},
): Promise<{ readonly workspace: Workspace; readonly outputs: Readonly<Record<string, string>> }> {
  const folder = await mkdtemp(join(tmpdir(), 'other-'));
  const provider = { aws: { region: 'us-east-1', s3_use_path_style: true } };
  const output = Object.fromEntries(
    Object.entries(outputs).map(([name, expression]) => [name, { value: `\${${expression}}` }]),
  );
  // An empty table of outputs is an output without a name.
  const content = { provider, resource, ...(Object.keys(output).length > 0 ? { output } : {}) };
  await writeFile(join(folder, 'main.tf.json'), JSON.stringify(content));
  const workspace = await makeWorkspace(awsEnvironment(moto.url), folder);
  await workspace.succeed(['init', '-no-color']);
  await workspace.succeed(['apply', '-auto-approve', '-no-color']);
  if (Object.keys(output).length === 0) return { workspace, outputs: {} };
  const values = JSON.parse(await workspace.succeed(['output', '-json'])) as Record<
    string,
    { value: string }
  >;
  return {
    workspace,
    outputs: Object.fromEntries(Object.entries(values).map(([name, { value }]) => [name, value])),
  };
}

/** Digests of the images that the running tasks of `backend` have. */
export function running(sim: Simulator, clusterName: string): (string | undefined)[] {
  const cluster = sim.world.cluster(clusterName);
  return cluster
    .tasksOf(cluster.service('backend'))
    .filter(({ lastStatus, desiredStatus }) => lastStatus === 'RUNNING' && desiredStatus === 'RUNNING')
    .flatMap(({ containers }) => containers.map(({ digest }) => digest));
}

/** A step that ended otherwise shows its whole log. */
export function expectResult({ outputs, log }: StepResult, result: string): void {
  expect([outputs['result'], outputs['result'] === result ? '' : log]).toEqual([result, '']);
}
