/** The image of `backend/` in a container that may as little as it may in ECS. */
import { describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PYTHON_BASE } from '../../runner/docker/python-base.ts';
import { expectGreen } from '../e2e/world.ts';
import { pythonBase } from './given.ts';
import { ROOT, inADockerWorld, type DockerWorld } from './world.ts';

/** Read-only, without capabilities, and with the time that ECS gives before it kills. */
const AS_IN_ECS = [
  '--network',
  'host',
  '--read-only',
  '--cap-drop',
  'ALL',
  '--security-opt',
  'no-new-privileges',
];
const STOP_SECONDS = 30;

interface Container {
  readonly id: string;
  readonly port: number;
  readonly docker: DockerWorld['docker'];
}

describe('the image of the service', () => {
  test('makes thumbnails without any rights, and ends without losing a request', () =>
    inADockerWorld({}, async ({ step, docker }) => {
      await pythonBase();
      const built = await step({
        context: join(ROOT, 'backend'),
        'build-args': `GIT_SHA=abc\nPYTHON_IMAGE=${PYTHON_BASE}`,
      });
      expectGreen(built, 'succeeded');
      const container = await run(docker, built.outputs['image'] ?? '');
      try {
        await until(async () => (await statusOf(container, '/ready')) === 200);
        expect((await docker('exec', container.id, 'id', '-u')).trim()).toBe('10001');
        await expect(docker('exec', container.id, 'touch', '/srv/x')).rejects.toThrow(
          /Read-only file system/,
        );
        const video = await makeVideo(container);
        const jpeg = await fetch(`${urlOf(container)}/thumbnails?second=1`, {
          method: 'POST',
          body: formOf(video),
        });
        expect([jpeg.status, jpeg.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
        await until(async () => (await inspect(container, '{{.State.Health.Status}}')) === 'healthy');
        await stopsWithARequestInFlight(container, video);
      } finally {
        await docker('rm', '--force', '--volumes', container.id);
      }
    }));
});

async function run(docker: DockerWorld['docker'], image: string): Promise<Container> {
  const port = await freePort();
  const settings = ['--env', `PORT=${port}`, '--env', 'DRAIN_SECONDS=1'];
  const id = (await docker('run', '--detach', ...AS_IN_ECS, ...settings, image)).trim();
  return { id, port, docker };
}

async function stopsWithARequestInFlight(container: Container, video: Buffer): Promise<void> {
  const body = bodyOf(video);
  const half = Math.floor(body.length / 2);
  const socket = connect(container.port, '127.0.0.1');
  socket.write(headOf(body));
  socket.write(body.subarray(0, half));
  const stopped = container.docker('stop', '--time', String(STOP_SECONDS), container.id);
  await until(async () => (await statusOf(container, '/health')) === undefined);
  socket.write(body.subarray(half));
  expect(await allOf(socket)).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*content-type: image\/jpeg\r\n/);
  await stopped;
  expect(await inspect(container, '{{.State.ExitCode}}')).toBe('0');
  const log = (await container.docker('logs', container.id)).trim().split('\n');
  expect(log.map((line) => JSON.parse(line) as object)).toContainEqual(
    expect.objectContaining({ path: '/thumbnails', status: 200, version: 'abc' }),
  );
}

async function makeVideo({ docker, id }: Container): Promise<Buffer> {
  const source = ['-f', 'lavfi', '-i', 'testsrc=duration=2:size=320x240:rate=10', '-pix_fmt', 'yuv420p'];
  await docker('exec', id, 'ffmpeg', '-v', 'error', ...source, '/tmp/clip.mp4');
  return Buffer.from(await docker('exec', id, 'base64', '/tmp/clip.mp4'), 'base64');
}

function formOf(video: Buffer): FormData {
  const form = new FormData();
  form.set('video', new Blob([new Uint8Array(video)]), 'clip.mp4');
  return form;
}

function bodyOf(video: Buffer): Buffer {
  const head = '--b\r\nContent-Disposition: form-data; name="video"; filename="v"\r\n\r\n';
  return Buffer.concat([Buffer.from(head), video, Buffer.from('\r\n--b--\r\n')]);
}

function headOf(body: Buffer): string {
  return [
    'POST /thumbnails?second=1 HTTP/1.1',
    'Host: localhost',
    'Content-Type: multipart/form-data; boundary=b',
    `Content-Length: ${body.length}`,
    '\r\n',
  ].join('\r\n');
}

async function allOf(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'close');
  return Buffer.concat(chunks).toString('latin1');
}

function urlOf({ port }: Container): string {
  return `http://127.0.0.1:${port}`;
}

/** Undefined where nothing answers. */
function statusOf(container: Container, path: string): Promise<number | undefined> {
  return fetch(urlOf(container) + path).then(
    ({ status }) => status,
    () => undefined,
  );
}

async function inspect({ docker, id }: Container, format: string): Promise<string> {
  return (await docker('inspect', '--format', format, id)).trim();
}

/** Nothing here takes so long; it only bounds a test that would hang. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let count = 0; !(await condition()); count += 1) {
    if (count === 300) throw new Error('It did not come about.');
    await sleep(100);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
