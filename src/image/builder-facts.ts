import { DeployError } from '../runtime/failure.ts';
import { parseBuildxVersion, type BuildxVersion } from './arguments.ts';
import { parseCurrentBuilder, type CurrentBuilder } from './builder.ts';
import type { Docker } from './docker.ts';
import { explain, sentence, type Circumstances } from './explain.ts';

/** Undefined where buildx does not say. Throws `build-failed` where there is no buildx. */
export async function buildxVersion(
  docker: Docker,
  circumstances: Circumstances,
): Promise<BuildxVersion | undefined> {
  const { exitCode, stdout, lastLines } = await docker.run(['buildx', 'version']);
  const missing = lastLines.find((line) => /unknown command|not a docker command/.test(line));
  if (exitCode === 0 || missing === undefined) return parseBuildxVersion(stdout);
  const { error, hint } = explain([missing], circumstances, missing);
  throw new DeployError('build-failed', sentence('The docker command has no buildx', error), {
    ...(hint === undefined ? {} : { hint }),
  });
}

/** What is known of the builder; of one that is given by name, nothing has to be. */
export async function currentBuilder(docker: Docker, given: string | undefined): Promise<CurrentBuilder> {
  if (given !== undefined) return parseCurrentBuilder('', '');
  const inspected = await answerOf(docker, ['buildx', 'inspect']);
  const driverStatus = await answerOf(docker, ['info', '--format', '{{json .DriverStatus}}']);
  return parseCurrentBuilder(inspected, driverStatus);
}

/** What a question gets; nothing where docker has no answer. */
async function answerOf(docker: Docker, args: readonly string[]): Promise<string> {
  const { exitCode, stdout } = await docker.run(args);
  return exitCode === 0 ? stdout : '';
}
