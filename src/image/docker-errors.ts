import type { Cause } from '../model/index.ts';

/** What went wrong in docker's or a registry's own words, and what to do about it. */
export interface Explanation {
  /** The line that says it. */
  readonly error: string;
  readonly cause: Extract<Cause, 'build-failed' | 'push-failed'>;
  readonly hint: string | undefined;
  /** Trying again may help. */
  readonly retryable: boolean;
  /** What the program said about it, the error itself included. */
  readonly lines: readonly string[];
}

export interface Circumstances {
  readonly repository: { readonly name: string; readonly region: string; readonly host: string };
  readonly platforms: readonly string[];
}

/** Answers that another attempt may not get. */
const RETRYABLE =
  /\b429\b|too ?many ?requests|\b50[0234] |(?:status|code)[: ]+5\d\d\b|internal server error|bad gateway|service unavailable|gateway time-?out|connection reset|broken pipe|unexpected EOF|: EOF$|i\/o timeout|TLS handshake timeout|connection timed out|GOAWAY|stream error|server misbehaving|closed network connection/i;

/** The Dockerfile's own failure, and limits that do not pass in seconds. */
const LASTING =
  /did not complete successfully|dockerfile parse error|failed to read dockerfile|failed to compute cache key|failed to calculate checksum|target stage|pull rate limit|docker daemon/i;

interface Rule {
  readonly says: RegExp;
  readonly hint: (circumstances: Circumstances, found: RegExpExecArray) => string;
}

const PUSH_ACTIONS =
  'ecr:BatchCheckLayerAvailability, ecr:InitiateLayerUpload, ecr:UploadLayerPart, ecr:CompleteLayerUpload and ecr:PutImage';

/** What a registry says in words comes first; BuildKit often passes on no more than the status. */
const RULES: readonly Rule[] = [
  {
    says: /repository with name '([^']+)' does not exist|name unknown|(?:POST|PUT) request to \S+: 404/i,
    hint: ({ repository: { name, region } }, found) =>
      `Create the repository: aws ecr create-repository --repository-name ${found[1] ?? name} --image-tag-mutability IMMUTABLE --region ${region}`,
  },
  {
    says: /cannot be overwritten because the repository is immutable|ImageTagAlreadyExists|tag invalid/i,
    hint: () =>
      'The tags of the repository are immutable, and this one exists. Leave push-tags out (the tag is the commit), give a new one, or exclude it from immutability.',
  },
  {
    says: /is not authorized to perform: (ecr:\w+)/i,
    hint: ({ repository: { name } }, found) =>
      `Allow ${found[1] ?? ''} on the repository ${name} in the policy of the role that this step runs with.`,
  },
  {
    says: /authorization token has expired/i,
    hint: () => 'A token of ECR is good for 12 hours. Run the step again.',
  },
  {
    says: /(image|layer|repository)[^.]*(quota|limit)[^.]*exceeded|LimitExceeded|exceeded a service limit/i,
    hint: ({ repository: { name } }) =>
      `A quota of ECR is used up. Remove old images of ${name} with a lifecycle policy, or ask for more in Service Quotas.`,
  },
  {
    says: /PUT request to \S+\/manifests\/\S+: 4(?!0[134])\d\d/i,
    hint: ({ repository: { name } }) =>
      `ECR did not take the image, and buildx does not pass on why. Either the tag exists and is immutable, or a quota is used up: see aws ecr describe-images --repository-name ${name}, and Service Quotas.`,
  },
  {
    says: /pull rate limit/i,
    hint: () =>
      'Docker Hub limits pulls without an account. Log in to it with docker/login-action before this step, or take the base image from public.ecr.aws/docker/library.',
  },
  {
    says: /401 Unauthorized|no basic auth credentials|authentication required|authorization failed/i,
    hint: () =>
      'The registry does not accept the credentials. For a base image in the ECR registry of another account, give that account in registries; for another registry, log in with docker/login-action before this step.',
  },
  {
    says: /403 Forbidden|denied: (?!requested)/i,
    hint: ({ repository: { name } }) =>
      `The role that this step runs with needs ${PUSH_ACTIONS} on the repository ${name}; a repository of another account needs a repository policy as well.`,
  },
  {
    says: /pull access denied|requested access to the resource is denied|insufficient_scope/i,
    hint: () =>
      'The image does not exist, or it needs a login: registries for ECR, docker/login-action before this step for others.',
  },
  {
    says: /no match for platform|no matching manifest/i,
    hint: ({ platforms }) =>
      `The base image has no variant for ${platforms.join(', ')}. Take another base image, or change the runtimePlatform of the task definition.`,
  },
  {
    says: /exec format error|exec \/\S+: exec format/i,
    hint: ({ platforms }) =>
      `This runner cannot run programs of ${platforms.join(', ')}. Build on a runner of that architecture (such as ubuntu-24.04-arm), or run docker/setup-qemu-action before this step.`,
  },
  {
    says: /failed to read dockerfile|no such file or directory.*dockerfile/i,
    hint: () => 'Check the inputs context and file; file is relative to the workspace, not to the context.',
  },
  {
    says: /failed to compute cache key|failed to calculate checksum/i,
    hint: () => 'Check that the file is in the context and that .dockerignore does not leave it out.',
  },
  { says: /target stage/i, hint: () => 'Check the input target against the stages of the Dockerfile.' },
  {
    says: /secret \S+: not found|secret not found/i,
    hint: () =>
      'The Dockerfile asks for a secret that no input gives: build-secrets, build-secret-envs or build-secret-files.',
  },
  {
    says: /not supported for the docker driver/i,
    hint: () =>
      'Leave the input builder out, so that a builder is made that can do it, or run docker/setup-buildx-action before this step.',
  },
  {
    says: /no builder "[^"]*" found/i,
    hint: () => 'Check the input builder: docker buildx ls shows what there is.',
  },
  {
    says: /unknown command: docker buildx|'buildx' is not a docker command/i,
    hint: () => 'The runner has Docker without buildx. Run docker/setup-buildx-action before this step.',
  },
  {
    says: /unknown flag/i,
    hint: () =>
      'The buildx of this runner does not know the option. Check buildx-args, or run docker/setup-buildx-action before this step.',
  },
  {
    says: /docker daemon|docker\.sock/i,
    hint: () =>
      'Docker is not running on this runner, or this user may not use it. Use a runner with Docker, such as ubuntu-latest.',
  },
  {
    says: /no space left on device/i,
    hint: () => 'The disk of the runner is full. Use a larger runner, or remove what the job does not need.',
  },
];

