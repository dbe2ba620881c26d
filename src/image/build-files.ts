/** What a build needs of the workspace, looked at before anything is built; a plan looks at it too. */
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Request } from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';
import { isRemote } from './source-hash.ts';

type Build = Request['build'];

/** Rejects with `invalid-input` where the context, its Dockerfile, a stage or a further context is not there. */
export async function refuseMissingFiles(context: string, build: Build, workspace: string): Promise<void> {
  if (context.startsWith('-')) throw wrong(`context: "${context}" is neither a folder nor a URL.`);
  await refuseMissingContexts(build, workspace);
  if (isRemote(context)) return;
  const folder = resolve(workspace, context);
  await refuseMissingFolder('context', context, folder);
  if (build.buildxArgs.some((arg) => /^(?:-f|--file)/.test(arg))) return;
  if (build.file !== undefined && isRemote(build.file)) return;
  const dockerfile = await findDockerfile(context, folder, build.file, workspace);
  await refuseMissingStage(dockerfile, build);
}

async function refuseMissingFolder(input: string, named: string, folder: string): Promise<void> {
  const kind = await kindOf(folder);
  if (kind === 'folder') return;
  throw kind === 'file'
    ? wrong(
        `${input}: "${named}" is a file, not a folder.`,
        'Give the folder; the Dockerfile is the input file.',
      )
    : wrong(
        `${input}: the folder "${named}" does not exist.`,
        'It is relative to the workspace. Does actions/checkout run before this step?',
      );
}

/** Lines `name=source`: a source without a scheme is a folder, as buildx takes it. */
async function refuseMissingContexts({ buildContexts }: Build, workspace: string): Promise<void> {
  for (const line of buildContexts) {
    const source = line.slice(line.indexOf('=') + 1);
    if (isRemote(source) || source.startsWith('target:')) continue;
    await refuseMissingFolder('build-contexts', source, resolve(workspace, source));
  }
}

/** The path of the Dockerfile, relative names as buildx takes them. */
async function findDockerfile(
  context: string,
  folder: string,
  file: string | undefined,
  workspace: string,
): Promise<string> {
  const paths =
    file === undefined
      ? ['Dockerfile', 'dockerfile'].map((name) => resolve(folder, name))
      : [resolve(workspace, file)];
  const kinds = await Promise.all(paths.map(kindOf));
  const found = paths[kinds.indexOf('file')];
  if (found !== undefined) return found;
  throw wrong(
    file === undefined
      ? `context: there is no Dockerfile in "${context}".`
      : kinds.includes('folder')
        ? `file: "${file}" is a folder, not a Dockerfile.`
        : `file: the Dockerfile "${file}" does not exist.`,
    'The input file is the path of the Dockerfile, relative to the workspace, not to the context.',
  );
}

/** An empty Dockerfile, or one without the stage that `target` names, is refused by BuildKit after the upload. */
async function refuseMissingStage(path: string, { target }: Build): Promise<void> {
  const text = await readFile(path, 'utf8');
  if (text.trim() === '')
    throw wrong('file: the Dockerfile is empty.', 'Does actions/checkout run before this step?');
  if (target === undefined || /^\d+$/.test(target)) return;
  const stages = stagesIn(text);
  if (stages === undefined || stages.some((stage) => stage.toLowerCase() === target.toLowerCase())) return;
  throw wrong(
    `target: the Dockerfile has no stage "${target}".`,
    stages.length === 0 ? 'Its stages have no names (FROM … AS name).' : `Its stages: ${stages.join(', ')}.`,
  );
}

/**
 * Pure: the names of the stages of a Dockerfile; undefined where another frontend than Docker's reads it, or its lines
 * are continued in another way.
 */
export function stagesIn(text: string): readonly string[] | undefined {
  const syntax = /^#\s*syntax\s*=\s*(\S+)/im.exec(text)?.[1];
  if (syntax !== undefined && !/^(?:docker\.io\/)?docker\/dockerfile\b/.test(syntax)) return undefined;
  if (/^#\s*escape\s*=/im.test(text)) return undefined;
  const lines = text.replaceAll(/\\[ \t]*\r?\n/g, ' ');
  return [...lines.matchAll(/^[ \t]*FROM[ \t]+(?:--\S+[ \t]+)*\S+[ \t]+AS[ \t]+(\S+)/gim)].map(
    ([, name = '']) => name,
  );
}

async function kindOf(path: string): Promise<'file' | 'folder' | 'nothing'> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch {
    return 'nothing';
  }
}

function wrong(message: string, hint?: string): DeployError {
  return new DeployError('invalid-input', message, hint === undefined ? {} : { hint });
}
