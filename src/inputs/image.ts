/** The image of this run: a reference, one for each container, an existing tag, or a build. */
import type { ImageSource, Request } from '../model.ts';
import { line } from './grammar.ts';
import { commaList, pairs } from './lines.ts';
import {
  CONTAINER_NAME,
  accountId,
  ecrRepository,
  imageReference,
  tagOrDigest,
  wrongImage,
} from './names.ts';
import type { InputReader } from './reader.ts';

export function readImage(read: InputReader): Pick<Request, 'image' | 'ecrRepository' | 'registries'> {
  const reference = read.optional('image', imageReference);
  const references = read.optional('images', pairs(IMAGES));
  const repository = read.optional('ecr-repository', ecrRepository);
  const tag = read.optional('image-tag', tagOrDigest);
  const context = read.optional('context', line);
  const registries = read.value('registries', commaList(accountId));
  return {
    image: source({ reference, references, repository, tag, context }),
    ecrRepository: repository,
    registries,
  };
}

const IMAGES = {
  example: 'container=registry/name:tag',
  name: CONTAINER_NAME,
  wrongValue: wrongImage,
  confidential: false,
  commas: true,
};

interface Given {
  readonly reference: string | undefined;
  readonly references: Readonly<Record<string, string>> | undefined;
  readonly repository: string | undefined;
  readonly tag: string | undefined;
  readonly context: string | undefined;
}

/** The first of the given sources; that there is no second one is a rule of `combinations.ts`. */
function source({ reference, references, repository = '', tag, context }: Given): ImageSource {
  if (reference !== undefined) return { kind: 'reference', reference };
  if (references !== undefined) return { kind: 'by-container', references };
  if (tag !== undefined) return { kind: 'existing-tag', repository, tag };
  if (context !== undefined) return { kind: 'build', repository, context };
  return { kind: 'none' };
}
