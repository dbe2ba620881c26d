import { Analysis, decide, type Decision } from '../../src/gates/analysis.ts';
import { prove, type GateContext, type ProvingTerms } from '../../src/gates/prove.ts';
import type { Measurer, Phase } from '../../src/model/analysis.ts';
import type { GateRequest, Problem, ServiceRun } from '../../src/model/index.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import { requestOf } from '../fakes/literals.ts';

/** Asks one measurer in a round of the run's own, until it is decided. Rejects with what ends the asking. */
export async function settle(
  ctx: { readonly clock: Clock; readonly signal: AbortSignal },
  measurer: Measurer,
  phase: Phase = 'proving',
): Promise<Decision> {
  const { promise, resolve, reject } = Promise.withResolvers<Decision>();
  const analysis = new Analysis(ctx, [measurer], {
    answered: () => {
      const decision = decide(measurer, analysis.asked(measurer));
      if (decision === undefined) return;
      resolve(decision);
      analysis.stop();
    },
    broken: (_, error) => {
      reject(error);
      analysis.stop();
    },
  });
  analysis.begin({ phase, deploymentId: '', traffic: 'all', isOwn: true });
  analysis.done().catch(reject);
  return promise;
}

/** Tasks that are well whenever they are asked. */
export const WELL_TASKS: GateContext['tasks'] = {
  reported: () => undefined,
  measurer: ({ snapshot }) => ({
    gate: 'tasks',
    rule: () => ({ successes: 1, failures: 1, goodFirst: false, limitMs: 0 }),
    everyMs: () => 30_000,
    measure: ({ n }) =>
      Promise.resolve([
        {
          ...{ gate: 'tasks', subject: snapshot.address.name, round: n, at: 0, evidence: [] },
          ...{ reading: { kind: 'good' }, detail: 'well' },
        } as const,
      ]),
    conclude: () => ({ gate: 'tasks', state: 'passed', detail: 'well' }),
  }),
};

/** Proves services by these gates; none of them brings an image, and all of their traffic is on the new tasks. */
export function proveBy(
  ctx: object,
  serviceRuns: readonly ServiceRun[],
  gate: Partial<GateRequest>,
  terms: Partial<ProvingTerms> = {},
): Promise<readonly ServiceRun[]> {
  const request = requestOf({ gate: { ...requestOf().gate, ...gate } });
  const full = { tasks: WELL_TASKS, ...ctx } as unknown as GateContext;
  return prove(full, serviceRuns, {
    request,
    before: { answer: undefined, alarms: [] },
    imagesOf: () => ({}),
    failsTogether: () => false,
    allTraffic: (serviceRun) => Promise.resolve(serviceRun),
    ended: (serviceRun) => serviceRun,
    unforeseen: (_, error): Problem => {
      throw error as Error;
    },
    changed: () => undefined,
    ...terms,
  });
}
