/** How an image is built: the inputs that mean what they mean in docker/build-push-action. */
import type { BuildOptions, ImageSource, Request } from '../model/index.ts';
import { soundsLikeCredential } from './doubts.ts';
import {
  commaList,
  lineList,
  linesOf,
  pairLines,
  pairLinesOrNames,
  pairs,
  quotedCommaList,
} from './lists.ts';
import {
  accountId,
  CONTAINER_NAME,
  ecrRepository,
  imageReference,
  platform,
  tagOrDigest,
  tagOrReference,
  wrongImage,
} from './names.ts';
import type { InputReader } from './reader.ts';
import { flag, line, oneOf, problem, quoted, value, words, type Parsed } from './values.ts';

/** The inputs that mean something only where an image is built. */
export const BUILD_INPUTS = [
  'file',
  'target',
  'platforms',
  'build-args',
  'build-contexts',
  'build-secrets',
  'build-secret-files',
  'build-secret-envs',
  'push-tags',
  'image-labels',
  'cache-from',
  'cache-to',
  'cache',
  'reuse-image',
  'provenance',
  'sbom',
  'pull',
  'no-cache',
  'builder',
  'buildkit-image',
  'buildx-args',
] as const;

export function readBuild(read: InputReader): BuildOptions {
  const build: BuildOptions = {
    file: read.optional('file', line),
    target: read.optional('target', line),
    platforms: read.value('platforms', commaList(platform)),
    buildArgs: read.value('build-args', pairLinesOrNames(BUILD_ARGS)),
    buildContexts: read.value('build-contexts', pairLines(BUILD_CONTEXTS)),
    secrets: read.value('build-secrets', pairLines(SECRETS)),
    secretFiles: read.value('build-secret-files', pairLines(SECRET_FILES)),
    secretEnvs: read.value('build-secret-envs', pairLines(SECRET_ENVS)),
    tags: read.value('push-tags', quotedCommaList(tagOrReference)),
    labels: read.value('image-labels', pairLines(LABELS)),
    cacheFrom: read.value('cache-from', lineList(line)),
    cacheTo: read.value('cache-to', lineList(line)),
    cache: read.value('cache', oneOf(['gha', 'registry', 'none']), 'none'),
    reuseImage: read.value('reuse-image', flag, 'true'),
    provenance: read.value('provenance', flagOrText, 'false'),
    sbom: read.value('sbom', flagOrText, 'false'),
    pull: read.value('pull', flag, 'false'),
    noCache: read.value('no-cache', flag, 'false'),
    builder: read.optional('builder', line),
    buildkitImage: read.optional('buildkit-image', imageReference),
    buildxArgs: read.value('buildx-args', argumentLines),
  };
  for (const secret of build.secrets) read.secrets.push(worthOf(secret));
  // What BuildKit puts into the name of a step, it prints.
  const args = build.buildArgs.filter((arg) => soundsLikeCredential(arg.split('=', 1)[0] ?? ''));
  for (const arg of args) if (arg.includes('=')) read.secrets.push(worthOf(arg));
  for (const context of build.buildContexts) read.secrets.push(...passwordsIn(worthOf(context)));
  return build;
}

function worthOf(pair: string): string {
  return pair.slice(pair.indexOf('=') + 1);
}

/** Pure: the password of an address, or the token that stands in the place of its user. Programs print such addresses. */
export function passwordsIn(address: string): string[] {
  const [, user = '', password] = /^[a-z][\w+.-]*:\/\/([^/?#\s:@]*)(?::([^/?#\s]*))?@/i.exec(address) ?? [];
  const secret = password ?? user;
  return secret.length < SHORTEST_TOKEN && password === undefined
    ? []
    : [secret].filter((each) => each !== '');
}

/** A user without a password, such as `git`, is none. */
const SHORTEST_TOKEN = 16;

const notEmpty = (worth: string): string | undefined =>
  worth.trim() === ''
    ? 'has no value. (A secret or variable that does not exist is empty in a workflow.)'
    : undefined;

const NAME = /^[^\s=]+$/;

const SECRET_ID = /^[\w.-]+$/;

const BUILD_ARGS = {
  example: 'NAME=value, or NAME to take it from the environment',
  name: NAME,
  confidential: true,
  quotes: true,
};

const BUILD_CONTEXTS = { example: 'name=path', name: NAME, wrongValue: notEmpty, confidential: false };

const SECRETS = {
  example: 'id=value',
  name: SECRET_ID,
  wrongValue: notEmpty,
  confidential: true,
  quotes: true,
};

const SECRET_FILES = { example: 'id=path', name: SECRET_ID, wrongValue: notEmpty, confidential: true };

const SECRET_ENVS = {
  example: 'id=ENVIRONMENT_VARIABLE',
  name: SECRET_ID,
  wrongValue: (worth: string): string | undefined =>
    /^\w+$/.test(worth)
      ? undefined
      : 'does not name an environment variable. Give letters, digits and underscores.',
  confidential: true,
  commas: true,
};

const LABELS = { example: 'name=value', name: NAME, confidential: false, quotes: true };

/** `true` and `false` in one spelling; anything else is for buildx to read, such as `mode=max`. */
function flagOrText(text: string): Parsed<string> {
  const asFlag = flag(text);
  if (asFlag.kind === 'value') return value(String(asFlag.value));
  const written = text.trim();
  return /^[\w-]+=\S+$/.test(written)
    ? value(written)
    : problem(`${quoted(written)} is not known. Give true, false or attributes such as mode=max.`);
}

/** Words, line by line, so that an option and its value can share a line. */
function argumentLines(text: string): Parsed<readonly string[]> {
  return words(
    linesOf(text)
      .map((each) => each.text)
      .join('\n'),
  );
}

export function readImage(read: InputReader): Pick<Request, 'image' | 'ecrRepository' | 'registries'> {
  const reference = read.optional('image', imageReference);
  const references = read.optional('images', pairs(IMAGES));
  const repository = read.optional('ecr-repository', ecrRepository);
  const tag = read.optional('image-tag', tagOrDigest);
  const context = read.optional('context', line);
  read.secrets.push(...passwordsIn(context ?? ''));
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

/** The first of the given sources; that there is no second one is a rule of `rules.ts`. */
function source({ reference, references, repository = '', tag, context }: Given): ImageSource {
  if (reference !== undefined) return { kind: 'reference', reference };
  if (references !== undefined) return { kind: 'by-container', references };
  if (tag !== undefined) return { kind: 'existing-tag', repository, tag };
  if (context !== undefined) return { kind: 'build', repository, context };
  return { kind: 'none' };
}
