import { digestOf } from './ids.ts';
import type { ImageBehaviour } from './image-behaviour.ts';
import type { Architecture, Image, Registry } from './registry.ts';

/** An image reference as a machine of ECS would find it. */
export interface FoundImage {
  readonly digest: string;
  /** For an index: its images, one for each platform. Empty for an image that runs anywhere. */
  readonly platforms: readonly { readonly architecture: Architecture; readonly digest: string }[];
  readonly behaviour: ImageBehaviour;
  readonly version: string;
}

/** Leads from an image reference to what the image is and does. */
export class ImageCatalogue {
  /** Explicit behaviours, by full reference, `repository:tag`, tag, or digest. They win over the conventions. */
  readonly behaviours = new Map<string, ImageBehaviour>();
  private readonly registry: Registry;
  private readonly conventionOf: (tag: string) => ImageBehaviour | undefined;

  /** `conventionOf`: what a tag promises by its name, where nothing else says what the image does. */
  constructor(registry: Registry, conventionOf: (tag: string) => ImageBehaviour | undefined) {
    this.registry = registry;
    this.conventionOf = conventionOf;
  }

  /** Resolves a reference; undefined when it names this account's registry, which has no such image. */
  find(reference: string): FoundImage | undefined {
    const parsed = parseReference(reference);
    if (parsed.registry !== this.registry.host) return this.elsewhere(reference);
    const repository = this.registry.repositories.get(parsed.repository);
    const exact = repository?.find(parsed);
    if (repository === undefined || exact === undefined) return undefined;
    return this.pushed(reference, parsed.repository, exact, repository.holderOf(exact.digest) ?? exact);
  }

  /** What an image does that is pushed under a tag and was given no behaviour of its own. */
  behaviourOf(repository: string, tag: string): ImageBehaviour | undefined {
    const name = `${repository}:${tag}`;
    return this.listed([`${this.registry.host}/${name}`, name, tag]) ?? this.conventionOf(tag);
  }

  private pushed(reference: string, repository: string, exact: Image, holder: Image): FoundImage {
    const tags = [...new Set([...(holder.firstTag === undefined ? [] : [holder.firstTag]), ...holder.tags])];
    const keys = [
      reference,
      exact.digest,
      holder.digest,
      ...tags.flatMap((tag) => [`${repository}:${tag}`, tag]),
    ];
    const behaviour = holder.behaviour ?? this.listed(keys) ?? this.firstConvention(tags) ?? {};
    return {
      digest: exact.digest,
      platforms: exact.children,
      behaviour,
      version: behaviour.version ?? tags[0] ?? exact.digest,
    };
  }

  /** An image of a registry that is not simulated: it exists, and its digest follows from its reference. */
  private elsewhere(reference: string): FoundImage {
    const { repository, tag, digest } = parseReference(reference);
    const tags = tag === undefined ? [] : [tag];
    const keys = [
      reference,
      ...(digest === undefined ? [] : [digest]),
      ...tags.flatMap((name) => [`${repository}:${name}`, name]),
    ];
    const behaviour = this.listed(keys) ?? this.firstConvention(tags) ?? {};
    const found = behaviour.digest ?? digest ?? digestOf(reference);
    return { digest: found, platforms: [], behaviour, version: behaviour.version ?? tag ?? found };
  }

  private firstConvention(tags: readonly string[]): ImageBehaviour | undefined {
    return tags.map(this.conventionOf).find((behaviour) => behaviour !== undefined);
  }

  private listed(keys: readonly string[]): ImageBehaviour | undefined {
    return keys.map((key) => this.behaviours.get(key)).find((behaviour) => behaviour !== undefined);
  }
}

/** An image reference, taken apart: `registry/repository:tag@digest`. */
export interface ImageReference {
  readonly registry: string;
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

const dockerHub = 'docker.io';

/** Parses a reference as container runtimes do; a first component without dot, colon or `localhost` is Docker Hub. */
export function parseReference(reference: string): ImageReference {
  const [name = reference, digest] = reference.split('@');
  const colon = name.lastIndexOf(':');
  const tagged = colon > name.lastIndexOf('/');
  const path = tagged ? name.slice(0, colon) : name;
  const tag = tagged ? name.slice(colon + 1) : undefined;
  const slash = path.indexOf('/');
  const first = slash < 0 ? '' : path.slice(0, slash);
  const hasRegistry = first === 'localhost' || /[.:]/.test(first);
  return {
    registry: hasRegistry ? first : dockerHub,
    repository: hasRegistry ? path.slice(slash + 1) : path,
    tag: tag ?? (digest === undefined ? 'latest' : undefined),
    digest,
  };
}
