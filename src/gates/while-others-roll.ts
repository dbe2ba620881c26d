import { isWell, replacedBy, withGate, type Request, type ServiceRun } from '../model/index.ts';
import { Analysis, decide } from './analysis.ts';
import type { GateContext } from './prove.ts';
import { limitsOf, problemOf, type Question } from './questions.ts';

/**
 * Asks for the tasks of a service that came to its end well, and for their targets, by the rules of a bake while others are
 * on their way, so that what fails meanwhile goes back at once. `othersEnd` ends the asking. Resolves to the same, or to the
 * service with its problem; whether it is proven is asked later. Rejects with the end of the job.
 */
export async function askWhileOthersRoll(
  ctx: Pick<GateContext, 'clock' | 'signal' | 'log' | 'tasks' | 'loop'>,
  serviceRun: ServiceRun,
  request: Request,
  othersEnd: Promise<void>,
): Promise<ServiceRun> {
  const { rollout, snapshot } = serviceRun;
  if (rollout === undefined || !isWell(serviceRun)) return serviceRun;
  const { name } = snapshot.address;
  let now = serviceRun;
  const end = (change: Partial<ServiceRun>): void => {
    now = { ...now, ...change };
    analysis.stop();
  };
  const measurer = ctx.tasks.measurer(rollout, limitsOf(serviceRun, request));
  const question: Question = { measurer, at: 0, isExpected: true };
  const analysis = new Analysis(ctx, [measurer], {
    answered: (_, answers) => {
      const by = answers.flatMap(({ reading }) => (reading.kind === 'replaced' ? [reading.by] : []))[0];
      if (by !== undefined) {
        ctx.log.line(`${name}: another deployment, ${by}, has taken its place while others roll out.`);
        end({ problem: replacedBy(serviceRun, by) });
        return;
      }
      const decision = decide(measurer, analysis.asked(measurer));
      if (decision?.result.state !== 'failed') return;
      const { result } = decision;
      ctx.log.line(`${name}: ${result.gate} gate failed while others roll out: ${result.detail}`);
      end({
        gates: withGate(serviceRun.gates, result),
        problem: problemOf(question, serviceRun, decision),
      });
    },
    // The gates ask again, and judge what cannot be asked.
    broken: () => {
      analysis.stop();
    },
  });
  analysis.begin({ phase: 'baking', deploymentId: '', traffic: 'all', isOwn: true, areOthersRolling: true });
  void othersEnd.then(() => {
    analysis.stop();
  });
  await analysis.done();
  return now;
}
