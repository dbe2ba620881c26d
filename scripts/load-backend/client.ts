import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import type { Body } from './clips.ts';

/** A connection of the test's own, for what a well-behaved client does not do. */
export class Client {
  isOpen = true;
  readonly socket: Socket;
  private received = '';

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => (this.received += chunk.toString('latin1')));
    // A reset is an answer as well: it is told by `answer`.
    socket.on('error', () => undefined);
    socket.on('close', () => (this.isOpen = false));
  }

  static async connect(port: number): Promise<Client> {
    const socket = connect(port, '127.0.0.1');
    const client = new Client(socket);
    await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
    return client;
  }

  send(bytes: string | Buffer): void {
    if (this.isOpen) this.socket.write(bytes);
  }

  /** The status that has come, `reset` where the connection ended without one, `open` where nothing has happened. */
  get answer(): string {
    const status = /^HTTP\/1\.1 (\d+)/.exec(this.received)?.[1];
    return status ?? (this.isOpen ? 'open' : 'reset');
  }

  hangUp(): void {
    this.socket.destroy();
  }
}

/** The head of an upload, for a body of `length` bytes. Pure. */
export function headOf({ contentType, second }: Body, length: number): string {
  return [
    `POST /thumbnails?second=${second} HTTP/1.1`,
    'Host: localhost',
    `Content-Type: ${contentType}`,
    `Content-Length: ${length}`,
    '\r\n',
  ].join('\r\n');
}

/** Begins an upload and sends all of it. */
export async function upload(port: number, body: Body): Promise<Client> {
  const client = await Client.connect(port);
  client.send(headOf(body, body.bytes.length));
  client.send(body.bytes);
  return client;
}
