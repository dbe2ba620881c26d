/** Where and for what a run happened, from the runner's documented variables. */
export interface RunFacts {
  readonly repository: string | undefined;
  readonly sha: string | undefined;
  /** On a pull request its head; otherwise the same as `sha`. */
  readonly commit: string | undefined;
  readonly ref: string | undefined;
  readonly actor: string | undefined;
  readonly event: string | undefined;
  readonly serverUrl: string | undefined;
  readonly runId: string | undefined;
  /** This step of this attempt, unlike any other. */
  readonly id: string;
  readonly runUrl: string | undefined;
}

/** GitHub docs, "Variables reference"; outside a runner all of them are undefined. */
export function runFacts(
  env: Readonly<Record<string, string | undefined>>,
  commit: string | undefined = env['GITHUB_SHA'],
): RunFacts {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: runId } = env;
  return {
    repository,
    sha: env['GITHUB_SHA'],
    commit,
    ref: env['GITHUB_REF'],
    actor: env['GITHUB_ACTOR'],
    event: env['GITHUB_EVENT_NAME'],
    serverUrl: server,
    runId,
    id: [runId, env['GITHUB_RUN_ATTEMPT'], env['GITHUB_JOB'], env['GITHUB_ACTION']]
      .map((each) => each ?? '')
      .join('/'),
    runUrl:
      server === undefined || repository === undefined || runId === undefined
        ? undefined
        : `${server}/${repository}/actions/runs/${runId}`,
  };
}
