/** What the names of AWS and of container images look like, each as a parser of one name. */
import { partitionOf } from '../aws/arn.ts';
import { ecrRepositoryOf } from '../aws/image-reference.ts';
import type { DefinitionBase } from '../model/index.ts';
import { line, problem, quoted, shaped, value, type Parsed } from './values.ts';

const ACCOUNT = String.raw`\d{12}`;

const REGION = String.raw`[a-z]{2,5}(?:-[a-z]+)+-\d{1,2}`;

const ECS_NAME = String.raw`[A-Za-z0-9_-]{1,255}`;

const ECS_ARN = String.raw`arn:(?<partition>[a-z-]+):ecs:(?<region>${REGION}):(?<account>${ACCOUNT})`;

export const ENVIRONMENT_NAME = /^[^\s=]+$/;

export const CONTAINER_NAME = new RegExp(`^${ECS_NAME}$`);

export const region = shaped(
  new RegExp(`^${REGION}$`),
  'the name of an AWS region',
  'Give a region such as eu-central-1, or leave it out.',
);

export const containerName = shaped(
  CONTAINER_NAME,
  'the name of a container',
  'Give letters, digits, hyphens and underscores, up to 255.',
);

export const accountId = shaped(
  new RegExp(`^${ACCOUNT}$`),
  'the id of an AWS account',
  'Give 12 digits, in quotes where YAML would read a number.',
);

const CLUSTER = new RegExp(`^(?:${ECS_ARN}:cluster/)?(?<cluster>${ECS_NAME})$`);

const SERVICE = new RegExp(`^(?:${ECS_ARN}:service/(?:(?<cluster>${ECS_NAME})/)?)?(?<service>${ECS_NAME})$`);

export const cluster = shaped(
  CLUSTER,
  'the name or the ARN of a cluster',
  'Give a name such as prod, or arn:aws:ecs:<region>:<account>:cluster/<name>.',
);

export const service = shaped(
  SERVICE,
  'the name or the ARN of a service',
  'Give a name such as web, or arn:aws:ecs:<region>:<account>:service/<cluster>/<name>.',
);

/** Where a cluster or service lives, as far as its name says: a bare name says nothing of region and account. */
export interface Place {
  readonly partition: string | undefined;
  readonly region: string | undefined;
  readonly account: string | undefined;
  readonly cluster: string | undefined;
  readonly service: string | undefined;
}

/** The parts of a cluster's name or ARN. */
export function clusterPlace(written: string): Place {
  return place(CLUSTER.exec(written));
}

/** The parts of a service's name or ARN. */
export function servicePlace(written: string): Place {
  return place(SERVICE.exec(written));
}

function place(found: RegExpExecArray | null): Place {
  const { partition, region: where, account, cluster: its, service: name } = found?.groups ?? {};
  return { partition, region: where, account, cluster: its, service: name };
}

/**
 * A clause about an ARN that lies in another region or partition than the run; undefined where it lies in that of the
 * run, or nobody knows.
 */
export function whereElse(
  arn: { readonly region: string | undefined; readonly partition: string | undefined } | undefined,
  here: string | undefined,
): string | undefined {
  if (arn?.region === undefined || here === undefined) return undefined;
  if (arn.region !== here) {
    return `is in ${arn.region}, but this run is in ${here} (aws-region, or the environment). Give the same region.`;
  }
  const { id } = partitionOf(here);
  return arn.partition === undefined || arn.partition === id
    ? undefined
    : `is in the partition ${arn.partition}, and ${here} is in ${id}. Write arn:${id}:…`;
}

const FAMILY = new RegExp(`^${ECS_NAME}$`);

const REVISION = new RegExp(`^(?:${ECS_ARN}:task-definition/)?${ECS_NAME}:[1-9]\\d*$`);

/**
 * The task definition to start from. Text with a dot or a slash is a file, since no family can hold either;
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
 */
