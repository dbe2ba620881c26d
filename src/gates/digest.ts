import type { Aws } from '../aws/clients.ts';
import { proveDigests, type ReportedImage } from '../ecs/digests.ts';
import type { DeployedImage, GateResult, Rollout } from '../model/index.ts';

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
