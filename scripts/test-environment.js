import vm from 'node:vm';

import { TestEnvironment as NodeEnvironment } from 'jest-environment-node';

const { createContext } = vm;

/**
 * Jest's environment for Node, with an ordinary global object. Jest puts a proxy behind it, to clean up what a test file
 * leaves there; every look at a global, such as Object or Promise, then calls JavaScript, some million times a file.
 */
export default class PlainEnvironment extends NodeEnvironment {
  constructor(config, context) {
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY);
    try {
      super(config, context);
    } finally {
      vm.createContext = createContext;
    }
  }
}
