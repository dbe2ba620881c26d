import Sequencer from '@jest/test-sequencer';

/** What takes longest, the longest first: what begins last ends last. Terraform waits a minute for a load balancer. */
const LONGEST = [
  '/__tests__/infra/stack.live.ts',
  '/__tests__/infra/capacity.live.ts',
  '/__tests__/infra/changes.live.ts',
  '/__tests__/infra/terraform.live.ts',
  '/__tests__/story/',
];

/** Files that mostly wait: for the bundle in a process of its own, in real time. */
const WAITING = ['/__tests__/e2e/', '/__tests__/demo.test.ts', '/__tests__/runtime/exec.test.ts'];

/** So many files that compute begin for one that waits. */
const RATIO = 3;

const rankOf = ({ path }) => {
  const rank = LONGEST.findIndex((part) => path.includes(part));
  return rank < 0 ? LONGEST.length : rank;
};

const waits = ({ path }) => WAITING.some((part) => path.includes(part));

/**
 * Begins with what runs long, in a fresh clone, too, where Jest knows of no earlier run and goes by the size of files: a
 * file that waits beside files that compute, so that no processor is idle, and the short ones last.
 */
export default class LongestFirst extends Sequencer {
  async sort(tests) {
    const sorted = await super.sort(tests);
    const waiting = sorted.filter(waits);
    const computing = sorted.filter((test) => !waits(test)).sort((a, b) => rankOf(a) - rankOf(b));
    const merged = waiting.flatMap((test, n) => [test, ...computing.slice(n * RATIO, (n + 1) * RATIO)]);
    return [...merged, ...computing.slice(waiting.length * RATIO)];
  }
}
