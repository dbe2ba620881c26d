import type { EcrReads } from '../aws/clients.ts';
import { TO_BE_BUILT } from '../aws/image-reference.ts';
import type { ProcessContext, RunContext } from '../context.ts';
import type { BuildOptions, DeployedImage, ImageSource, ProvidedImages, Request } from '../model/index.ts';
import { DeployError } from '../runtime/error.ts';
import type { Log } from '../runtime/log.ts';
import { refuseMissingFiles } from './build-files.ts';
import { CACHE_TAG } from './buildx.ts';
import { findRepository, isImmutable, type FoundRepository } from './repository.ts';
import { findSecrets, type BuildSecrets } from './secrets.ts';
import { isRemote } from './source-hash.ts';
import { findCommit, isThisRepository, type Commit } from './source.ts';

export type BuildSource = Extract<ImageSource, { kind: 'build' }>;

/** What is to be done for the image of this run. */
export type ImagePlan =
  | { readonly kind: 'take'; readonly source: Exclude<ImageSource, { kind: 'build' }> }
  | BuildPlan
  /** A run that builds nothing says what a deployment would build. */
  | ({ readonly kind: 'announce' } & AnnouncedBuild);

/** What is known of an image before it is built. */
interface AnnouncedBuild {
  readonly source: BuildSource;
  readonly repository: FoundRepository;
}

/** A build that nothing known stands in the way of. */
export interface BuildPlan extends AnnouncedBuild {
  readonly kind: 'build';
  readonly options: BuildOptions;
  readonly commit: Commit;
  readonly secrets: BuildSecrets;
  /** Account ids of further ECR registries to log in to. */
  readonly registries: readonly string[];
}

export type ImagePlanContext = ProcessContext &
  Pick<RunContext, 'mask'> & {
    readonly aws: { readonly region: string; ecr(region: string): Pick<EcrReads, 'describeRepositories'> };
    readonly log: Log;
  };

/**
 * Looks whether the build has all that it needs: repository, commit, context, Dockerfile, secrets, a cache that can be
 * written. Builds nothing. A plan looks at the same, since a deployment would meet it.
 */
export async function planImage(ctx: ImagePlanContext, request: Request): Promise<ImagePlan> {
  const { image: source, build, mode, registries } = request;
  if (source.kind !== 'build') return { kind: 'take', source };
  const [repository, commit] = await Promise.all([
    findRepository(ctx.aws, source.repository, (text) => {
      ctx.log.warn(text);
    }),
    findCommit(ctx, source.context),
    refuseMissingFiles(source.context, build, ctx.workspace),
  ]);
  refuseImmutableCache(request, repository);
  const token = gitToken(source.context, request, ctx);
  const secrets = await findSecrets(build, ctx.env, ctx.workspace, token);
  for (const secret of secrets.masked) ctx.mask(secret);
  return mode === 'deploy'
    ? { kind: 'build', source, repository, options: build, commit, secrets, registries }
    : { kind: 'announce', source, repository };
}

/** The image that will be built, as far as it is known: neither digest nor tag. */
export function announced({ repository }: AnnouncedBuild): DeployedImage {
  return {
    reference: `${repository.uri}:${TO_BE_BUILT}`,
    digest: undefined,
    tag: undefined,
    registry: repository.host,
    toBeBuilt: true,
  };
}

/** For a plan, which builds nothing. */
export function announce(imagePlan: AnnouncedBuild, log: Log): ProvidedImages {
  const { source, repository } = imagePlan;
  log.line(
    `An image is to be built from ${source.context} and pushed to ${repository.uri}. A plan builds nothing.`,
  );
  return { kind: 'one', image: announced(imagePlan) };
}

function refuseImmutableCache({ build }: Request, { name, mutability }: FoundRepository): void {
  if (build.cache !== 'registry' || !isImmutable(CACHE_TAG, mutability)) return;
  throw new DeployError(
    'preflight-failed',
    `cache: registry needs the tag ${CACHE_TAG} to move, and the tags of ECR repository "${name}" are immutable.`,
    {
      hint: `Exclude the tag ${CACHE_TAG} from immutability, use cache: gha, or name a mutable repository in cache-from and cache-to.`,
    },
  );
}

/**
 * The job's token, for a context of this very repository only: a build secret is in reach of the Dockerfile, and that of
 * another repository is somebody else's.
 */
function gitToken(
  context: string,
  { report }: Request,
  { env, log }: ImagePlanContext,
): { host: string; token: string } | undefined {
  const token = report.githubToken ?? '';
  if (!isRemote(context) || token === '') return undefined;
  if (isThisRepository(env, context)) return { host: new URL(context).host, token };
  log.line(
    'The context is not of this repository: the build gets no token of this job. For a private one, give a token in build-secrets (GIT_AUTH_TOKEN.<host>).',
  );
  return undefined;
}
