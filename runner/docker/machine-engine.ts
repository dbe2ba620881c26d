import { hostname } from 'node:os';
import { command } from './command.ts';

/** An engine that answers the docker command of this machine's user. */
export interface MachineEngine {
  /** Value of DOCKER_HOST that leads to it, whatever the context. */
  readonly host: string;
  readonly version: string;
  readonly containerdStore: boolean;
  /** As it calls itself: its driver of images. */
  readonly store: string;
  /** Whether its files, its names of hosts and its addresses are those of this machine. */
  readonly isHere: boolean;
}

/** What `docker info` says, as far as it is of interest here. */
export interface EngineInfo {
  readonly ServerVersion?: string;
  readonly Driver?: string;
  readonly DriverStatus?: readonly (readonly string[])[] | null;
  readonly Name?: string;
  readonly OperatingSystem?: string;
  readonly SecurityOptions?: readonly string[] | null;
}

/** As the user's own docker command, context and DOCKER_HOST find it; undefined where none answers. */
export async function findMachineEngine(): Promise<MachineEngine | undefined> {
  try {
    // Fails where no server answers; `docker info` does not with every version.
    await command('docker', ['version', '--format', '{{.Server.Version}}']);
    const [info, host] = await Promise.all([
      command('docker', ['info', '--format', '{{json .}}']),
      command('docker', ['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}']),
    ]);
    return describeEngine(host.trim(), JSON.parse(info) as EngineInfo, {
      platform: process.platform,
      hostname: hostname(),
    });
  } catch {
    return undefined;
  }
}

/** Pure. */
export function describeEngine(
  host: string,
  info: EngineInfo,
  machine: { readonly platform: string; readonly hostname: string },
): MachineEngine {
  const { ServerVersion = '', Driver = '', DriverStatus, Name, OperatingSystem = '', SecurityOptions } = info;
  return {
    host,
    version: ServerVersion,
    containerdStore: (DriverStatus ?? []).flat().includes('io.containerd.snapshotter.v1'),
    store: Driver,
    isHere:
      machine.platform === 'linux' &&
      isLocal(host) &&
      // Behind a local socket there may be a virtual machine, or the host of the container that this is.
      Name === machine.hostname &&
      !OperatingSystem.startsWith('Docker Desktop') &&
      !(SecurityOptions ?? []).some((option) => option.includes('rootless')),
  };
}

/** Whether the socket of an engine is a file. */
export function isLocal(host: string): boolean {
  return host.startsWith('unix://');
}

/** For the log. */
export function describeStore({
  containerdStore,
  store,
}: Pick<MachineEngine, 'containerdStore' | 'store'>): string {
  return containerdStore ? `its images in containerd (${store})` : `its images in its own store (${store})`;
}
