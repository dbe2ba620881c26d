import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import autocannon from 'autocannon';

import { Client, headOf, upload } from './client.ts';
import type { Clips } from './clips.ts';
import { Server, type Setting } from './server.ts';
import { counted, duration, percentile } from './table.ts';

export interface Figure {
  readonly what: string;
  readonly value: string;
}

export interface Scenario {
  readonly name: string;
  readonly run: (under: Setting & { readonly clips: Clips }) => Promise<Figure[]>;
}

/** An event that clients of autocannon have, and its types do not. */
interface Asking {
  readonly on: (event: 'request', listener: () => void) => unknown;
}

/** As the load balancer's idle timeout: what takes longer is a 504 to the user. */
const GIVEN_UP_SECONDS = 60;
const MEBIBYTE = 1024 * 1024;

export const SCENARIOS: readonly Scenario[] = [
  { name: 'uploads', run: uploads },
  { name: 'large', run: largeFrames },
  { name: 'idle', run: idleConnections },
  { name: 'stalled', run: stalledUploads },
  { name: 'gone', run: clientsThatHangUp },
  { name: 'stop', run: stopUnderLoad },
];

type Under = Parameters<Scenario['run']>[0];

async function withServer<T>(under: Under, act: (server: Server) => Promise<T>): Promise<T> {
  const server = await Server.start(under);
  try {
    return await act(server);
  } finally {
    await server.stop();
  }
}

/** More than one core can decode (each client at most one upload a second), and a load balancer's checks meanwhile. */
function uploads(under: Under): Promise<Figure[]> {
  const { usual } = under.clips;
  const clients = 40;
  const seconds = 30;
  const load = `${clients} clients uploading 720p for ${seconds} s`;
  return withServer(under, async (server) => {
    const times = new Map<string, number[]>();
    const instance = autocannon({
      url: `${server.url}/thumbnails?second=${usual.second}`,
      method: 'POST',
      headers: { 'content-type': usual.contentType },
      body: usual.bytes,
      connections: clients,
      overallRate: clients,
      duration: seconds,
      timeout: GIVEN_UP_SECONDS,
      setupClient: (client) => {
        // autocannon's own time of an answer is that of an earlier request once a connection has been closed.
        let asked = 0;
        (client as unknown as Asking).on('request', () => (asked = performance.now()));
        client.on('response', (status) => {
          times.set(String(status), [...(times.get(String(status)) ?? []), performance.now() - asked]);
        });
      },
    });
    const probes = autocannon({
      url: `${server.url}/health`,
      connections: 1,
      overallRate: 10,
      duration: seconds,
      timeout: GIVEN_UP_SECONDS,
    });
    const [made, health] = await Promise.all([instance, probes]);
    const good = times.get('200') ?? [];
    const refused = times.get('503') ?? [];
    const answers = [...times].flatMap(([status, all]) => all.map(() => status));
    return [
      { what: `${load}: answers`, value: `${counted(answers)}; ${made.timeouts} timed out` },
      { what: `${load}: thumbnails a second`, value: (good.length / seconds).toFixed(1) },
      {
        what: `${load}: time of a thumbnail, half and 99 %`,
        value: `${duration(percentile(good, 0.5))}, ${duration(percentile(good, 0.99))}`,
      },
      { what: `${load}: time of a refusal, 99 %`, value: duration(percentile(refused, 0.99)) },
      {
        what: `${load}: /health meanwhile, 99 % and longest`,
        value: `${duration(health.latency.p99)}, ${duration(health.latency.max)}; ${health.non2xx} bad`,
      },
      { what: `${load}: memory of the task`, value: mebibytes(server.peakMiB) },
    ];
  });
}

async function largeFrames(under: Under): Promise<Figure[]> {
  const load = '2 uploads of 8192x8192';
  // What counts is the memory: on a busy machine the time would be up before.
  const environment = { THUMBNAIL_TIMEOUT_SECONDS: String(GIVEN_UP_SECONDS) };
  return withServer({ ...under, environment }, async (server) => {
    const clients = await Promise.all([1, 2].map(() => upload(server.port, under.clips.large)));
    await settled(clients, GIVEN_UP_SECONDS);
    return [
      { what: `${load}: answers`, value: counted(clients.map(({ answer }) => answer)) },
      { what: `${load}: memory of one ffmpeg`, value: mebibytes(server.childPeakMiB) },
      { what: `${load}: memory of the task`, value: mebibytes(server.peakMiB) },
    ];
  });
}

