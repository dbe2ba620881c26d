/* global expect */
/** In each test file: only the end-to-end tests have their calls written down; others call the simulator as nobody would. */
if (!/[\\/]__tests__[\\/]e2e[\\/]/.test(expect.getState().testPath)) process.env.SIMULATOR_CALLS = '';
