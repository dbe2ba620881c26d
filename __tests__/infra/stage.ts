/** What a test of a whole stack stands on: moto for Terraform, and a simulated ECS that the action deploys to. */
import { expect } from '@jest/globals';
import { ECR } from '@aws-sdk/client-ecr';
import { runStep } from '../../runner/step.ts';
import type { StepResult } from '../../runner/step.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { copyOf } from './copy.ts';
import { startMoto } from './moto.ts';
import type { Moto } from './moto.ts';
import { awsEnvironment, infraWorkspace, useLoopbackBuckets } from './workspace.ts';
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
