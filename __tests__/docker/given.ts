import { test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** What scripts/test-docker.ts has started. */
export interface DockerTestWorld {
  /** Where the hosts of the registries lead, at port 443. */
  readonly address: string;
  readonly registry: { readonly url: string; readonly username: string; readonly password: string };
  readonly tls: { readonly key: string; readonly cert: string };
  readonly caBundle: string;
  readonly dockerHost: string;
  /** Whether the engine keeps its images in containerd: without, its BuildKit can do less. */
  readonly containerdStore: boolean;
  /** Whether the engine is there for the tests alone. */
  readonly ownEngine: boolean;
  /** A folder with the docker command. */
  readonly bin: string;
  readonly buildx: string;
  /** A file that appears once the base image of the backend is there, or could not be made. */
  readonly baseNote: string;
}

/** Throws where the tests were not started by `npm run test:docker`. */
export function given(): DockerTestWorld {
  const text = process.env['DOCKER_TEST_WORLD'];
  if (text === undefined) throw new Error('Start these tests with npm run test:docker.');
  return JSON.parse(text) as DockerTestWorld;
}

/**
 * A test of what BuildKit can do only in an engine that keeps its images in containerd: several platforms, attestations,
 * writing a cache. Elsewhere the step would make a builder in a container, which knows no host of ours.
 */
export function testInContainerd(name: string, body: () => Promise<void>): void {
  if (given().containerdStore) test(name, body);
  else test.skip(`${name} (the engine keeps no images in containerd)`, body);
}

/** A test that empties the build cache, which an engine of somebody else would miss. */
export function testOnOwnEngine(name: string, body: () => Promise<void>): void {
  if (given().ownEngine) test(name, body);
  else test.skip(`${name} (it empties the build cache of an engine that is not its own)`, body);
}

const BASE_SECONDS = 280;

/** Waits for the base image of the backend. Throws where it could not be made. */
export async function pythonBase(): Promise<void> {
  const { baseNote } = given();
  for (let second = 0; !existsSync(baseNote); second += 1) {
    if (second === BASE_SECONDS) throw new Error('The base image of the backend takes too long.');
    await sleep(1000);
  }
  const told = await readFile(baseNote, 'utf8');
  if (!told.startsWith('ok ')) throw new Error(`The base image of the backend could not be made: ${told}`);
}
