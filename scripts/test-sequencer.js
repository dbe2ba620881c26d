import Sequencer from '@jest/test-sequencer';

/** Folders whose files take longest, the longest first: what begins last ends last. */
const LONGEST = ['/__tests__/e2e/', '/__tests__/story/'];

const rankOf = ({ path }) => {
  const rank = LONGEST.findIndex((folder) => path.includes(folder));
  return rank < 0 ? LONGEST.length : rank;
};

/** Begins with what runs long, in a fresh clone, too, where Jest knows of no earlier run and goes by the size of files. */
export default class LongestFirst extends Sequencer {
  async sort(tests) {
    const sorted = await super.sort(tests);
    return [...sorted].sort((a, b) => rankOf(a) - rankOf(b));
  }
}
