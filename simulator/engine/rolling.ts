/** What one round of a rolling deployment looks at: the tasks that are meant to run, by revision. */
export interface RoundInput<Member> {
  readonly desired: number;
  readonly minimumHealthyPercent: number;
  readonly maximumPercent: number;
  /** Tasks of the PRIMARY revision, oldest first. */
  readonly current: readonly Member[];
  /** Tasks of every other revision, oldest first. */
  readonly old: readonly Member[];
  readonly isHealthy: (task: Member) => boolean;
  /** False while the PRIMARY deployment starts nothing. */
  readonly mayStart: boolean;
}

export interface Round<Member> {
  readonly start: number;
  readonly stop: readonly Member[];
  /** Nothing can be started or stopped within the percentages, although something would have to be. */
  readonly blocked: boolean;
}

/**
 * Decides one round: start new tasks up to the maximum (rounded down), stop old ones down to the minimum (rounded up).
 * Developer Guide, "Deploy Amazon ECS services by replacing tasks".
 */
export function planRound<Member>(input: RoundInput<Member>): Round<Member> {
  const { desired, current, old, isHealthy, mayStart } = input;
  const surplus = current.slice(desired);
  const missing = Math.max(0, desired - current.length);
  if (!mayStart) return { start: 0, stop: surplus, blocked: false };

  const lower = Math.ceil((input.minimumHealthyPercent * desired) / 100);
  const upper = Math.floor((input.maximumPercent * desired) / 100);
  const room = Math.max(0, upper - current.length - old.length);
  const start = Math.min(missing, room);

  const healthy = [...current, ...old].filter(isHealthy).length;
  const idle = old.filter((task) => !isHealthy(task));
  const working = old.filter(isHealthy);
  const spare = Math.max(0, healthy - lower);
  // Without room for a missing task an old one makes place; otherwise old ones go only as new ones take over.
  const makePlace = missing - start;
  const replaced = Math.max(0, healthy - Math.max(lower, desired));
  const stop = [
    ...surplus,
    ...idle,
    ...working.slice(0, Math.min(spare, Math.max(makePlace - idle.length, replaced))),
  ];
  return { start, stop, blocked: missing > 0 && start === 0 && stop.length === 0 && old.length > 0 };
}
