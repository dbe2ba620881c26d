import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import { addHosts, hasAddedHosts, removeHosts, type HOSTS } from './hosts.ts';
import { ADDRESS, BRIDGE, makeBridge, removeBridge } from './bridge.ts';
import type { Certificate } from './certificate.ts';
import { distrust, isTrusted, trust } from './certs.ts';
import type { Docker } from './command.ts';

/** The exit code of a suite whose engine does not get to the registry. */
export const CANNOT_BE_TAUGHT = 75;

/** Of an engine that runs as root on this machine. */
const CERTS = '/etc/docker/certs.d';

/**
 * Leads an engine of this machine, and everything else on it, from the hosts of the registries to ADDRESS, and lets the
 * engine trust the certificate there. Then it checks whether the engine gets there; resolves to why not. In each case
 * `unteachEngine` has to follow.
 */
export async function teachEngine(
  docker: Docker,
  hosts: typeof HOSTS,
  certificate: Certificate,
): Promise<string | undefined> {
  await makeBridge(BRIDGE, { subnet: false });
  await addHosts(ADDRESS, hosts);
  await trust(CERTS, hosts, certificate.cert);
  return whyNotReached(docker, hosts[0], certificate);
}

/** Also takes out what an earlier run has left, which was killed. */
export async function unteachEngine(hosts: readonly string[]): Promise<void> {
  await distrust(CERTS, hosts);
  await removeHosts();
  await removeBridge(BRIDGE);
}

/** Whether a run was killed that had taught an engine. */
export async function hasLeftovers(hosts: readonly string[]): Promise<boolean> {
  return (await hasAddedHosts()) || isTrusted(CERTS, hosts);
}

/** Only a request that arrives over TLS proves that the engine knows the way. */
async function whyNotReached(
  docker: Docker,
  host: string,
  { key, cert }: Certificate,
): Promise<string | undefined> {
  let requests = 0;
  const server = createServer({ key, cert }, (_request, response) => {
    requests += 1;
    response
      .writeHead(404, { 'content-type': 'application/json' })
      .end('{"errors":[{"code":"NAME_UNKNOWN"}]}');
  });
  const failed = await listening(server.listen(443, ADDRESS));
  if (failed !== undefined) return `port 443 of ${ADDRESS} is not free: ${failed}`;
  const said = await docker(['pull', '--quiet', `${host}/ecs-fargate-deploy/probe:none`]).catch(String);
  server.closeAllConnections();
  server.close();
  return requests > 0 ? undefined : `the engine does not reach ${host} at ${ADDRESS}: ${lastLine(said)}`;
}

function listening(server: Server): Promise<string | undefined> {
  return once(server, 'listening').then(
    () => undefined,
    (error: unknown) => String(error),
  );
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
