/** ECR: repositories, their images and configs, and what its presigned URLs lead to. */
import { randomBytes } from 'node:crypto';
import { matchesGlob } from 'node:path';
import { AwsError } from './errors.ts';
import { digestOf } from './ids.ts';
import type { Ids } from './ids.ts';
import type { ImageBehaviour } from './image-behaviour.ts';

export const manifestType = 'application/vnd.oci.image.manifest.v1+json';
export const indexType = 'application/vnd.oci.image.index.v1+json';

export type Architecture = 'amd64' | 'arm64';

export interface Image {
  readonly digest: string;
  readonly mediaType: string;
  readonly manifest: string;
  readonly size: number;
  readonly pushedAt: number;
  readonly tags: Set<string>;
  /** The tag under which it first arrived: a moved tag does not change what an image is. */
  readonly firstTag: string | undefined;
  readonly behaviour: ImageBehaviour | undefined;
  /** For an index: its images, one for each platform. */
  readonly children: readonly { readonly architecture: Architecture; readonly digest: string }[];
}

export interface PushOptions {
  readonly behaviour?: ImageBehaviour;
  /** Push an index over one image for each of these; by default a single image. */
  readonly platforms?: readonly Architecture[];
}

export type TagMutability = 'MUTABLE' | 'IMMUTABLE' | 'MUTABLE_WITH_EXCLUSION' | 'IMMUTABLE_WITH_EXCLUSION';

/** One repository: images by digest, and tags that point to them. */
export class Repository {
  readonly name: string;
  readonly arn: string;
  readonly uri: string;
  readonly createdAt: number;
  readonly tagMutability: TagMutability;
  /** Patterns of tags for which it is the other way round. */
  readonly mutabilityExceptions: readonly string[];
  readonly images = new Map<string, Image>();
  /** The configs of its images, by digest. */
  readonly configs = new Map<string, string>();

  constructor(
    name: string,
    home: {
      arn: string;
      uri: string;
      createdAt: number;
      mutability: TagMutability;
      exceptions: readonly string[];
    },
  ) {
    this.name = name;
    this.arn = home.arn;
    this.uri = home.uri;
    this.createdAt = home.createdAt;
    this.tagMutability = home.mutability;
    this.mutabilityExceptions = home.exceptions;
  }

  /** A tag that exists cannot be moved to another image. */
  isImmutable(tag: string): boolean {
    const isException = this.mutabilityExceptions.some((pattern) => matchesGlob(tag, pattern));
    return this.tagMutability.startsWith('IMMUTABLE') !== isException;
  }

  byTag(tag: string): Image | undefined {
    return [...this.images.values()].find((image) => image.tags.has(tag));
  }

  /** The image that a reference means: its digest if it has one, otherwise its tag. */
  find(reference: { tag: string | undefined; digest: string | undefined }): Image | undefined {
    if (reference.digest !== undefined) return this.images.get(reference.digest);
    return reference.tag === undefined ? undefined : this.byTag(reference.tag);
  }

  /** The image or the index that holds this digest, and so what it does. */
  holderOf(digest: string): Image | undefined {
    const holds = (image: Image): boolean => image.children.some((child) => child.digest === digest);
    return [...this.images.values()].find(holds) ?? this.images.get(digest);
  }

  /** Moves a tag to an image. */
  tag(image: Image, tag: string): void {
    for (const other of this.images.values()) other.tags.delete(tag);
    image.tags.add(tag);
  }

  /** Stores a manifest under its own digest, once; pushing it again only adds the tag. */
  put(
    manifest: string,
    about: Omit<Image, 'digest' | 'manifest' | 'size' | 'tags' | 'firstTag'> & {
      tag: string | undefined;
      size?: number;
    },
  ): Image {
    const digest = about.behaviour?.digest ?? digestOf(manifest);
    const image = this.images.get(digest) ?? {
      ...about,
      digest,
      manifest,
      size: about.size ?? 48_000_000 + manifest.length,
      tags: new Set<string>(),
      firstTag: about.tag,
    };
    this.images.set(digest, image);
    if (about.tag !== undefined) this.tag(image, about.tag);
    return image;
  }
}

/** What an image that is pushed to a repository under a tag will do, as far as that is known by then. */
export type BehaviourOf = (repository: string, tag: string) => ImageBehaviour | undefined;

/** ECR of one account and region. */
export class Registry {
  readonly host: string;
  /** What the authorization token holds, for the user `AWS`. */
  password: string;
  readonly repositories = new Map<string, Repository>();
  private readonly arnOf: (name: string) => string;
  private readonly now: () => number;
  private readonly ids: Ids;
  private readonly behaviourOf: BehaviourOf;

