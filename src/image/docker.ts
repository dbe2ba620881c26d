import type { ProcessContext, StepContext } from '../context.ts';
import { DeployError } from '../runtime/error.ts';
import { ToolMissing, type Ended } from '../runtime/exec.ts';
import { retry, type Attempt } from '../runtime/wait.ts';

/** The docker command in the configuration of this run. */
export interface Docker {
  /** The folder of the configuration; what this run needs besides is put there too. */
  readonly folder: string;
  run(args: readonly string[], more?: DockerOptions): Promise<Ended>;
}

export interface DockerOptions {
  readonly input?: string;
  /** Variables beside those of the job. */
  readonly env?: Readonly<Record<string, string>>;
  readonly deadlineSeconds?: number;
  readonly onLine?: (line: string) => void;
}

/** Commands that only ask, and those that log in. */
const SHORT_SECONDS = 120;

/** Throws `build-failed` where there is no docker command. */
export function dockerOf(
  ctx: ProcessContext,
  folder: string,
  config: Readonly<Record<string, string>>,
): Docker {
  const env = { ...environment(ctx.env), ...config, DOCKER_CLI_HINTS: 'false' };
  return {
    folder,
    async run(args, { deadlineSeconds = SHORT_SECONDS, env: more = {}, ...options } = {}) {
      try {
        return await ctx.exec(
          {
            tool: 'docker',
            args,
            env: { ...env, ...more },
            cwd: ctx.workspace,
            deadlineSeconds,
            ...options,
          },
          ctx.signal,
        );
      } catch (error) {
        if (!(error instanceof ToolMissing)) throw error;
        throw new DeployError('build-failed', 'There is no docker command on this runner.', {
          hint: 'Use a runner with Docker and buildx, such as ubuntu-latest, or deploy an image that is built elsewhere (image-tag).',
          cause: error,
        });
      }
    },
  };
}

/** Pauses before the second, third and fourth attempt, in seconds. */
const PAUSES = [2, 5, 12];

/** Runs docker up to four times, as long as what failed may pass; each pause is logged. Throws the last failure. */
export function retryDocker<T>(
  { clock, signal, log }: StepContext,
  attempt: () => Promise<Attempt<T>>,
): Promise<T> {
  const onRetry = (error: Error, seconds: number): void => {
    log.line(`${error.message} Trying again in ${seconds} s.`);
  };
  return retry({ clock, signal, pauses: PAUSES, onRetry }, attempt);
}

/** What a program may see of the job's environment: not the inputs of this step, of which some are secrets. */
function environment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value === undefined || /^(?:INPUT|STATE)_/.test(name) ? [] : [[name, value]],
    ),
  );
}
