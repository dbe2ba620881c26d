import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { problemOfAppSpec } from '../codedeploy/app-spec.ts';
import type { RunContext } from '../context.ts';
import type { CodeDeployRequest, Json, Request } from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';

/**
 * The request with what its files hold, the task definition and the AppSpec: a wrong file is found before AWS is asked
 * anything.
 */
export async function withDefinitionFile(
  request: Request,
  ctx: Pick<RunContext, 'workspace' | 'log'>,
): Promise<Request> {
  const { workspace, log } = ctx;
  const { base } = request.definition;
  const { codeDeploy } = request;
  const withAppSpec =
    codeDeploy === undefined ? request : { ...request, codeDeploy: await withAppSpecFile(codeDeploy, ctx) };
  if (base.kind !== 'file') return withAppSpec;
  // A parser of YAML is large, and most runs read no file.
  const { readTaskDefinitionFile } = await import('../task-definition/read-file.ts');
  const definition = await readTaskDefinitionFile(workspace, base.path, log);
  return { ...withAppSpec, definition: { ...request.definition, base: { ...base, definition } } };
}

/** The name that the official action looks for. */
const USUAL_NAME = 'appspec.yaml';

/** One that the user names has to be there, and to be one; one by the usual name may be of something else. */
async function withAppSpecFile(
  asked: CodeDeployRequest,
  { workspace }: Pick<RunContext, 'workspace'>,
): Promise<CodeDeployRequest> {
  const path = asked.appSpec ?? USUAL_NAME;
  let text: string;
  try {
    text = await readFile(resolve(workspace, path), 'utf8');
  } catch (error) {
    if (asked.appSpec === undefined) return asked;
    throw new DeployError('invalid-input', `codedeploy-appspec: ${path} cannot be read.`, {
      hint: 'Give a file of the workspace (does actions/checkout run before this step?), or leave it out.',
      cause: error,
    });
  }
  const file = await parsed(path, text);
  if (file.kind === 'problem' && asked.appSpec !== undefined) {
    throw new DeployError('invalid-input', `codedeploy-appspec: ${file.problem}.`, {
      hint: 'Correct the file, or leave it out: an AppSpec is made then.',
    });
  }
  return { ...asked, file };
}

async function parsed(path: string, text: string): Promise<NonNullable<CodeDeployRequest['file']>> {
  const { parse } = await import('yaml');
  let document: Json;
  try {
    document = parse(text) as Json;
  } catch (error) {
    const [first = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    return { kind: 'problem', problem: `${path} is neither YAML nor JSON: ${first.replace(/[.:]$/, '')}` };
  }
  const problem = problemOfAppSpec(document);
  if (problem !== undefined) return { kind: 'problem', problem: `${path} ${problem}` };
  return { kind: 'document', document: document as Readonly<Record<string, Json>> };
}
