import Sequencer from '@jest/test-sequencer';

/** The tests of backend/ last: its base image is made while the others run. */
export default class DockerSequencer extends Sequencer {
  sort(tests) {
    const isBackend = ({ path }) => path.endsWith('backend.test.ts');
    return [...tests].sort((a, b) => isBackend(a) - isBackend(b) || a.path.localeCompare(b.path));
  }
}
