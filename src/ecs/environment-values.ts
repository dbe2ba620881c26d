import type { Evidence, Rollout, ServiceSnapshot, TaskDefinition } from '../model/index.ts';
import { isArray, isObject } from '../runtime/json.ts';
import { Masks } from '../runtime/masks.ts';
import { STOP_REASONS } from './stop-reasons.ts';

/** A shorter value is a switch or a number. */
const SHORTEST = 6;

/** Pure: the values of all variables of a definition. */
export function environmentValues({ containerDefinitions }: TaskDefinition): string[] {
  const entries = containerDefinitions.flatMap(({ environment }) =>
    isArray(environment) ? environment : [],
  );
  return entries.flatMap((entry) =>
    isObject(entry) && typeof entry['value'] === 'string' ? entry['value'] : [],
  );
}

/**
 * Pure: masks for what a container of the definition writes. The values of its variables are no secrets of the runner,
 * which hides none of them; of an address with a password in it, a program may print either alone.
 */
export function masksOfContainers(definition: TaskDefinition, spared: readonly string[] = []): Masks {
  const masks = new Masks();
  masks.spare(spared);
  const values = environmentValues(definition).flatMap((value) => [value, ...credentialsIn(value)]);
  for (const value of values) if (value.trim().length >= SHORTEST) masks.add(value);
  return masks;
}

/** What AWS says beside the reasons of stopped tasks: service events, states, ends of deployments. */
const AWS_SAYS: readonly string[] = [
  'has reached a steady state. has started 2 tasks: has stopped 1 running tasks: has begun draining connections on',
  'registered 1 targets in (target-group deregistered 1 instances in deployment completed. daemon instance',
  'is unhealthy in (target-group due to (reason Health checks failed with these codes: [502] Request timed out',
  'was unable to place a task because no container instance met all of its requirements. The closest matching',
  "unable to stop or start tasks during a deployment because of the service deployment configuration. You've reached the",
  'limit on the number of tasks you can run concurrently. failed to register targets because it is not authorized to',
  'perform: elasticloadbalancing:RegisterTargets elasticloadbalancing:DeregisterTargets InsufficientFreeAddressesInSubnet',
  'deploymentId ecs-svc/ service-deployment target-group percent of the desired running minimumHealthyPercent maximumPercent',
  'is unable to consistently start tasks successfully. operations are being throttled. will try again later',
  'deployment failed: tasks failed to start. rolling back to deployment ECS deployment circuit breaker: threshold',
  'Service deployment rolled back because the circuit breaker was triggered exceeded in progress stopped by requested',
  'Essential container in task exited Scaling activity initiated by alarm in ALARM CloudWatch lifecycle hook',
  'One or more alarms have been activated, and the affected deployments have been stopped. Lambda function reported',
];

/** What a definition writes that a program may take a secret from: everything else in it is a name. */
const NO_NAMES: readonly string[] = [
  ...['environment', 'environmentFiles', 'command', 'entryPoint', 'healthCheck', 'dockerLabels'],
];

const reasons = new WeakMap<TaskDefinition, Map<string, string>>();

/** Texts of one definition that are kept: ECS shows its last hundred events with each look. */
const KEPT = 500;

/**
 * Pure: what AWS says of the tasks of a definition, without the values of its variables: it quotes what could not be
 * started. AWS's own words stay, and so do the names that the definition and its service have: they are what is read.
 */
export function reasonsOf({
  definition,
  snapshot,
}: Pick<Rollout, 'definition' | 'snapshot'>): (text: string) => string {
  const known = reasons.get(definition) ?? new Map<string, string>();
  reasons.set(definition, known);
  let masks: Masks | undefined;
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    masks ??= masksOfContainers(definition, namesIn(definition, snapshot));
    const masked = masks.mask(text);
    if (known.size >= KEPT) known.clear();
    known.set(text, masked);
    return masked;
  };
}

function namesIn(definition: TaskDefinition, { address }: Pick<ServiceSnapshot, 'address'>): string[] {
  const withoutValues = JSON.stringify(definition, (key, value: unknown) =>
    NO_NAMES.includes(key) ? undefined : value,
  );
  return [address.arn, address.cluster, withoutValues, ...AWS_SAYS, ...STOP_REASONS.map(({ says }) => says)];
}

/** What stands below the last line of a body that is shown in part. */
const CUT = /^… \(\d+ bytes more\)$/;

/** Pure: evidence of an answer without the values of the definition's variables: an error page may show them. */
export function maskedEvidence(
  rollout: { readonly definition: TaskDefinition } | undefined,
  evidence: readonly Evidence[],
): Evidence[] {
  if (rollout === undefined) return [...evidence];
  const masks = masksOfContainers(rollout.definition);
  const isCut = (at: number): boolean => CUT.test(evidence[at + 1]?.text ?? '');
  return evidence.map((each, at) => {
    const text = masks.mask(each.text);
    return { ...each, text: isCut(at) ? masks.maskEnd(text) : text };
  });
}

/** The password of an address such as `postgres://user:password@host/name`, as it is written and as it is meant. */
function credentialsIn(value: string): string[] {
  const written = /^[a-z][\w+.-]*:\/\/[^/?#\s:@]*:([^/?#\s]+)@/i.exec(value)?.[1];
  if (written === undefined) return [];
  return [written, decoded(written)];
}

function decoded(written: string): string {
  try {
    return decodeURIComponent(written);
  } catch {
    return written;
  }
}
