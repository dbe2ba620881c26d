/** Where and for what a run happened, from the runner's documented variables. */
export interface RunFacts {
  readonly repository: string | undefined;
  readonly sha: string | undefined;
  readonly ref: string | undefined;
  readonly actor: string | undefined;
  readonly event: string | undefined;
  readonly runUrl: string | undefined;
}

/** GitHub docs, "Variables reference"; outside a runner all of them are undefined. */
export function runFacts(env: Readonly<Record<string, string | undefined>>): RunFacts {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: runId } = env;
  return {
    repository,
    sha: env['GITHUB_SHA'],
    ref: env['GITHUB_REF'],
    actor: env['GITHUB_ACTOR'],
    event: env['GITHUB_EVENT_NAME'],
    runUrl:
      server === undefined || repository === undefined || runId === undefined
        ? undefined
        : `${server}/${repository}/actions/runs/${runId}`,
  };
}
