/** An image of BuildKit for the builders of the tests. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { given } from './given.ts';
import { startPlainEngine, type PlainEngine } from './plain-engine.ts';
import { HOST } from './world.ts';

/** What buildx itself takes. */
const PUBLIC = 'moby/buildkit:buildx-stable-1';

/** Nobody answers there, so that the engine takes the image that it has. */
const OURS = '127.0.0.1:1/efd/buildkit:tests';

/** An engine, and the image of BuildKit that it has. */
export interface EngineWithBuildkit {
  readonly engine: PlainEngine;
  readonly image: string;
}

/**
 * A plain engine with BuildKit as the tests need it: it knows where the hosts of the registries are, and trusts them.
 * It comes from EFD_BUILDKIT_IMAGE, a reference or a file that `docker save` wrote, else from Docker Hub. Where it cannot
 * be had, nothing is started.
 */
export async function startEngineWithBuildkit(): Promise<EngineWithBuildkit | { readonly whyNot: string }> {
  if (!existsSync(join(given().bin, 'dockerd'))) return { whyNot: 'there is no dockerd here' };
  const engine = await startPlainEngine();
  try {
    const asked = process.env['EFD_BUILDKIT_IMAGE'] ?? '';
    const found = asked === '' ? await pulled(engine, PUBLIC) : await loaded(engine, asked);
    if (found !== undefined) {
      await prepare(engine, found);
      return { engine, image: OURS };
    }
  } catch (error) {
    await engine.stop();
    throw error;
  }
  await engine.stop();
  return { whyNot: `${PUBLIC} cannot be pulled here, and EFD_BUILDKIT_IMAGE names no other one` };
}

async function pulled({ docker }: PlainEngine, image: string): Promise<string | undefined> {
  return docker('pull', '--quiet', image).then(
    () => image,
    () => undefined,
  );
}

/** What EFD_BUILDKIT_IMAGE names has to be there. */
async function loaded({ docker }: PlainEngine, image: string): Promise<string> {
  if (!existsSync(image)) {
    await docker('pull', '--quiet', image);
    return image;
  }
  const said = await docker('load', '--input', image);
  const [, name] = /^Loaded image(?: ID)?: (\S+)$/m.exec(said) ?? [];
  if (name === undefined) throw new Error(`EFD_BUILDKIT_IMAGE: ${image} holds no image: ${said}`);
  return name;
}

/** Without a build, which would need a builder. */
async function prepare({ docker, folder }: PlainEngine, image: string): Promise<void> {
  const { address, caBundle } = given();
  const hosts = join(folder, 'hosts');
  await writeFile(hosts, `${address} ${HOST}\n`);
  const container = (await docker('create', image)).trim();
  await docker('cp', caBundle, `${container}:/etc/ssl/certs/ca-certificates.crt`);
  await docker('cp', hosts, `${container}:/etc/hosts-of-the-tests`);
  const start = 'cat /etc/hosts-of-the-tests >> /etc/hosts && exec buildkitd "$@"';
  const entry = JSON.stringify(['/bin/sh', '-c', start, 'sh']);
  await docker('commit', '--change', `ENTRYPOINT ${entry}`, container, OURS);
  await docker('rm', '--volumes', container);
}