async function idleConnections(under: Under): Promise<Figure[]> {
  const seconds = 15;
  const load = '400 silent connections, 400 with half a request';
  return withServer(under, async (server) => {
    const silent = await Promise.all(Array.from({ length: 400 }, () => Client.connect(server.port)));
    const half = await Promise.all(Array.from({ length: 400 }, () => Client.connect(server.port)));
    for (const client of half) client.send('GET /health HTTP/1.1\r\nHost: loc');
    await sleep(seconds * 1000);
    const health = await fetch(`${server.url}/health`, { signal: AbortSignal.timeout(3000) }).then(
      ({ status }) => String(status),
      () => 'none',
    );
    const figures = [
      { what: `${load}: open after ${seconds} s`, value: `${open(silent)} and ${open(half)}` },
      { what: `${load}: /health then`, value: health },
    ];
    for (const client of [...silent, ...half]) client.hangUp();
    return figures;
  });
}

async function stalledUploads(under: Under): Promise<Figure[]> {
  const seconds = 15;
  const load = '500 uploads that stop after 1 MB';
  return withServer(under, async (server) => {
    const { usual } = under.clips;
    const start = Buffer.concat([usual.bytes.subarray(0, 100), Buffer.alloc(MEBIBYTE - 2048)]);
    const clients: Client[] = [];
    for (let count = 0; count < 500; count += 1) {
      const client = await Client.connect(server.port);
      client.send(headOf(usual, 2 * MEBIBYTE));
      client.send(start);
      clients.push(client);
    }
    await sleep(seconds * 1000);
    const figures = [
      { what: `${load}: answers within ${seconds} s`, value: counted(clients.map(({ answer }) => answer)) },
      { what: `${load}: memory of the server`, value: mebibytes(server.peakMiB) },
    ];
    for (const client of clients) client.hangUp();
    return figures;
  });
}

async function clientsThatHangUp(under: Under): Promise<Figure[]> {
  const load = '6 clients that hang up';
  return withServer(under, async (server) => {
    const clients = await Promise.all(Array.from({ length: 6 }, () => upload(server.port, under.clips.slow)));
    await until(() => server.childSeconds() > 0.5, 30);
    for (const client of clients) client.hangUp();
    const started = Date.now();
    const used = server.childSeconds();
    // Idle once no child has been seen for a second.
    let seen = started;
    await until(() => {
      if (server.children().length > 0) seen = Date.now();
      return Date.now() - seen > 1000;
    }, 120);
    return [
      { what: `${load}: work went on for`, value: duration(seen - started) },
      { what: `${load}: processor time for nobody`, value: duration((server.childSeconds() - used) * 1000) },
    ];
  });
}

async function stopUnderLoad(under: Under): Promise<Figure[]> {
  const load = 'SIGTERM with 6 uploads under way, SIGKILL 10 s later';
  const environment = { STOP_TIMEOUT_SECONDS: '10', DRAIN_SECONDS: '1' };
  return withServer({ ...under, environment }, async (server) => {
    const clients = await Promise.all(Array.from({ length: 6 }, () => upload(server.port, under.clips.slow)));
    await until(() => server.children().length > 0, 30);
    const ended = once(server.process, 'exit') as Promise<[number | null, string | null]>;
    const started = Date.now();
    server.process.kill('SIGTERM');
    const [exitCode] = await ended;
    const took = Date.now() - started;
    await settled(clients, 5);
    return [
      { what: `${load}: answers`, value: counted(clients.map(({ answer }) => answer)) },
      { what: `${load}: ended after`, value: `${duration(took)}, exit status ${exitCode ?? 'none'}` },
    ];
  });
}

function open(clients: readonly Client[]): number {
  return clients.filter(({ isOpen }) => isOpen).length;
}

function mebibytes(value: number): string {
  return `${value.toFixed(0)} MiB`;
}

async function settled(clients: readonly Client[], seconds: number): Promise<void> {
  await until(() => clients.every(({ answer }) => answer !== 'open'), seconds);
}

/** Waits for a condition; after `seconds` what is there is what is told. */
async function until(condition: () => boolean, seconds: number): Promise<void> {
  for (let tries = seconds * 20; tries > 0 && !condition(); tries -= 1) await sleep(50);
}
