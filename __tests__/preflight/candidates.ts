import type { CheckResult } from '../../src/model/index.ts';
import {
  resultOf,
  type Check,
  type CheckContext,
  type Candidate,
  type PreflightAws,
} from '../../src/preflight/check.ts';
import { denied } from '../fakes/aws-errors.ts';
import { fakeClock } from '../fakes/clock.ts';
import { definitionOf, requestOf, snapshotOf } from '../fakes/literals.ts';

const META = { $metadata: {} };

type Ecr = ReturnType<PreflightAws['ecr']>;

/** An ECR that allows no look, but for what a test gives it. */
export function ecrWith(more: Partial<Ecr> = {}): Ecr {
  const refuse = (): Promise<never> => Promise.reject(denied());
  return {
    batchGetImage: refuse,
    describeImages: () => Promise.reject(new Error('not asked')),
    getDownloadUrlForLayer: refuse,
    ...more,
  };
}

/** Time that stands still, a job that goes on, and a network without a way to anything. */
export function meansWith(more: Partial<CheckContext> = {}): CheckContext {
  return {
    clock: fakeClock(),
    signal: new AbortController().signal,
    download: () => Promise.reject(new Error('getaddrinfo ENOTFOUND')),
    ...more,
  };
}

/** An AWS that allows no look, but for what a test gives it. */
export function awsWith(more: Partial<PreflightAws> = {}): PreflightAws {
  const refuse = (): Promise<never> => Promise.reject(denied());
  return {
    region: 'eu-central-1',
    taskDefinitions: { describe: refuse },
    elb: { describeTargetGroups: refuse },
    logs: { describeLogGroups: refuse },
    alarms: { describeAlarms: refuse },
    roles: { getRole: refuse },
    secrets: { describeSecret: refuse },
    parameters: { describeParameters: refuse },
    scaling: { describeScalableTargets: refuse },
    ecr: () => ecrWith(),
    ...more,
  };
}

/** One healthy service that gets a new revision. */
export function subjectOf(more: Partial<Candidate> = {}): Candidate {
  return {
    request: requestOf(),
    services: [snapshotOf()],
    definition: definitionOf(),
    existingArn: undefined,
    images: {},
    ...more,
  };
}

/** Runs one check. */
export async function run(
  check: Check,
  aws: Partial<PreflightAws>,
  candidate: Partial<Candidate>,
  ctx: Partial<CheckContext> = {},
): Promise<CheckResult> {
  return resultOf(check, await check.look(awsWith(aws), subjectOf(candidate), meansWith(ctx)));
}

/** An answer of AWS. */
export function answer<T extends object>(body: T): Promise<T & { $metadata: object }> {
  return Promise.resolve({ ...META, ...body });
}
