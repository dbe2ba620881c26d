import type { Course } from './model.ts';
import type { Story } from './report/story.ts';

/**
 * Moves every service some steps on, side by side. What each has come to is in the story at once. Where one of them
 * rejects, so does this, once the others have come to their ends: a cancellation ends them all, anything else is no reason
 * to leave them half-way.
 */
export async function forEach(
  story: Story,
  ...steps: ((course: Course) => Promise<Course> | Course)[]
): Promise<void> {
  const moveOn = async (before: Course, position: number): Promise<void> => {
    let course = before;
    for (const step of steps) {
      course = await step(course);
      story.courses = story.courses.with(position, course);
    }
  };
  const ends = await Promise.allSettled(story.courses.map(moveOn));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason as Error;
}
