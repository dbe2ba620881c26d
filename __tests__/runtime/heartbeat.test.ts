import { describe, expect, it } from '@jest/globals';
import { Heartbeat } from '../../src/runtime/wait.ts';
import { fakeClock } from '../fakes/clock.ts';

/** The seconds at which there was a sign of life, looking every five seconds. */
function beats(seconds: number, changesAt: readonly number[] = []): number[] {
  const clock = fakeClock();
  const heartbeat = new Heartbeat(clock);
  const signs: number[] = [];
  for (let at = 5; at <= seconds; at += 5) {
    clock.advance(5000);
    if (changesAt.includes(at)) heartbeat.changed();
    if (heartbeat.due() !== undefined) signs.push(at);
  }
  return signs;
}

describe('a sign of life', () => {
  it('comes at growing pauses, and never further apart than five minutes', () => {
    expect(beats(1200)).toEqual([30, 90, 210, 510, 810, 1110]);
  });

  it('does not come while something changes', () => {
    expect(beats(60, [20, 40, 60])).toEqual([]);
  });

  it('begins again after a change', () => {
    expect(beats(200, [100])).toEqual([30, 90, 130, 190]);
  });

  it('tells how long nothing changed', () => {
    const clock = fakeClock();
    const heartbeat = new Heartbeat(clock);
    clock.advance(31_000);
    expect(heartbeat.due()).toBe(31);
    clock.advance(61_000);
    expect(heartbeat.due()).toBe(92);
  });
});
