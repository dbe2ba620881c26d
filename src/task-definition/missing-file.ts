/** Why a file of the workspace could not be read, and which one may be meant. */
import { readdir } from 'node:fs/promises';
import { basename, dirname, extname } from 'node:path';
import { nearest } from '../ecs/definition-rules/model.ts';
import { DeployError } from '../runtime/error.ts';

const CHECK = 'Check the path, and that actions/checkout ran before this step.';

/** `path` as the input has it, `absolute` where it was looked for. */
export async function unreadableFile(path: string, absolute: string, error: unknown): Promise<DeployError> {
  const code = (error as NodeJS.ErrnoException).code;
  const shown = path === '' ? '.' : path;
  if (code === 'EISDIR') {
    return unreadable(`${shown} is a folder, not a file.`, 'Give the path of the file.', error);
  }
  if (code !== 'ENOENT' && code !== 'ENOTDIR') {
    return unreadable(`the file ${shown} cannot be read (${code ?? String(error)}).`, CHECK, error);
  }
  const meant = await fileMeant(absolute);
  const there =
    meant === undefined
      ? ''
      : ` Did you mean ${shown.slice(0, shown.length - basename(shown).length)}${meant}?`;
  return unreadable(`there is no file ${shown} in the workspace.${there}`, CHECK, error);
}

function unreadable(what: string, hint: string, cause: unknown): DeployError {
  return new DeployError('invalid-input', `task-definition: ${what}`, { hint, cause });
}

/** A file beside it of nearly the same name, or of the same name with another ending. */
async function fileMeant(absolute: string): Promise<string | undefined> {
  const files = await filesIn(dirname(absolute));
  const name = basename(absolute);
  const stem = basename(name, extname(name));
  return nearest(name, files) ?? files.find((file) => basename(file, extname(file)) === stem);
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.flatMap((entry) => (entry.isFile() ? [entry.name] : [])).sort();
  } catch {
    // The folder is not there either, which the message about the file says well enough.
    return [];
  }
}
