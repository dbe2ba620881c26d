import type { World } from '../engine/world.ts';

interface Bucket {
  readonly actions: readonly string[];
  readonly burst: number;
  readonly perSecond: number;
}

/** ECS's token buckets, one for each line and shared by its actions. ECS API reference, "Request throttling". */
const buckets: readonly Bucket[] = [
  { actions: ['RegisterTaskDefinition', 'DeregisterTaskDefinition'], burst: 20, perSecond: 1 },
  {
    actions: ['DescribeTaskDefinition', 'ListTaskDefinitions', 'ListTaskDefinitionFamilies'],
    burst: 50,
    perSecond: 20,
  },
  { actions: ['CreateService', 'DeleteService', 'UpdateService'], burst: 50, perSecond: 5 },
  { actions: ['DescribeServices', 'ListServices'], burst: 100, perSecond: 20 },
  { actions: ['DescribeServiceDeployments', 'ListServiceDeployments'], burst: 50, perSecond: 20 },
  { actions: ['DescribeServiceRevisions'], burst: 50, perSecond: 20 },
  { actions: ['DescribeTasks', 'ListTasks'], burst: 100, perSecond: 20 },
  { actions: ['RunTask', 'StopTask'], burst: 100, perSecond: 40 },
  { actions: ['DescribeClusters', 'ListClusters'], burst: 50, perSecond: 20 },
  { actions: ['TagResource', 'UntagResource'], burst: 20, perSecond: 10 },
];

interface Level {
  tokens: number;
  at: number;
}

/** Counts the calls of ECS against the buckets of each account and region, which refill with the simulated time. */
export class Throttling {
  private readonly levels = new Map<World, Map<Bucket, Level>>();

  /** Takes a token for a call; false when its bucket is empty. Actions without a bucket always pass. */
  admits(world: World, action: string): boolean {
    const bucket = buckets.find(({ actions }) => actions.includes(action));
    if (bucket === undefined) return true;
    const now = world.clock.now();
    const levels = this.levels.get(world) ?? new Map<Bucket, Level>();
    this.levels.set(world, levels);
    const level = levels.get(bucket) ?? { tokens: bucket.burst, at: now };
    levels.set(bucket, level);
    const refilled = level.tokens + ((now - level.at) / 1000) * bucket.perSecond;
    level.tokens = Math.min(bucket.burst, refilled);
    level.at = now;
    if (level.tokens < 1) return false;
    level.tokens -= 1;
    return true;
  }
}
