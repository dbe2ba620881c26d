import Sequencer from '@jest/test-sequencer';

/** What takes longest, the longest first: what begins last ends last. Terraform waits a minute for a load balancer. */
const LONGEST = [
  '/__tests__/infra/stack.live.ts',
  '/__tests__/infra/capacity.live.ts',
  '/__tests__/infra/changes.live.ts',
  '/__tests__/infra/terraform.live.ts',
  '/__tests__/e2e/',
  '/__tests__/story/',
];

const rankOf = ({ path }) => {
  const rank = LONGEST.findIndex((part) => path.includes(part));
  return rank < 0 ? LONGEST.length : rank;
};

/** Begins with what runs long, in a fresh clone, too, where Jest knows of no earlier run and goes by the size of files. */
export default class LongestFirst extends Sequencer {
  async sort(tests) {
    const sorted = await super.sort(tests);
    return [...sorted].sort((a, b) => rankOf(a) - rankOf(b));
  }
}
