import { describe, expect, test } from '@jest/globals';
import { forEach } from '../src/courses.ts';
import type { Course } from '../src/model.ts';
import { newStory, type Story } from '../src/report/story.ts';
import { Cancelled } from '../src/runtime/cancellation.ts';
import { courseOf } from './fakes/literals.ts';

function storyOf(...counts: readonly number[]): Story {
  return { ...newStory(), courses: counts.map((desiredCount) => courseOf({ desiredCount })) };
}

const countsOf = ({ courses }: Story): number[] => courses.map(({ desiredCount }) => desiredCount);
const more = (course: Course): Course => ({ ...course, desiredCount: course.desiredCount + 1 });

/** Rejects for the course with this count, and moves all others on. */
function failing(count: number, error: Error): (course: Course) => Promise<Course> {
  return (course) => (course.desiredCount === count ? Promise.reject(error) : Promise.resolve(more(course)));
}

describe('several courses, side by side', () => {
  test('go every step, each from where the one before has brought it', async () => {
    const story = storyOf(1, 10);
    await forEach(story, more, (course) => Promise.resolve(more(course)));
    expect(countsOf(story)).toEqual([3, 12]);
  });

  test('keep what they have come to where one of them ends the others', async () => {
    const story = storyOf(1, 10);
    const cancelled = new Cancelled('SIGINT');
    await expect(forEach(story, more, failing(2, cancelled))).rejects.toBe(cancelled);
    expect(countsOf(story)).toEqual([2, 12]);
  });

  test('keep what comes after the first of them has rejected', async () => {
    const story = storyOf(1, 10);
    const later = async (course: Course): Promise<Course> => {
      if (course.desiredCount === 1) throw new Cancelled('SIGINT');
      await new Promise((resolve) => setImmediate(resolve));
      return more(course);
    };
    await expect(forEach(story, later)).rejects.toBeInstanceOf(Cancelled);
    expect(countsOf(story)).toEqual([1, 11]);
  });
});
