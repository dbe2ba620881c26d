/** What a run saves for its post step once nothing is left to do. */
export const FINISHED = 'finished';

/** Whether a run left its post step anything to do; `saved` gives the text that it kept under a name, or an empty one. */
export function hasLeft(saved: (name: string) => string): boolean {
  return !['', FINISHED].includes(saved('savedState')) || saved('docker') !== '';
}
