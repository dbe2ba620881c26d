import Sequencer from '@jest/test-sequencer';

/** The tests that build backend/ last: its base image is made while the others run. */
export default class DockerSequencer extends Sequencer {
  sort(tests) {
    const isBackend = ({ path }) => /(?:backend|demo)\.test\.ts$/.test(path);
    return [...tests].sort((a, b) => isBackend(a) - isBackend(b) || a.path.localeCompare(b.path));
  }
}
