import { attempt, LOST } from '../aws/attempt.ts';
import type { Aws } from '../aws/clients.ts';
import { describeAwsError, wrapAwsError } from '../aws/errors.ts';
import { proveDigests, type ReportedImage } from '../ecs/digests.ts';
import type { Measurer, Reading } from '../model/analysis.ts';
import type { DeployedImage, GateRequest, GateResult, Rollout } from '../model/index.ts';
import type { Clock } from '../runtime/clock.ts';
import { withTimeout } from '../runtime/wait.ts';

/** However little time is left, a look that is begun has as long. */
const LEAST_MS = 5_000;

/** Asks for the digests that run until they are known, once the rollout is complete. */
export function digestMeasurer(
  { aws, clock }: { readonly aws: Pick<Aws, 'ecs' | 'ecr'>; readonly clock: Clock },
  rollout: Rollout,
  images: Readonly<Record<string, DeployedImage>>,
  {
    deadlineSeconds,
    pollSeconds,
    reported,
  }: Pick<GateRequest, 'deadlineSeconds'> & {
    readonly pollSeconds: number;
    readonly reported: () => readonly ReportedImage[] | undefined;
  },
): Measurer {
  const subject = rollout.snapshot.address.name;
  return {
    gate: 'digest',
    rule: () => ({ successes: 1, failures: 1, goodFirst: false, limitMs: deadlineSeconds * 1000 }),
    everyMs: ({ phase }) => (phase === 'proving' ? pollSeconds * 1000 : undefined),
    measure: async ({ n }, { leftMs }) => {
      const common = { gate: 'digest' as const, subject, round: n, at: clock.now(), evidence: [] };
      const ms = Math.max(leftMs, LEAST_MS);
      const read = (): Promise<GateResult> =>
        withTimeout(clock, ms, () => digestGate(aws, rollout, images, reported()));
      const answer = await wrapAwsError(`proving service "${subject}"`, () => attempt(read, LOST));
      if (answer.kind !== 'answered') {
        const detail = `no answer from AWS (${describeAwsError(answer.error)})`;
        return [{ ...common, reading: { kind: 'unanswered', forGood: false }, detail }];
      }
      const { state, detail } = answer.value;
      return [{ ...common, reading: READINGS[state], detail }];
    },
    conclude: ({ standings }) => {
      const [standing] = standings.values();
      const state = standing === undefined || standing.kind === 'open' ? 'skipped' : standing.kind;
      const by = standing === undefined || standing.kind === 'open' ? undefined : standing.by;
      return { gate: 'digest', state, detail: by?.detail ?? '' };
    },
  };
}

const READINGS: Readonly<Record<GateResult['state'], Reading>> = {
  passed: { kind: 'good' },
  failed: { kind: 'bad', cause: 'digest-mismatch', blames: true },
  skipped: { kind: 'unanswered', forGood: true },
};

/**
 * Proves that what runs is what this run deploys: the digest that the running tasks report for each container equals the
 * image's, or is a manifest in its index. Each image is proven by itself; one that cannot be is named. Skipped where none
 * can be. `reported`: what the last look showed of the running tasks, where it is fresh enough.
 */
export async function digestGate(
  aws: Pick<Aws, 'ecs' | 'ecr'>,
  rollout: Rollout,
  images: Readonly<Record<string, DeployedImage>>,
  reported?: readonly ReportedImage[],
): Promise<GateResult> {
  if (Object.keys(images).length === 0) return skipped('this run brings no image of its own');
  const proofs = await proveDigests(aws, rollout, images, reported);
  const equal = proofs.filter(({ proof }) => proof.kind === 'equal');
  const unknown = proofs.flatMap(({ proof }) => (proof.kind === 'unknown' ? proof.detail : []));
  const differs = proofs.flatMap(({ proof }) => (proof.kind === 'differs' ? proof.detail : []));
  if (differs.length > 0) return { gate: 'digest', state: 'failed', detail: differs.join('; ') };
  if (equal.length === 0) return skipped(unknown.join('; '));
  const proven = equal.map(({ container, image }) => `${container} runs ${image.digest ?? ''}`).join(', ');
  const rest = unknown.length === 0 ? '' : `; not proven: ${unknown.join('; ')}`;
  return { gate: 'digest', state: 'passed', detail: `${proven}${rest}` };
}

function skipped(detail: string): GateResult {
  return { gate: 'digest', state: 'skipped', detail };
}