  constructor(
    host: string,
    arnOf: (name: string) => string,
    now: () => number,
    ids: Ids,
    behaviourOf: BehaviourOf,
  ) {
    this.host = host;
    this.password = `simulated-${host.split('.', 1)[0] ?? ''}-password`;
    this.arnOf = arnOf;
    this.now = now;
    this.ids = ids;
    this.behaviourOf = behaviourOf;
  }

  create(
    name: string,
    mutability: TagMutability = 'MUTABLE',
    exceptions: readonly string[] = [],
  ): Repository {
    if (this.repositories.has(name)) {
      throw new AwsError(
        'RepositoryAlreadyExistsException',
        `The repository with name '${name}' already exists in the registry`,
      );
    }
    const uri = `${this.host}/${name}`;
    const repository = new Repository(name, {
      arn: this.arnOf(name),
      uri,
      createdAt: this.now(),
      mutability,
      exceptions,
    });
    this.repositories.set(name, repository);
    return repository;
  }

  /** What `docker push` leaves behind. Pushing a tag again makes another image, as another build would. */
  push(repositoryName: string, tag: string, options: PushOptions = {}): Image {
    const repository = this.repositories.get(repositoryName) ?? this.create(repositoryName);
    const again = repository.byTag(tag) === undefined ? '' : `#${this.ids.next()}`;
    const content = `${repositoryName}:${tag}${again}`;
    const about = { pushedAt: this.now(), behaviour: options.behaviour };
    const platforms = options.platforms;
    if (platforms === undefined) {
      const behaviour = options.behaviour ?? this.behaviourOf(repositoryName, tag);
      const architecture = behaviour?.pullFailure === 'wrong-platform' ? 'arm64' : 'amd64';
      const manifest = imageManifest(repository, content, architecture);
      return repository.put(manifest, { ...about, mediaType: manifestType, children: [], tag });
    }
    const children = platforms.map((architecture) => {
      const manifest = imageManifest(repository, `${content}/${architecture}`, architecture);
      const child = repository.put(manifest, {
        ...about,
        mediaType: manifestType,
        children: [],
        tag: undefined,
      });
      return { architecture, digest: child.digest, size: manifest.length };
    });
    return repository.put(indexManifest(children), { ...about, mediaType: indexType, children, tag });
  }
}

/** The manifest of one image, whose config the repository gets. */
function imageManifest(repository: Repository, content: string, architecture: Architecture): string {
  const layer = (name: string, size: number): object => ({
    mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
    size,
    digest: digestOf(`${name} of ${content}`),
  });
  const config = imageConfig(content, architecture);
  const digest = digestOf(config);
  repository.configs.set(digest, config);
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', size: config.length, digest },
    layers: [layer('base', 29_000_000), layer('application', 19_000_000)],
  });
}

function indexManifest(
  children: readonly { architecture: Architecture; digest: string; size: number }[],
): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: indexType,
    manifests: children.map(({ architecture, digest, size }) => ({
      mediaType: manifestType,
      size,
      digest,
      platform: { architecture, os: 'linux' },
    })),
  });
}

/**
 * The config of an image for Linux, which says what it runs on (OCI image specification, "config.md"). The same content for the same architecture has the
 * same config.
 */
function imageConfig(content: string, architecture: Architecture): string {
  const diffs = ['base', 'application'].map((name) => digestOf(`${name} of ${content}, unpacked`));
  return JSON.stringify({
    architecture,
    os: 'linux',
    ...(architecture === 'arm64' ? { variant: 'v8' } : {}),
    config: { Cmd: ['/usr/local/bin/uvicorn'] },
    rootfs: { type: 'layers', diff_ids: diffs },
  });
}

/** What ECR gives out by presigned URLs: whoever has one gets the content, without credentials. */
export class Downloads {
  /** `http://127.0.0.1:<port>` of the server that answers for them. */
  base = '';
  private readonly contents = new Map<string, string>();

  /** A URL that nobody can guess. */
  offer(content: string): string {
    const token = randomBytes(32).toString('hex');
    this.contents.set(token, content);
    return `${this.base}${downloadFolder}${token}`;
  }

  /** The content of a token that was given out. */
  content(token: string): string | undefined {
    return this.contents.get(token);
  }
}

/** Where presigned URLs lead: the token follows. */
export const downloadFolder = '/layers/';
