/** A real OCI registry behind the simulated ECR: what was pushed there is what ECR tells of. */
import { object, objects, text, texts } from '../state/json.ts';
import type { JsonObject } from '../state/json.ts';
import { indexType, manifestType } from '../state/registry.ts';
import type { Architecture, Registry, Repository } from '../state/registry.ts';

export interface UpstreamOptions {
  /** `http://127.0.0.1:5000`. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

const accepted = [
  indexType,
  manifestType,
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

interface Manifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly text: string;
  readonly document: JsonObject;
}

/** Reads an OCI registry by its HTTP API (https://github.com/opencontainers/distribution-spec). */
export class Upstream {
  readonly url: string;
  private readonly authorization: string;

  constructor({ url, username, password }: UpstreamOptions) {
    this.url = url;
    this.authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  }

  /** Whether a request's credentials are those of this registry. */
  accepts(authorization: string | undefined): boolean {
    return authorization === this.authorization;
  }

  /** Brings every image that was pushed to a repository of this registry into it, with its tags. */
  async mirror(registry: Registry): Promise<void> {
    for (const repository of registry.repositories.values()) await this.mirrorRepository(repository);
  }

  /** The digest that a tag has now. */
  async digestOf(repository: string, reference: string): Promise<string | undefined> {
    const answer = await this.ask(`${repository}/manifests/${reference}`, 'HEAD');
    return answer.ok ? (answer.headers.get('docker-content-digest') ?? undefined) : undefined;
  }

  /** PutImage: gives a manifest a tag. */
  async put(repository: string, tag: string, manifest: string, mediaType: string): Promise<void> {
    const answer = await fetch(`${this.url}/v2/${repository}/manifests/${tag}`, {
      method: 'PUT',
      headers: { authorization: this.authorization, 'content-type': mediaType },
      body: manifest,
    });
    if (!answer.ok) throw new Error(`The registry answered ${answer.status} for ${repository}:${tag}.`);
  }

  private async mirrorRepository(repository: Repository): Promise<void> {
    const listed = await this.ask(`${repository.name}/tags/list`);
    if (!listed.ok) return;
    const tags = texts((await listed.json()) as JsonObject, 'tags');
    for (const tag of tags) {
      const digest = await this.digestOf(repository.name, tag);
      if (digest === undefined || repository.byTag(tag)?.digest === digest) continue;
      await this.mirrorImage(repository, digest, tag);
    }
  }

  private async mirrorImage(repository: Repository, digest: string, tag: string | undefined): Promise<void> {
    const manifest = await this.manifest(repository.name, digest);
    const children = objects(manifest.document, 'manifests').map((child) => ({
      architecture: architectureOf(child),
      digest: text(child, 'digest') ?? '',
      isImage: text(object(child, 'platform') ?? {}, 'os') !== 'unknown',
    }));
    const images = children.filter(({ isImage }) => isImage);
    for (const child of children) await this.mirrorImage(repository, child.digest, undefined);
    await this.mirrorConfig(repository, manifest);
    const version = await this.versionOf(repository, images[0]?.digest ?? digest);
    const about = {
      mediaType: manifest.mediaType,
      pushedAt: Date.now(),
      children: images.map(({ architecture, digest: of }) => ({ architecture, digest: of })),
      behaviour: version === undefined ? undefined : { version },
    };
    const put = repository.put(manifest.text, { ...about, tag, size: sizeOf(manifest.document) });
    if (put.digest !== digest) throw new Error(`${repository.name}@${digest} is not what its digest says.`);
  }

  private async manifest(repository: string, digest: string): Promise<Manifest> {
    const answer = await this.ask(`${repository}/manifests/${digest}`);
    if (!answer.ok) throw new Error(`The registry answered ${answer.status} for ${repository}@${digest}.`);
    const text = await answer.text();
    const mediaType = answer.headers.get('content-type') ?? manifestType;
    return { digest, mediaType, text, document: JSON.parse(text) as JsonObject };
  }

  /** The config of a single image, byte for byte; an index has none. */
  private async mirrorConfig(repository: Repository, manifest: Manifest): Promise<void> {
    const digest = configDigest(manifest);
    if (digest === undefined || repository.configs.has(digest)) return;
    const answer = await this.ask(`${repository.name}/blobs/${digest}`);
    if (!answer.ok) throw new Error(`The registry answered ${answer.status} for config ${digest}.`);
    repository.configs.set(digest, await answer.text());
  }

  /** The commit that an image says it was built from: what its `/version` would answer. */
  private async versionOf(repository: Repository, digest: string): Promise<string | undefined> {
    const config = configDigest(await this.manifest(repository.name, digest));
    const content = config === undefined ? undefined : repository.configs.get(config);
    if (content === undefined) return undefined;
    const inner = object(JSON.parse(content) as JsonObject, 'config') ?? {};
    return text(object(inner, 'Labels') ?? {}, 'org.opencontainers.image.revision');
  }

  private ask(path: string, method = 'GET'): Promise<Response> {
    return fetch(`${this.url}/v2/${path}`, {
      method,
      headers: { accept: accepted, authorization: this.authorization },
    });
  }
}

function configDigest({ document }: Manifest): string | undefined {
  return text(object(document, 'config') ?? {}, 'digest');
}

function architectureOf(child: JsonObject): Architecture {
  const platform = object(child, 'platform') ?? {};
  return text(platform, 'architecture') === 'arm64' ? 'arm64' : 'amd64';
}

function sizeOf(manifest: JsonObject): number {
  const parts = [object(manifest, 'config') ?? {}, ...objects(manifest, 'layers')];
  return parts.reduce((sum, part) => sum + (typeof part['size'] === 'number' ? part['size'] : 0), 0);
}
