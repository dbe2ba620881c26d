import { parseArn } from '../aws/arn.ts';
import { ANY_ERROR, attempt, type Unanswered } from '../aws/attempt.ts';
import type { AwsReads, EcrReads, LoadBalancerReads, LogReads } from '../aws/clients.ts';
import { describeAwsError } from '../aws/errors.ts';
import type { RunContext } from '../context.ts';
import type { CheckResult, DeployedImage, Request, ServiceSnapshot, TaskDefinition } from '../model/index.ts';

/** What the checks read of AWS; they change nothing, and read no secret's value. */
export interface PreflightAws extends Pick<
  AwsReads,
  'region' | 'taskDefinitions' | 'alarms' | 'roles' | 'secrets' | 'parameters' | 'scaling'
> {
  readonly elb: Pick<LoadBalancerReads, 'describeTargetGroups'>;
  readonly logs: Pick<LogReads, 'describeLogGroups'>;
  ecr(region: string): Pick<EcrReads, 'batchGetImage' | 'describeImages' | 'getDownloadUrlForLayer'>;
}

/** What a check may use beside AWS. */
export type CheckContext = Pick<RunContext, 'clock' | 'signal' | 'download'>;

/** What is about to be deployed, and where. */
export interface Candidate {
  readonly request: Request;
  readonly services: readonly ServiceSnapshot[];
  /** As it will be registered. */
  readonly definition: TaskDefinition;
  /** A revision that already is this definition; undefined: a new one will be registered. */
  readonly existingArn: string | undefined;
  /** Images that this run brings, by container. */
  readonly images: Readonly<Record<string, DeployedImage>>;
  /** Definitions that AWS has registered, and so takes. */
  readonly heldByAws?: readonly TaskDefinition[];
}

/** What one look showed of one thing. */
export interface Finding {
  readonly state: CheckResult['state'];
  readonly detail: string;
  /** The permission that the look lacked. */
  readonly lacks?: string;
}

/** One preflight check. */
export interface Check {
  readonly name: string;
  /** Why there is nothing to look at, where the definition and the services have no such thing. */
  readonly nothing: string;
  look(
    aws: PreflightAws,
    candidate: Candidate,
    ctx: CheckContext,
  ): Promise<readonly Finding[]> | readonly Finding[];
}

export const ok = (detail: string): Finding => ({ state: 'OK', detail });

export const failed = (detail: string): Finding => ({ state: 'FAILED', detail });

export const warning = (detail: string): Finding => ({ state: 'WARNING', detail });

export const skipped = (detail: string): Finding => ({ state: 'SKIPPED', detail });

/**
 * Reads, then decides. No error of the look comes through: what could not be seen is SKIPPED with the reason. `missing`
 * turns an error that is an answer, such as "no such role", into a finding.
 */
export async function looked<T>(
  what: string,
  permission: string,
  read: () => Promise<T>,
  decide: (answer: T) => readonly Finding[],
  missing: (error: unknown) => Finding | undefined = () => undefined,
): Promise<readonly Finding[]> {
  const answer = await attempt(read, ANY_ERROR);
  if (answer.kind === 'answered') return decide(answer.value);
  return [missing(answer.error) ?? unseen(what, permission, answer)];
}

/** Whatever kept the answer away (a proxy, a certificate) is no reason to stop. */
function unseen(what: string, permission: string, { because, error }: Unanswered): Finding {
  return because === 'denied'
    ? { state: 'SKIPPED', detail: `${what} may not be looked at (${permission})`, lacks: permission }
    : skipped(`${what} could not be looked at (${describeAwsError(error)})`);
}

/** Worst last. What was not seen is worse than what is well: it must not be taken for checked. */
const STATES = ['OK', 'SKIPPED', 'WARNING', 'FAILED'] as const;

/** Pure: the findings of a check as one result, in the state of the worst of them. */
export function resultOf(check: Check, findings: readonly Finding[]): CheckResult {
  const worst = STATES.findLast((state) => findings.some((finding) => finding.state === state)) ?? 'OK';
  const shown = findings.filter(({ state }) => state !== 'OK' || worst === 'OK');
  const denied = worst === 'SKIPPED' && shown.every(({ lacks }) => lacks !== undefined);
  const details = shown.map(({ detail, lacks }) => (denied ? (lacks ?? '') : detail));
  return {
    check: check.name,
    state: worst,
    detail: findings.length === 0 ? check.nothing : [...new Set(details)].join(denied ? ', ' : '; '),
    denied,
  };
}

/** In words, where an ARN belongs to another region or account than what is deployed; undefined where it does not. */
export function differentRegionOrAccount(
  arn: string,
  aws: { readonly region: string },
  candidate: Candidate,
): string | undefined {
  const parts = parseArn(arn);
  const account = candidate.services[0]?.address.accountId;
  if (parts === undefined) return undefined;
  if (parts.region !== '' && parts.region !== aws.region)
    return `is in ${parts.region}, not in ${aws.region}`;
  if (account === undefined || parts.accountId === account) return undefined;
  return `is in account ${parts.accountId}, not in ${account}`;
}

/** Fargate runs the tasks of this service. */
export function runsOnFargate({ placement }: ServiceSnapshot): boolean {
  const providers = placement.capacityProviderStrategy ?? [];
  return (
    placement.launchType === 'FARGATE' ||
    providers.some(({ capacityProvider }) => capacityProvider?.startsWith('FARGATE') === true)
  );
}

/** ECS will replace the tasks of this service, as far as can be known before the revision is registered. */
export function willBeReplaced(service: ServiceSnapshot, { request, existingArn }: Candidate): boolean {
  return (
    service.taskDefinitionArn !== existingArn ||
    service.rollout === 'failed' ||
    request.rollout.forceNewDeployment === true
  );
}
