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
