import type { RunContext } from '../context.ts';
import type { Request } from '../model/index.ts';

/** The request with what its task definition file holds: a wrong file is found before AWS is asked anything. */
export async function withDefinitionFile(
  request: Request,
  { workspace, log }: Pick<RunContext, 'workspace' | 'log'>,
): Promise<Request> {
  const { base } = request.definition;
  if (base.kind !== 'file') return request;
  // A parser of YAML is large, and most runs read no file.
  const { readTaskDefinitionFile } = await import('../task-definition/read-file.ts');
  const definition = await readTaskDefinitionFile(workspace, base.path, log);
  return { ...request, definition: { ...request.definition, base: { ...base, definition } } };
}