/** Pure: what a program that failed says of it. `prefix`: what it was doing, where it says nothing itself. */
export function explain(
  lastLines: readonly string[],
  circumstances: Circumstances,
  otherwise: string,
): Explanation {
  const lines = lastLines.filter((line) => line.trim() !== '');
  const error = errorLine(lines) ?? otherwise;
  const said = [error, ...errorBlock(lines)].join('\n');
  return {
    error,
    cause: isPush(error, lines, circumstances) ? 'push-failed' : 'build-failed',
    hint: hintFor(said, circumstances),
    retryable: RETRYABLE.test(error) && !LASTING.test(error),
    lines: errorBlock(lines),
  };
}

/** Pure: an error as a sentence that says what was being done. */
export function sentence(doing: string, error: string): string {
  return /[.!?]$/.test(error) ? `${doing}: ${error}` : `${doing}: ${error}.`;
}

function hintFor(said: string, circumstances: Circumstances): string | undefined {
  for (const { says, hint } of RULES) {
    const found = says.exec(said);
    if (found !== null) return hint(circumstances, found);
  }
  return undefined;
}

/** `ERROR: …` of buildx (`ERROR: failed to build: …` of a newer one), `error: …`, `Error response from daemon: …`; else the last line. */
function errorLine(lines: readonly string[]): string | undefined {
  const marked = lines.findLast((line) => /^(?:ERROR|error|Error)(?: response from daemon)?: /.test(line));
  const last = lines.findLast((line) => !/^(?:See '.* --help'|Usage: |Run '.*--help')/.test(line));
  return (marked ?? last)?.replace(/^(?:ERROR|error|Error): (?:failed to build: )?/, '').trim();
}

/** BuildKit shows the failed step between lines of dashes before it says the error. */
function errorBlock(lines: readonly string[]): readonly string[] {
  const start = lines.findLastIndex((line) => /^ > /.test(line));
  return start === -1 ? lines.slice(-5) : lines.slice(start).filter((line) => !/^-{4,}$/.test(line));
}

function isPush(error: string, lines: readonly string[], { repository }: Circumstances): boolean {
  if (/failed to push|push access denied|pushing/i.test(error)) return true;
  // An engine that keeps its images itself pushes in a step of its own, and only the step says so.
  if (lines.some((line) => /^ > pushing .* with docker:/.test(line))) return true;
  return (
    error.includes(`${repository.host}/v2/${repository.name}/`) && /\b(?:HEAD|POST|PUT|PATCH)\b/.test(error)
  );
}
