import { expect, test } from '@jest/globals';
import { cpuUnits, mebibytes } from '../../src/aws/task-definitions.ts';

test.each([
  ['1024', 1024],
  ['1 vCPU', 1024],
  ['.25vcpu', 256],
  [' 0.5 VCPU ', 512],
  ['', undefined],
  ['1 core', undefined],
  [1024, undefined],
  [undefined, undefined],
])('%p are %p CPU units', (cpu, units) => {
  expect(cpuUnits(cpu)).toBe(units);
});

test.each([
  ['2048', 2048],
  ['2 GB', 2048],
  ['0.5gb', 512],
  ['2GiB', undefined],
  [undefined, undefined],
])('%p are %p MiB', (memory, size) => {
  expect(mebibytes(memory)).toBe(size);
});
