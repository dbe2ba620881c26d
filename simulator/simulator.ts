import type { AddressInfo } from 'node:net';
import type { AwsRequest, WireRequest } from './api/protocol/request.ts';
import { RunningClock } from './clock.ts';
import type { SimulatorClock } from './clock.ts';
import { createWorld } from './create-world.ts';
import { isUnderway } from './engine/service-deployments.ts';
import type { Times, World } from './engine/world.ts';
import type { Call } from './front/calls.ts';
import { createFront, replyTo } from './front/server.ts';
import type { Front, Pause, Reply } from './front/server.ts';
import { Throttling } from './front/throttling.ts';
import { closeServer, listen, openTraffic } from './front/traffic.ts';
import type { Traffic } from './front/traffic.ts';
import type { Upstream } from './front/upstream.ts';
import { Faults } from './scenario/faults.ts';
import type { Fault, PlannedFault } from './scenario/faults.ts';
import { Operator } from './scenario/operator.ts';
import type { Scenario } from './scenario/scenario.ts';
import { seedSeconds, seedWorld } from './scenario/seed.ts';
import type { TargetGroup } from './state/balancing.ts';
import { text } from './state/json.ts';
import type { JsonObject } from './state/json.ts';
import type { Service } from './state/model.ts';
import { Downloads } from './state/registry.ts';

export interface SimulatorOptions extends Scenario {
  /** The port of the AWS endpoint; a free one by default. */
  readonly port?: number;
  /** A clock to drive the home region by hand; `speed` does not apply then. */
  readonly clock?: SimulatorClock;
  readonly times?: Partial<Times>;
  /** A real OCI registry that holds the images of the home region's repositories; by default images are only names. */
  readonly upstream?: Upstream;
}

export interface Simulator {
  /** The AWS endpoint, `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** What a client needs in its environment. */
  readonly env: Readonly<
    Record<
      | 'AWS_ENDPOINT_URL'
      | 'AWS_REGION'
      | 'AWS_DEFAULT_REGION'
      | 'AWS_ACCESS_KEY_ID'
      | 'AWS_SECRET_ACCESS_KEY',
      string
    >
  >;
  /** The home region's world, to inspect and to change. */
  readonly world: World;
  readonly operator: Operator;
  /** Every call so far, oldest first. */
  readonly calls: readonly Call[];
  /** The data plane of each load balancer of the home region, by name; a test listener is `<name>-test`. */
  readonly loadBalancers: Readonly<Record<string, Traffic>>;
  /** What the AWS endpoint replies to a request, without a connection. `pause` waits for an answer that is late. */
  reply(request: WireRequest, pause: Pause): Promise<Reply>;
  /** Arms a fault; the answer disarms it. */
  inject(fault: Fault): () => void;
  /** Does something once, after so many simulated seconds; the answer cancels it. */
  at(seconds: number, action: () => void): () => void;
  /** Does something once, as soon as a condition on the world holds; the answer cancels it. */
  when(condition: (world: World) => boolean, action: () => void): () => void;
  close(): Promise<void>;
}

/** How often `when` evaluates its condition, in simulated seconds. */
const conditionEvery = 0.5;

