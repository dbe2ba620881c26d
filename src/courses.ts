import type { Course } from './model.ts';
import type { Story } from './report/story.ts';

/**
 * Moves every service some steps on, side by side. What each has come to is in the story at once, so that it is not lost
 * with whatever ends the others. Rejects as the first of them does; what the others do after that counts no more.
 */
export async function forEach(
  story: Story,
  ...steps: ((course: Course) => Promise<Course> | Course)[]
): Promise<void> {
  let isOver = false;
  const moveOn = async (before: Course, position: number): Promise<void> => {
    let course = before;
    for (const step of steps) {
      course = await step(course);
      if (isOver) return;
      story.courses = story.courses.with(position, course);
    }
  };
  await Promise.all(story.courses.map(moveOn)).finally(() => {
    isOver = true;
  });
}
