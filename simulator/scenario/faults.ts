/** Faults that a test or a scenario injects into calls. */

export type FaultEffect =
  /** ThrottlingException, as AWS answers above an account's rate. */
  | { readonly kind: 'throttle' }
  | { readonly kind: 'denied' }
  | { readonly kind: 'expired-token' }
  | { readonly kind: 'error'; readonly code: string; readonly message: string; readonly status?: number }
  | { readonly kind: 'http-500' }
  /** The connection breaks, before the call took effect or after it did. */
  | { readonly kind: 'reset'; readonly when: 'before' | 'after' }
  /** No answer ever comes; the call took effect or did not. */
  | { readonly kind: 'hang'; readonly when: 'before' | 'after' }
  /** The answer is late, in real milliseconds. */
  | { readonly kind: 'delay'; readonly milliseconds: number }
  /** What the call answers is not what arrives: a proxy, or an AWS of another make. */
  | { readonly kind: 'rewrite'; readonly rewrite: (body: string) => string }
  /** A read shows what it showed so many simulated seconds ago, where somebody asked the same before. */
  | { readonly kind: 'stale'; readonly seconds: number }
  /** What was asked for is MISSING, all of it, as ECS answers for a moment. */
  | { readonly kind: 'missing' }
  /** Somebody else acts right before AWS takes the call, or right after; the call itself goes through. */
  | { readonly kind: 'meanwhile'; readonly when: 'before' | 'after'; readonly act: () => void };

export interface Fault {
  /** Only calls of this action; every action where it is left out. */
  readonly action?: string;
  /** The first matching call that is hit, counted from 1. */
  readonly from?: number;
  /** How many calls are hit; all of them where it is left out. */
  readonly times?: number;
  readonly effect: FaultEffect;
}

/** A fault of a scenario file: armed so many simulated seconds after the start, and for so long. */
export interface PlannedFault extends Fault {
  readonly afterSeconds?: number;
  readonly forSeconds?: number;
}

/** Effects that a file can describe. */
export const plannedEffects = [
  'throttle',
  'denied',
  'expired-token',
  'error',
  'http-500',
  'reset',
  'hang',
  'delay',
  'stale',
  'missing',
] as const satisfies readonly FaultEffect['kind'][];

interface ArmedFault {
  readonly fault: Fault;
  seen: number;
}

/** The faults that are armed. The first that applies to a call wins. */
export class Faults {
  private armed: ArmedFault[] = [];

  /** Arms a fault; the answer disarms it. */
  inject(fault: Fault): () => void {
    const entry: ArmedFault = { fault, seen: 0 };
    this.armed.push(entry);
    return () => {
      this.armed = this.armed.filter((other) => other !== entry);
    };
  }

  /** The effect on the next call of an action; counts it as seen. */
  next(action: string): FaultEffect | undefined {
    const matching = this.armed.filter(({ fault }) => fault.action === undefined || fault.action === action);
    for (const entry of matching) entry.seen += 1;
    return matching.find(isHit)?.fault.effect;
  }
}

function isHit({ fault, seen }: ArmedFault): boolean {
  const from = fault.from ?? 1;
  return seen >= from && seen < from + (fault.times ?? Number.POSITIVE_INFINITY);
}
