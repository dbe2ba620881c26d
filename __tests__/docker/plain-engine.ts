import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command } from '../../runner/docker/command.ts';
import { startEngine } from '../../runner/docker/own-engine.ts';
import { given } from './given.ts';

/** An engine whose images are not in containerd, as that of many a runner: its docker driver can do less. */
export interface PlainEngine {
  /** Value of DOCKER_HOST. */
  readonly host: string;
  /** Of its own, gone with it. */
  readonly folder: string;
  readonly docker: (...args: string[]) => Promise<string>;
  /**
   * Containers, whether they run or not, and volumes of builders. A newer buildx looks for a GPU with a container that
   * has no name, and may leave that one where it is ended meanwhile.
   */
  readonly leftovers: () => Promise<string[]>;
  stop(): Promise<void>;
}

const BRIDGE = { name: 'efd-docker1', address: '172.30.95.1' };

export async function startPlainEngine(): Promise<PlainEngine> {
  const { bin, caBundle } = given();
  const folder = await mkdtemp(join(tmpdir(), 'plain-engine-'));
  const engine = await startEngine({ bin }, folder, caBundle, { containerdStore: false, bridge: BRIDGE });
  const { host } = engine;
  const docker = (...args: string[]): Promise<string> =>
    command(join(bin, 'docker'), args, { env: { DOCKER_HOST: host, HOME: folder } });
  return {
    host,
    folder,
    docker,
    async leftovers() {
      const named = ['--filter', 'name=buildx_buildkit_', '--format'];
      const containers = await docker('ps', '--all', ...named, '{{.Names}}');
      const volumes = await docker('volume', 'ls', ...named, '{{.Name}}');
      return `${containers}${volumes}`.split('\n').filter((line) => line !== '');
    },
    async stop() {
      await engine.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
