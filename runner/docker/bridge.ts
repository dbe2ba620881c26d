import { existsSync } from 'node:fs';
import { command } from './command.ts';

const BRIDGE = 'efd-docker0';

/**
 * An address of this machine that is none of loopback's: a registry there would count as insecure, and an error of it
 * would be followed by another attempt without TLS.
 */
export const ADDRESS = '172.30.94.1';

/**
 * Makes a bridge that has the address, and resolves to its name; one that was left over is used again. With `subnet`,
 * containers can have addresses beside it; without, no route of the machine changes.
 */
export async function makeBridge({ subnet }: { readonly subnet: boolean }): Promise<string> {
  if (!bridgeExists()) await command('ip', ['link', 'add', BRIDGE, 'type', 'bridge']);
  await command('ip', ['addr', 'flush', 'dev', BRIDGE]);
  await command('ip', ['addr', 'add', `${ADDRESS}/${subnet ? 24 : 32}`, 'dev', BRIDGE]);
  await command('ip', ['link', 'set', BRIDGE, 'up']);
  return BRIDGE;
}

export async function removeBridge(): Promise<void> {
  if (bridgeExists()) await command('ip', ['link', 'delete', BRIDGE]);
}

function bridgeExists(): boolean {
  return existsSync(`/sys/class/net/${BRIDGE}`);
}
