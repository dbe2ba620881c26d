function steps(from: number, to: number, step: number): number[] {
  return Array.from({ length: (to - from) / step + 1 }, (_, index) => from + index * step);
}

/** Developer Guide, "Task CPU and memory" for Fargate: memory in MiB for each cpu value. */
const memoryFor = new Map([
  [256, [512, 1024, 2048]],
  [512, steps(1024, 4096, 1024)],
  [1024, steps(2048, 8192, 1024)],
  [2048, steps(4096, 16384, 1024)],
  [4096, steps(8192, 30720, 1024)],
  [8192, steps(16384, 61440, 4096)],
  [16384, steps(32768, 122880, 8192)],
]);

/** The memory sizes that Fargate pairs with a cpu value such as `1024` or `1 vCPU`; undefined for no such cpu. */
export function fargateMemory(cpu: string): readonly number[] | undefined {
  const [, amount = '', unit] = /^\s*(\d*\.?\d+)\s*(vcpu)?\s*$/i.exec(cpu) ?? [];
  return memoryFor.get(Number(amount) * (unit === undefined ? 1 : 1024));
}
