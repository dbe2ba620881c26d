/** What the simulated ECR takes over from a real registry, here one that answers what it was given. */
import { afterEach, expect, test } from '@jest/globals';
import { GetDownloadUrlForLayerCommand } from '@aws-sdk/client-ecr';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ManualClock } from '../../simulator/clock.ts';
import { Upstream } from '../../simulator/front/upstream.ts';
import { digestOf } from '../../simulator/state/ids.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import { clientsOf } from './clients.ts';

const CONFIG =
  '{ "architecture": "arm64", "os": "linux", "config": { "Labels": { "org.opencontainers.image.revision": "abc" } } }';
const MANIFEST = JSON.stringify({
  schemaVersion: 2,
  config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf(CONFIG) },
  layers: [],
});

const TYPE = 'application/vnd.oci.image.manifest.v1+json';
const ANSWERS = new Map([
  ['/v2/backend/tags/list', '{"tags":["real-1"]}'],
  ['/v2/backend/manifests/real-1', MANIFEST],
  [`/v2/backend/manifests/${digestOf(MANIFEST)}`, MANIFEST],
  [`/v2/backend/blobs/${digestOf(CONFIG)}`, CONFIG],
]);

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function registry(): Promise<Server> {
  const server = createServer(({ url = '' }, response) => {
    const body = ANSWERS.get(url);
    const headers = { 'content-type': TYPE, 'docker-content-digest': digestOf(MANIFEST) };
    response.writeHead(body === undefined ? 404 : 200, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUps.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return server;
}

test('the config of a real image is given out byte for byte, and says its version', async () => {
  const { port } = (await registry()).address() as AddressInfo;
  const upstream = new Upstream({ url: `http://127.0.0.1:${port}`, username: 'AWS', password: 'x' });
  const sim = await startSimulator({ clock: new ManualClock(), upstream });
  const clients = clientsOf(sim);
  cleanUps.push(
    () => sim.close(),
    () => {
      clients.close();
    },
  );
  const { downloadUrl } = await clients.ecr.send(
    new GetDownloadUrlForLayerCommand({ repositoryName: 'backend', layerDigest: digestOf(CONFIG) }),
  );
  expect(await (await fetch(downloadUrl!)).text()).toBe(CONFIG);
  expect(sim.world.images.find(`${sim.world.registry.host}/backend:real-1`)).toMatchObject({
    digest: digestOf(MANIFEST),
    version: 'abc',
  });
});
