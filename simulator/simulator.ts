import type { AddressInfo } from 'node:net';
import type { Call } from './calls.ts';
import { RunningClock } from './clock.ts';
import type { SimulatorClock } from './clock.ts';
import type { Service } from './ecs/model.ts';
import { isUnderway } from './ecs/service-deployments.ts';
import { Downloads } from './ecr/downloads.ts';
import type { Upstream } from './ecr/upstream.ts';
import { closeServer, listen, openTraffic } from './elbv2/traffic.ts';
import type { Traffic } from './elbv2/traffic.ts';
import { Faults } from './faults.ts';
import type { Fault } from './faults.ts';
import { Operator } from './operator.ts';
import { text } from './protocol/fields.ts';
import type { JsonObject } from './protocol/fields.ts';
import type { AwsRequest, WireRequest } from './protocol/request.ts';
import { seedSeconds, seedWorld } from './seed.ts';
import type { Seed } from './seed.ts';
import { createFront, replyTo } from './server.ts';
import type { Front, Pause, Reply } from './server.ts';
import { World } from './world.ts';
import type { Times } from './world.ts';

export interface SimulatorOptions {
  /** How many times faster than real time the world runs; 1 by default. */
  readonly speed?: number;
  /** What exists; `seedWorld()` by default. */
  readonly world?: Seed;
  /** The port of the AWS endpoint; a free one by default. */
  readonly port?: number;
  /** The home region: that of `sim.world`; us-east-1 by default. */
  readonly region?: string;
  readonly account?: string;
  /** A clock to drive the home region by hand; `speed` does not apply then. */
  readonly clock?: SimulatorClock;
  /** The same seed makes the same identifiers. */
  readonly seed?: string;
  readonly times?: Partial<Times>;
  /** Refuse calls above the rates that ECS allows an account; off by default. */
  readonly throttling?: boolean;
  /** Simulated seconds until a new service deployment shows up in what is read; 0 by default. */
  readonly lagSeconds?: number;
  /** A real OCI registry that holds the images of the home region's repositories; by default images are only names. */
  readonly upstream?: Upstream;
}

export interface Simulator {
  /** The AWS endpoint, `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** What a client needs in its environment. */
  readonly env: Readonly<
    Record<'AWS_ENDPOINT_URL' | 'AWS_REGION' | 'AWS_ACCESS_KEY_ID' | 'AWS_SECRET_ACCESS_KEY', string>
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

const lookEvery = 0.5;

/**
 * Starts an AWS of its own on loopback. Other regions than the home region have a world from the same seed, made when
 * the first request for them arrives; operators, `at`, `when` and load balancers belong to the home region.
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const region = options.region ?? 'us-east-1';
  const downloads = new Downloads();
  const world = createWorld(options, region, options.clock, downloads);
  const worlds = new Map([[region, world]]);
  const faults = new Faults();
  const calls: Call[] = [];
  const front: Front = {
    worldOf: (name) =>
      worlds.get(name) ?? remember(worlds, name, createWorld(options, name, undefined, downloads)),
    homeRegion: region,
    faults,
    downloads,
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

function createWorld(
  options: SimulatorOptions,
  region: string,
  given: SimulatorClock | undefined,
  downloads: Downloads,
): World {
  const clock = given ?? new RunningClock(options.speed ?? 1, new Date(Date.now() - seedSeconds * 1000));
  const world = new World({ ...options, clock, region, downloads });
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
  const listeners = [...world.balancing.loadBalancers.values()].flatMap(({ name, production, test }) => [
    [name, production] as const,
    ...(test === undefined ? [] : [[`${name}-test`, test] as const]),
  ]);
  const opened = listeners.map(
    async ([name, listener]) => [name, await openTraffic(listener, settle)] as const,
  );
  return Object.fromEntries(await Promise.all(opened));
}

function onceItHolds(world: World, condition: (world: World) => boolean, action: () => void): () => void {
  let cancel = (): void => undefined;
  const look = (): void => {
    if (condition(world)) action();
    else cancel = world.clock.after(lookEvery, look);
  };
  look();
  return () => {
    cancel();
  };
}