export function taskDefinition(text: string): Parsed<DefinitionBase> {
  const written = text.trim();
  if (/^[[{]|^\s*(?:family|containerDefinitions)\s*:/m.test(written)) {
    return problem(
      'it holds a definition itself. Write that to a file of the workspace in a step before this one, and give its path.',
    );
  }
  if (/[\r\n]/.test(written)) return problem(`${quoted(written)} has a line break. Give one line.`);
  if (/^(["']).*\1$/.test(written)) return problem(`${quoted(written)} stands in quotes. Leave them out.`);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(written)) {
    return problem(
      'it is a URL, and nothing is downloaded for it. Write the definition to a file of the workspace in a step before this one, and give its path.',
    );
  }
  if (written === 'running') return value({ kind: 'running' });
  if (REVISION.test(written)) return value({ kind: 'revision', reference: written });
  if (!written.startsWith('arn:') && /[./\\]/.test(written)) return value({ kind: 'file', path: written });
  if (FAMILY.test(written)) return value({ kind: 'family', family: written });
  return problem(
    `${quoted(written)} is not a task definition. Give a file such as .aws/task.json, a family, family:revision, ` +
      'arn:aws:ecs:<region>:<account>:task-definition/<family>:<revision>, or running.',
  );
}

const HOST_LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?';

const HOST = String.raw`(?:${HOST_LABEL}(?:\.${HOST_LABEL})*|\[[0-9A-Fa-f:]+\])(?::\d+)?`;

const PATH_PART = String.raw`[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*`;

const TAG = String.raw`[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}`;

const DIGEST = 'sha256:[0-9a-f]{64}';

const IMAGE = new RegExp(`^(?:${HOST}/)?${PATH_PART}(?:/${PATH_PART})*(?::${TAG})?(?:@${DIGEST})?$`);

/**
 * A reference to an image, by the grammar that registries and Docker share:
 * https://pkg.go.dev/github.com/distribution/reference
 */
export function imageReference(text: string): Parsed<string> {
  const written = text.trim();
  const wrong = wrongImage(written);
  return wrong === undefined ? value(written) : problem(`${quoted(written)} ${wrong}`);
}

/** What is wrong with a reference to an image; `undefined` where nothing is. */
export function wrongImage(written: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(written)) {
    return 'is a URL, not a reference to an image. Leave out everything up to "//".';
  }
  if (IMAGE.test(written)) return wrongEcrHost(written);
  return 'is not a reference to an image. Give [host/]name[:tag][@sha256:digest], the name in lower case.';
}

/**
 * A host that is meant for ECR's and is none, or none of its region: nothing answers there, and no task can pull from it.
 * Names of VPC endpoints are the network's own.
 */
function wrongEcrHost(written: string): string | undefined {
  const host = written.slice(0, written.indexOf('/'));
  if (!/^\d+\.dkr[.-]ecr\b/.test(host) || host.includes('.vpce.')) return undefined;
  const where = ecrRepositoryOf(written)?.region;
  const suffix = where === undefined ? undefined : partitionOf(where).dnsSuffix;
  const fits =
    suffix !== undefined &&
    (host.endsWith(`.${suffix}`) ||
      (host.includes('.on.') && suffix.endsWith('.cn') === host.endsWith('.cn')));
  return fits
    ? undefined
    : `has a host that is no registry of ECR. Give <account, 12 digits>.dkr.ecr.${where ?? '<region>'}.${suffix ?? 'amazonaws.com'}/<name>.`;
}

export const tagOrDigest = shaped(
  new RegExp(`^(?:${TAG}|${DIGEST})$`),
  'a tag or a digest',
  'Give a tag such as v1.4.2 (letters, digits, and _ . - after the first, up to 128), or sha256: and 64 hex digits.',
);

/** A tag of its own, or a whole reference with its repository. */
export function tagOrReference(text: string): Parsed<string> {
  const written = text.trim();
  if (new RegExp(`^${TAG}$`).test(written)) return value(written);
  return imageReference(written);
}

const REPOSITORY = String.raw`(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*`;

const REPOSITORY_NAME = new RegExp(`^${REPOSITORY}$`);

const ECR_HOST =
  `(?:${ACCOUNT}\\.dkr\\.ecr(?:-fips)?\\.${REGION}\\.` +
  '(?:amazonaws\\.com(?:\\.cn)?|amazonaws\\.eu|c2s\\.ic\\.gov|sc2s\\.sgov\\.gov|cloud\\.adc-e\\.uk|csp\\.hci\\.ic\\.gov)' +
  `|${ACCOUNT}\\.dkr-ecr(?:-fips)?\\.${REGION}\\.on\\.(?:aws|amazonwebservices\\.com\\.cn))`;

const REPOSITORY_URI = new RegExp(`^${ECR_HOST}/(?<name>${REPOSITORY})$`);

const ONLY_HOST = new RegExp(`^${ECR_HOST}/?$`);

const TAG_OR_DIGEST = new RegExp(`(?::${TAG})?(?:@${DIGEST})?$`);

/**
 * The name of an ECR repository or its full URI, IPv4 or dual-stack, of any partition:
 * https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
 */
export function ecrRepository(text: string): Parsed<string> {
  const written = text.trim();
  if (ONLY_HOST.test(written)) {
    return problem(`${quoted(written)} is a registry. Add the name of the repository after a "/".`);
  }
  const wrong = wrongEcrHost(written);
  if (wrong !== undefined) return problem(`${quoted(written)} ${wrong}`);
  if (isRepository(written)) return value(written);
  const bare = written.replace(TAG_OR_DIGEST, '');
  if (isRepository(bare)) {
    return problem(
      `${quoted(written)} has a tag or digest. Give ${quoted(bare)} here and the tag in image-tag.`,
    );
  }
  return problem(
    `${quoted(written)} is not an ECR repository. Give a name such as team/backend (2 to 256 lower-case letters, ` +
      'digits and . _ - /), or <account>.dkr.ecr.<region>.amazonaws.com/<name>.',
  );
}

function isRepository(written: string): boolean {
  const name = REPOSITORY_URI.exec(written)?.groups?.name ?? written;
  return REPOSITORY_NAME.test(name) && name.length >= 2 && name.length <= 256;
}

/** A role's name or ARN; https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html */
export const role = shaped(
  new RegExp(`^(?:arn:[a-z-]+:iam::${ACCOUNT}:role/(?:[!-~]{1,510}/)?)?[\\w+=,.@-]{1,64}$`),
  'the name or the ARN of an IAM role',
  'Give a name such as app-task, or arn:aws:iam::<account>:role/<name>.',
);

/** A Fargate or EC2 size as ECS reads it, `1024` or `1 vCPU`. */
export const cpu = shaped(
  /^(?=.*[1-9])(?:\d+|(?:\d+(?:\.\d+)?|\.\d+) *vcpu)$/i,
  'an amount of CPU',
  'Give CPU units such as 512, or 0.5 vCPU.',
);

/** An amount of memory as ECS reads it, `2048` (MiB) or `2 GB`. */
export const memory = shaped(
  /^(?=.*[1-9])(?:\d+|(?:\d+(?:\.\d+)?|\.\d+) *gb)$/i,
  'an amount of memory',
  'Give MiB such as 1024, or 1 GB.',
);

export const environmentFile = shaped(
  /^arn:[a-z-]+:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/.+$/,
  'the ARN of an object in S3',
  'Give arn:aws:s3:::<bucket>/<key>.',
);

export const environmentName = shaped(
  ENVIRONMENT_NAME,
  'the name of an environment variable',
  'Give a name without spaces and without "=".',
);

/** What is wrong with the source of a container's secret, without repeating it, for it may be the secret. */
export function wrongSecretSource(written: string): string | undefined {
  if (/^arn:[a-z-]+:(?:secretsmanager|ssm):\S+$/.test(written) || /^[\w./-]+$/.test(written))
    return undefined;
  return (
    'does not say where its value is. Give the ARN of a Secrets Manager secret or of an SSM parameter, ' +
    'or the name of an SSM parameter, without spaces.'
  );
}

export const platform = shaped(
  /^[a-z0-9]+\/[a-z0-9]+(?:\/[a-z0-9.]+)?$/,
  'a platform',
  'Give an operating system and an architecture, such as linux/arm64.',
);

/** An alarm's name, which may hold almost any character. */
export function alarmName(text: string): Parsed<string> {
  const written = text.trim();
  if (written.startsWith('arn:')) return problem(`${quoted(written)} is an ARN. Give the name of the alarm.`);
  if (written.length > 255)
    return problem(`${quoted(written)} is longer than 255 characters. Give the alarm's name.`);
  return line(written);
}

const SERVICE_DEPLOYMENT = new RegExp(
  `^${ECS_ARN}:service-deployment/(?<cluster>${ECS_NAME})/(?<service>${ECS_NAME})/[A-Za-z0-9_-]+$`,
);

/** The parts of a service deployment's ARN. */
export function serviceDeploymentPlace(written: string): Place {
  return place(SERVICE_DEPLOYMENT.exec(written));
}

/** ECS API, ServiceDeployment: serviceDeploymentArn; CodeDeploy API, DeploymentInfo: deploymentId. */
export const serviceDeploymentArn = shaped(
  new RegExp(`${SERVICE_DEPLOYMENT.source}|^d-[A-Z0-9]{9}$`),
  'the ARN of a service deployment, or the id of a deployment of CodeDeploy',
  'Give arn:aws:ecs:<region>:<account>:service-deployment/<cluster>/<service>/<id>, or such as d-ABCDEF123.',
);
