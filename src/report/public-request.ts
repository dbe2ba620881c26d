import type { CodeDeployRequest, HttpCheck, NamedChanges, Request } from '../model/index.ts';
import { withoutQuery } from '../runtime/http.ts';

/** What the report may say of the request: everything but values that may be secret, which appear by name. */
export function describeRequest(request: Request): Record<string, unknown> {
  const { image, build, definition, gate, report, codeDeploy, ...rest } = request;
  return {
    ...rest,
    codeDeploy: codeDeploy && describeCodeDeploy(codeDeploy),
    image: image.kind === 'build' ? { ...image, context: withoutCredentials(image.context) } : image,
    build: {
      ...build,
      buildContexts: build.buildContexts.map(withoutCredentials),
      cacheFrom: build.cacheFrom.map(withoutSecretAttributes),
      cacheTo: build.cacheTo.map(withoutSecretAttributes),
      buildxArgs: buildxArguments(build.buildxArgs),
      buildArgs: names(build.buildArgs),
      secrets: names(build.secrets),
      secretFiles: names(build.secretFiles),
      secretEnvs: names(build.secretEnvs),
    },
    definition: {
      ...definition,
      environment: changeNames(definition.environment),
      secrets: changeNames(definition.secrets),
      dockerLabels: changeNames(definition.dockerLabels),
      logOptions: changeNames(definition.logOptions),
      command: definition.command === undefined ? undefined : 'given',
    },
    preDeploy: request.preDeploy === undefined ? undefined : { ...request.preDeploy, command: 'given' },
    gate: {
      ...gate,
      http: gate.http && describeCheck(gate.http),
      testUrl: gate.testUrl && describeCheck(gate.testUrl),
    },
    report: { ...report, githubToken: report.githubToken === undefined ? undefined : 'given' },
  };
}

/** Undefined where nothing of it is asked for. The AppSpec is named, not shown. */
function describeCodeDeploy(request: CodeDeployRequest): CodeDeployRequest | undefined {
  const { application, group, appSpec, description, config } = request;
  const asked = { application, group, appSpec, description, config };
  return Object.values(asked).some((each) => each !== undefined) ? asked : undefined;
}

function describeCheck(check: HttpCheck): Record<string, unknown> {
  return { ...check, url: withoutQuery(check.url), headers: Object.keys(check.headers) };
}

function names(lines: readonly string[]): string[] {
  return lines.map((line) => line.split('=', 1)[0] ?? '');
}

function changeNames(changes: NamedChanges): { set: string[]; remove: readonly string[] } {
  return { set: Object.keys(changes.set), remove: changes.remove };
}

/** An address without its user, password and query: each may carry a token. Other text stays as it is. */
function withoutCredentials(text: string): string {
  return withoutQuery(text.replace(/:\/\/[^/?#]*@/, '://…@'));
}

/** `type=s3,secret_access_key=…`, as BuildKit's cache attributes are written. */
function withoutSecretAttributes(attributes: string): string {
  return attributes.replace(/([\w-]*(?:secret|token|password|key)[\w-]*)=[^,]*/gi, '$1=…');
}

/** The flags alone: what follows one may be a build argument or a secret. */
function buildxArguments(words: readonly string[]): string[] {
  return names(words.filter((word) => word.startsWith('-')));
}
