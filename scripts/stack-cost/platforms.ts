import { monthlyCost } from '../../src/cost/monthly.ts';
import { HOURS_A_MONTH, PRICES } from '../../src/cost/rates.ts';
import { LOAD, SPOT_DISCOUNT, lcus } from './bill.ts';

export interface PlatformCost {
  readonly platform: string;
  readonly how: string;
  /** US dollars a month; two figures where the load decides. */
  readonly least: number;
  readonly most: number;
}

/** The service that all platforms are to run: two copies, and the load of the bill. */
export const WORKLOAD = { copies: 2, vcpu: 1, gigabytes: 2, secondsARequest: 0.2, diskGigabytes: 30 };

/** Pure: the same service on each platform, without logs, images, NAT and traffic to the internet, which all have. */
export function platformCosts(): PlatformCost[] {
  const balancer = balancerWithAddresses();
  const instance = PRICES['EC2 m7g.large (2 vCPU, 8 GB)'].dollars * HOURS_A_MONTH + disk() + address();
  const tasks = fargate();
  return [
    {
      platform: 'This stack, Fargate',
      how: '2 tasks of 1 vCPU and 2 GB (ARM64) with public addresses, load balancer; at least with Spot at its best',
      least: tasks * (1 - SPOT_DISCOUNT) + balancer + WORKLOAD.copies * address(),
      most: tasks + balancer + WORKLOAD.copies * address(),
    },
    {
      platform: 'This stack, EC2',
      how: 'both tasks on one m7g.large with 30 GB disk, load balancer; twice the instances for two zones',
      least: instance + balancer,
      most: 2 * instance + balancer,
    },
    {
      platform: 'ECS Express Mode',
      how: '2 tasks of 1 vCPU and 2 GB (ARM64) with public addresses, and the load balancer that it makes; other services share that',
      least: tasks + WORKLOAD.copies * address(),
      most: tasks + balancer + WORKLOAD.copies * address(),
    },
    {
      platform: 'App Runner, for those who have it',
      how: '2 instances of 1 vCPU and 2 GB: memory always, vCPU while requests are served, at most always',
      ...appRunner(),
    },
    {
      platform: 'Lambda',
      how: 'a function of 2 GB (ARM64), 200 ms a request, HTTP API; the free allowance is not deducted',
      least: lambda(),
      most: lambda(),
    },
    {
      platform: 'EC2 with Compose',
      how: 'both copies on one m7g.large with 30 GB disk; no load balancer',
      least: instance,
      most: instance,
    },
    {
      platform: 'Elastic Beanstalk',
      how: 'one or two m7g.large with 30 GB disk, load balancer',
      least: instance + balancer,
      most: 2 * instance + balancer,
    },
  ];
}

function fargate(): number {
  const { copies, vcpu, gigabytes } = WORKLOAD;
  const definition = {
    family: 'backend',
    containerDefinitions: [],
    cpu: String(vcpu * 1024),
    memory: String(gigabytes * 1024),
    runtimePlatform: { cpuArchitecture: 'ARM64' },
  };
  const cost = monthlyCost(definition, copies, 'us-east-1');
  if (cost.kind === 'unknown') throw new Error(`The cost of the tasks is not known: ${cost.why}.`);
  return cost.dollars;
}

/** In two zones. */
function balancerWithAddresses(): number {
  const capacity = lcus() * PRICES['load balancer capacity'].dollars;
  return (PRICES['load balancer'].dollars + capacity) * HOURS_A_MONTH + 2 * address();
}

function address(): number {
  return PRICES['public IPv4 address'].dollars * HOURS_A_MONTH;
}

function disk(): number {
  return PRICES['EBS gp3'].dollars * WORKLOAD.diskGigabytes;
}

/** At least one request after another on one instance, at most all instances all the time. */
function appRunner(): { least: number; most: number } {
  const { copies, vcpu, gigabytes, secondsARequest } = WORKLOAD;
  const memory = copies * gigabytes * HOURS_A_MONTH * PRICES['App Runner memory'].dollars;
  const vcpuHour = PRICES['App Runner vCPU, while requests are served'].dollars;
  const busyHours = (LOAD.requests * secondsARequest) / 3600;
  return {
    least: memory + busyHours * vcpu * vcpuHour,
    most: memory + copies * vcpu * HOURS_A_MONTH * vcpuHour,
  };
}

function lambda(): number {
  const millions = LOAD.requests / 1e6;
  const gigabyteSeconds = LOAD.requests * WORKLOAD.secondsARequest * WORKLOAD.gigabytes;
  return (
    millions * PRICES['Lambda requests'].dollars +
    gigabyteSeconds * PRICES['Lambda compute (ARM64)'].dollars +
    millions * PRICES['HTTP API of API Gateway'].dollars
  );
}
