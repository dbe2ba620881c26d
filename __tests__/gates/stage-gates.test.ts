import { describe, expect, it } from '@jest/globals';
import { StageGates, type StageContext } from '../../src/gates/stage-gates.ts';
import { fakeClock } from '../fakes/clock.ts';
import { requestOf, rolloutOf } from '../fakes/literals.ts';
import { fakeLog } from '../fakes/log.ts';

describe('a pause that is answered', () => {
  it('is to go on no more once its watch is over', async () => {
    const signal = new AbortController().signal;
    const ctx = { clock: fakeClock({ isPatient: true }), signal, log: fakeLog() } as unknown as StageContext;
    let asked: (() => boolean) | undefined;
    const gates = new StageGates(ctx, {
      gate: requestOf().gate,
      before: { answer: undefined, alarms: [] },
      rollout: rolloutOf(),
      mayAskUrl: () => true,
      continueAt: (_, isWanted) => {
        asked = isWanted;
        return Promise.resolve({ kind: 'done' });
      },
      promoted: 'hook',
    });
    const pause = { hookId: 'hook', stage: 'POST_SCALE_UP' };
    gates.see({ phase: 'rolling', deploymentId: 'd', traffic: 'none', pause });
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked?.()).toBe(true);
    gates.stop();
    expect(asked?.()).toBe(false);
  });

  it('ends the watch of its service, and no process, with what nobody foresaw', async () => {
    const signal = new AbortController().signal;
    const ctx = { clock: fakeClock({ isPatient: true }), signal, log: fakeLog() } as unknown as StageContext;
    const error = new TypeError('x is not a function');
    const gates = new StageGates(ctx, {
      gate: requestOf().gate,
      before: { answer: undefined, alarms: [] },
      rollout: rolloutOf(),
      mayAskUrl: () => true,
      continueAt: () => Promise.reject(error),
      promoted: 'hook',
    });
    const pause = { hookId: 'hook', stage: 'POST_SCALE_UP' };
    gates.see({ phase: 'rolling', deploymentId: 'd', traffic: 'none', pause });
    await new Promise((resolve) => setImmediate(resolve));
    gates.stop();
    expect(gates.failed.reason).toBe(error);
  });
});
