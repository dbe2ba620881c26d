import { describe, expect, test } from '@jest/globals';
import { sizeFinding, taskSize } from '../../src/preflight/task.ts';
import { definitionOf, snapshotOf } from '../fakes/literals.ts';
import { run } from './candidates.ts';

const WINDOWS = { runtimePlatform: { operatingSystemFamily: 'WINDOWS_SERVER_2022_CORE' } };

test.each([
  ['256', '512', 'OK'],
  ['256', '1024', 'OK'],
  ['256', '2048', 'OK'],
  ['256', '1536', 'FAILED'],
  ['512', '1024', 'OK'],
  ['512', '512', 'FAILED'],
  ['512', '5120', 'FAILED'],
  ['1024', '8192', 'OK'],
  ['1024', '1024', 'FAILED'],
  ['2048', '16384', 'OK'],
  ['2048', '4500', 'FAILED'],
  ['4096', '30720', 'OK'],
  ['4096', '31744', 'FAILED'],
  ['8192', '20480', 'OK'],
  ['8192', '17408', 'FAILED'],
  ['16384', '122880', 'OK'],
  ['16384', '36864', 'FAILED'],
  ['768', '2048', 'FAILED'],
  ['1 vCPU', '2 GB', 'OK'],
  ['.25 vcpu', '0.5GB', 'OK'],
  ['16vCPU', '120 GB', 'OK'],
  ['1 vCPU', '1 GB', 'FAILED'],
  ['one', '2048', 'FAILED'],
])('cpu %s with memory %s is %s on Fargate', (cpu, memory, state) => {
  expect(sizeFinding(definitionOf(['web'], { cpu, memory })).state).toBe(state);
});

test.each([
  ['1024', '2048', 'OK'],
  ['4096', '30720', 'OK'],
  ['2048', '4096', 'OK'],
  ['256', '512', 'FAILED'],
  ['512', '1024', 'FAILED'],
  ['8192', '16384', 'FAILED'],
  ['16384', '32768', 'FAILED'],
])('cpu %s with memory %s is %s on Fargate for Windows', (cpu, memory, state) => {
  expect(sizeFinding(definitionOf(['web'], { cpu, memory, ...WINDOWS })).state).toBe(state);
});

describe('a refused size is told with what is allowed', () => {
  test.each([
    [
      { cpu: '1024', memory: '1024' },
      'Fargate has no cpu 1024 and memory 1024; with cpu 1024, memory can be 2048 to 8192 MiB in steps of 1024',
    ],
    [
      { cpu: '.25 vCPU', memory: '4 GB' },
      'Fargate has no cpu .25 vCPU and memory 4 GB; with cpu 256, memory can be 512, 1024, 2048',
    ],
    [
      { cpu: '300', memory: '512' },
      'Fargate has no cpu 300 and memory 512; cpu can be 256, 512, 1024, 2048, 4096, 8192, 16384',
    ],
    [
      { memory: '512' },
      'Fargate needs cpu and memory of the task, such as 256 and 512; the definition has cpu missing and memory 512',
    ],
  ])('%j', (size, detail) => {
    expect(sizeFinding(definitionOf(['web'], size))).toEqual({ state: 'FAILED', detail });
  });
});

test.each([
  ['the definition asks for it', { requiresCompatibilities: ['FARGATE'] }, {}, 'FAILED'],
  ['the service runs there', {}, { placement: { launchType: 'FARGATE' as const } }, 'FAILED'],
  ['neither', {}, { placement: { launchType: 'EC2' as const } }, 'OK'],
])('Fargate counts where %s', async (_what, definition, service, state) => {
  const candidate = { definition: definitionOf(['web'], definition), services: [snapshotOf(service)] };
  expect((await run(taskSize, {}, candidate)).state).toBe(state);
});
