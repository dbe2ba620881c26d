/** Inputs that do not exist: what was probably meant, by a table of former and foreign names first. */
import { closest, distance } from 'fastest-levenshtein';
import { quoted } from './values.ts';

/** What is said instead of a name, where no input stands for the other action's. */
interface Foreign {
  /** The input of this action that means the same; none where another step has it. */
  readonly input?: string;
  /** A sentence. */
  readonly instead: string;
}

const input = (name: string, more = ''): Foreign => ({ input: name, instead: `Give ${name}${more}.` });
const LOGIN =
  'It belongs to aws-actions/configure-aws-credentials, which runs as a step of its own before this one.';
const BUILDX = 'Give it as an option in buildx-args.';

/** Former names of this action's inputs, and those of the actions that users come from. */
export const FOREIGN_NAMES: Readonly<Record<string, Foreign>> = {
  // Formerly here
  'image-tags': input('push-tags'),
  // aws-actions/amazon-ecs-deploy-task-definition
  'run-task': {
    input: 'pre-deploy-command',
    instead: 'Give pre-deploy-command, which runs a task before the rollout.',
  },
  'run-task-container-overrides': input('pre-deploy-command', ' and pre-deploy-container'),
  'run-task-launch-type': {
    instead: 'Leave it out: the task before the rollout runs where the service does.',
  },
  'run-task-subnets': {
    instead: 'Leave it out: the task before the rollout runs in the network of the service.',
  },
  'run-task-security-groups': {
    instead: 'Leave it out: the task before the rollout runs in the network of the service.',
  },
  'run-task-assign-public-ip': {
    instead: 'Leave it out: the task before the rollout runs in the network of the service.',
  },
  'run-task-started-by': { instead: 'Leave it out: the task is marked as started by this action.' },
  'run-task-capacity-provider-strategy': {
    instead: 'Leave it out: the task before the rollout runs where the service does.',
  },
  'run-task-tags': { instead: 'Leave it out.' },
  'run-task-managed-ebs-volume': { instead: 'Leave it out.' },
  'run-task-managed-ebs-volume-name': { instead: 'Leave it out.' },
  'wait-for-task-stopped': { instead: 'Leave it out: the task before the rollout is always waited for.' },
  'force-new-deployments': input('force-new-deployment'),
  'max-retries': { instead: 'Leave it out: what AWS throttles is tried again until the deadline.' },
  'keep-null-value-keys': { instead: 'Leave it out: a null in a task definition counts as absent.' },
  'service-managed-ebs-volume': { instead: 'Leave it out: the service keeps its volume configurations.' },
  'service-managed-ebs-volume-name': {
    instead: 'Leave it out: the service keeps its volume configurations.',
  },
  // aws-actions/amazon-ecs-render-task-definition
  'task-definition-arn': input('task-definition'),
  'task-definition-family': input('task-definition'),
  'task-definition-revision': input('task-definition', ' as family:revision'),
  // aws-actions/amazon-ecr-login
  'registry-type': { instead: 'Leave it out: the step logs in to private ECR by itself.' },
  'mask-password': { instead: 'Leave it out: the password is always masked.' },
  'skip-logout': { instead: 'Leave it out: the login is gone after the job.' },
  'http-proxy': { instead: 'Set the variable HTTPS_PROXY for the step.' },
  // docker/build-push-action
  tags: input('push-tags'),
  labels: input('image-labels'),
  'secret-envs': input('build-secret-envs'),
  'secret-files': input('build-secret-files'),
  push: { instead: 'Leave it out: what is built is pushed.' },
  load: { instead: 'Leave it out: what is built is pushed.' },
  outputs: { instead: 'Leave it out: what is built is pushed.' },
  annotations: { instead: BUILDX },
  attests: { instead: 'Give provenance and sbom.' },
  allow: { instead: BUILDX },
  'add-hosts': { instead: BUILDX },
  call: { instead: BUILDX },
  'cgroup-parent': { instead: BUILDX },
  network: { instead: BUILDX },
  'no-cache-filters': { instead: BUILDX },
  'shm-size': { instead: BUILDX },
  ssh: { instead: BUILDX },
  ulimit: { instead: BUILDX },
  dockerfile: input('file'),
  'build-context': input('context'),
  // aws-actions/configure-aws-credentials
  region: input('aws-region'),
  'role-to-assume': { instead: LOGIN },
  'role-session-name': { instead: LOGIN },
  'role-duration-seconds': { instead: LOGIN },
  'aws-access-key-id': { instead: LOGIN },
  'aws-secret-access-key': { instead: LOGIN },
  'aws-session-token': { instead: LOGIN },
  // What people call things
  repository: input('ecr-repository'),
  tag: input('image-tag'),
  'image-uri': input('image'),
  'cluster-name': input('cluster'),
  'service-name': input('service'),
  family: input('task-definition'),
  environment: input('environment-variables'),
  env: input('environment-variables'),
  'env-vars': input('environment-variables'),
  url: input('health-check-url'),
  timeout: input('wait-for-minutes'),
  'timeout-minutes': input('wait-for-minutes'),
  'dry-run': input('mode', ': plan'),
  rollback: input('on-failure', ' or mode: rollback'),
};

/** Letters that a slip of the keyboard changes in a long name. */
const SLIP = 3;

/** Letters at the beginning of a name that say enough to know the whole by. */
const LEAST_BEGINNING = 8;

/** What there is to say of the inputs that were given and do not exist. */
export interface UnknownInputs {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Pure: which of the given inputs do not exist. One that is near a known name, or that another action has, is a
 * problem; any other may be meant for something else and is a warning. Names are in lower case.
 */
export function unknownInputs(given: readonly string[], known: readonly string[]): UnknownInputs {
  const unknown = [...new Set(given)].filter((name) => !known.includes(name));
  const problems: string[] = [];
  const warnings: string[] = [];
  for (const name of unknown) {
    const meant = meaning(name, known);
    if (meant !== undefined) problems.push(`${name}: there is no such input. ${meant}`);
    else warnings.push(`${quoted(name)} is not an input of this action, so it has no effect.`);
  }
  return { problems, warnings };
}

function meaning(name: string, known: readonly string[]): string | undefined {
  const foreign = Object.hasOwn(FOREIGN_NAMES, name) ? FOREIGN_NAMES[name] : undefined;
  if (foreign !== undefined) return foreign.instead;
  const near = nearestInput(name, known);
  return near === undefined ? undefined : `Did you mean ${near}?`;
}

/** The same but for hyphens, underscores and an `s` at the end; else as few other letters as a slip makes. */
function nearestInput(name: string, known: readonly string[]): string | undefined {
  const bare = plain(name);
  const same = known.find((each) => plain(each) === bare);
  if (same !== undefined || known.length === 0) return same;
  const candidate = closest(name, known);
  if (distance(name, candidate) <= Math.min(SLIP, Math.floor(name.length / 4))) return candidate;
  const longer = name.length < LEAST_BEGINNING ? [] : known.filter((each) => each.startsWith(name));
  return longer.length === 1 ? longer[0] : undefined;
}

function plain(name: string): string {
  return name.replace(/[-_\s]/g, '').replace(/s$/, '');
}

/** Pure: the names of the inputs that the runner was given: `INPUT_HEALTH-CHECK-URL` is `health-check-url`. */
export function givenInputs(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith('INPUT_') && name.length > 'INPUT_'.length)
    .map((name) => name.slice('INPUT_'.length).toLowerCase());
}
