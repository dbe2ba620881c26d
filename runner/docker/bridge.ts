import { existsSync } from 'node:fs';
import { command } from './command.ts';

/**
 * An address of this machine that is none of loopback's: a registry there would count as insecure, and an error of it
 * would be followed by another attempt without TLS.
 */
export const ADDRESS = '172.30.94.1';

/** A bridge of this machine, by its name, with its address. */
export interface Bridge {
  readonly name: string;
  readonly address: string;
}

export const BRIDGE: Bridge = { name: 'efd-docker0', address: ADDRESS };

/**
 * Makes the bridge; one that was left over is used again. With `subnet`, containers can have addresses beside its own;
 * without, no route of the machine changes.
 */
export async function makeBridge(
  { name, address }: Bridge,
  { subnet }: { readonly subnet: boolean },
): Promise<void> {
  if (!exists(name)) await command('ip', ['link', 'add', name, 'type', 'bridge']);
  await command('ip', ['addr', 'flush', 'dev', name]);
  await command('ip', ['addr', 'add', `${address}/${subnet ? 24 : 32}`, 'dev', name]);
  await command('ip', ['link', 'set', name, 'up']);
}

export async function removeBridge({ name }: Bridge): Promise<void> {
  if (exists(name)) await command('ip', ['link', 'delete', name]);
}

function exists(name: string): boolean {
  return existsSync(`/sys/class/net/${name}`);
}
