import { describe, expect, it } from '@jest/globals';
import {
  ANY_AWS_ERROR,
  ANY_ERROR,
  attempt,
  CLOSED,
  DENIED,
  LOST,
  valueOr,
  WITHHELD,
} from '../../src/aws/attempt.ts';
import { Cancelled } from '../../src/runtime/cancellation.ts';
import { DeployError } from '../../src/runtime/error.ts';
import { awsError, denied, expired, throttled, unanswered } from '../fakes/aws-errors.ts';

const NOT_KNOWN = awsError('UnsupportedFeatureException');
const REFUSED = awsError('InvalidParameterException');
const PROGRAMS = new TypeError('x is not a function');

/** By the name of the set: the errors that it bears, and the first that it does not. */
const SETS = {
  DENIED: [DENIED, [denied()], NOT_KNOWN],
  CLOSED: [CLOSED, [denied(), NOT_KNOWN], REFUSED],
  WITHHELD: [WITHHELD, [denied(), NOT_KNOWN, REFUSED], throttled()],
  LOST: [LOST, [throttled(), unanswered()], denied()],
  ANY_AWS_ERROR: [
    ANY_AWS_ERROR,
    [denied(), NOT_KNOWN, REFUSED, throttled(), unanswered(), expired()],
    PROGRAMS,
  ],
  ANY_ERROR: [ANY_ERROR, [denied(), unanswered(), PROGRAMS], new Cancelled('SIGINT')],
} as const;

describe('a call of AWS comes to', () => {
  it('its answer', async () => {
    expect(await attempt(() => Promise.resolve(3), DENIED)).toEqual({ kind: 'answered', value: 3 });
  });

  it.each([
    ['forbidden', 'denied', denied()],
    ['forbidden', 'unsupported', NOT_KNOWN],
    ['forbidden', 'refused', REFUSED],
    ['forbidden', 'expired', expired()],
    ['unanswered', 'throttled', throttled()],
    ['unanswered', 'transient', unanswered()],
    ['unanswered', 'not-aws', PROGRAMS],
  ])('%s, because %s: %s', async (kind, because, error) => {
    expect(await attempt(() => Promise.reject(error), ANY_ERROR)).toEqual({ kind, because, error });
  });

  it.each(Object.entries(SETS))('no error that %s does not bear', async (_, [bearable, borne, other]) => {
    for (const error of borne) {
      expect((await attempt(() => Promise.reject(error), bearable)).kind).not.toBe('answered');
    }
    await expect(attempt(() => Promise.reject(other), bearable)).rejects.toBe(other);
  });

  it.each([
    new Cancelled('SIGTERM'),
    new DeployError('access-denied', 'Access was denied: not authorized to perform: ecs:DescribeTasks.'),
  ])('nothing where the run ends: %s', async (error) => {
    await expect(attempt(() => Promise.reject(error), ANY_ERROR)).rejects.toBe(error);
  });
});

describe('where AWS has no answer', () => {
  it('something else takes its place', () => {
    expect(valueOr({ kind: 'answered', value: 1 }, 2)).toBe(1);
    expect(valueOr({ kind: 'answered', value: undefined }, 2)).toBeUndefined();
    expect(valueOr({ kind: 'forbidden', because: 'denied', error: denied() }, 2)).toBe(2);
    expect(valueOr({ kind: 'unanswered', because: 'transient', error: unanswered() }, 2)).toBe(2);
  });
});
