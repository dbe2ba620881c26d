import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { ECRClient } from '@aws-sdk/client-ecr';
import { ECSClient } from '@aws-sdk/client-ecs';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Simulator } from '../../simulator/simulator.ts';

interface Clients {
  readonly ecs: ECSClient;
  readonly ecr: ECRClient;
  readonly logs: CloudWatchLogsClient;
  readonly elbv2: ElasticLoadBalancingV2Client;
  close(): void;
}

/** Unmodified SDK clients that talk to a simulator and never retry. */
export function clientsOf(sim: Simulator, region: string = sim.env.AWS_REGION): Clients {
  const settings = {
    endpoint: sim.url,
    region,
    maxAttempts: 1,
    credentials: { accessKeyId: 'simulated', secretAccessKey: 'simulated' },
  };
  const ecs = new ECSClient(settings);
  const ecr = new ECRClient(settings);
  const logs = new CloudWatchLogsClient(settings);
  const elbv2 = new ElasticLoadBalancingV2Client(settings);
  return {
    ecs,
    ecr,
    logs,
    elbv2,
    close() {
      for (const client of [ecs, ecr, logs, elbv2]) client.destroy();
    },
  };
}