/**
 * Starts an AWS of its own on loopback. Other regions than the home region have a world from the same seed, made when
 * the first request for them arrives; operators, `at`, `when` and load balancers belong to the home region.
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const region = options.region ?? 'us-east-1';
  const downloads = new Downloads();
  const world = openWorld(options, region, options.clock, downloads);
  const worlds = new Map([[region, world]]);
  const faults = new Faults();
  for (const fault of options.faults ?? []) arm(world, faults, fault);
  const calls: Call[] = [];
  const front: Front = {
    worldOf: (name) =>
      worlds.get(name) ?? remember(worlds, name, openWorld(options, name, undefined, downloads)),
    homeRegion: region,
    faults,
    downloads,
    throttling: options.throttling === true ? new Throttling() : undefined,
    record: (call) => {
      calls.push(call);
    },
    refresh: (asked, request) => refresh(world, asked, request, options.upstream),
  };
  const server = createFront(front);
  await listen(server, options.port ?? 0);
  const loadBalancers = await openAll(world);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  downloads.base = url;

  return {
    url,
    env: {
      AWS_ENDPOINT_URL: url,
      AWS_REGION: region,
      // Version 1 of the AWS CLI reads no other.
      AWS_DEFAULT_REGION: region,
      AWS_ACCESS_KEY_ID: 'simulated',
      AWS_SECRET_ACCESS_KEY: 'simulated',
    },
    world,
    operator: new Operator(world),
    calls,
    loadBalancers,
    reply: (request, pause) => replyTo(front, request, pause),
    inject: (fault) => faults.inject(fault),
    at: (seconds, action) => world.clock.after(seconds, action),
    when: (condition, action) => onceItHolds(world, condition, action),
    async close() {
      for (const one of worlds.values()) one.clock.close();
      await Promise.all([
        closeServer(server),
        ...Object.values(loadBalancers).map((traffic) => traffic.close()),
      ]);
    },
  };
}

function arm(world: World, faults: Faults, { afterSeconds = 0, forSeconds, ...fault }: PlannedFault): void {
  world.clock.after(afterSeconds, () => {
    const disarm = faults.inject(fault);
    if (forSeconds !== undefined) world.clock.after(forSeconds, disarm);
  });
}

/** Images are asked for in ECR, and by ECS where they are put to use. */
async function refresh(
  home: World,
  asked: World,
  { service, action, body }: AwsRequest,
  upstream: Upstream | undefined,
): Promise<void> {
  const concerns = service === 'ecr' || (service === 'ecs' && /^(Register|Create|Update|Run)/.test(action));
  if (upstream === undefined || asked !== home || !concerns) return;
  if (action === 'PutImage') await putThrough(home, body, upstream);
  else await upstream.mirror(home.registry);
}

/** A tag that can be moved is moved in the real registry; what ECR refuses it refuses afterwards by itself. */
async function putThrough({ registry }: World, body: JsonObject, upstream: Upstream): Promise<void> {
  const repository = registry.repositories.get(text(body, 'repositoryName') ?? '');
  const tag = text(body, 'imageTag');
  if (repository === undefined || tag === undefined) return;
  const isTaken = repository.isImmutable(tag) && repository.byTag(tag) !== undefined;
  const manifest = text(body, 'imageManifest') ?? '';
  if (!isTaken)
    await upstream.put(repository.name, tag, manifest, text(body, 'imageManifestMediaType') ?? '');
}

/** For `when`: a deployment of this service is underway. */
export function hasDeploymentUnderway(service: Service): boolean {
  return service.serviceDeployments.some(isUnderway);
}

/** A seeded world of one region, brought to the present. */
function openWorld(
  options: SimulatorOptions,
  region: string,
  given: SimulatorClock | undefined,
  downloads: Downloads,
): World {
  const clock = given ?? new RunningClock(options.speed ?? 1, new Date(Date.now() - seedSeconds * 1000));
  const world = createWorld({ ...options, clock, region, downloads });
  (options.world ?? seedWorld())(world);
  if (given === undefined) clock.skip(Math.max(0, (Date.now() - clock.now()) / 1000));
  return world;
}

function remember(worlds: Map<string, World>, region: string, world: World): World {
  worlds.set(region, world);
  return world;
}

async function openAll(world: World): Promise<Record<string, Traffic>> {
  const settle = (): void => {
    world.clock.settle();
  };
  const onServed = ({ arn }: TargetGroup, status: number, seconds: number): void => {
    world.metrics.count(arn, world.clock.now(), status, seconds);
  };
  const listeners = [...world.balancing.loadBalancers.values()].flatMap(({ name, production, test }) => [
    [name, production] as const,
    ...(test === undefined ? [] : [[`${name}-test`, test] as const]),
  ]);
  const opened = listeners.map(
    async ([name, listener]) => [name, await openTraffic(listener, settle, { onServed })] as const,
  );
  return Object.fromEntries(await Promise.all(opened));
}

function onceItHolds(world: World, condition: (world: World) => boolean, action: () => void): () => void {
  let cancel = (): void => undefined;
  const evaluate = (): void => {
    if (condition(world)) action();
    else cancel = world.clock.after(conditionEvery, evaluate);
  };
  evaluate();
  return () => {
    cancel();
  };
}
